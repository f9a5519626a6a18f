"""The checklists, the checks, the tests and the words speak of the same things."""

import ast
import re
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.check_tables import tables
from tests.support.healthy import facts
from wizard.audit import checklist
from wizard.audit.checks import CHECKS
from wizard.commands import COMMANDS
from wizard.state import safe_yaml
from wizard.state.content import placeholders
from wizard.state.record import Goal, Status
from wizard.text.errors import ErrorKind
from wizard.text.localised import LANGUAGES, Text
from wizard.ui.screen import GLUE, wrap
from wizard.ui.words import Words, messages

ROOT = Path(__file__).parents[1]
CHECKLIST = checklist.load()
ITEMS = {item.id: item for item in CHECKLIST.items}
REASONS = [(item.id, key) for item in ITEMS.values() for key in item.reasons]
AUTOMATIC = {item.id for item in ITEMS.values() if item.confirm is None}
#: Modules of the checks that are no section: shared by several.
SHARED = {"__init__", "registry", "health_status"}
#: What a person confirms has this reason without a check.
CONFIRMED = {"confirm"}

SENDING, RECEIVING, ADVICE = Goal.SENDING, Goal.RECEIVING, None
#: Ids are an interface: other programs rely on them. More may come, none may go.
PROMISED = {
    "environment.vault": SENDING,
    "environment.reachable": SENDING,
    "environment.clock": ADVICE,
    "environment.version": ADVICE,
    "access.present": SENDING,
    "access.valid": SENDING,
    "access.app": SENDING,
    "app.visible": SENDING,
    "app.whatsapp": SENDING,
    "account.visible": SENDING,
    "account.review": SENDING,
    "account.health": SENDING,
    "account.payment": ADVICE,
    "account.business": ADVICE,
    "number.added": SENDING,
    "number.code_verified": SENDING,
    "number.registered": SENDING,
    "number.connected": SENDING,
    "number.name": ADVICE,
    "number.pin": ADVICE,
    "number.quality": ADVICE,
    "number.limit": ADVICE,
    "number.health": SENDING,
    "token.kind": ADVICE,
    "token.scopes": SENDING,
    "token.assets": SENDING,
    "token.expiry": ADVICE,
    "token.data_access": ADVICE,
    "message.template": ADVICE,
    "message.sent": ADVICE,
    "app.secret": RECEIVING,
    "app.published": RECEIVING,
    "webhook.callback": RECEIVING,
    "webhook.fields": RECEIVING,
    "webhook.subscribed": RECEIVING,
    "webhook.effective": RECEIVING,
    "webhook.reachable": RECEIVING,
    "webhook.received": RECEIVING,
    "message.delivered": RECEIVING,
}


TABLES = tables()
#: Without what waits for another item: the words for that are no item's own.
ROWS = [
    (item, check_result)
    for cases in TABLES.values()
    for item, _, check_result in cases
    if check_result.reason != "requires"
]
SEEN_REASONS = sorted(
    {(item, check_result.reason) for item, check_result in ROWS if check_result.reason}
)


def written():
    """(item id, reason) of every result written out in a check."""
    for path in (ROOT / "wizard/audit/checks").glob("*.py"):
        for function in ast.parse(path.read_text("utf-8")).body:
            if not isinstance(function, ast.FunctionDef) or not function.decorator_list:
                continue
            decorator: Any = function.decorator_list[0]
            item = decorator.args[0].value
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") in {
                    "passed",
                    "failed",
                    "unknown",
                    "waiting",
                }:
                    for reason in call.args:
                        if isinstance(reason, ast.Constant):
                            yield item, reason.value


def texts():
    """(where, Text) of every text of every item."""
    for section in CHECKLIST.sections:
        yield section.id, section.title
    for item in ITEMS.values():
        yield f"{item.id}.title", item.title
        yield f"{item.id}.why", item.why
        for number, step in enumerate(item.steps, start=1):
            yield f"{item.id}.steps.{number}", step
        for key, reason in item.reasons.items():
            yield f"{item.id}.{key}.says", reason.says
            if reason.next is not None:
                yield f"{item.id}.{key}.next", reason.next


def test_every_promised_item_is_there_and_needed_for_what_was_promised():
    assert {id: ITEMS[id].needed_for for id in PROMISED if id in ITEMS} == PROMISED


def test_every_automatic_item_has_a_check_and_every_check_an_item():
    # An item that a person may confirm can have a check as well: proof needs no confirmation.
    assert set(CHECKS) >= AUTOMATIC
    assert set(CHECKS) <= set(ITEMS)


