"""What Meta delivered, one line each, and the way that it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from wizard.audit.error_codes import explain, variant_of
from wizard.facts.webhook_route import FIELD, LEVELS, NumberRoute, WebhookRoute
from wizard.text.durations import local_time
from wizard.text.sanitise import clean, clean_lines
from wizard.ui.screen import Screen, cells, show_rows
from wizard.ui.words import Words, message
from wizard.webhook.inbox import Event
from wizard.webhook.rehearsal import Case, Seen, content
from wizard.webhook.summary import Day, MetaError, Summary, Word, plain


class EventView:
    """Shows events of any kind. What customers write is cleaned: it may try to steer the screen."""

    def __init__(
        self, screen: Screen, words: Words, numbers: Sequence[str] = (), *, ids: bool = False
    ) -> None:
        """`numbers`: the ids of the numbers there are; of several, each line names its own.

        `ids`: below each line the ids that it is known by.
        """
        self._screen, self._words, self._numbers = screen, words, set(numbers)
        self._ids = ids

    def show(self, event: Event) -> None:
        """When, from whom, what; and below it every error in it."""
        self._numbers |= {event.phone_number_id} - {""}
        person = event.kind in ("message", "echo")
        lead = [self._local(event), self._own_number(event), self._writer(event) if person else ""]
        said = self.line(event)
        if event.test:
            said = f"{self._words.say('messages.test')} {said}"
        style = "" if person else "dim"
        style = "dim" if event.test else "red" if event.summary.bad and not person else style
        first, *rest = said.splitlines() or [""]
        start = "".join(f"{part}  " for part in lead if part)
        if cells(start) > self._screen.width * 2 // 3:
            self._screen.line(start.rstrip(), style, "", "    ")
            start = "    "
        self._screen.line(first, style, start, "    ")
        for line in rest:
            self._screen.line(line, "", "    ")
        known = [event.id, event.about and f"→ {event.about}", event.user_id]
        known += [plain(event.contact.get(k)) for k in ("parent_user_id", "identity_key_hash")]
        if self._ids and any(known):
            self._screen.line(" ".join(clean(one) for one in known if one), "dim", "    ")
        for error in event.errors:
            self._error(error)

    def line(self, event: Event) -> str:
        """What it says, without when and who; the text of a message may have several lines."""
        summary, words = event.summary, self._words
        text = "" if summary.silent else clean_lines(summary.text)
        label = self._said(summary, who=self._who(event))
        said = text if summary.key == "text" else f"{label}: {text}" if text else label
        if title := event.advertisement:
            said += f" ({words.say('events.from_ad', title=title)})"
        return said

    def _said(self, summary: Summary, **more: object) -> str:
        values = {name: self._value(value) for name, value in summary.values.items()}
        return self._words.say(f"events.{summary.key}", **{**more, **values})

    def _value(self, value: object) -> str:
        if isinstance(value, tuple):
            return "; ".join(map(self._value, value))
        if isinstance(value, Summary):
            return self._said(value)
        if isinstance(value, Day):
            return local_time(value.at)[:10]
        if isinstance(value, Word) and message(key := f"events.word_{value.lower()}"):
            return self._words.say(key)
        return str(value)

    def _writer(self, event: Event) -> str:
        who = self._who(event)
        return self._words.say("events.written_by_us", who=who) if event.kind == "echo" else who

    def _who(self, event: Event) -> str:
        """A name and what the person is reached by, and the group where it is one."""
        digits = f"+{event.sender}" if event.sender.isdecimal() else event.sender
        username = f"@{event.username}" if event.username else ""
        known, name = clean(digits or username or event.user_id, 60), clean(event.name, 40)
        who = f"{name} ({known})" if name and known else name or known
        if event.group_id and event.kind != "group":
            group = self._words.say("events.in_group", group=clean(event.group_id, 24))
            who = f"{who}, {group}" if who else group
        return who or "?"

    def _own_number(self, event: Event) -> str:
        """The number that it was delivered for, where there are several."""
        if len(self._numbers) == 1 or event.phone_number_id not in self._numbers:
            return ""
        display = event.display_number.lstrip("+")
        return f"→ {'+' + clean(display, 20) if display else clean(event.phone_number_id, 20)}"

    def _error(self, error: MetaError) -> None:
        """In the words of `explain`, and what Meta itself says of it."""
        words, screen = self._words, self._screen
        said = "; ".join(dict.fromkeys(filter(None, (error.title, error.details))))
        known = explain(error.code, variant=variant_of(error.code, said)) if error.code else None
        means = words.text(known.means) if known else said or "?"
        key = "events.error" if error.code else "events.error_bare"
        screen.line(words.say(key, code=error.code, means=means), "red", "    ", "      ")
        if known:
            if said:
                screen.line(words.say("events.error_said", said=said), "dim", "    ", "      ")
            screen.line(words.text(known.do), "cyan", "    → ", "      ")

    def _local(self, event: Event) -> str:
        """Meta's time as this machine's; else when it came. What is no time stays as it is."""
        written = event.timestamp or event.entry_time
        if not written:
            return self._words.time(event.received_at)
        try:
            return local_time(datetime.fromtimestamp(int(written), UTC))
        except (ValueError, OverflowError, OSError):
            return clean(written, 20)


#: Addresses are shown whole, so that they can be compared and copied.
LONGEST = 300


def show_route(screen: Screen, words: Words, route: WebhookRoute) -> None:
    """Prints the picture, and below it what is missing from it."""
    _RouteView(screen, words, route).all()


class _RouteView:
    def __init__(self, screen: Screen, words: Words, route: WebhookRoute) -> None:
        self._screen, self._words, self._route = screen, words, route

    def all(self) -> None:
        route = self._route
        self._node("webhook.show_person", number=route.number or "?")
        self._step()
        self._node("webhook.show_account", waba_id=route.waba_id or "?")
        self._subscribers()
        self._step()
        self._node("webhook.show_app", app_id=route.app_id or "?")
        self._fields()
        self._step()
        self._node("webhook.show_addresses")
        self._addresses()
        self._expected()

    def _subscribers(self) -> None:
        there = self._route.subscribers
        if there is None:
            self._unseen("subscribers")
            return
        if "not_subscribed" in self._route.faults:
            self._mark(False, "webhook.show_not_subscribed")
        for one in there:
            name = clean(one.app_name or one.app_id, 60)
            if one.app_id == self._route.app_id:
                self._mark(True, "webhook.show_subscribed", name=name)
            else:
                self._row("·", self._words.say("webhook.show_other", name=name), "dim")

    def _fields(self) -> None:
        fields = self._route.fields
        if fields is None:
            self._unseen("fields")
            return
        wrong = [name for name in ("inactive", "field_off") if name in self._route.faults][:1]
        self._mark(not wrong, f"webhook.show_{wrong[0] if wrong else 'field'}")
        more = {"fields": fields - {FIELD}, "fields_advised": self._route.advised_fields}
        for key, names in more.items():
            if names:
                listed = ", ".join(sorted(names))
                self._row("·", self._words.say(f"webhook.show_{key}", fields=listed), "dim")

    def _addresses(self) -> None:
        callbacks = self._route.callbacks
        if callbacks is None:
            self._unseen("callbacks")
            return
        winner, _ = self._route.winner
        names = {level: self._words.say(f"webhook.show_level_{level}") for level in LEVELS}
        wide = max(map(len, names.values()))
        for level in LEVELS:
            url = clean(getattr(callbacks, level), LONGEST)
            wins = level == winner
            sign = f"{'▶' if wins else ' '} {names[level]:<{wide}} "
            self._row(sign, url or "–", "bold" if wins else "dim")
        if self._route.missing.get("callbacks") == "not_shown":
            self._unseen("callbacks")
        for fault in ("nowhere", "elsewhere"):
            if fault in self._route.faults:
                self._mark(False, f"webhook.show_{fault}")

    def _expected(self) -> None:
        route = self._route
        if not route.expected or route.callbacks is None:
            return
        if not route.winner[1]:
            return
        same = "not_expected" not in route.faults
        key = "webhook.show_as_expected" if same else "webhook.show_not_expected"
        self._screen.line()
        self._mark(same, key, url=clean(route.expected, LONGEST))

    def _unseen(self, what: str) -> None:
        reason = self._route.missing.get(what, "odd")
        # Without the secret the picture is the same, but for the fields: worth a word of its own.
        key = "unseen"
        if what == "fields" and reason == "not_given":
            key = "no_app_id" if self._route.lacking == "app_id" else "no_secret"
        self._row("?", self._words.say(f"webhook.show_{key}"), "yellow")

    def _node(self, key: str, **values: object) -> None:
        self._screen.line(self._words.say(key, **values), "bold")

    def _step(self) -> None:
        self._screen.line("│", "dim", "  ")

    def _mark(self, good: bool, key: str, **values: object) -> None:
        sign, colour = ("✓", "green") if good else ("✗", "red")
        self._row(sign, self._words.say(key, **values), colour)

    def _row(self, sign: str, text: str, style: str) -> None:
        self._screen.line(text, style, f"  │ {sign} ", f"  │ {' ' * len(sign)} ")


def show_routes(
    screen: Screen, words: Words, routes: Sequence[NumberRoute], wanted: Mapping[str, str]
) -> None:
    """Prints where the messages of each number go, by WABA, and where they are to go."""
    if not routes:
        screen.line(words.say("webhook.routes_none"))
    waba_id = ""
    for one in routes:
        if one.waba_id != waba_id:
            waba_id = one.waba_id
            screen.line(words.say("webhook.routes_account", waba_id=waba_id), "bold")
            if one.subscribed is not True:
                key = "not_subscribed" if one.subscribed is False else "subscribed_unseen"
                screen.line(words.say(f"webhook.routes_{key}"), "yellow", "  ", "  ")
        screen.line(f"{clean(one.display, 40) or '?'} ({one.number_id})", "", "  ", "  ")
        level = words.say(f"webhook.show_level_{one.level}") if one.level else ""
        key, colour = ("nowhere", "red") if one.none_set else ("unseen", "yellow")
        now = (
            f"{clean(one.url, LONGEST)} ({level})" if one.url else words.say(f"webhook.show_{key}")
        )
        screen.line(now, "" if one.url else colour, "    → ", "      ")
        if (to := wanted.get(one.number_id)) and to != one.url:
            said = words.say("webhook.routes_wanted", url=clean(to, LONGEST))
            screen.line(said, "cyan", "    » ", "      ")


class RehearsalView:
    """What came of each case, as it comes; the same advice once."""

    def __init__(self, screen: Screen, words: Words) -> None:
        self._screen, self._words = screen, words
        self._advice: set[str] = set()

    def list(self, cases: Sequence[Case]) -> None:
        """Name and title of each."""
        show_rows(self._screen, [(one.name, self._words.text(one.title)) for one in cases])

    def show(self, seen: Seen) -> None:
        """One line, and below it what is wrong and what to look at in the receiver."""
        signs = {"passed": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("–", "dim")}
        key = "rehearse.took" if seen.http else "rehearse.answered"
        values = {"name": seen.case.name, "http": seen.http, "milliseconds": seen.milliseconds}
        title = self._words.text(seen.case.title)
        self._screen.marked(signs[seen.outcome], self._words.say(key, title=title, **values))
        if seen.outcome == "passed" and seen.attempts > 1:
            self._screen.line(self._words.say("rehearse.again"), "yellow", "  ")
        for line in self.why(seen).splitlines():
            if line not in self._advice:
                self._screen.line(line, "dim" if seen.outcome == "skipped" else "", "  ")
            self._advice.add(line)

    def why(self, seen: Seen) -> str:
        """Why a case did not pass: what was seen, and what to look at; "" for one that did."""
        if not seen.reason:
            return ""
        cause = clean(seen.cause) or "–"
        said = self._words.say(f"rehearse.{seen.reason}", cause=cause, http=seen.http)
        # Where no connection came about, nothing in the receiver has seen the delivery.
        if seen.outcome == "skipped" or seen.cause == "refused":
            return said
        look = self._words.text(content().looks[seen.case.look])
        return f"{said}\n{self._words.say('rehearse.look', look=look)}"
