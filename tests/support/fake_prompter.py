"""A person who answers from a script, for tests of whatever speaks through Prompter.

    prompter = FakePrompter({"access_token": ["oops", "EAAgood"]}, moves={ANY: NextAction.LATER})
    walk(prompter)
    assert "number.registered" in prompter.presented_ids

Every answer that nobody asked for and every question that nobody answered fails the test at its
end, by the fixture in tests/conftest.py; an unanswered question fails at once as well. Everything
said is put into words of both languages, so that a missing word or value fails too.
"""

from contextlib import contextmanager

from wizard.actions.prompter import NextAction
from wizard.graph.consent import granted
from wizard.text.localised import LANGUAGES, Phrase
from wizard.ui.screen import GLUE
from wizard.ui.words import Words

ANY = "*"
#: Every prompter of the running test; the fixture looks at them at its end.
MADE = []


class FakePrompter:
    """See Prompter. An answer is a value, or a list of values; an exception is raised.

    `answers` by question name (ask and choose; a choice may also be given as the Phrase key of its
    label), `moves`, `consents` and `confirms` by item id. ANY ("*") stands for every other name
    and is never left over; `suggestions` answer what `answers` do not, as in the sandbox.
    """

    def __init__(
        self,
        answers=None,
        *,
        moves=None,
        consents=None,
        confirms=None,
        suggestions=None,
        attended=False,
    ):
        given = {"ask": answers, "move": moves, "consent": consents, "confirm": confirms}
        self._left = {
            kind: {
                name: list(v) if isinstance(v, list | tuple) else v for name, v in (d or {}).items()
            }
            for kind, d in given.items()
        }
        self._suggestions = dict(suggestions or {})
        self.unanswered, self.attended = [], attended
        self.events = []  # (kind, name, …) in order
        self.said = []  # Phrases of tell() and of wrong answers
        self.presented, self.settled_ones, self.troubles = [], [], []  # ItemResults; Unavailables
        self.asked = []  # Questions
        self.consents_asked = []  # (item id, Phrase, sends, spends)
        self.waits, self.pages = [], []
        MADE.append(self)

    # What a test looks at afterwards.

    @property
    def keys(self):
        """The keys of everything said, in order."""
        return [phrase.key for phrase in self.said]

    @property
    def asked_names(self):
        return [question.name for question in self.asked]

    @property
    def presented_ids(self):
        return [result.item.id for result in self.presented]

    def text(self, language="en"):
        """Everything said, in words."""
        said = "\n".join(Words(language).phrase(phrase) for phrase in self.said)
        return said.replace(GLUE, " ")

    def finish(self):
        """Fails when an answer was never asked for, or a question never answered."""
        MADE.remove(self)
        left = {
            kind: {name: value for name, value in table.items() if name != ANY}
            for kind, table in self._left.items()
        }
        left = {kind: table for kind, table in left.items() if table}
        assert not left, f"nobody asked for: {left}"
        assert not self.unanswered, f"nobody answered: {self.unanswered}"

    # Prompter

    def tell(self, key, /, **values):
        self._say(Phrase(key, values))

    def show_problem(self, result, ids, *, brief=False):
        self._judge("present", result)
        self.presented.append(result)

    def show_result(self, result):
        self._judge("settled", result)
        self.settled_ones.append(result)

    def show_steps(self, item, ids):
        self.events.append(("instruct", item.id))
        return [*(step.link for step in item.steps if step.link), *item.links]

    def show_error(self, error):
        self.events.append(("trouble", error.kind.value))
        self.troubles.append(error)

    def next_action(self, result, moves, default=None):
        self.events.append(("move", result.item.id, tuple(moves)))
        move = NextAction(self._next("move", result.item.id))
        assert move in moves, f"{result.item.id}: {move} is not offered, only {list(moves)}"
        return move

    def ask(self, question):
        if question.quiet and question.name not in self._left["ask"]:
            return question.default
        self._asked(question)
        while True:
            answer = self._next("ask", question.name) or question.default
            parsed = question.parse(answer) if question.parse else answer.strip()
            if isinstance(parsed, str):
                return parsed
            self._say(parsed)

    def choose(self, question, choices):
        if len(choices) == 1 and question.name not in self._left["ask"]:
            return choices[0].value
        if question.quiet and question.name not in self._left["ask"]:
            return question.default or choices[0].value
        self._asked(question)
        for choice in choices:
            self._words(choice.label)
        answer = self._next("ask", question.name) or question.default or choices[0].value
        for choice in choices:
            label = choice.label.key if isinstance(choice.label, Phrase) else choice.label
            if answer in (choice.value, label):
                return choice.value
        raise AssertionError(
            f"{question.name}: {answer!r} is not among {[c.value for c in choices]}"
        )

    def confirm(self, result):
        self.events.append(("confirm", result.item.id))
        return self._next("confirm", result.item.id)

    def consent(self, item_id, text, sends=(), spends=False):
        self._words(text)
        self.events.append(("consent", item_id, text.key))
        self.consents_asked.append((item_id, text, tuple(sends), spends))
        return granted(item_id, sends) if self._next("consent", item_id) else None

    @contextmanager
    def waiting(self, text):
        self._words(text)
        self.events.append(("wait", text.key))
        self.waits.append(text)
        yield

    def show_link(self, link):
        self.events.append(("show_link", link))

    def offer_page(self, link):
        self.events.append(("offer_page", link))
        self.pages.append(link)

    # How it works.

    def _asked(self, question):
        self._words(question.text)
        self.events.append(("ask", question.name))
        self.asked.append(question)

    def _say(self, phrase):
        self._words(phrase)
        self.events.append(("say", phrase.key))
        self.said.append(phrase)

    def _judge(self, kind, result):
        self.events.append((kind, result.item.id, result.status.value, result.reason))
        for language in LANGUAGES:
            Words(language).reason(result), Words(language).next_step(result)

    def _words(self, phrase):
        for language in LANGUAGES:
            Words(language).phrase(phrase)

    def _next(self, kind, name):
        table = self._left[kind]
        if kind == "ask" and name not in table and name in self._suggestions:
            return self._suggestions[name]
        key = name if name in table else ANY
        if key not in table:
            self.unanswered.append(f"{kind} {name}")
            raise AssertionError(f"nobody answered: {kind} {name}; so far: {self.events}")
        answer = table[key]
        if isinstance(answer, list):
            answer = answer.pop(0)
            if not table[key]:
                del table[key]
        elif key != ANY:
            del table[key]
        if isinstance(answer, BaseException) or (
            isinstance(answer, type) and issubclass(answer, BaseException)
        ):
            raise answer
        return answer
