"""What people paste: corrected where that is certain, recognised and refused in words where not.

Pure. A Phrase never holds what was pasted: it may be a key of another service.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from wizard.text import phone, sanitise
from wizard.text.localised import Phrase, phrase
from wizard.text.sanitise import unhidden

_QUOTES = "\"'`«»“”„‘’"

_TOKEN = re.compile(rf"(?<![A-Za-z0-9]){sanitise.ACCESS_TOKEN_START}")
_SHORTEST_TOKEN = 50
_APP_TOKEN = re.compile(sanitise.APP_TOKEN)
_SECRET = re.compile(rf"(?<![A-Za-z0-9]){sanitise.APP_SECRET}(?![A-Za-z0-9])")
_CUT = re.compile(r"…|\.{3}")
#: The rest of a token that a space or a line break came into; an app secret is a value of its own.
_GOES_ON = re.compile(r"\s{1,20}(?!EA|[0-9a-fA-F]{32}\b)[A-Za-z0-9]{20,}")
_PLACEHOLDER = re.compile(
    r"<[^<>]*>|\{\{?[^{}]*\}?\}|\$\{?\w+\}?|(?:your|my)[-_ ].*|x{6,}"
    r"|(?:\w+[-_ ])?access[-_ ]?token",
    re.I,
)
_MASKED = re.compile(r"[•●*∙·]{3,}")
# KEY=value of a shell or .env line, "key": "value" of JSON, key: value of YAML.
_WRAPPER = re.compile(
    r"""(?:(?:export|set|-H)\s{1,8})?["'`]?[\w .-]{2,60}?["'`]?\s{0,8}[=:](.+)""", re.S
)

#: Keys of other services, by their published forms.
_SERVICES = (
    ("Anthropic", r"sk-ant-[\w-]{8,}"),
    ("OpenAI", r"sk-[\w-]{16,}"),
    ("Slack", r"xox[a-z]-[\w-]{8,}"),
    ("GitHub", r"gh[pousr]_\w{16,}|github_pat_\w{16,}"),
    ("GitLab", r"glpat-[\w-]{16,}"),
    ("AWS", r"(?:AKIA|ASIA)[A-Z0-9]{16}"),
    ("Telegram", r"\d{8,10}:[\w-]{30,}"),
    ("Twilio", r"(?:SK|AC)[0-9a-f]{32}"),
    ("Stripe", r"(?:sk|pk|rk)_(?:live|test)_\w{8,}|whsec_\w{8,}"),
    ("Google", r"AIza[\w-]{30,}|ya29\.[\w-]{20,}"),
    ("SendGrid", r"SG\.[\w-]{16,}\.[\w-]{16,}"),
    ("Shopify", r"shp\w{2}_[0-9a-fA-F]{16,}"),
    ("Instagram", r"IG(?:AA|QV)[\w-]{20,}"),
    ("npm", r"npm_\w{30,}"),
    ("Hugging Face", r"hf_\w{20,}"),
    ("JWT", r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    ("SSH/TLS", r"-----BEGIN .*"),
)
_FOREIGN = tuple((name, re.compile(rf"\A(?:{form})", re.S)) for name, form in _SERVICES)


def parse_token(text: str) -> str | Phrase:
    """An access token out of whatever surrounds it: quotes, Bearer, a curl command, JSON, .env."""
    bare = _bare(text)
    if not bare:
        return phrase("paste.token_empty")
    found = set(_TOKEN.findall(_joined(bare)))
    if len(found) > 1:
        return phrase("paste.token_two")
    if found:
        return _whole(found.pop(), bare)
    value = _unwrapped(bare)
    return _not_a_token(value) or value


def parse_id(text: str) -> str | Phrase:
    """Digits of an id, also out of `Phone number ID: 1234…`."""
    bare = _bare(text)
    if not bare:
        return phrase("paste.id_empty")
    if _TOKEN.search(bare) or _APP_TOKEN.search(bare):
        return phrase("paste.id_is_token")
    if _SECRET.fullmatch(bare) and not bare.isdigit():
        return phrase("paste.id_is_secret")
    if re.search(r"https?://|www\.", bare):
        return phrase("paste.id_is_link")
    return _the_id(bare)


def parse_secret(text: str) -> str | Phrase:
    """An app secret: 32 hexadecimal digits, also out of an app token or a line of .env."""
    bare = _bare(text)
    if service := _service(_unwrapped(bare)):
        return phrase("paste.foreign", service=service)
    found = {str(secret).lower() for secret in _SECRET.findall(bare)}
    if len(found) == 1 and not _TOKEN.search(bare):
        return found.pop()
    return phrase(f"paste.secret_{_instead_of_a_secret(bare)}")


def parse_code(text: str) -> str | Phrase:
    """The six digits of a verification code, which arrives as 123-830, also out of the message."""
    bare = _bare(text)
    codes = re.findall(r"(?<!\d)(\d{3})[\s\u2010-\u2015-]?(\d{3})(?!\d)", bare)
    if len(codes) == 1:
        return "".join(codes[0])
    return phrase("paste.code_wrong" if bare else "paste.code_empty")


def parse_pin(text: str) -> str | Phrase:
    """The six digits of a two-step PIN."""
    digits = re.sub(r"[\s\u2010-\u2015-]", "", _bare(text))
    if re.fullmatch(r"[0-9]{6}", digits):
        return digits
    return phrase("paste.pin_wrong")


def parse_verify_token(text: str) -> str | Phrase:
    """What Meta sends back unchanged in a URL: printable ASCII without spaces."""
    value = unhidden(text).strip().strip("\"'")
    return value if re.fullmatch(r"[!-~]{1,255}", value) else phrase("paste.verify_token_wrong")


_PARSERS: Mapping[str, Callable[[str], str | Phrase]] = {
    "app_secret": parse_secret,
    "two_step_pin": parse_pin,
    "verify_token": parse_verify_token,
}


def parser_of(name: str) -> Callable[[str], str | Phrase]:
    """How the value of a secret of this name is cleaned, wherever it comes from."""
    return _PARSERS.get(name.partition(":")[0], parse_token)


def is_empty(text: str) -> bool:
    """Whether nothing is left of it without spaces, quotes and invisible characters."""
    return not _bare(text)


class NotText(ValueError):
    """Bytes in an encoding that cannot be known; `line`, from one, is the first such."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def decoded(content: bytes) -> str:
    """The text of a file: UTF-8, or UTF-16 as PowerShell's `>` writes it; else NotText."""
    marked = len(content) > 2 and content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if marked else "utf-8-sig")
        at = content.find(b"\0") if "\0" in text else -1  # UTF-16 without its mark, or UTF-32
    except UnicodeDecodeError as error:
        text, at = "", error.start
    if at >= 0:  # outside of the handler: that exception holds the whole content
        raise NotText(content.count(b"\n", 0, at) + 1)
    return text


