"""Turns keys and findings into sentences of one language."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from wizard.model import Finding, Reason, Text
from wizard.talk import Remark
from wizard.texts import read, text

FOLDER = Path(__file__).with_name("messages")


@cache
def messages() -> dict[str, Text]:
    """Every text of the tool itself, by `<file>.<name>`."""
    return {
        f"{path.stem}.{name}": text(node, f"{path.stem}.{name}")
        for path in sorted(FOLDER.glob("*.yaml"))
        for name, node in read(path).items()
    }


class Words:
    """The tool's words in one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def say(self, key: str, /, **values: object) -> str:
        """One of the tool's own texts; KeyError when there is none of this key."""
        return messages()[key].in_language(self.language, **values)

    def remark(self, remark: Remark | str) -> str:
        """A remark in words; a plain string is foreign text and stays as it is."""
        if isinstance(remark, str):
            return remark
        return self.say(remark.key, **remark.values)

    def text(self, text: Text, **values: object) -> str:
        """A text of the checklist."""
        return text.in_language(self.language, **values)

    def reason(self, finding: Finding) -> str:
        """What was seen of an item: in its own words if it has them, else in the tool's."""
        reason = self._reason(finding)
        return "" if reason is None else self.text(reason.says, **finding.outcome.values)

    def next_step(self, finding: Finding) -> str:
        """The one next thing to do; "" when nothing is."""
        reason = self._reason(finding)
        if reason is None or reason.next is None:
            return ""
        return self.text(reason.next, **finding.outcome.values)

    def _reason(self, finding: Finding) -> Reason | None:
        outcome = finding.outcome
        if not outcome.reason:
            return None
        if own := finding.item.reasons.get(outcome.reason):
            return own
        says = messages()[f"reason.{outcome.reason}"]
        return Reason(says, messages().get(f"reason.{outcome.reason}_next"))