@pytest.mark.parametrize("section", [section.id for section in CHECKLIST.sections])
def test_a_section_has_the_same_name_everywhere(section):
    for path in (f"wizard/audit/checks/{section}.py", f"tests/audit/checks/test_{section}.py"):
        assert (ROOT / path).is_file(), path


def test_every_module_of_the_checks_is_a_section():
    modules = {path.stem for path in (ROOT / "wizard/audit/checks").glob("*.py")}
    assert modules - SHARED == {section.id for section in CHECKLIST.sections}


def test_every_check_stands_in_the_module_of_its_section():
    strays = {
        id for id, check in CHECKS.items() if check.__module__.split(".")[-1] != id.split(".")[0]
    }
    assert not strays


def test_sections_come_in_the_order_of_the_interface():
    order = ["environment", "access", "app", "account", "number", "token", "webhook", "message"]
    assert [section.id for section in CHECKLIST.sections] == [
        name for name in order if name in {section.id for section in CHECKLIST.sections}
    ]


def test_the_healthy_account_passes_everything_a_check_decides():
    assert {id for id, check in CHECKS.items() if check(facts()).status is Status.PASSED} == set(
        CHECKS
    )


def test_every_check_has_a_row_that_passes_and_one_that_does_not():
    fine = {item for item, check_result in ROWS if check_result.status is Status.PASSED}
    wrong = {item for item, check_result in ROWS if check_result.status is not Status.PASSED}
    assert fine == set(CHECKS)
    assert set(CHECKS) - wrong <= {"app.visible"}  # it can only be unknown, by Unavailable


@pytest.mark.parametrize(("item", "check_result"), ROWS, ids=lambda value: str(value)[:60])
def test_every_outcome_has_words_and_values_for_them(item, check_result):
    if not check_result.reason:
        assert check_result.status is Status.PASSED
        return
    reason = ITEMS[item].reasons[check_result.reason]
    for text in filter(None, (reason.says, reason.next)):
        assert placeholders(text.ru) <= set(check_result.values)


def test_every_result_that_is_written_is_tried():
    assert set(written()) <= set(SEEN_REASONS)


def test_no_words_are_left_over():
    general = {kind.value for kind in ErrorKind} | CONFIRMED
    assert {(item, key) for item, key in REASONS if key not in general} <= set(SEEN_REASONS)


def test_what_is_not_in_order_has_a_next_step():
    silent = {
        (item, check_result.reason)
        for item, check_result in ROWS
        if check_result.status is not Status.PASSED
        and ITEMS[item].reasons[check_result.reason].next is None
    }
    assert not silent


def test_the_values_of_one_reason_have_the_same_names_everywhere():
    names = {}
    for item, check_result in ROWS:
        names.setdefault((item, check_result.reason), set()).add(frozenset(check_result.values))
    assert {key: found for key, found in names.items() if key[1] and len(found) > 1} == {}


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
def test_every_item_says_what_to_do(item):
    assert item.steps


KNOWN_IDS = {"app_id", "business_id", "waba_id", "phone_number_id"}


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
def test_links_are_https_and_hold_known_ids_only(item):
    links = [*item.links, *(reason.link for reason in item.reasons.values() if reason.link)]
    for link in links:
        assert link.startswith("https://"), link
        assert placeholders(link) <= KNOWN_IDS, link


def test_texts_are_in_the_language_they_claim():
    # Latin alone is fine in Russian (a command, a menu); Cyrillic in English never is.
    assert not [where for where, text in texts() if any("а" <= x <= "я" for x in text.en.lower())]


def every_text():
    """(where, Text) of whatever a person may read, of the checklists and of the tool itself."""
    yield from texts()
    yield from messages().items()
    for path in (ROOT / "checklists").glob("*.yaml"):
        yield from _below(path.stem, safe_yaml.parse(path.read_bytes()))


def _below(where, node):
    if isinstance(node, dict) and set(node) == set(LANGUAGES):
        yield where, Text(**node)
    elif isinstance(node, dict | list):
        for key, each in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _below(f"{where}.{key}", each)


#: Every text once, in one language.
SENTENCES = {
    (where, language): getattr(text, language)
    for where, text in every_text()
    for language in LANGUAGES
}
#: What is typed into a shell.
TYPED = re.compile(
    rf"wa-wizard (?:--|(?:{'|'.join(COMMANDS)}|КОМАНДА|COMMAND)\b)"
    r"|sudo |(?:export|unset) [A-Z]|chmod \d|pip install|dbus-run|read -"
)