def _instead_of_a_secret(bare: str) -> str:
    if not bare:
        return "empty"
    if _MASKED.search(bare):
        return "masked"
    if _TOKEN.search(bare):
        return "is_token"
    return "is_id" if _unwrapped(bare).isdigit() else "wrong"


def _whole(token: str, bare: str) -> str | Phrase:
    cut = _CUT.search(bare[bare.find(token[:8]) :]) or _GOES_ON.match(bare.partition(token)[2])
    if cut or len(token) < _SHORTEST_TOKEN:
        return phrase("paste.token_cut")
    return token


def _not_a_token(value: str) -> Phrase | None:
    """Why text without anything like Meta's EA… is none; None for a form we do not know."""
    if service := _service(value):
        return phrase("paste.foreign", service=service)
    if _PLACEHOLDER.fullmatch(value):
        return phrase("paste.token_placeholder")
    for key, form in (
        ("paste.token_is_app_token", _APP_TOKEN),
        ("paste.token_is_secret", _SECRET),
        ("paste.token_is_link", re.compile(r"(?:https?://|www\.)\S*")),
    ):
        if form.fullmatch(value):
            return phrase(key)
    return _number_for_a_token(value)


def _number_for_a_token(value: str) -> Phrase | None:
    if re.fullmatch(r"\+?[\d\s()./-]+", value):
        digits = re.sub(r"\D", "", value)
        as_phone = not value.isdigit() or _may_be_phone(digits)
        return phrase("paste.token_is_phone" if as_phone else "paste.token_is_id")
    if _CUT.search(value):
        return phrase("paste.token_cut")
    if len(value) < _SHORTEST_TOKEN or not re.fullmatch(r"[!-~]+", value):
        return phrase("paste.token_wrong")
    return None


def _the_id(bare: str) -> str | Phrase:
    if service := _service(_unwrapped(bare)):
        return phrase("paste.foreign", service=service)
    runs = re.findall(r"\d+", bare)
    digits = runs[0] if len(runs) == 1 else ""
    if not digits:
        looks_dialled = re.fullmatch(r"\+?[\d\s()./-]+", bare) and runs
        return phrase("paste.id_is_phone" if looks_dialled else "paste.id_wrong")
    if f"+{digits}" in bare or _may_be_phone(digits):
        return phrase("paste.id_is_phone")
    if not 5 <= len(digits) <= 20 or _CUT.search(bare):
        return phrase("paste.id_wrong")
    return digits


def _may_be_phone(digits: str) -> bool:
    # Ids of this age have 15 digits and more; of old apps and pages fewer, but rarely a number.
    return 10 <= len(digits) <= 13 and phone.looks_like_one(digits)


def _service(value: str) -> str:
    return next((name for name, form in _FOREIGN if form.fullmatch(value)), "")


def _bare(text: str) -> str:
    return _stripped(unhidden(text))


def _stripped(text: str) -> str:
    return text.strip().strip(_QUOTES + ",;").strip()


def _unwrapped(bare: str) -> str:
    """The value of KEY=value and its kin."""
    value = bare.strip("{}[]() \n\t")
    value = re.sub(r"(?i)^(?:authorization:\s*)?bearer\s+", "", value)
    # A Telegram key has a colon of its own, a URL too.
    if not _service(value) and not value.startswith("http") and (line := _WRAPPER.fullmatch(value)):
        value = line[1]
    return _stripped(re.sub(r"(?i)^bearer\s+", "", _stripped(value)))


def _joined(bare: str) -> str:
    """A token that a narrow window wrapped over several lines, in one piece again."""
    lines = [line.strip() for line in bare.splitlines()]
    wrapped = len(lines) > 1 and lines[0].startswith("EA") and _alike(lines)
    return "".join(lines) if wrapped else bare


def _alike(lines: Sequence[str]) -> bool:
    """Whether these lines are one wrapped word: all as long as the first, but for the last."""
    first, *others, last = lines
    whole = all(re.fullmatch(r"[A-Za-z0-9]+", line) for line in lines)
    even = all(len(line) == len(first) for line in others) and 0 < len(last) <= len(first)
    again = any(line.startswith("EA") for line in (*others, last))
    return whole and even and len(first) >= 20 and not again and not _says_something(last)


def _says_something(line: str) -> bool:
    """An id or a word in the line below a token, not the end of one."""
    return len(line) > 3 and (line.isdigit() or line.isupper() or line[1:].islower())
