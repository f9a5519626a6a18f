"""webhook.*: three callbacks, two subscriptions, a handshake, and a message that came."""

from dataclasses import replace

import pytest

from tests.support.healthy import HEALTHY, IDS, NUMBER, facts, record
from wizard.audit.checks import CHECKS
from wizard.audit.results import (
    failed,
    passed,
    unknown,
    waiting,
)
from wizard.facts.models import AppSubscription, Arrivals, Callbacks, Handshake, Subscriber
from wizard.text.errors import ErrorKind, Unavailable

URL, FOREIGN = "https://romashka.example/hook", "https://other.example/"
NO_SECRET = Unavailable(ErrorKind.NOT_GIVEN, name="app_secret")


def at(expected="", level="app", **levels):
    """Callbacks as they are, and the one that was chosen."""
    chosen = {"callback_url": expected, "level": level} if expected else {}
    number = replace(NUMBER, callbacks=Callbacks(**levels))
    rows = (replace(HEALTHY["app_subscriptions"][0], callback_url=levels.get("app", "")),)
    return facts(number=number, record=record(webhook=chosen), app_subscriptions=rows)


def hidden(expected="", level="app", override="", **changes):
    """The number shows no callback; the app's row and the WABA's subscribers may."""
    chosen = {"callback_url": expected, "level": level} if expected else {}
    ours = Subscriber(IDS["app_id"], "Romashka", override)
    given = {"number": replace(NUMBER, callbacks=Callbacks()), "subscribers": (ours,)}
    return facts(**{**given, "record": record(webhook=chosen), **changes})


def coexisting(*fields):
    number = replace(NUMBER, on_phone_app=True)
    return facts(number=number, app_subscriptions=hooked(*fields))


def asked(reason, path=""):
    """No callback, and a handshake that this machine refused."""
    arrivals = Arrivals(handshake_refused=reason, handshake_path=path)
    return hidden(app_subscriptions=(), arrivals=arrivals)


def hooked(*fields, about="whatsapp_business_account", active=True):
    return (AppSubscription(about, URL, active, frozenset(fields)),)


def subscribers(*names):
    return tuple(Subscriber(name, "" if name.isdigit() else f"App {name}") for name in names)


def answered(reason="", unsure=False, **values):
    return facts(handshake=Handshake(URL, reason, values, unsure))


def with_arrivals(**arrivals):
    return facts(arrivals=Arrivals(**arrivals))


def refused_signature(**changes):
    return facts(arrivals=Arrivals(refused_for="bad_signature"), **changes)


COEXISTENCE = "account_update, history, smb_message_echoes"
HOST = {"host": "shop.example"}
CERTIFICATE = {**HOST, "names": "shop.example.org", "until": "2026-10-01"}
#: Every reason of a probe, with the values it comes with.
PROBED = {
    "bad_url": {},
    "not_https": {"scheme": "http"},
    "local_address": {**HOST, "address": "10.0.0.7"},
    "dns": HOST,
    "refused": {**HOST, "port": 443},
    "unreachable": HOST,
    "timeout": {"seconds": 6},
    "reset": HOST,
    "not_http": HOST,
    "proxy": {"cause": "403"},
    "proxy_auth": {"cause": "407"},
    "tls_early": CERTIFICATE,
    "tls_expired": CERTIFICATE,
    "tls_self_signed": CERTIFICATE,
    "tls_name": CERTIFICATE,
    "tls_chain": CERTIFICATE,
    "tls_untrusted": CERTIFICATE,
    "tls_other": {"detail": "no protocols available"},
    "status": {"http": 400, "wrong": 400, "server": "nginx", "body": "no"},
    "forbidden": {"http": 403, "wrong": 403, "server": "–", "body": "–"},
    "not_found": {"http": 404, "wrong": 404, "server": "nginx", "body": "–"},
    "server_error": {"http": 500, "wrong": 403, "server": "–", "body": "oops"},
    "firewall": {"service": "Cloudflare 1010"},
    "login_wall": {"service": "HTTP 401"},
    "platform_page": {"service": "nginx, 502"},
    "too_many": {"service": ""},
    "misdirected": {"service": ""},
    "wrong_method": {"method": "POST", "http": 404},
    "plus_sign": {},
    "same_answer": {"body": "OK"},
    "csrf": {"service": "CSRF"},
    "post_failed": {"http": 500},
    "proxy_bad": {},
    "redirect": {"to": "www.shop.example/hook"},
    "warning_page": {"service": "ngrok"},
    "tunnel_gone": {"service": "ngrok"},
    "behind_tunnel": {"service": "ngrok"},
    "tunnel_limit": {"service": "ngrok"},
    "bot_check": {"service": "Cloudflare"},
    "padded": {"body": '"123"'},
    "page": {"body": "<html>"},
    "body": {"body": "OK"},
    "any_token": {},
    "post_refused": {"http": 403},
    "post_unchecked": {},
}


