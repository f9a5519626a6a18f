"""The last verdict on one screen: plain aligned text, without any library that takes its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wizard import verdicts
from wizard.model import Checklist, Finding, Goal, Status
from wizard.status.record import Record, SecretNote, parse_time
from wizard.ui.layout import cells
from wizard.ui.screen import Screen
from wizard.ui.signs import SIGNS
from wizard.ui.words import Words


class Overview:
    """Shows a record: the three things to have, what is ready, what is not in order.

    `same` are the options that the commands it names need, to speak of the same profile.
    """

    def __init__(
        self, screen: Screen, words: Words, same: str = "", now: datetime | None = None
    ) -> None:
        self._screen, self._words, self._same = screen, words, same
        self._now = now or datetime.now(UTC)

    def show(self, record: Record, checklist: Checklist, token_from: str = "") -> None:
        """`token_from` is the variable of the environment that gives the token, "" for none."""
        self.essentials(record, token_from)
        self._screen.line()
        if not record.checked_at:
            self._screen.line(self._words.say("status.never_checked", same=self._same), "bold")
            return
        self._readiness(record, checklist)
        self._open_items(record, checklist)

    def essentials(self, record: Record, token_from: str = "") -> None:
        """WABA ID, phone number ID, access token: what the whole way is walked for."""
        none = self._words.say("status.none")
        number = ", ".join(
            filter(
                None, (record.ids.get(key) for key in ("phone_number_id", "display_phone_number"))
            )
        )
        self._table(
            [
                ("waba_id", record.ids.get("waba_id") or none),
                ("phone_number_id", number or none),
                ("access_token", self._token(record.secrets.get("access_token"), token_from)),
            ]
        )

    def _token(self, note: SecretNote | None, token_from: str) -> str:
        say = self._words.say
        if token_from:
            return say("status.from_environment", source=token_from)
        if note is None:
            return say("status.none")
        known = note.kind in ("SYSTEM_USER", "USER", "PAGE", "APP")
        parts = [say(f"status.kind_{note.kind}" if known else "status.kind_other")]
        parts += [say("status.kept_in", store=note.store), self._lasts(note.expires_at)]
        return ", ".join(filter(None, parts))

    def _lasts(self, expires_at: str) -> str:
        if expires_at == "never":
            return self._words.say("status.never_expires")
        try:
            end = parse_time(expires_at)
        except ValueError:
            return ""
        date = f"{end.astimezone():%Y-%m-%d}"
        if end <= self._now:
            return self._words.say("status.expired", date=date)
        return self._words.say(
            "status.days_left", days=(end - self._now) // timedelta(days=1), date=date
        )

    def _readiness(self, record: Record, checklist: Checklist) -> None:
        ready = verdicts.ready(record, checklist)
        width = max(cells(self._words.say(f"status.{goal}")) for goal in Goal)
        for goal in Goal:
            name = self._words.say(f"status.{goal}")
            wanted = goal in record.goals or goal is Goal.SENDING
            key = "ready" if ready[goal] else "not_ready" if wanted else "not_wanted"
            status = Status.PASSED if ready[goal] else Status.FAILED if wanted else Status.SKIPPED
            mark = f"{SIGNS[status][0]} {name}{' ' * (width - cells(name))}  "
            self._screen.line(self._words.say(f"status.{key}"), SIGNS[status][1], mark)
        try:
            when = f"{parse_time(record.checked_at).astimezone():%Y-%m-%d %H:%M}"
        except ValueError:
            when = record.checked_at
        self._screen.line(self._words.say("status.checked", when=when), "dim")

    def _open_items(self, record: Record, checklist: Checklist) -> None:
        seen = verdicts.findings(record, checklist)
        required, advice = verdicts.out_of_order(seen, record.goals)
        skipped = [found for found in required + advice if _skipped(found)]
        for key, found in (("required", required), ("advice", advice)):
            shown = [one for one in found if not _skipped(one)]
            if shown:
                self._screen.line()
                self._screen.line(self._words.say(f"status.{key}", count=len(shown)), "bold")
            for one in shown:
                self._item(one)
        self._screen.line()
        if skipped:
            self._screen.line(self._words.say("status.skipped", count=len(skipped)), "dim")
        if not required:
            self._screen.line(self._words.say("status.all_fine"), "green")
        key = "status.go_on" if required else "status.again"
        self._screen.line(self._words.say(key, same=self._same))

    def _item(self, found: Finding) -> None:
        title = f"{self._words.text(found.item.title)}  ({found.item.id})"
        self._screen.marked(SIGNS[found.outcome.status], title, indent="  ")
        for key, text in (
            ("ui.seen", self._words.reason(found)),
            ("ui.next", self._words.next_step(found)),
        ):
            if text:
                self._screen.line(self._words.say(key, text=text), first="    ")

    def _table(self, rows: list[tuple[str, str]]) -> None:
        names = [self._words.say(f"status.{key}") for key, _ in rows]
        width = max(cells(name) for name in names)
        for name, (_, value) in zip(names, rows, strict=True):
            self._screen.line(value, first=f"{name}{' ' * (width - cells(name))}  ")


def _skipped(found: Finding) -> bool:
    return found.outcome.status is Status.SKIPPED
