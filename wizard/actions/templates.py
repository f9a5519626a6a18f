"""Templates at Meta brought to what the files say, one consent for each request; and waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wizard.actions.prompter import Choice, Question
from wizard.actions.results import (
    ActionResult,
    AlreadySo,
    Declined,
    Done,
    Refused,
    action,
    body_lines,
    confirmed,
    post,
    refused,
    upload,
    upload_requests,
)
from wizard.actions.session import Session
from wizard.facts.facts import Facts
from wizard.graph import GraphError, Json, Upload
from wizard.graph.consent import Consent
from wizard.state.yaml_file import StateFileError
from wizard.templates.compare import differences
from wizard.templates.files import kind_of_file, sample_path, samples, with_handles
from wizard.templates.lint import ReadyTemplate, Severity, gallery, lint_row
from wizard.templates.plan import FIELDS, SAMPLE, Change
from wizard.templates.values import filled, slots
from wizard.text.errors import ErrorKind, Exit, Unavailable
from wizard.text.localised import Phrase, phrase
from wizard.text.sanitise import ANY, clean

#: The item of the checklist that consents to changes of templates are given for.
ITEM = "message.template"
HERE = Path()
#: Codes with which Meta answers although the template was created; 2388024: it is there already.
UNSURE, ALREADY = frozenset({1, 99}), 2388024


@dataclass(frozen=True)
class Applied:
    """What became of one change."""

    change: Change
    result: ActionResult


def apply(session: Session, changes: Iterable[Change], folder: Path = HERE) -> list[Applied]:
    """Makes each change once; what Meta refuses stops nothing else.

    `folder` holds the samples that templates name.

    After a break the plan is made anew from what Meta has by then, so nothing is done twice.
    """
    done = []
    for change in changes:
        done.append(Applied(change, ACTS[change.action](session, change, folder)))
        if isinstance(done[-1].result, Refused) and _hopeless(done[-1].result):
            break
    return done


def _hopeless(result: Refused) -> bool:
    """Whether what comes next would be refused in the same way."""
    error = result.error
    return error is not None and error.kind in (
        *(ErrorKind.UNREACHABLE, ErrorKind.REFUSED, ErrorKind.PERMISSION, ErrorKind.BUSY),
    )


def create(session: Session, change: Change, folder: Path = HERE) -> ActionResult:
    """POST /{waba}/message_templates. An error may come though it was created: Meta is asked."""
    path = f"{session.id_of('waba_id')}/message_templates"
    files = _samples(change, folder)
    consent = _consent(session, "create", change, f"POST /{path}", files)
    if consent is None:
        return Declined()
    try:
        body = _uploaded(session, change, files, consent)
    except Unavailable as error:
        return refused(session, error)
    try:
        post(session, path, body, consent, "templates.creating", wants="id")
    except Unavailable as error:
        if not _may_be_there(error):
            return refused(session, error)
        there = _look_for(session, change)
        if there is None or differences(change.body, there):
            return refused(session, error)
        session.prompter.tell("templates.was_there", name=change.name, language=change.language)
        return AlreadySo()
    session.prompter.tell("templates.created", name=change.name, language=change.language)
    return Done()


def _may_be_there(error: Unavailable) -> bool:
    if not isinstance(error, GraphError):
        return True  # no answer, or none that could be read
    return error.code in UNSURE or error.subcode == ALREADY or error.kind is ErrorKind.BUSY


def _look_for(session: Session, change: Change) -> Json | None:
    """The template as Meta shows it now; None where it is not there, or Meta does not say."""
    try:
        rows = session.graph().pages(
            f"{session.id_of('waba_id')}/message_templates", fields=FIELDS, name=change.name
        )
    except Unavailable:
        return None
    wanted = (change.name, change.language)
    return next((row for row in rows if (row.get("name"), row.get("language")) == wanted), None)


def edit(session: Session, change: Change, folder: Path = HERE) -> ActionResult:
    """POST /{template}: category, components or time to live."""
    files = _samples(change, folder)
    consent = _consent(session, "edit", change, f"POST /{change.id}", files)
    if consent is None:
        return Declined()
    try:
        body = _uploaded(session, change, files, consent)
        post(session, change.id, body, consent, "templates.editing")
    except Unavailable as error:
        return refused(session, error)
    session.prompter.tell("templates.edited", name=change.name, language=change.language)
    return Done()


def delete(session: Session, change: Change, _folder: Path = HERE) -> ActionResult:
    """DELETE /{waba}/message_templates: one language by its id; without an id every language."""
    path = f"{session.id_of('waba_id')}/message_templates"
    params = {"name": change.name} | ({"hsm_id": change.id} if change.id else {})
    shown = " ".join(f"{name}={value}" for name, value in params.items())
    words = "delete" if change.id else "delete_all"
    consent = _consent(session, words, change, f"DELETE /{path}  {shown}")
    if consent is None:
        return Declined()
    try:
        with session.prompter.waiting(phrase("templates.deleting")):
            confirmed(session.graph().delete(path, consent, as_app=False, **params))
    except Unavailable as error:
        return refused(session, error)
    session.prompter.tell("templates.deleted", name=change.name, language=change.language or "–")
    return Done()


def _blocked(_session: Session, _change: Change, _folder: Path) -> ActionResult:
    """Nothing that could be sent; the plan has said why."""
    return Refused()


def _samples(change: Change, folder: Path) -> dict[str, Upload]:
    """The samples of a change's headers by their names; StateFileError for one that is not there.

    Whether each is what Meta takes, lint has said before.
    """
    found = {}
    for name in samples(change.body):
        path = sample_path(folder, name)
        if path is None:
            raise StateFileError("unreadable", str(folder / name), name)
        content = path.read_bytes()
        kind = kind_of_file(content)
        # The file's own name is no one's business.
        found[name] = Upload(f"sample.{kind.rpartition('/')[2]}", kind, content)
    return found


def _uploaded(
    session: Session, change: Change, files: Mapping[str, Upload], consent: Consent
) -> Json:
    """What is sent: the handles of its samples in their place."""
    handles = {
        name: upload(session, session.id_of("app_id"), file, consent)
        for name, file in files.items()
    }
    return with_handles(change.body, handles)


ACTS: dict[str, Callable[[Session, Change, Path], ActionResult]] = {
    "create": create,
    "edit": edit,
    "delete": delete,
    "blocked": _blocked,
}


def _consent(
    session: Session,
    key: str,
    change: Change,
    request: str,
    files: Mapping[str, Upload] = {},
) -> Consent | None:
    """Shows the request with everything it holds, and asks."""
    text = phrase(
        f"templates.{key}_consent",
        name=change.name,
        language=change.language,
        category=change.category or "–",
    )
    first = [
        line for file in files.values() for line in upload_requests(session.id_of("app_id"), file)
    ]
    body = with_handles(change.body, dict.fromkeys(files, "…"))
    sends = [*first, request, *body_lines(body)]
    return session.prompter.consent(ITEM, text, sends, spends=key.startswith("delete"))


#: Ends of a review: good and bad ones. Whatever else Meta says is waited out.
GOOD = frozenset({"APPROVED"})
BAD = frozenset({"REJECTED", "PAUSED", "DISABLED", "LIMIT_EXCEEDED", "ARCHIVED"})
#: Seconds between two looks: short at first, since many reviews end at once.
STEPS = (1, 1, 2, 3, 5, 10)
LONGEST_STEP = 30


def follow(
    read: Callable[[], Sequence[Json]], seconds: float, pause: Callable[[float], None] = time.sleep
) -> tuple[Exit, Sequence[Json]]:
    """Waits for the end of the reviews of these rows: how it ended, and the rows as they are then.

    0 when all are approved, 1 when one is rejected, paused or disabled, 3 while one still waits.
    """
    steps, over = iter(STEPS), time.monotonic() + seconds
    while True:
        rows = read()
        states = {str(row.get("status", "")) for row in rows}
        if states & BAD:
            return Exit.NOT_IN_ORDER, rows
        if states and states <= GOOD:
            return Exit.FINE, rows
        step = next(steps, LONGEST_STEP)
        if time.monotonic() + step > over:
            return Exit.NOT_SEEN, rows
        pause(step)


#: How long setup waits for a review, in seconds; afterwards it goes on without.
REVIEW_SECONDS = 60.0
OTHER = "other"


@action("message.template/none", "message.template/sample_only")
def from_gallery(session: Session, facts: Facts) -> ActionResult:
    """Makes a template of the gallery, once the person saw its text, and waits for the review."""
    rows = [row for row in facts.template_rows if row.get("name") != SAMPLE]
    if under_review := [row for row in rows if row.get("status") == "PENDING"]:
        return _await_review(session, *(str(under_review[0][key]) for key in ("name", "language")))
    ready = _choose_ready(session)
    if ready is None:
        session.show_steps(session.checklist.item(ITEM))
        return Declined()
    code = _choose_language(session, ready)
    business = _business(session, facts, ready)
    name = _free_name(ready.name, code, rows)
    row = ready.row(code, business, name)
    if errors := [one for one in lint_row(row) if one.severity is Severity.ERROR]:
        # The name of the business is the only thing that is not ours: it is too long, or odd.
        session.prompter.tell("templates.gallery_rule", rule=errors[0].rule)
        return Refused()
    wanted = slots(row)
    text = filled(row, wanted, {slot.name: slot.example for slot in wanted})
    key = "templates.gallery_text" if text else "templates.gallery_metas_text"
    session.prompter.tell(key, text=text, name=name)
    made = create(session, Change("create", name, code, category=ready.category, body=row))
    if not made.ok:
        return made
    if session.keep_template and (kept := session.keep_template(name, row)):
        session.prompter.tell("templates.gallery_file", path=str(kept))
    return _await_review(session, name, code)


def _choose_ready(session: Session) -> ReadyTemplate | None:
    """One of the gallery; None for a template of the person's own."""
    every = {one.name: one for one in gallery()}
    choices = [Choice(name, getattr(one.title, session.language)) for name, one in every.items()]
    question = Question(
        "gallery.template", phrase("templates.gallery_ask"), default=choices[0].value
    )
    other = Choice(OTHER, phrase("templates.gallery_other"))
    return every.get(session.prompter.choose(question, [*choices, other]))


