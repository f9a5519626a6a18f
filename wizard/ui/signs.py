"""The few signs that stand for a status, and what they become where the output cannot show them."""

from __future__ import annotations

import codecs

from wizard.state.record import Status

#: Sign and style of a status. The sign alone must tell them apart: colour may be off.
SIGNS = {
    Status.PASSED: ("✓", "green"),
    Status.FAILED: ("✗", "bold red"),
    Status.UNKNOWN: ("?", "bold yellow"),
    Status.SKIPPED: ("–", "dim"),
    Status.WAITING: ("…", "bold cyan"),
}
#: Not in order, but nothing that a goal needs.
ADVICE = ("!", "bold yellow")
NEW, FIXED = ("▲", "bold red"), ("✓", "bold green")

_LOOKALIKES = str.maketrans(
    {
        "✓": "+",
        "✗": "x",
        "–": "-",
        "—": "-",
        "…": "~",
        "▲": "^",
        "•": "*",
        "·": "*",
        "→": ">",
        "»": ">",
        "«": '"',
        "„": '"',
        "“": '"',
        "”": '"',
        "’": "'",
        "↑": "^",
        "↓": "v",
        "≤": "<",
        "×": "x",
        "─": "-",
        "№": "N",
        "\u00a0": " ",
        "\u202f": " ",
    }
)

#: The name of the error handler for streams that cannot show everything.
HANDLER = "wa_wizard_lookalike"


def _lookalike(error: UnicodeError) -> tuple[str | bytes, int]:
    """A similar ASCII sign where there is one, else the escape Python would write."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    plain = signs.translate(_LOOKALIKES)
    return plain.encode("ascii", "backslashreplace").decode("ascii"), error.end


codecs.register_error(HANDLER, _lookalike)


def fit(text: str, encoding: str) -> str:
    """The text as this encoding can show it, the same number of columns wide where that can be."""
    return text.encode(encoding, HANDLER).decode(encoding)
