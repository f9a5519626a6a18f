"""A token by signing in with the browser: Meta's dialog, a code on loopback, a token for the code.

Facebook Login as Meta's page "Manually Build a Login Flow" describes it. The code comes back to an
address of this machine, which the app must list under "Valid OAuth Redirect URIs"; an app that is
still in development may use localhost without listing it (integrators' reports).
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode

from wizard.actions.prompter import Choice, Question
from wizard.actions.session import Session
from wizard.actions.system_user import EXCHANGE, SCOPES, longer, oauth, token_in
from wizard.actions.token import ask_app_secret
from wizard.actions.token_trial import TokenTrial, TrialPolicy, TrialResult
from wizard.audit.checks.token import NEEDED
from wizard.graph.consent import Consent
from wizard.net.address import META_URL
from wizard.text.errors import Unavailable
from wizard.text.localised import Phrase, phrase
from wizard.text.paste import parse_id
from wizard.text.sanitise import clean
from wizard.text.secret import Secret

PORT = 8484
PATH = "/signed-in"
#: The dialog of the real Meta; elsewhere it stands at the address of Graph.
DIALOG_HOST = "https://www.facebook.com"
#: A sign-in may need a password and a second factor.
WAIT_SECONDS = 600.0


@dataclass(frozen=True)
class Returned:
    """What came back from the dialog: a code, or the reason why there is none."""

    code: Secret | None
    reason: str = ""  # Meta's error_reason or error
    message: str = ""


def read_return(address: str, state: str) -> Returned | None:
    """The answer in an address that the dialog led to; None unless it carries this very state."""
    given = parse_qs(address.partition("#")[0].partition("?")[2])

    def one(name: str) -> str:
        return (given.get(name) or [""])[0]

    if not hmac.compare_digest(one("state").encode(), state.encode()):
        return None
    if code := one("code"):
        return Returned(Secret(code))
    if not (one("error") or one("error_reason") or one("error_message")):
        return None
    reason = clean(one("error_reason") or one("error"), 60)
    return Returned(None, reason, clean(one("error_description") or one("error_message"), 300))


class _Server(ThreadingHTTPServer):
    daemon_threads, block_on_close = True, False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is not an error; a traceback could show the code."""


class ReturnListener:
    """Waits on loopback for the browser to come back, once. OSError when the port is taken.

    Only an answer with the state of this sign-in counts; everything else is refused and the
    waiting goes on. Nothing is logged: the address holds the code.
    """

    def __init__(self, state: str, port: int, page: Callable[[str], str]) -> None:
        self._answer: Returned | None = None
        self._came, guard = threading.Event(), threading.Lock()

        def arrived(address: str) -> str:
            """Which page the browser gets."""
            returned = read_return(address, state)
            with guard:
                if returned is None or self._answer is not None:
                    return "foreign"
                self._answer = returned
            self._came.set()
            return "done" if returned.code else "refused"

        self._server = _Server(("127.0.0.1", port), _handler(arrived, page))
        self.address = f"http://localhost:{self._server.server_port}{PATH}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def wait(self, seconds: float) -> Returned | None:
        """What came back; None when nothing did in time."""
        self._came.wait(seconds)
        return self._answer

    def close(self) -> None:
        """Stops listening; the page that is being sent still goes out."""
        self._server.shutdown()
        self._server.server_close()
        time.sleep(0.05)


