"""What customers see of a number: its public profile and its QR codes; and uploads to Meta."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from wizard.actions.results import (
    ActionResult,
    Declined,
    Done,
    body_lines,
    confirmed,
    post,
    refused,
    upload,
    upload_requests,
)
from wizard.actions.session import Session
from wizard.facts.json_values import link, text
from wizard.graph import Json, Upload
from wizard.graph.consent import Consent
from wizard.templates.files import kind_of_file, picture_size
from wizard.text.errors import (
    ErrorKind,
    Exit,
    Unavailable,
    UsageError,
    WizardError,
    unknown_word,
)
from wizard.text.localised import phrase
from wizard.text.sanitise import ANY

#: Characters of each text. Sources: Meta's OpenAPI file; its page of the profile, which says 512
#: for a description where the file says 256. Meta itself decides between the two.
LONGEST = {"about": 139, "address": 256, "description": 512, "email": 128}
SITES, LONGEST_SITE = 2, 256
#: Source: Meta's OpenAPI file, both lists in it. UNDEFINED and NOT_A_BIZ cannot be chosen.
VERTICALS = (
    *("ALCOHOL", "APPAREL", "AUTO", "BEAUTY", "EDU", "ENTERTAIN", "EVENT_PLAN", "FINANCE"),
    *("GOVT", "GROCERY", "HEALTH", "HOTEL", "NONPROFIT", "ONLINE_GAMBLING", "OTC_DRUGS"),
    *("OTHER", "PHYSICAL_GAMBLING", "PROF_SERVICES", "RESTAURANT", "RETAIL", "TRAVEL"),
)
#: Bytes, and pixels of the shorter side. Source: Meta's page on the profile photo.
LARGEST_PICTURE, SMALLEST_SIDE = 5 * 1024 * 1024, 192
LONGEST_GREETING = 140
_MAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_CODE = re.compile(r"[A-Z0-9]{14}")


def checked(given: Mapping[str, str | Sequence[str]]) -> dict[str, str | list[str]]:
    """The fields of a profile as Graph takes them; UsageError for what Meta would refuse."""
    found: dict[str, str | list[str]] = {}
    for name, value in given.items():
        texts = [value] if isinstance(value, str) else list(value)
        for one in texts:
            _refuse(name, one)
        if name == "vertical":
            texts = [_vertical(texts[0])]
        # `--website ""` takes the websites out.
        found[name] = [one for one in texts if one] if name == "websites" else texts[0]
    return found


def _refuse(name: str, value: str) -> None:
    option = "--website" if name == "websites" else f"--{name}"
    if ANY.search(value):
        raise UsageError("number.profile_secret", option=option)
    most = LONGEST_SITE if name == "websites" else LONGEST.get(name, 100)
    if len(value) > most:
        raise UsageError("number.profile_long", option=option, length=len(value), most=most)
    if name == "about" and not value.strip():
        raise UsageError("number.profile_about_empty")
    if name == "email" and value and not _MAIL.fullmatch(value):
        raise UsageError("number.profile_email_form")
    parts = urlsplit(value) if name == "websites" and value else None
    if parts and not (parts.scheme in ("http", "https") and "." in parts.netloc):
        raise UsageError("number.profile_site")


def _vertical(typed: str) -> str:
    name = typed.strip().upper().replace("-", "_").replace(" ", "_")
    if name not in VERTICALS:
        raise unknown_word("number.no_such_vertical", typed, VERTICALS)
    return name


def picture(path: str) -> Upload:
    """A picture for the profile; UsageError for a file that WhatsApp would not show."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_PICTURE + 1)
    except OSError as error:
        raise UsageError("number.picture_unreadable", why=error.strerror or "?") from None
    if len(content) > LARGEST_PICTURE:
        raise UsageError("number.picture_large", most=LARGEST_PICTURE // 2**20)
    kind = kind_of_file(content)
    if kind not in ("image/jpeg", "image/png"):
        raise UsageError("number.picture_kind")
    width, height = picture_size(content)
    if min(width, height) < SMALLEST_SIDE:
        raise UsageError("number.picture_small", width=width, height=height, least=SMALLEST_SIDE)
    return Upload(f"profile.{kind.removeprefix('image/')}", kind, content)


def set_profile(session: Session, fields: Json, file: Upload | None) -> ActionResult:
    """Replaces these fields of the public profile, and the picture where there is a file."""
    number = session.facts().number
    if file and (size := picture_size(file.content)) and size[0] != size[1]:
        session.prompter.tell("number.picture_cropped", width=size[0], height=size[1])
    path = f"{number.id}/whatsapp_business_profile"
    body = {"messaging_product": "whatsapp", **fields}
    app_id = session.id_of("app_id") if file else ""
    before = upload_requests(app_id, file) if file else []
    shown = body | ({"profile_picture_handle": "…"} if file else {})
    question = phrase("number.profile_consent", number=number.display)
    sends = [*before, f"POST /{path}", *body_lines(shown)]
    consent = session.prompter.consent("number.profile", question, sends)
    if consent is None:
        return Declined()
    try:
        if file:
            body["profile_picture_handle"] = upload(session, app_id, file, consent)
        post(session, path, body, consent, "number.profile_setting")
    except Unavailable as error:
        return refused(session, error)
    session.prompter.tell("number.profile_set", number=number.display)
    return Done()


def greeting(typed: str) -> str:
    """The text that a QR code writes for the customer; UsageError for one that Meta refuses."""
    if ANY.search(typed):
        raise UsageError("number.profile_secret", option="TEXT")
    if not typed.strip():
        raise UsageError("number.qr_empty")
    if len(typed) > LONGEST_GREETING:
        values = {"length": len(typed), "most": LONGEST_GREETING}
        raise UsageError("number.profile_long", option="TEXT", **values)
    return typed


def code_of(typed: str) -> str:
    """The id of a QR code as Meta writes it, taken out of its link too; UsageError."""
    code = typed.strip().rstrip("/").rpartition("/")[2].upper()
    if not _CODE.fullmatch(code):
        raise UsageError("number.qr_code_form")
    return code


QR_FIELDS = ("code", "prefilled_message", "deep_link_url")


def qr_codes(session: Session) -> list[dict[str, str]]:
    """The QR codes of the number, newest first: code, text and link."""
    edge = f"{session.id_of('phone_number_id')}/message_qrdls"
    return [_row(row) for row in session.graph().pages(edge, fields=QR_FIELDS)]


def _row(row: Json) -> dict[str, str]:
    shown = link(row.get("deep_link_url"))
    found = {"code": text(row.get("code")), "text": text(row.get("prefilled_message"))}
    return found | {"link": shown if shown.startswith("https://") else ""}


def add_qr(session: Session, words: str) -> tuple[ActionResult, dict[str, str]]:
    """Makes a QR code that opens a chat with this text typed in; the code, {} without one."""
    edge = f"{session.id_of('phone_number_id')}/message_qrdls"
    body = {"prefilled_message": words}
    made: dict[str, str] = {}

    def send(consent: Consent) -> None:
        made.update(_row(post(session, edge, body, consent, "number.qr_adding", wants="code")))

    sends = [f"POST /{edge}", *body_lines(body)]
    return _change_qr(session, "add", sends, send), made


def remove_qr(session: Session, code: str) -> ActionResult:
    """Deletes a QR code: its print-outs lead nowhere from then on."""
    path = f"{session.id_of('phone_number_id')}/message_qrdls/{code}"

    def send(consent: Consent) -> None:
        try:
            with session.prompter.waiting(phrase("number.qr_removing")):
                confirmed(session.graph().delete(path, consent))
        except Unavailable as error:
            if error.kind is ErrorKind.NOT_VISIBLE and _none_is(session, code):
                raise NoSuchCode("number.qr_gone", **error.values) from None
            raise

    return _change_qr(session, "remove", [f"DELETE /{path}"], send, spends=True)


class NoSuchCode(WizardError):
    """Meta refused to delete a QR code that the number does not have; with Meta's words."""

    exit_code = Exit.NOT_IN_ORDER


def _none_is(session: Session, code: str) -> bool:
    return all(one["code"] != code for one in qr_codes(session))


def _change_qr(
    session: Session,
    word: str,
    sends: Sequence[str],
    send: Callable[[Consent], None],
    *,
    spends: bool = False,
) -> ActionResult:
    question = phrase(f"number.qr_{word}_consent")
    consent = session.prompter.consent("number.profile", question, sends, spends=spends)
    if consent is None:
        return Declined()
    try:
        send(consent)
    except Unavailable as error:
        return refused(session, error)
    session.prompter.tell(f"number.qr_{word}_done")
    return Done()
