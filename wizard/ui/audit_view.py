"""The audit for people: what changed, then every section, what to do next; last the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from wizard.audit.checklist import Section
from wizard.audit.results import AuditResult, ItemResult, cautions, remembered
from wizard.state.record import Goal, ProfileRecord, SecretNote, Status, parse_time
from wizard.text.durations import days_left, hours_left
from wizard.text.sanitise import clean
from wizard.ui.item_view import ItemView
from wizard.ui.screen import (
    ADVICE,
    FIXED,
    NEW,
    SIGNS,
    Screen,
)
from wizard.ui.words import Words

INDENT = "  "
#: In the order of the totals.
COUNTED = (Status.PASSED, Status.FAILED, Status.WAITING, Status.UNKNOWN, Status.SKIPPED)
SIGN_OF_CHANGE = {"new": NEW, "fixed": FIXED}


#: Up to here the lines of a narrow screen have no room for a column of labels.
NARROW = 60


def show_identity(
    screen: Screen, words: Words, record: ProfileRecord, now: datetime, token_from: str = ""
) -> None:
    """Prints them. `token_from` names the environment variable that supplies the token, if any."""
    number = clean(record.ids.get("phone_number_id", ""))
    display = clean(record.ids.get("display_phone_number", ""))
    rows = [
        ("WABA ID", clean(record.ids.get("waba_id", ""))),
        ("Phone number ID", f"{number} ({display})" if number and display else number),
        ("Access token", _token(words, record.secrets.get("access_token"), now, token_from)),
    ]
    longest = max(len(label) for label, _ in rows)
    for label, value in rows:
        shown = value or words.say("essentials.none")
        if screen.width < NARROW:
            screen.line(f"{label}:", "bold")
            screen.line(shown, first="  ")
        else:
            screen.line(shown, first=f"{label:<{longest}}  ")


def _token(words: Words, note: SecretNote | None, now: datetime, token_from: str) -> str:
    parts = []
    if note is not None and note.kind:
        parts.append(words.named("kind", note.kind))
    if note is not None:
        parts.append(lifetime(words, note.expires_at, now))
    if token_from:
        parts.append(words.say("essentials.from_environment", name=token_from))
    elif note is not None:
        place = words.named("store", note.store)
        backend = f" ({clean(note.backend)})" if note.backend else ""
        parts.append(words.say("essentials.kept", place=f"{place}{backend}"))
    return ", ".join(part for part in parts if part)


def lifetime(words: Words, expires_at: str, now: datetime) -> str:
    """How long a secret with this `SecretNote.expires_at` still lives; "" when it is not known."""
    if expires_at == "never":
        return words.say("essentials.never")
    try:
        until = parse_time(expires_at)
    except ValueError:
        return ""
    day = clean(expires_at)
    if until <= now:
        return words.say("essentials.expired", day=day)
    if days := days_left(until, now):
        return words.say("essentials.days", days=days, day=day)
    return words.say("essentials.hours", hours=hours_left(until, now))


def _is_skipped(result: ItemResult) -> bool:
    return result.status is Status.SKIPPED


class AuditView:
    """Prints audit on one screen in one language. What is in order is ticked, not explained.

    Without `full`, items of a goal that the profile does not have are only counted.
    """

    def __init__(
        self, screen: Screen, words: Words, sandbox: bool = False, full: bool = False
    ) -> None:
        self._screen, self._words, self._full = screen, words, full
        self._item_view = ItemView(screen, words, sandbox)

    def show(self, audit: AuditResult, token_from: str = "") -> None:
        """The whole audit. `token_from`: the variable that supplies the token, if one does."""
        self._item_view.banner()
        self.changes(audit)
        shown = [f for f in audit.results if self._full or audit.concerns(f)]
        for section in audit.checklist.sections:
            self._section(section, [f for f in shown if f.item.section == section.id], audit)
        self._screen.line()
        self._screen.pieces(self._totals(shown, audit), " · ")
        if hidden := len(audit.results) - len(shown):
            self._screen.line(self._words.say("report.hidden", count=hidden), "dim")
        self._screen.line()
        self.conclusion(audit, datetime.now(UTC), token_from)

    def conclusion(self, audit: AuditResult, now: datetime, token_from: str = "") -> None:
        """What stands above the prompt of the shell: the one next thing, the result, the ids."""
        self.closing(audit)
        self._screen.line()
        self.ready(audit, now)
        show_identity(self._screen, self._words, audit.record, now, token_from)

    def changes(self, audit: AuditResult) -> None:
        """What is new and what was fixed since the last time, if there was one and anything is."""
        if audit.first_time:
            return
        rows = [
            (change, self._title(result))
            for change in SIGN_OF_CHANGE
            for result in audit.results
            # Skipped items and items of other goals are not reported as changes.
            if audit.changes.get(result.item.id) == change
            and result.status is not Status.SKIPPED
            and audit.concerns(result)
        ]
        if rows:
            self._screen.line()
            self._screen.line(self._words.say("report.changes"), "bold")
        for change, title in rows:
            said = self._words.say(f"report.{change}", item=title)
            self._screen.marked(SIGN_OF_CHANGE[change], said, indent=INDENT)

    def ready(self, audit: AuditResult, now: datetime | None = None) -> None:
        """For each goal whether all it needs is in order, and beside it what must not be missed."""
        stands = {goal: audit.stands(goal) for goal in Goal if goal in audit.goals}
        for goal, status in stands.items():
            self._screen.marked(SIGNS[status], self._words.say(f"report.{goal}_{status}"), "bold")
        if Status.PASSED in stands.values():
            for caution in cautions(audit.record, now or datetime.now(UTC)):
                self._screen.marked(ADVICE, self._words.phrase(caution), indent=INDENT)

    def open_items(self, audit: AuditResult) -> None:
        """What is left to do, then the advice: what was seen of each, and the one next thing."""
        for required in (True, False):
            results = audit.open(required)
            if results:
                self._screen.line()
                self._screen.line(
                    self._words.say(f"report.{'left' if required else 'tips'}"), "bold"
                )
            for result in results:
                if required or result.values.get("message"):  # Meta's own words are not folded
                    self._explained(result, audit)
                else:
                    self._in_one_line(result)

    def closing(self, audit: AuditResult) -> None:
        """What to run next: by all that is known, also what this audit did not look at."""
        whole = remembered(audit.checklist, audit.record)
        there = audit.open(required=True) or whole.open(required=True)
        first = next(iter(there), None)
        if first and first.status is Status.WAITING:
            # Not begun with while something is wrong: a person or time settles it.
            first = next((one for one in there if one.status is Status.FAILED), first)
        if first is None:
            fine = all(audit.stands(goal) is Status.PASSED for goal in audit.goals)
            self._screen.line(self._words.say("report.next_use" if fine else "report.next_audit"))
        elif first.status is Status.UNKNOWN:
            self._screen.line(self._words.say("report.next_again", item=self._title(first)))
        else:
            self._screen.line(self._words.say("report.next_setup", item=self._title(first)))

    def _section(self, section: Section, results: Sequence[ItemResult], audit: AuditResult) -> None:
        if not results:
            return
        self._screen.line()
        self._screen.line(self._words.text(section.title), "bold")
        if len(results) > 1 and not self._full and all(map(_is_skipped, results)):
            # One thing is in the way of them all, and it is said where it stands.
            said = self._words.say("report.section_skipped", count=len(results))
            self._screen.marked(SIGNS[Status.SKIPPED], said, "dim", INDENT)
            return
        for result in results:
            self._item(result, audit)

    def _item(self, result: ItemResult, audit: AuditResult) -> None:
        status = result.status
        if status is Status.PASSED:
            self._item_view.show_result(result, INDENT)
            return
        if status is Status.SKIPPED:
            self._screen.marked(SIGNS[status], self._words.titled(result), "dim", INDENT)
            if result.reason != "requires":
                self._screen.line(self._words.reason(result), "dim", INDENT * 2)
            return
        self._explained(result, audit)

    def _explained(self, result: ItemResult, audit: AuditResult) -> None:
        """What was seen and what is next."""
        advice = result.status is Status.FAILED and not audit.required(result)
        sign = ADVICE if advice else SIGNS[result.status]
        self._screen.marked(sign, self._words.titled(result, advice), "bold", INDENT)
        self._screen.line(self._words.reason(result), first=INDENT * 2)
        self._item_view.show_next_step(result, audit.record.ids, (), INDENT * 2)

    def _in_one_line(self, result: ItemResult) -> None:
        """Advice, folded: what it is, and where it is explained."""
        said = self._words.say("report.tip", item=self._title(result), id=result.item.id)
        self._screen.marked(ADVICE, said, indent=INDENT)

    def _totals(self, results: Sequence[ItemResult], audit: AuditResult) -> list[str]:
        counts: Counter[str] = Counter()
        for result in results:
            status = result.status
            if status is Status.SKIPPED and result.reason != "requires":
                continue  # waits for nothing: the profile does not use it
            advice = status is Status.FAILED and not audit.required(result)
            counts["advice" if advice else status.value] += 1
        return [
            self._words.say(f"report.total_{name}", count=counts[name])
            for name in (*COUNTED, "advice")
            if counts[name]
        ]

    def _title(self, result: ItemResult) -> str:
        return self._words.text(result.item.title)
