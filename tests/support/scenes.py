"""Run by test_terminal as a child process on a real terminal: one scene, then its result."""

import signal
import sys
import time
from collections.abc import Callable

from wizard.actions.prompter import Choice, NextAction, Question
from wizard.audit.checklist import Item, Step
from wizard.audit.results import ItemResult, failed
from wizard.text.errors import Back, InputRequired
from wizard.text.localised import Phrase, Text, phrase
from wizard.ui.console_prompter import ConsolePrompter
from wizard.ui.screen import open_screen
from wizard.ui.words import Words

TITLE = Text("Номер зарегистрирован в Cloud API", "The number is registered with the Cloud API")
WHY = Text(
    "Пока номер не зарегистрирован, он не отправит ни одного сообщения.",
    "Until it is registered it cannot send a single message.",
)
STEP = Step("Откройте WhatsApp Manager → Phone numbers.", "Open WhatsApp Manager → Phone numbers.")
LINK = "https://business.facebook.com/latest/whatsapp_manager/phone_numbers?waba_id={waba_id}"
ITEM = Item("number.registered", TITLE, WHY, steps=(STEP,), links=(LINK,))
OPEN = ItemResult(ITEM, failed("odd"))
NUMBERS = [Choice(str(n), f"ООО «Ромашка» [/]\x1b]0;x\x07 +7 900 000-00-{n:02}") for n in range(40)]
ASK = phrase("ui.move")


def forty(text: str) -> str | Phrase:
    """A mend that knows only one answer."""
    return text if text == "good" else Phrase("ui.answer_needed")


def present_and_move(prompter: ConsolePrompter) -> object:
    prompter.show_problem(OPEN, {"waba_id": "102290129340398"})
    return prompter.next_action(
        OPEN, [NextAction.FIX, NextAction.AGAIN, NextAction.LATER, NextAction.LEAVE]
    )


def wait(prompter: ConsolePrompter) -> object:
    with prompter.waiting(phrase("ui.browse")):
        time.sleep(1)
        prompter.tell("ui.agree")
        time.sleep(float(sys.argv[3]) if len(sys.argv) > 3 else 1)
    return prompter.ask(Question("x", ASK))


def late_consent(prompter: ConsolePrompter) -> object:
    print("soon", flush=True)
    time.sleep(1)
    return bool(prompter.consent("number.registered", ASK, ["POST /1/register"]))


def ask_while_waiting(prompter: ConsolePrompter) -> object:
    with prompter.waiting(phrase("ui.sends")):
        time.sleep(0.5)
        with prompter.waiting(phrase("ui.agree")):
            return prompter.ask(Question("x", ASK))


def slow_to_refuse(text: str) -> str | Phrase:
    """A mend that takes its time, as asking Meta does; what it refuses it does not repeat."""
    if text == "good":
        return text
    time.sleep(1)
    return Phrase("ui.answer_needed")


SCENES: dict[str, Callable[[ConsolePrompter], object]] = {
    "refused_secret": lambda prompter: prompter.ask(
        Question("access_token", ASK, secret=True, parse=slow_to_refuse)
    ),
    "ask_while_waiting": ask_while_waiting,
    "late_consent": late_consent,
    "line": lambda prompter: prompter.ask(Question("x", ASK)),
    "secret": lambda prompter: prompter.ask(Question("access_token", ASK, secret=True)),
    "two": lambda prompter: [prompter.ask(Question("x", ASK)), prompter.ask(Question("y", ASK))],
    "mend": lambda prompter: prompter.ask(Question("x", ASK, parse=forty)),
    "numbers": lambda prompter: prompter.choose(Question("phone_number_id", ASK), NUMBERS),
    "move": present_and_move,
    "consent": lambda prompter: bool(
        prompter.consent("number.registered", ASK, ["POST /1/register"])
    ),
    "wait": wait,
}


def stop(*_: object) -> None:
    raise SystemExit(143)


def main() -> int:
    scene, language = sys.argv[1:3]
    signal.signal(signal.SIGTERM, stop)
    screen = open_screen(sys.stdout)
    prompter = ConsolePrompter(screen, Words(language), sandbox="sandbox" in sys.argv)
    try:
        print("RESULT", ascii(SCENES[scene](prompter)), flush=True)
    except Back as back:
        print("WENT", type(back).__name__, flush=True)
        return 1
    except KeyboardInterrupt:
        print("LEFT", flush=True)
        return 130
    except InputRequired as needs:
        print("NEEDS", needs.name, flush=True)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
