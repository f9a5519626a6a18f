"""What arrives, one line each: messages, statuses, and what else Meta reports."""

from __future__ import annotations

from datetime import UTC, datetime

from wizard.facts.webhook_route import FIELD, LEVELS, WebhookRoute
from wizard.text.sanitise import clean, clean_lines
from wizard.ui.screen import Screen
from wizard.ui.words import Words
from wizard.webhook.inbox import Message, StatusUpdate, Update


def show_message(screen: Screen, words: Words, message: Message) -> None:
    """When, from whom, what. What customers write is cleaned: it may try to steer the screen."""
    who = f"+{message.sender}" if message.sender else message.sender_user_id
    name = clean(message.sender_name, 40)
    sender = f"{name} ({clean(who, 60)})" if name else clean(who, 60)
    lead = f"{_local(message.timestamp)}  {sender}  "
    text = clean_lines(message.text)
    if message.type != "text":
        text = f"[{clean(message.type, 30)}] {text}".strip()
    if message.test:
        text = f"{words.say('messages.test')} {text}"
    first, *rest = text.splitlines() or [""]
    screen.line(first, "dim" if message.test else "", lead, "    ")
    for line in rest:
        screen.line(line, "", "    ")


def show_status(screen: Screen, words: Words, status: StatusUpdate) -> None:
    """What became of a message that was sent."""
    to = f"+{status.recipient}" if status.recipient else status.recipient_user_id
    values = {"to": clean(to, 60), "state": clean(status.state, 30)}
    screen.line(words.say("messages.status", **values), "dim", f"{_local(status.timestamp)}  ")
    if status.code:
        why = clean(status.details or status.title, 200)
        screen.line(
            words.say("messages.status_failed", code=status.code, details=why), "red", "    "
        )


def show_update(screen: Screen, words: Words, update: Update) -> None:
    """Anything else, by its field."""
    screen.line(words.say("messages.update", field=clean(update.field or "?", 60)), "dim")


def _local(timestamp: str) -> str:
    """Meta's unix seconds as this machine's time; what is none stays as it is."""
    try:
        moment = datetime.fromtimestamp(int(timestamp), UTC).astimezone()
    except (ValueError, OverflowError, OSError):
        return clean(timestamp, 20)
    return f"{moment:%Y-%m-%d %H:%M}"


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