def unshown():
    """The app's subscription, without its fields."""
    return tuple(replace(one, fields=None) for one in hooked("messages"))


CASES = [
    ("webhook.callback", facts(), passed("set", url=URL)),
    ("webhook.callback", at(URL, app=URL), passed("as_expected", url=URL)),
    ("webhook.callback", at(URL, "account", account=URL), passed("as_expected", url=URL)),
    ("webhook.callback", at(URL, "nonsense", app=URL), passed("as_expected", url=URL)),
    ("webhook.callback", at(account=FOREIGN), passed("set", url=FOREIGN)),
    ("webhook.callback", at(), failed("not_set")),
    ("webhook.callback", at(URL), failed("not_set")),
    (
        "webhook.callback",
        at(URL, "number", app=URL),
        failed("not_set_there", expected=URL, level="number"),
    ),
    ("webhook.callback", at(URL, app=FOREIGN), failed("other", url=FOREIGN, expected=URL)),
    # Meta need not show webhook_configuration: the app's row and the subscribers count as well.
    ("webhook.callback", hidden(), passed("set", url=URL)),
    ("webhook.callback", hidden(URL), passed("as_expected", url=URL)),
    ("webhook.callback", hidden(app_subscriptions=(), override=URL), passed("set", url=URL)),
    ("webhook.callback", hidden(URL, "account", override=URL), passed("as_expected", url=URL)),
    ("webhook.callback", hidden(app_subscriptions=()), failed("not_set")),
    ("webhook.callback", hidden(app_subscriptions=NO_SECRET), unknown("not_shown")),
    (
        "webhook.callback",
        hidden(app_subscriptions=(), subscribers=NO_SECRET),
        unknown("not_shown"),
    ),
    ("webhook.callback", hidden(URL, "number"), unknown("not_shown")),
    ("webhook.callback", asked("path", "/hook"), failed("asked_path", path="/hook")),
    ("webhook.callback", asked("spelling"), failed("asked_spelling")),
    ("webhook.callback", asked("mode"), failed("asked_mode")),
    ("webhook.effective", hidden(), passed("by_app", url=URL)),
    ("webhook.effective", hidden(app_subscriptions=NO_SECRET), unknown("not_shown")),
    (
        "webhook.effective",
        hidden(override=FOREIGN),
        failed("override_elsewhere", app=URL, winner=FOREIGN, level="account"),
    ),
    (
        "webhook.effective",
        hidden(FOREIGN, "account", override=FOREIGN),
        passed("by_account", url=FOREIGN),
    ),
    ("webhook.fields", coexisting("messages"), passed("without_coexistence", fields=COEXISTENCE)),
    (
        "webhook.fields",
        coexisting("messages", "history", "account_update", "smb_message_echoes"),
        passed("subscribed"),
    ),
    ("webhook.fields", facts(), passed("subscribed")),
    ("webhook.fields", facts(app_subscriptions=hooked("calls", "messages")), passed("subscribed")),
    ("webhook.fields", facts(app_subscriptions=hooked("message_status")), failed("missing")),
    ("webhook.fields", facts(app_subscriptions=hooked()), failed("missing")),
    ("webhook.fields", facts(app_subscriptions=hooked("messages", about="page")), failed("none")),
    ("webhook.fields", facts(app_subscriptions=()), failed("none")),
    (
        "webhook.fields",
        facts(app_subscriptions=hooked("messages", active=False)),
        failed("inactive"),
    ),
    # A message that came is as good as being told.
    (
        "webhook.fields",
        facts(app_subscriptions=NO_SECRET),
        passed("proven", date="2026-11-22T18:30:00.000Z"),
    ),
    # What a row does not show is not missing from it.
    ("webhook.fields", facts(app_subscriptions=unshown()), unknown("not_shown")),
    ("webhook.fields", facts(app_subscriptions=hooked("x", about="")), unknown("not_shown")),
    ("webhook.subscribed", facts(subscribers=subscribers("")), unknown("not_shown")),
    ("webhook.subscribed", facts(subscribers=subscribers("", IDS["app_id"])), passed()),
    ("webhook.subscribed", facts(), passed()),
    (
        "webhook.subscribed",
        facts(subscribers=subscribers(IDS["app_id"], "B", "A")),
        passed("with_others", others="App A, App B"),
    ),
    ("webhook.subscribed", facts(subscribers=()), failed("nobody")),
    (
        "webhook.subscribed",
        facts(subscribers=subscribers("42")),
        failed("only_others", others="42"),
    ),
    ("webhook.effective", facts(), passed("by_app", url=URL)),
    ("webhook.effective", at(account=URL), passed("by_account", url=URL)),
    ("webhook.effective", at(app=URL, account=URL), passed("by_account", url=URL)),
    (
        "webhook.effective",
        at(app=FOREIGN, account=URL),
        failed("override_elsewhere", app=FOREIGN, winner=URL, level="account"),
    ),
    (
        "webhook.effective",
        at(account=FOREIGN, number=URL),
        failed("override_elsewhere", app=FOREIGN, winner=URL, level="number"),
    ),
    ("webhook.effective", at(URL, "number", number=URL), passed("by_number", url=URL)),
    ("webhook.effective", at(), failed("none")),
    (
        "webhook.effective",
        at(URL, app=URL, account=FOREIGN),
        failed("overridden_by_account", url=FOREIGN, expected=URL),
    ),
    (
        "webhook.effective",
        at(URL, "account", account=URL, number=FOREIGN),
        failed("overridden_by_number", url=FOREIGN, expected=URL),
    ),
    ("webhook.effective", at(URL, app=FOREIGN), failed("other", url=FOREIGN, expected=URL)),
    ("webhook.reachable", facts(), passed("answered", milliseconds=140)),
    (
        "webhook.reachable",
        facts(handshake=Handshake(URL, milliseconds=5100)),
        passed("slow", milliseconds=5100),
    ),
    (
        "webhook.reachable",
        facts(
            handshake=Handshake(URL, "any_token"),
            record=record(webhook={"callback_url": URL, "any_token": "meant"}),
        ),
        passed("any_token_meant"),
    ),
    (
        "webhook.reachable",
        facts(
            handshake=Handshake(URL, "refused", {"host": "127.0.0.1", "port": 8080}),
            record=record(webhook={"callback_url": URL, "kept_by": "here"}),
        ),
        failed("receiver_ended", url=URL),
    ),
    *(
        ("webhook.reachable", answered(reason, **values), failed(reason, **values))
        for reason, values in PROBED.items()
    ),
    ("webhook.reachable", answered("no_token", unsure=True), unknown("no_token")),
    *(
        ("webhook.reachable", answered(reason, True, url=FOREIGN), unknown(reason, url=FOREIGN))
        for reason in ("not_chosen", "not_asked")
    ),
    ("webhook.reachable", answered("dns", True, **HOST), unknown("dns", **HOST)),
    ("webhook.received", facts(), passed("received", date="2026-11-22T18:30:00.000Z")),
    ("webhook.received", with_arrivals(), waiting("nothing_yet")),
    ("webhook.received", with_arrivals(test_event=True), waiting("test_only")),
    (
        "webhook.received",
        with_arrivals(other_number="42", test_event=True),
        waiting("other_number", phone_number_id="42"),
    ),
    (
        "webhook.received",
        with_arrivals(refused_for="bad_signature", test_event=True),
        failed("rewritten"),
    ),
    # A secret that Graph accepts is right: then it is another app, or the way.
    ("webhook.received", refused_signature(secret_fits=False), failed("wrong_secret")),
    ("webhook.received", refused_signature(secret_fits=NO_SECRET), failed("wrong_secret")),
    (
        "webhook.received",
        refused_signature(subscribers=subscribers(IDS["app_id"], "CRM")),
        failed("other_app", others="App CRM"),
    ),
    ("webhook.received", refused_signature(subscribers=NO_SECRET), failed("rewritten")),
    ("webhook.received", with_arrivals(refused_for="rewritten"), failed("rewritten")),
    (
        "webhook.received",
        with_arrivals(refused_for="path", refused_path="/hook"),
        failed("other_path", path="/hook"),
    ),
    ("webhook.received", with_arrivals(refused_for="no_secret"), failed("secret_not_given")),
    ("webhook.received", with_arrivals(refused_for="unsigned"), failed("unsigned")),
    (
        "webhook.received",
        with_arrivals(inbox_error="malformed"),
        unknown("inbox", kind="malformed"),
    ),
]


@pytest.mark.parametrize(("item", "given", "expected"), CASES)
def test_webhook(item, given, expected):
    assert CHECKS[item](given) == expected


def test_without_secret_and_without_a_message_the_fields_cannot_be_looked_at():
    with pytest.raises(Unavailable):
        CHECKS["webhook.fields"](facts(app_subscriptions=NO_SECRET, arrivals=Arrivals()))


def test_without_an_app_id_the_tokens_own_app_counts():
    ids = {name: value for name, value in IDS.items() if name != "app_id"}
    given = facts(record=record(ids=ids), subscribers=HEALTHY["subscribers"])
    assert CHECKS["webhook.subscribed"](given) == passed()
