"""Takes secrets out of text that comes back from Graph: Meta may repeat what it was sent."""

from __future__ import annotations

import re
from collections.abc import Iterable

from wizard.foreign import clean

DOTS = "••••"
#: Access tokens begin with EAA; app tokens are `id|secret`; app secrets and proofs are long hex.
_SECRET_LIKE = re.compile(
    r"EA[A-Za-z0-9]{18,}|\d{5,}(?:\||%7C)[\w-]{16,}|\b[0-9a-f]{32,}\b", re.IGNORECASE
)


def masked(text: object, secrets: Iterable[str] = ()) -> str:
    """One clean line of foreign text without these secrets, nor anything that looks like one."""
    line = str(text)
    # The longest first: an app token contains the app secret. Very short ones would eat words.
    for secret in sorted((s for s in secrets if len(s) > 3), key=len, reverse=True):
        line = line.replace(secret, DOTS)
    return clean(_SECRET_LIKE.sub(DOTS, line))