def _choose_language(session: Session, ready: ReadyTemplate) -> str:
    codes = [one.code for one in ready.languages]
    own = next((code for code in codes if code.startswith(session.language)), codes[0])
    question = Question("gallery.language", phrase("templates.gallery_language"), default=own)
    return session.prompter.choose(question, [Choice(code, code) for code in codes])


def _business(session: Session, facts: Facts, ready: ReadyTemplate) -> str:
    """The name that signs the message; Meta's own texts have none."""
    if ready.category == "AUTHENTICATION":
        return ""
    try:
        known = facts.number.verified_name
    except Unavailable:
        known = ""
    question = Question(
        "gallery.business", phrase("templates.gallery_business"), default=known, parse=_one_name
    )
    return session.prompter.ask(question)


def _one_name(typed: str) -> str | Phrase:
    """The name that ends a message: one line, without anything that reads as a variable."""
    name = clean(typed, 80).strip()
    if not name or "{" in name or "}" in name or ANY.search(name):
        return phrase("templates.gallery_name_form")
    return name


def _free_name(name: str, code: str, rows: Sequence[Json]) -> str:
    """The name, or with a number where this language of it is there already."""
    taken = {str(row.get("name")) for row in rows if row.get("language") == code}
    names = (name if count == 1 else f"{name}_{count}" for count in range(1, len(taken) + 2))
    return next(one for one in names if one not in taken)


def _await_review(session: Session, name: str, language: str) -> ActionResult:
    """Waits a while for Meta's decision; Done when it is approved."""

    def rows() -> list[Json]:
        every = session.facts().template_rows
        return [row for row in every if (row.get("name"), row["language"]) == (name, language)]

    with session.prompter.waiting(phrase("templates.waiting", name=name)):
        code, seen = follow(rows, REVIEW_SECONDS)
    if code is Exit.FINE:
        session.prompter.tell("templates.gallery_approved", name=name)
        return Done()
    if code is Exit.NOT_SEEN:
        session.prompter.tell("templates.gallery_later", name=name)
        return Declined()
    why = next((str(row.get("rejected_reason") or "") for row in seen), "")
    session.prompter.tell("templates.gallery_refused", name=name, why=why or "–")
    return Refused()