def _handler(
    arrived: Callable[[str], str], page: Callable[[str], str]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version, sys_version, timeout = "wa-wizard", "", 10

        def log_message(self, *_: Any) -> None:
            """Nothing is logged."""

        def do_GET(self) -> None:
            host = str(self.headers.get("Host", "")).partition(":")[0]
            if host not in ("localhost", "127.0.0.1") or self.path.partition("?")[0] != PATH:
                self.send_error(404)
                return
            kind = arrived(self.path)
            body = page(kind).encode()
            self.send_response(400 if kind == "foreign" else 200)
            for name, value in (
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
                ("Referrer-Policy", "no-referrer"),
                ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
                ("Connection", "close"),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    return Handler


def browser_token(session: Session, *, port: int = PORT, config: str = "") -> TrialResult | None:
    """A token of the person who signs in, tried but not kept; None when none came of it.

    `config` is the id of a configuration of Facebook Login for Business, where the app has one.
    """
    if not _app_known(session):
        return None
    state = secrets.token_urlsafe(32)
    try:
        back = ReturnListener(state, port, session.page)
    except OSError:
        session.prompter.tell("login.port_taken", port=port, other=port + 1)
        return None
    try:
        returned = _signed_in(session, back, state, config)
    finally:
        back.close()
    if returned is None or returned.code is None:
        key = "login.nothing_came" if returned is None else "login.refused"
        words = {} if returned is None else {"text": returned.message or returned.reason}
        session.prompter.tell(key, **words)
        return None
    try:
        token = _token_for(session, returned.code, back.address)
    except Unavailable as error:
        session.prompter.show_error(error)
        return None
    trial = TokenTrial(token, TrialPolicy(ask_app_secret=True)).run(session)
    if not trial.ok:
        session.prompter.tell("access.nothing_kept")
        return None
    if trial.token.described and (missing := NEEDED - trial.token.scopes):
        session.prompter.tell("login.declined", scopes=", ".join(sorted(missing)))
    return trial


def _app_known(session: Session) -> bool:
    """Whether the app and its secret are known; asks for them where not."""
    ids = session.record.ids
    asked = not ids.get("app_id")
    if asked:
        session.prompter.tell("login.app_why", link="https://developers.facebook.com/apps/")
        question = Question("app_id", phrase("login.app_ask"), parse=parse_id, option="--app-id")
        ids["app_id"] = session.prompter.ask(question)
    if session.vault.get("app_secret") or ask_app_secret(session).ok:
        return True
    if asked:
        del ids["app_id"]  # nothing proved that it is the right one
    return False


def _signed_in(session: Session, back: ReturnListener, state: str, config: str) -> Returned | None:
    """Leads the person to the dialog and waits; None when nothing came back."""
    app_id, address = session.record.ids["app_id"], _dialog(session, back.address, state, config)
    settings = f"https://developers.facebook.com/apps/{app_id}/fb-login/settings/"
    session.prompter.tell("login.list_address", address=back.address, link=settings)
    session.prompter.tell("login.open")
    session.prompter.offer_page(address)
    ways = ["play"] if session.sign_in is not None else []
    choices = [Choice(way, phrase(f"login.way_{way}")) for way in (*ways, "wait", "paste")]
    way = session.prompter.choose(
        Question("sign_in", phrase("login.way"), option="credentials set access_token"), choices
    )
    if way == "paste":
        return _pasted(session, state)
    if way == "play" and session.sign_in is not None:
        session.sign_in(address)
    with session.prompter.waiting(phrase("login.waiting")):
        return back.wait(PLAY_SECONDS if way == "play" else WAIT_SECONDS)


#: The person of the sandbox has answered before the waiting begins.
PLAY_SECONDS = 1.0


def _pasted(session: Session, state: str) -> Returned | None:
    """The address at which a browser on another machine ended, copied by the person."""

    def parse(typed: str) -> str | Phrase:
        if not typed.strip():
            return ""
        return typed if read_return(typed, state) else phrase("login.not_the_address")

    question = Question("sign_in_address", phrase("login.paste"), secret=True, parse=parse)
    return read_return(session.prompter.ask(question), state)


def _dialog(session: Session, redirect_uri: str, state: str, config: str) -> str:
    graph = session.graph()
    host = DIALOG_HOST if graph.url == META_URL else graph.url
    asks = {"config_id": config} if config else {"scope": ",".join(SCOPES)}
    seen = session.record.verdicts.get("token.scopes")
    if seen is not None and seen.reason == "missing":
        # Without this the dialog does not ask again for what was declined once.
        asks["auth_type"] = "rerequest"
    params = {
        "client_id": session.record.ids["app_id"],
        "redirect_uri": redirect_uri,
        "state": state,
        "response_type": "code",
        **asks,
    }
    return f"{host}/{graph.version}/dialog/oauth?{urlencode(params)}"


def _token_for(session: Session, code: Secret, redirect_uri: str) -> Secret:
    """A token of 60 days, else the short one; Unavailable when Meta refuses the code."""
    consent = Consent.given_by_command("the person signed in", EXCHANGE)
    with session.prompter.waiting(phrase("login.exchanging")):
        answer = oauth(session, EXCHANGE, {"code": code, "redirect_uri": redirect_uri}, consent)
    short = token_in(answer)
    try:
        return longer(session, short, consent, system_user=False)
    except Unavailable as error:
        session.prompter.show_error(error)
        session.prompter.tell("login.short_only")
        return short
