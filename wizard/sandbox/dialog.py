"""Meta's sign-in dialog (`/{version}/dialog/oauth`): the page, where it leads back to, the codes.

Follows Meta's page "Manually Build a Login Flow". The texts of the two error pages and the
subcodes of a bad code (36007 to 36009) are as integrators reported them.
"""

from __future__ import annotations

import html
import secrets
import urllib.request
from contextlib import suppress
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from wizard.sandbox.access import BUSINESS, MANAGEMENT, MESSAGING, issue
from wizard.sandbox.call import Answer, Call
from wizard.sandbox.webhooks import Reply
from wizard.sandbox.world import HOUR, Refused, World, bad_parameter

ANSWER = "_answer"
CODE_LIFE = 600
#: How long a user's token from the dialog lives.
SHORT = 2 * HOUR
_HTML = {"Content-Type": "text/html; charset=utf-8"}
_REFUSED = {
    "error": "access_denied",
    "error_code": "200",
    "error_description": "Permissions error",
    "error_reason": "user_denied",
}


def dialog_reply(world: World, params: Answer) -> Reply:
    """The page, or the way back once the person answered it."""
    app = world["apps"].get(str(params.get("client_id", "")))
    if app is None:
        return _page("Error", "<p>Invalid App ID: the provided app ID does not look valid.</p>")
    uri = str(params.get("redirect_uri", ""))
    if not _allowed(app, uri):
        return _page(
            "URL Blocked",
            "<p>This redirect failed because the redirect URI is not whitelisted in the app's "
            "Client OAuth Settings.</p>",
        )
    answer, state = params.get(ANSWER), {"state": str(params.get("state", ""))}
    if answer == "cancel":
        return _back(uri, _REFUSED | state)
    if answer == "continue":
        return _back(uri, {"code": _code(world, app, uri, params)} | state)
    asked = "".join(f"<li>{html.escape(scope)}</li>" for scope in _scopes(params))
    links = "".join(
        f'<p><a id="{word}" href="?{html.escape(urlencode({**params, ANSWER: word}))}">{label}</a>'
        for word, label in (("continue", "Continue"), ("cancel", "Cancel"))
    )
    return _page(f"Log in to {app['name']}", f"<ul>{asked}</ul>{links}")


def for_code(call: Call, app: Answer) -> Answer:
    """GET /oauth/access_token with a code: a user's token for a code that was never used."""
    held = call.world["codes"].get(call.text("code"))
    if held is None or held["app"] != app["id"]:
        raise bad_parameter("Invalid verification code format.")
    if held["redirect_uri"] != call.text("redirect_uri"):
        raise Refused(
            100,
            "Error validating verification code. Please make sure your redirect_uri is identical "
            "to the one you used in the OAuth dialog request",
            subcode=36008,
        )
    if held["used"]:
        raise Refused(100, "This authorization code has been used.", subcode=36009)
    if held["until"] <= call.world.now():
        raise Refused(100, "This authorization code has expired.", subcode=36007)
    held["used"] = True
    like = {name: held[name] for name in ("app", "person", "scopes")} | {"kind": "USER"}
    value = issue(call.world, like, call.world.now() + SHORT)
    return {"access_token": value, "token_type": "bearer", "expires_in": SHORT}


def play(world: World, url: str) -> None:
    """The person of the scenario answers the dialog at `url`, as `dialog.person` in it says.

    continue (also without a word), cancel, leave (the window is closed), foreign_state.
    """
    way = world["dialog"].get("person", "continue")
    if way == "leave":
        return
    parts = urlsplit(url)
    params = dict(parse_qsl(parts.query))
    if way == "foreign_state":
        params["state"] = secrets.token_hex(16)
    params[ANSWER] = "cancel" if way == "cancel" else "continue"
    # What the page answers is for the person's eyes alone.
    with suppress(OSError):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.open(urlunsplit(parts._replace(query=urlencode(params))), timeout=10).close()


def _allowed(app: Answer, uri: str) -> bool:
    """Listed in the app; a loopback address also where the app keeps no list."""
    listed = app.get("redirect_uris")
    if listed is not None:
        return uri in listed
    return urlsplit(uri).hostname in ("localhost", "127.0.0.1")


def _scopes(params: Answer) -> list[str]:
    given = str(params.get("scope", "")).replace(" ", ",").split(",")
    # A configuration of Facebook Login for Business holds its permissions itself.
    return [MANAGEMENT, MESSAGING, BUSINESS] if params.get("config_id") else [*filter(None, given)]


def _code(world: World, app: Answer, uri: str, params: Answer) -> str:
    declined = world["dialog"].get("declines", ())
    person = next(
        one["id"]
        for one in world["people"].values()
        if one.get("kind") == "user" and app["id"] in one.get("apps", ())
    )
    code = "AQ" + secrets.token_urlsafe(90)
    world["codes"][code] = {
        "app": app["id"],
        "person": person,
        "scopes": [scope for scope in _scopes(params) if scope not in declined],
        "redirect_uri": uri,
        "until": world.now() + CODE_LIFE,
        "used": False,
    }
    return code


def _back(uri: str, answer: dict[str, str]) -> Reply:
    # Meta puts an empty-looking fragment behind its answer.
    return Reply(302, "", {"Location": f"{uri}?{urlencode(answer)}#_=_"})


def _page(title: str, body: str) -> Reply:
    head = f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}'
    text = f"{head}</title></head><body><h1>{html.escape(title)}</h1>{body}</body></html>"
    return Reply(200, text, _HTML)
