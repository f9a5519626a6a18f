"""What secrets may be called, and how a value of each name has to look."""

from __future__ import annotations

import re
from collections.abc import Mapping

from wizard.commands.arguments import unknown
from wizard.talk import Mend
from wizard.text.errors import UsageError
from wizard.text.localised import Phrase, phrase
from wizard.text.paste import mend_pin, mend_secret, mend_token
from wizard.text.sanitise import unhidden
from wizard.text.secret import SECRET_NAMES

PAGE = "page_token"
_PAGE_TOKEN = re.compile(rf"{PAGE}:[0-9]{{1,20}}")
# What somebody types who takes NAME for the place of the value.
_VALUE_LIKE = re.compile(r"(?=.*[0-9])[A-Za-z0-9_|-]{24,}|[0-9]{6}")
_VERIFY_TOKEN = re.compile(r"[!-~]{1,255}")

#: Meta's tokens; the others are no tokens of Meta's.
TOKENS = ("access_token", "user_token", PAGE)


def secret_name(word: str) -> str:
    """A name of ours; UsageError with the one that was probably meant, and never a value."""
    if word in SECRET_NAMES or _PAGE_TOKEN.fullmatch(word):
        return word
    if _VALUE_LIKE.fullmatch(word):
        raise UsageError("credentials.value_for_a_name", names=", ".join(SECRET_NAMES))
    raise unknown("credentials.no_such_name", word, (*SECRET_NAMES, f"{PAGE}:ID"))


def is_token(name: str) -> bool:
    """Whether Meta can say what it is."""
    return name.partition(":")[0] in TOKENS


def mend_of(name: str) -> Mend:
    """How a value of this name is mended."""
    return _MENDS.get(name.partition(":")[0], mend_token)


def mend_verify_token(text: str) -> str | Phrase:
    """What Meta sends back unchanged in a URL: printable ASCII without spaces."""
    value = unhidden(text).strip().strip("\"'")
    return value if _VERIFY_TOKEN.fullmatch(value) else phrase("credentials.verify_token_wrong")


_MENDS: Mapping[str, Mend] = {
    "app_secret": mend_secret,
    "two_step_pin": mend_pin,
    "verify_token": mend_verify_token,
}
