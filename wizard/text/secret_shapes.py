"""What Meta's secrets look like: regular expressions, and the patterns they are made of."""

from __future__ import annotations

import re

#: Access tokens begin with EA and are letters and digits, 100 to 300 of them.
ACCESS_TOKEN = r"EA[A-Za-z0-9]{48,}"
#: The beginning of one, however short it was cut.
ACCESS_TOKEN_START = r"EA[A-Za-z0-9]{6,}"
APP_SECRET = r"[0-9a-fA-F]{32}"
APP_ID = r"\d{6,20}"
#: The app's own token: its id and its secret.
APP_TOKEN = rf"{APP_ID}\|[A-Za-z0-9_-]{{20,}}"

#: Whatever may be a secret within a text, or a proof made of one (64 hex digits); better one word
#: too many than one token.
ANY = re.compile(r"EA[A-Za-z0-9]{18,}|\d{5,}(?:\||%7C)[\w-]{16,}|\b[0-9a-f]{32,}\b", re.IGNORECASE)
#: A word of a command line that is long enough to be one: never repeated.
LONG_WORD = re.compile(r"[A-Za-z0-9_|=+-]{20,}")
