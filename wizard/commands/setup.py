"""`setup`: the guided way; on a profile that is in order, an audit and what may be changed.

`login`: a token by signing in with the browser, in place of a pasted one.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from wizard.commands import Subcommand
from wizard.commands.templates import USUAL
from wizard.context.context import Context
from wizard.context.filling import prefilled
from wizard.report.documents import audit_document
from wizard.text.errors import Back, Exit, UsageError, UserAbort
from wizard.text.localised import phrase

if TYPE_CHECKING:
    from pathlib import Path

    from wizard.actions.session import Session
    from wizard.actions.setup import Setup
    from wizard.audit.results import ItemResult
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments
    from wizard.graph import Json
    from wizard.state.answers import Answers
    from wizard.ui.setup_view import Places


def options(parser: OptionParser) -> None:
    """Its own options."""
    parser.option("--answers", metavar="FILE", says="setup.answers_help")


def run(chosen: Arguments) -> int:
    """Environment first, then the goal, then everything else; ends on the end screen."""
    from wizard.actions.environment import open_store
    from wizard.actions.setup import Setup
    from wizard.audit.checklist import load
    from wizard.audit.results import remembered, saved_exit_code
    from wizard.state.answers import read_answers
    from wizard.ui.setup_view import welcome

    answers = (
        read_answers(chosen.answers, [item.id for item in load().items]) if chosen.answers else None
    )
    with Context(chosen, answers=answers, seeded=False) as context:
        context.lend(answers)
        session = context.session
        session.speak = partial(_speak, context)
        session.keep_template = partial(_keep_template, context)
        before = remembered(session.checklist, session.record)
        welcome(context.screen, context.words, before, bool(chosen.sandbox))
        context.screen.recent.clear()  # an overview; a term is explained where it is worked on
        if context.attended:
            try:
                open_store(session)
            except UserAbort:
                session.prompter.tell("guide.left")
                return Exit.VAULT
        setup = Setup(session, attended=context.attended)
        try:
            _walk(context, setup, answers)
        except UserAbort:
            session.prompter.tell("guide.left")
        else:
            _end(context, setup)
        if chosen.json:
            context.print_json(audit_document(context.verdict))
        # By everything that is known: someone who left early saw a part of it alone.
        return saved_exit_code(session.record, session.checklist)


def _speak(context: Context, language: str) -> None:
    """Goes on in this language, and keeps it for the profile."""
    chosen, home = context.chosen, context.home
    chosen.lang = chosen.language = context.words.language = language
    home.save_config(home.config().with_profile(context.profile, lang=language))
    context.words.same = context.same


def _keep_template(context: Context, name: str, row: Json) -> Path | None:
    """A file for a template that setup created, in the folder that the profile has for them.

    A profile without one gets `templates` beside its status file; plan and audit look there then.
    """
    from wizard.templates.files import SourceFile, look_into, write_new

    folder = context.template_folder or context.home.folder(context.profile) / USUAL
    files = look_into(folder) if os.path.isdir(folder) else []
    if any(isinstance(one, SourceFile) and one.name == name for one in files):
        return None
    written = write_new(folder, name, [row])
    if context.template_folder is None:
        context.set_profile(templates=str(folder))
    return written


def _walk(context: Context, setup: Setup, answers: Answers | None) -> None:
    from wizard.actions.changes import ask_goals
    from wizard.audit.results import exit_code, saved_exit_code
    from wizard.state.record import Status

    session, asked = context.session, context.chosen.lang
    if asked and not context.chosen.sandbox and context.config.of(context.profile).lang != asked:
        _speak(context, asked)  # a language that was asked for is the profile's from now on
    begun = bool(session.record.ids or session.record.secrets)
    for result in setup.walk("environment"):
        if result.status is Status.PASSED:
            session.prompter.show_result(result)
    if not begun:
        ask_goals(session)
    elif context.attended and saved_exit_code(session.record, session.checklist):
        _resume(setup, session)
    if begun and answers:
        _take_over(setup, session, answers)
    else:
        _identify(setup, session, answers)
    setup.walk(seen=partial(_news, context, setup) if begun else lambda results: None)
    if context.attended and not exit_code(setup.results, session.record.goals):
        _offer_rest(setup, session)


def _offer_rest(setup: Setup, session: Session) -> None:
    """Once everything needed is in order: what is advised, and what can be changed."""
    acted = setup.acted
    if not acted:
        session.prompter.tell("guide.all_in_order")
    with suppress(Back):
        while setup.offer("rest" if acted else "change", advice_alone=acted):
            setup.walk()


def _resume(setup: Setup, session: Session) -> None:
    """An unfinished setup goes on, unless something is to be changed first."""
    from wizard.actions.prompter import Choice, Question

    choices = [Choice(w, phrase(f"guide.resume_{w}")) for w in ("go_on", "change", "leave")]
    question = Question("resume", phrase("guide.resume_ask"), default="go_on")
    while (picked := session.prompter.choose(question, choices)) == "change":
        with suppress(Back):
            setup.offer()
    if picked == "leave":
        raise UserAbort


def _take_over(setup: Setup, session: Session, answers: Answers) -> None:
    """What the file says of a profile that exists is so from now on; UsageError names the key."""
    from wizard.actions.changes import take_answers, take_callback, take_words
    from wizard.state.record import Goal

    take_answers(session, answers.given)
    take_words(session, answers.confirm)
    setup.renew()
    _identify(setup, session, answers)
    if Goal.RECEIVING in session.record.goals:
        take_callback(session, answers.given)
        setup.renew()


def _identify(setup: Setup, session: Session, answers: Answers | None) -> None:
    """Which app, WABA and number this is: as the file says it, else what leaves no choice."""
    from wizard.actions.access import complete_ids
    from wizard.actions.token import app_secret

    if answers and session.vault.get("access_token") is None:
        setup.walk("access")  # the answers may hold it
    # A token that was not pasted here (the environment's) has listed nothing yet.
    if complete_ids(session, answers.ids if answers else {}):
        setup.renew()
    if answers and "app_secret" in answers.secrets and session.record.ids.get("app_id"):
        app_secret(session)
        setup.renew()


def _news(context: Context, setup: Setup, results: list[ItemResult]) -> None:
    """What changed since the last time, to someone who was here before."""
    from wizard.audit.results import AuditResult
    from wizard.ui.audit_view import AuditView

    record = context.session.record
    verdicts = AuditResult(context.session.checklist, record, results, setup.changes)
    AuditView(context.screen, context.words).changes(verdicts)


def _end(context: Context, setup: Setup) -> None:
    """The last screen, and before it what only a person could have answered.

    InputRequired where no one chose which WABA or number it is.
    """
    from wizard.audit.results import AuditResult
    from wizard.state.answers import key_of
    from wizard.state.record import Status
    from wizard.ui.setup_view import end_screen

    session = context.session
    for item_id, name in setup.needed.items():
        session.prompter.tell("guide.person_needed", item=item_id, name=key_of(name))
    verdicts = AuditResult(session.checklist, session.record, setup.results, setup.changes)
    sandbox = bool(context.chosen.sandbox)
    end_screen(
        context.screen, context.words, verdicts, _places(context), session.now(), sandbox=sandbox
    )
    wrong = {one.item.id for one in setup.results if one.status is Status.FAILED}
    # A token that leads elsewhere than the profile is pinned to leaves nothing to choose.
    if setup.undecided is not None and "access.expected" not in wrong:
        raise setup.undecided


def _places(context: Context) -> Places:
    from wizard.ui.setup_view import Places

    store = context.vault.describe()
    kept = context.vault.get("access_token")
    named = context.words.named("store", store.store)
    return Places(
        status_file=str(context.home.status_path(context.profile)),
        secrets=" · ".join(part for part in (named, store.backend, store.place) if part),
        config_file=str(config) if (config := context.home.config_path).exists() else "",
        token_from=kept.detail if kept and kept.source == "environment" else "",
    )


def login_options(parser: OptionParser) -> None:
    """Its own options."""
    parser.option("--port", metavar="PORT", type=int, says="login.port_help")
    parser.option("--app-id", metavar="ID", dest="app_id", says="login.app_help")
    parser.option("--config-id", metavar="ID", dest="config_id", says="login.config_help")


def run_login(chosen: Arguments) -> int:
    """0 when a token was kept, 1 otherwise."""
    from wizard.actions.access import sign_in
    from wizard.actions.environment import open_store
    from wizard.actions.login import PORT
    from wizard.text.paste import parse_id

    port = PORT if chosen.port is None else chosen.port
    if not 0 <= port < 65536:
        raise UsageError("login.bad_port")
    for given in (chosen.config_id, chosen.app_id):
        if given and not isinstance(parse_id(given), str):
            raise UsageError("paste.id_empty")
    with Context(chosen, seeded=False) as context:
        known = context.record.ids.get("app_id", "")
        if chosen.app_id and known not in ("", chosen.app_id):
            raise UsageError("login.other_app", id=known)
        session = prefilled(context.session, {"app_id": chosen.app_id})
        if context.attended:
            open_store(session)
        result = sign_in(session, port, chosen.config_id or "")
        if result.ok:
            session.prompter.tell("login.next")
        return result.exit_code


#: Both begin with a token.
SHARED = {"setup": Subcommand(options, run), "login": Subcommand(login_options, run_login)}
