"""`status`: the last verdict. No network, no keyring, no prompt."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from wizard.audit.checklist import Checklist
from wizard.audit.results import AuditResult, remembered, saved_exit_code, stands
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.report.documents import audit_document
from wizard.state.record import ProfileRecord, Status
from wizard.state.yaml_file import StateFileError
from wizard.text.sanitise import clean
from wizard.ui.audit_view import AuditView, show_identity
from wizard.ui.screen import SIGNS, Screen
from wizard.ui.words import Words

if TYPE_CHECKING:
    from wizard.commands import OptionParser


def options(parser: OptionParser) -> None:
    """Its own options."""
    parser.option("--all", action="store_true", says="status.all_help")


def run(chosen: Arguments) -> int:
    """Shows what was saved; the exit code is that of the audit that saved it."""
    if not chosen.all:
        return _of_one(chosen)
    from wizard.commands.profiles import every_profile

    return every_profile(chosen, Context(chosen).home.profiles(), _of_one)


def _of_one(chosen: Arguments) -> int:
    context = Context(chosen)
    try:
        context.config.of(context.profile)  # its preferences decide where its secrets are
        _ = context.record
    except StateFileError:
        if chosen.all and not chosen.json:
            said = f"{context.profile} · {context.words.say('status.short_damaged')}"
            context.screen.marked(SIGNS[Status.FAILED], said)
        raise
    if chosen.json:
        context.print_json(audit_document(context.verdict), line=chosen.all)
    elif chosen.all:
        show_in_short(context.screen, context.words, context.profile, context.verdict)
    else:
        _show(context)
    if newer := context.store.newer:
        return int(chosen.report_error(newer))
    return saved_exit_code(context.record, context.checklist)


def _show(context: Context) -> None:
    record = context.record  # first, so that nothing stands there when it cannot be read
    if context.chosen.sandbox:
        context.screen.line(context.words.say("ui.sandbox"), "reverse bold")
    context.screen.line(context.words.say("status.profile", profile=context.profile))
    for name, path in (
        ("status_file", context.home.status_path(context.profile)),
        ("config_file", context.home.config_path),
    ):
        if path.exists():
            context.screen.line(context.words.say(f"ending.{name}", place=str(path)), "dim")
    if record.checked_at and context.home.inbox_path(context.profile).exists():
        from wizard.commands.events import tell_account_events  # not for every start

        tell_account_events(context, record.checked_at, "since_saved")
    overview = Overview(context.screen, context.words)
    overview.show(record, context.checklist, context.environment.source("access_token"))


def show_in_short(screen: Screen, words: Words, profile: str, audit: AuditResult) -> None:
    """A profile in one line: how it stands, its number, when it was looked at, what is wrong."""
    record = audit.record
    status = stands(record, audit.checklist, record.goals)
    first = next(iter(audit.open(required=True)), None)
    parts = [
        profile,
        words.say(f"status.short_{status if record.checked_at else 'never'}"),
        clean(record.ids.get("display_phone_number") or record.ids.get("phone_number_id") or "–"),
        words.time(record.checked_at) if record.checked_at else "",
        f"{SIGNS[first.status][0]} {words.text(first.item.title)}" if first else "",
    ]
    screen.marked(SIGNS[status], " · ".join(part for part in parts if part))


class Overview:
    """Shows a record: the three things to have, what is not in order, and last what is ready."""

    def __init__(self, screen: Screen, words: Words, now: datetime | None = None) -> None:
        self._screen, self._words = screen, words
        self._now = now or datetime.now(UTC)

    def show(self, record: ProfileRecord, checklist: Checklist, token_from: str = "") -> None:
        """`token_from` is the variable of the environment that gives the token, "" for none."""
        show_identity(self._screen, self._words, record, self._now, token_from)
        if record.checked_at:
            self._audit(remembered(checklist, record))
            return
        self._screen.line()
        self._screen.line(self._words.say("status.never_checked"), "bold")

    def _looked_at(self, audit: AuditResult) -> str:
        """When; of what was looked at in parts (`--only`), also when the oldest part was."""
        record = audit.record
        seen = [record.verdicts[one.item.id].checked_at for one in audit.results]
        oldest = self._words.time(min(filter(None, seen), default=record.checked_at))
        when = self._words.time(record.checked_at)
        key = "checked" if oldest == when else "checked_in_parts"
        return self._words.say(f"status.{key}", when=when, oldest=oldest)

    def _audit(self, audit: AuditResult) -> None:
        view = AuditView(self._screen, self._words)
        view.open_items(audit)
        self._screen.line()
        skipped = [
            result
            for result in audit.results
            if result.reason == "requires" and audit.concerns(result)
        ]
        if skipped:
            self._screen.line(self._words.say("status.skipped", count=len(skipped)), "dim")
        self._screen.line(self._looked_at(audit), "dim")
        view.closing(audit)
        self._screen.line()
        view.ready(audit, self._now)