def test_commands_that_are_named_exist():
    for where, sentence in SENTENCES.items():
        for after in sentence.split("`wa-wizard ")[1:]:
            word = after.partition("`")[0].split()[0]
            assert word in COMMANDS or not (word.islower() and word.isalpha()), (where, sentence)


def test_every_command_is_marked_as_one():
    """Between backticks: only so it stays on one line, and is given the profile."""
    for where, sentence in SENTENCES.items():
        parts = sentence.split("`")
        assert len(parts) % 2, (where, "a backtick without its other half")
        assert not [part for part in parts[::2] if TYPED.search(part)], (where, sentence)


def _said(words, sentence):
    return words.text(Text(sentence, sentence), **dict.fromkeys(placeholders(sentence), "7"))


def test_no_command_and_no_link_is_cut_at_any_width():
    words = {
        language: Words(language, f"--profile=shop --sandbox=rehearsal --lang={language}")
        for language in LANGUAGES
    }
    for (where, language), sentence in SENTENCES.items():
        whole = [part for part in sentence.split("`")[1::2] if "{" not in part]
        links = re.findall(r"https?://[^\s{}`]+", sentence)
        if not whole and not links:
            continue
        say = partial(_said, words[language])
        said, kept = say(sentence), [say(f"`{part}`").replace(GLUE, " ") for part in whole]
        for width in range(40, min(201, len(said) + 10)):
            lines = wrap(said, width, "  ", "  ")
            for part in (*kept, *links):
                assert any(part in line for line in lines), (where, width, part)
            assert not [part for part in kept if f"{part}." in "\n".join(lines)], where


#: How many forms a noun takes beside a number.
FORMS = {"ru": 3, "en": 2}
#: Values that count things: the word beside them takes the number's form.
#: Seconds by their sign; a list in words; numbers beside a limit that names the unit.
NO_COUNT = {"ui.seconds", "events.group_people"} | {
    f"template-rules.rules.{rule}.says" for rule in ("auth.expiration", "ttl.range")
}
COUNTED = {"days", "hours", "minutes", "seconds", "tries", "left", "people"}


def test_a_number_has_the_words_that_fit_it():
    """Never "Осталось дней: 1": each language has all its forms, and says them."""
    for (where, language), sentence in SENTENCES.items():
        found = re.findall(r"\{(\w+)(?::([^{}]*))?\}", sentence)
        forms = [(name, spec) for name, spec in found if "|" in spec]
        assert all(spec.count("|") == FORMS[language] - 1 for _, spec in forms), (where, sentence)
        bare = COUNTED & ({name for name, _ in found} - {name for name, _ in forms})
        assert not bare or where in NO_COUNT, (where, sentence)
        for number in (0, 1, 2, 5, 11, 21, 22, 112):
            assert "|" not in Text(sentence, sentence).in_language(
                language, **dict.fromkeys(placeholders(sentence), number)
            ) or "|" in re.sub(r"\{[^{}]*\}", "", sentence)


@pytest.mark.parametrize(
    ("number", "russian", "english"),
    [
        *((0, "дней", "days"), (1, "день", "day"), (2, "дня", "days"), (5, "дней", "days")),
        *((11, "дней", "days"), (12, "дней", "days"), (21, "день", "days"), (104, "дня", "days")),
        *(("1000", "дней", "days"), ("–", "дней", "days")),
    ],
)
def test_the_form_is_the_one_that_unicode_gives(number, russian, english):
    """As CLDR has it: one, few and many in Russian; one and other in English."""
    text = Text("{n:день|дня|дней}", "{n:day|days}")
    assert text.in_language("ru", n=number) == russian
    assert text.in_language("en", n=number) == english


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        *(("UTC", "12:30 (UTC)"), ("Europe/Moscow", "15:30 (UTC+3)")),
        *(("Asia/Kolkata", "18:00 (UTC+5:30)"), ("America/St_Johns", "09:00 (UTC-3:30)")),
        ("Etc/GMT-12", "00:30 (UTC+12)"),
    ],
)
@pytest.mark.parametrize("written", ["2026-11-27T12:30:00Z", "2026-11-27T12:30:00.250Z"])
def test_every_time_is_shown_as_the_clock_on_the_wall_with_its_zone(
    zone, shown, written, monkeypatch
):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        said = Words("en").text(Text("{at}", "{at}"), at=written)
        day = Words("ru").text(Text("{at:day}", "{at:day}"), at=written)
        assert said == Words("en").time(written)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert said.endswith(f" {shown}")
    assert day == said[:10] == ("2026-11-28" if zone == "Etc/GMT-12" else "2026-11-27")
