"""Templates on the screen: lists, findings, plans, and why one is not approved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wizard.graph import Json
from wizard.report.template_documents import said
from wizard.templates.lint import Finding, Severity, table
from wizard.templates.plan import EDITABLE, Change, Plan
from wizard.text.sanitise import clean
from wizard.ui.screen import Screen
from wizard.ui.words import Words, family

#: How each kind of change is marked, as tools that plan do.
SIGNS = {"create": ("+", "green"), "edit": ("~", "yellow"), "delete": ("-", "red")}
STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
#: A text in a difference is cut here; the files and --json have it whole.
LONGEST = 100


class TemplateView:
    """Prints in the words of one language."""

    def __init__(self, screen: Screen, words: Words) -> None:
        self._screen, self._words = screen, words

    def findings(self, findings: Iterable[Finding]) -> None:
        """A line for each, as compilers write them, and the page that states the rule."""
        for one in findings:
            where = f"{one.path}:{one.line}: " + (f"{one.language}: " if one.language else "")
            text = clean(said(one, self._words.language), 500)
            self._screen.whole(f"{where}{text} [{one.rule}]", STYLES[one.severity])
            self._screen.line(table()[one.rule].source, "dim", "    ")

    def rows(self, rows: Sequence[Json]) -> None:
        """A line for each template."""
        for row in rows:
            parts = ("name", "language", "status", "category")
            self._screen.whole("  ".join(clean(row.get(part), 200) or "–" for part in parts))

    def plan(self, plan: Plan) -> None:
        """Every change, what differs, and what is left alone."""
        for change in plan.changes:
            self._change(change)
        if not plan.changes:
            self._screen.line(self._words.say("templates.no_change", count=plan.unchanged))
        if plan.unnamed:
            names = ", ".join(plan.unnamed[:10]) + (" …" if len(plan.unnamed) > 10 else "")
            self._screen.line(
                self._words.say("templates.unnamed", count=len(plan.unnamed), names=names), "dim"
            )

    def _change(self, change: Change) -> None:
        sign, style = SIGNS.get(change.action, ("!", "red"))
        word = self._words.say(f"templates.action_{change.action}")
        name, language = clean(change.name, 200), clean(change.language, 200)
        self._screen.line(f"{sign} {word}: {name} ({language})", style)
        for one in change.differences:
            shown = (clean(value, LONGEST) or "–" for value in (one.meta, one.file))
            self._screen.line(f"{one.at}: {' → '.join(shown)}", "", "    ")
        if change.reason:
            key = f"templates.blocked_{change.reason}"
            values = {"status": change.status, "category": change.category}
            self._screen.line(self._words.say(key, name=change.name, **values), "", "    ")
        elif change.action == "edit" and change.status in EDITABLE:
            key = "approved" if change.status == "APPROVED" else "free"
            self._screen.line(self._words.say(f"templates.edits_{key}"), "dim", "    ")

    def states(self, rows: Sequence[Json]) -> None:
        """How each template stands, in words, and what to change where Meta refused it."""
        for row in rows:
            status = str(row.get("status", ""))
            known = f"state_{status}" if f"state_{status}" in family("templates") else "state_other"
            values = {name: clean(row.get(name), 200) for name in ("name", "language")}
            self._screen.line(self._words.say(f"templates.{known}", status=status, **values))
            if status == "REJECTED":
                self._screen.line(self._rejection(row), "", "  ")
            before, now = row.get("previous_category"), row.get("category")
            if before and before != now:
                text = self._words.say("templates.recategorised", before=before, now=now)
                self._screen.line(text, "yellow", "  ")

    def _rejection(self, row: Json) -> str:
        reason = str(row.get("rejected_reason") or "NONE")
        known = f"rejected_{reason}"
        if row.get("category") == "MARKETING" and f"{known}_marketing" in family("templates"):
            known += "_marketing"  # the usual advice is to become what it is already
        if known not in family("templates"):
            return self._words.say("templates.rejected_other", reason=reason)
        return self._words.say(f"templates.{known}")
