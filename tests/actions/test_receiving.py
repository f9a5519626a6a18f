"""Receiving, end to end over real sockets: the sandbox plays Meta and the person who writes."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.support.fake_prompter import ANY, FakePrompter
from wizard.actions import ACTIONS
from wizard.actions.callback_target import make_public, parse_callback
from wizard.actions.prompter import NextAction
from wizard.actions.receive_test import diagnose, receive, take_back
from wizard.actions.results import AlreadySo, Done
from wizard.actions.set_callback import lead_number, meta_saw, remove, subscribe
from wizard.actions.setup import Setup
from wizard.facts.webhook_route import read_number_routes
from wizard.graph import GraphError
from wizard.net.connection import Outside
from wizard.state.record import Goal, Status
from wizard.text.errors import ErrorKind
from wizard.text.secret import Secret

APP, WABA, NUMBER = "1029384756102938", "102290129340398", "106540352242922"
THERE = "https://old-provider.example/hook"
HERE = {"webhook.callback_url": "here", "webhook.level": "app"}
ALL_CONSENTS = {ANY: [True] * 9}


def world(play):
    return play._world.tree


def action(item, session):
    ACTIONS[item](session, session.facts())


def subscriptions(play):
    return world(play)["apps"][APP].get("subscriptions", {}).get("whatsapp_business_account") or {}


def status_of(session, item):
    from wizard.audit.runner import audit

    (result,) = audit(session.checklist, session.facts(), only=[item])
    return result.status, result.reason


def test_from_nothing_to_a_message_that_arrived(open_session):
    prompter = FakePrompter(HERE, consents=ALL_CONSENTS)
    with open_session("webhook-none", prompter, knows=True) as (session, play):
        del session.vault.kept["verify_token"]
        world(play)["accounts"][WABA]["subscribed"] = {}
        message = receive(session, session.facts())
        assert message.text == world(play)["person"]["text"]
        assert message.phone_number_id == NUMBER
        assert subscriptions(play)["callback_url"] == session.listener.at.url
        assert session.record.webhook == {
            "callback_url": session.listener.at.url,
            "level": "app",
            "kept_by": "here",
        }
        for item in ("webhook.callback", "webhook.fields", "webhook.subscribed"):
            assert status_of(session, item)[0] is Status.PASSED
        assert status_of(session, "webhook.received")[1] == "received"
        assert status_of(session, "app.published") == (Status.PASSED, "proven")
    assert "webhook.meta_knocked" in prompter.keys
    assert ("show_link", "https://wa.me/447700900123") in prompter.events


def test_the_token_that_was_made_up_is_kept_and_shown_nowhere(open_session):
    prompter = FakePrompter(HERE, consents=ALL_CONSENTS)
    with open_session("webhook-none", prompter, knows=True) as (session, play):
        del session.vault.kept["verify_token"]
        action("webhook.callback", session)
        token = session.vault.get("verify_token").secret.reveal()
        assert subscriptions(play)["verify_token"] == token
        assert "verify_token" in session.record.secrets
    assert len(token) >= 32
    assert token not in repr(prompter.events) + prompter.text() + prompter.text("ru")


def test_everything_that_is_sent_is_shown_before_and_refused_by_a_no(open_session):
    prompter = FakePrompter(HERE, consents={"webhook.callback": False})
    with open_session("webhook-none", prompter, knows=True) as (session, play):
        action("webhook.callback", session)
        assert subscriptions(play) == {}
        assert session.record.webhook == {}
    (item, _, sends, spends) = prompter.consents_asked[0]
    assert (item, spends) == ("webhook.callback", False)
    assert sends[0].startswith(f"POST /{APP}/subscriptions")
    assert '"fields": "messages"' in sends[0]


def test_the_fields_that_are_there_stay(open_session):
    prompter = FakePrompter(HERE, consents=ALL_CONSENTS)
    with open_session("receiving", prompter, knows=True) as (session, play):
        before = set(subscriptions(play)["fields"])
        action("webhook.callback", session)
        assert set(subscriptions(play)["fields"]) == before > {"messages"}
    # All of them are sent: whether Meta adds or replaces is not certain.
    assert ",".join(sorted(before)) in prompter.consents_asked[0][2][0]


@pytest.mark.parametrize("level", ["app", "account", "number"])
def test_a_foreign_callback_is_shown_and_not_replaced_by_enter(open_session, level):
    prompter = FakePrompter({**HERE, "webhook.level": level}, consents={"webhook.callback": False})
    foreign = {"override_callback_uri": THERE, "verify_token": "theirs"}
    with open_session("receiving", prompter, knows=True) as (session, play):
        tree = world(play)
        if level == "app":
            subscriptions(play)["callback_url"] = THERE
        elif level == "account":
            tree["accounts"][WABA]["subscribed"][APP] = foreign
        else:
            tree["numbers"][NUMBER]["overrides"] = {APP: foreign}
        action("webhook.callback", session)
        assert getattr(session.facts().number.callbacks, level) == THERE
    assert f"webhook.foreign_{level}" in prompter.keys
    assert THERE in prompter.text()
    assert prompter.consents_asked[0][3] is True


@pytest.mark.parametrize("level", ["account", "number"])
def test_an_override_is_set_after_subscribing_and_can_be_taken_away(open_session, level):
    prompter = FakePrompter({**HERE, "webhook.level": level}, consents=ALL_CONSENTS)
    with open_session("receiving", prompter, knows=True) as (session, play):
        world(play)["accounts"][WABA]["subscribed"] = {}
        action("webhook.callback", session)
        callbacks = session.facts().number.callbacks
        assert callbacks.winner == (level, session.listener.at.url)
        assert [item for item, *_ in prompter.consents_asked] == [
            "webhook.subscribed",
            "webhook.callback",
        ]
        assert remove(session, session.facts(), level).ok
        assert session.facts().number.callbacks.winner[0] == "app"
        # Removing an override does not unsubscribe.
        assert status_of(session, "webhook.subscribed")[0] is Status.PASSED
        assert session.record.webhook == {}
        assert remove(session, session.facts(), level).ok
    assert "webhook.nothing_to_remove" in prompter.keys


def test_subscribing_twice_does_not_remove_an_override(open_session):
    prompter = FakePrompter()
    with open_session("webhook-account-override", prompter, knows=True) as (session, _):
        assert subscribe(session).ok
        assert session.facts().number.callbacks.account == THERE
    assert prompter.consents_asked == []


def test_another_apps_token_subscribes_nothing(open_session):
    prompter = FakePrompter()
    with open_session("webhook-account-not-subscribed", prompter, knows=True) as (session, play):
        session.record.ids["app_id"] = "4242"
        assert not subscribe(session).ok
        assert not world(play)["accounts"][WABA].get("subscribed")
    assert "webhook.token_of_another_app" in prompter.keys


def test_subscribing_leaves_the_others_subscribed(open_session):
    prompter = FakePrompter(consents={"webhook.subscribed": True})
    with open_session("webhook-another-app-subscribed", prompter, knows=True) as (session, play):
        others = set(world(play)["accounts"][WABA]["subscribed"])
        action("webhook.subscribed", session)
        assert set(world(play)["accounts"][WABA]["subscribed"]) == others | {APP}


@pytest.mark.parametrize("scenario", ["webhook-messages-missing", "webhook-inactive"])
def test_the_field_is_switched_on_without_asking_for_an_address(open_session, scenario):
    prompter = FakePrompter(consents={"webhook.fields": True})
    with open_session(scenario, prompter, knows=True) as (session, _):
        action("webhook.fields", session)
        assert status_of(session, "webhook.fields") == (Status.PASSED, "subscribed")
    assert prompter.asked == []


@pytest.mark.parametrize("kind", ["forbidden", "quoted", "moved", "broken", "missing", "page"])
def test_a_server_that_meta_would_refuse_is_not_shown_to_meta(open_session, kind):
    prompter = FakePrompter()
    with open_session("webhook-none", prompter, knows=True) as (session, play):
        url = f"{play.graph_url}/_sandbox/callback/{kind}"
        prompter._left["ask"] = {"webhook.callback_url": url, "webhook.level": "app"}
        action("webhook.callback", session)
        assert subscriptions(play) == {}
    assert "webhook.probe_failed" in prompter.keys


def test_a_server_of_her_own_is_proven_set_and_left_to_her_word(open_session):
    prompter = FakePrompter(consents=ALL_CONSENTS)
    with open_session("webhook-none", prompter, knows=True) as (session, play):
        url = f"{play.graph_url}/_sandbox/callback/good"
        prompter._left["ask"] = {"webhook.callback_url": url, "webhook.level": "app"}
        action("webhook.callback", session)
        assert subscriptions(play)["callback_url"] == url
        assert "kept_by" not in session.record.webhook
        assert receive(session, session.facts()) is None
        assert session.listener.at is None
    assert "webhook.write_to_server" in prompter.keys


def test_her_servers_verify_token_is_asked_or_made_up(open_session):
    answers = {"webhook.level": "app", "verify_token_way": "have", "verify_token": " theirs "}
    prompter = FakePrompter(answers)
    with open_session("webhook-none", prompter, knows=True) as (session, play):
        del session.vault.kept["verify_token"]
        url = f"{play.graph_url}/_sandbox/callback/good"
        prompter._left["ask"]["webhook.callback_url"] = url
        action("webhook.callback", session)
        assert session.vault.get("verify_token").secret == Secret("theirs")


@pytest.mark.parametrize(("token", "warned"), [("a\\\\b<c|d", True), ("plain-Token_1", False)])
def test_a_verify_token_that_is_changed_on_the_way_is_warned_of(open_session, token, warned):
    prompter = FakePrompter({"verify_token": token})
    with open_session("webhook-none", prompter, knows=True) as (session, _):
        action("webhook.reachable/no_token", session)
        assert session.vault.get("verify_token").secret == Secret(token)
    assert ("webhook.token_odd" in prompter.keys) == warned


def test_what_the_api_refuses_goes_by_hand_and_is_read_back(open_session):
    answers = {**HERE, "verify_token": "made-by-her", "webhook.by_hand": "done"}
    prompter = FakePrompter(answers, consents=ALL_CONSENTS)
    with open_session("webhook-by-dashboard", prompter, knows=True) as (session, play):
        action("webhook.callback", session)
        assert ("instruct", "webhook.callback") in prompter.events
        session.record.goals = (Goal.SENDING, Goal.RECEIVING)
        # She types it on Meta's screen, and Meta asks the receiver with it.
        world(play)["apps"][APP]["subscriptions"]["whatsapp_business_account"] = {
            "object": "whatsapp_business_account",
            "callback_url": session.listener.at.url,
            "verify_token": "made-by-her",
            "active": True,
            "fields": {"messages": "v26.0"},
        }
        assert status_of(session, "webhook.callback") == (Status.PASSED, "as_expected")
        assert status_of(session, "webhook.reachable") == (Status.PASSED, "answered")


@pytest.mark.parametrize("answer", ["meant", "another"])
def test_an_override_that_was_set_elsewhere_is_meant_once_a_person_says_so(open_session, answer):
    another = answer == "another"
    answers = {"webhook.in_force": answer} | (HERE if another else {})
    prompter = FakePrompter(answers, consents={"webhook.callback": False} if another else {})
    with open_session("receiving", prompter, knows=True) as (session, play):
        session.record.webhook = {}
        override = {"override_callback_uri": THERE, "verify_token": "theirs"}
        world(play)["numbers"][NUMBER]["overrides"] = {APP: override}
        assert status_of(session, "webhook.effective")[1] == "override_elsewhere"
        action("webhook.effective/override_elsewhere", session)
        if answer == "meant":
            assert session.record.webhook == {"callback_url": THERE, "level": "number"}
            assert status_of(session, "webhook.effective") == (Status.PASSED, "by_number")
        else:
            assert session.record.webhook == {}


@pytest.mark.parametrize("agreed", [True, False])
def test_a_server_that_takes_any_token_is_set_by_a_consent_of_its_own(open_session, agreed):
    answers = {"webhook.level": "app"}
    consents = {"webhook.reachable": agreed} | ({"webhook.callback": True} if agreed else {})
    prompter = FakePrompter(answers, consents=consents)
    with open_session("webhook-none", prompter, knows=True) as (session, play):
        url = f"{play.graph_url}/_sandbox/callback/anyone"
        prompter._left["ask"]["webhook.callback_url"] = url
        session.record.goals = (Goal.SENDING, Goal.RECEIVING)
        action("webhook.callback", session)
        assert subscriptions(play).get("callback_url") == (url if agreed else None)
        if agreed:
            assert session.record.webhook["any_token"] == "meant"
            assert status_of(session, "webhook.reachable")[1] == "any_token_meant"
    assert "any_token" in [result.reason for result in prompter.settled_ones]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("example.com/hook", "no_scheme"),
        ("localhost:8080", "no_scheme"),
        ("https://a.example/my hook", "space"),
        ("https://a.example/#hook", "fragment"),
        ("https://me@a.example/", "user"),
        ("https://a.example:port/", "bad_url"),
        ("http://a.example/", "not_https"),
        ("https://localhost/hook", "local"),
        ("https://192.168.1.5/hook", "local"),
        ("https://a.example/" + "x" * 200, "too_long"),
    ],
)
def test_what_is_wrong_with_an_address_is_named(typed, words):
    assert parse_callback(typed, Outside(), may_here=True).key == f"webhook.url_{words}"


@pytest.mark.parametrize("typed", ["here", "Здесь", " тут ", ""])
def test_this_computer_is_chosen_in_either_language(typed):
    assert parse_callback(typed, Outside(), may_here=True) == "here"
    assert parse_callback(typed, Outside(), may_here=False).key == "webhook.url_here_elsewhere"


def test_what_is_not_done_by_hand_is_not_expected(open_session):
    answers = {**HERE, "verify_token": "made-by-her", "webhook.by_hand": "later"}
    with open_session(
        "webhook-by-dashboard", FakePrompter(answers, consents=ALL_CONSENTS), knows=True
    ) as (
        session,
        _,
    ):
        action("webhook.callback", session)
        assert session.record.webhook == {}


def test_a_busy_moment_is_no_reason_to_do_it_by_hand(open_session):
    prompter = FakePrompter(HERE, consents=ALL_CONSENTS)
    with open_session("webhook-none", prompter, knows=True) as (session, _):
        wait = {"code": 4, "message": "Application request limit reached"}
        real = session.open_graph

        def busy(keys):
            graph = real(keys)

            def refuse(path, body, consent, *, as_app=False):
                raise GraphError(ErrorKind.BUSY, subcode=0, http=400, details="", trace="", **wait)

            graph.post = refuse
            return graph

        session.open_graph = busy
        action("webhook.callback", session)
    assert [error.code for error in prompter.troubles] == [4]
    assert "webhook.by_hand" not in prompter.keys


def tunnels(folder, monkeypatch, **programs):
    """A machine with these tunnel programs: {name: what it prints}; who names no address ends."""
    for name, prints in programs.items():
        rest = "while :; do sleep 0.1; done" if "https" in prints else "exit 1"
        (folder / name).write_text(f"#!/bin/sh\necho '{prints}'\n{rest}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


ADDRESS = "INF |  https://quiet-river.trycloudflare.com  |"


@pytest.fixture
def outdoors(open_session, tmp_path):
    """A session whose own address will not do: as with the real Meta."""

    @contextmanager
    def opened(prompter):
        with open_session("webhook-none", prompter, knows=True) as (session, play):
            session.listener.outside = replace(session.listener.outside, allow_local=False)
            yield session, play

    return opened


def test_this_computer_is_made_public_by_a_tunnel(outdoors, tmp_path, monkeypatch):
    tunnels(tmp_path, monkeypatch, cloudflared=ADDRESS)
    prompter = FakePrompter()
    with outdoors(prompter) as (session, _):
        url = make_public(session)
        assert url == "https://quiet-river.trycloudflare.com/webhook" == session.listener.public_url
        assert session.listener.tunnel.alive
    assert not session.listener.tunnel
    assert prompter.keys[-2:] == ["webhook.listening", "webhook.tunnel_open"]


@pytest.mark.parametrize(
    ("programs", "said"),
    [({}, "missing"), ({"ngrok": '{"err":"ERR_NGROK_4018"}'}, "login")],
)
def test_without_a_tunnel_the_way_to_one_is_said(outdoors, tmp_path, monkeypatch, programs, said):
    tunnels(tmp_path, monkeypatch, **programs)
    prompter = FakePrompter()
    with outdoors(prompter) as (session, _):
        assert make_public(session) == ""
    assert prompter.keys[-1] == f"webhook.tunnel_{said}"


def test_a_tunnel_that_closed_explains_the_silence(outdoors, tmp_path, monkeypatch):
    tunnels(tmp_path, monkeypatch, cloudflared=ADDRESS)
    prompter = FakePrompter()
    with outdoors(prompter) as (session, _):
        make_public(session)
        session.listener.tunnel._child.kill()
        session.listener.tunnel._child.wait()
        assert silence(session) is None
    assert prompter.keys[-1] == "webhook.tunnel_died"


@pytest.mark.parametrize("level", ["app", "number"])
def test_an_address_that_ends_with_the_run_is_taken_away_or_said(
    outdoors, tmp_path, monkeypatch, level
):
    tunnels(tmp_path, monkeypatch, cloudflared=ADDRESS)
    prompter = FakePrompter(consents=ALL_CONSENTS)
    with outdoors(prompter) as (session, play):
        url = make_public(session)
        session.record.webhook = {"callback_url": url, "level": level, "kept_by": "here"}
        override = {"override_callback_uri": url, "verify_token": "x"}
        world(play)["numbers"][NUMBER]["overrides"] = {APP: override}
        take_back(session)
        left = session.facts().number.callbacks.number
    if level == "app":
        assert "webhook.address_ends" in prompter.keys
    else:
        assert (left, session.record.webhook) == ("", {})


def silence(session):
    return diagnose(session, session.listener)


def test_a_delivery_that_another_secret_signed_is_named(open_session):
    prompter = FakePrompter(HERE, consents=ALL_CONSENTS)
    with open_session("webhook-none", prompter, knows=True, patience=2.5) as (session, play):
        world(play)["delivery"] = {"sign_as": "5647382910564738"}
        assert receive(session, session.facts()) is None
    assert "webhook.wrong_signature" in prompter.keys
    assert [f.reason for f in prompter.presented] == [
        "rewritten"
    ]  # the secret is proven, and no other app is subscribed


BROKEN = {
    "webhook.subscribed/nobody": lambda tree: tree["accounts"][WABA].update(subscribed={}),
    "webhook.fields/missing": lambda tree: tree["apps"][APP]["subscriptions"][
        "whatsapp_business_account"
    ].update(fields={"account_update": "v26.0"}),
    "webhook.effective/overridden_by_number": lambda tree: tree["numbers"][NUMBER].update(
        overrides={APP: {"override_callback_uri": THERE, "verify_token": "x"}}
    ),
    "webhook.callback/other": lambda tree: tree["apps"][APP]["subscriptions"][
        "whatsapp_business_account"
    ].update(callback_url=THERE),
    "app.published/partly_filled": lambda tree: tree["apps"][APP].update(published=False),
}


@pytest.mark.parametrize(("broken", "breaks"), BROKEN.items(), ids=BROKEN)
def test_after_a_silence_the_broken_link_is_named(open_session, broken, breaks):
    prompter = FakePrompter(HERE, consents=ALL_CONSENTS)
    with open_session("webhook-none", prompter, knows=True) as (session, play):
        world(play)["person"]["writes_by_herself"] = False
        action("webhook.callback", session)
        breaks(world(play))
        silence(session)
    (result,) = prompter.presented
    assert f"{result.item.id}/{result.reason}" == broken


def test_the_test_button_is_said_to_prove_nothing(open_session):
    prompter = FakePrompter(HERE, consents=ALL_CONSENTS)
    with open_session("webhook-none", prompter, knows=True, patience=2.0) as (session, play):
        world(play)["apps"][APP]["published"] = False
        session.nudge = lambda: play._delivery.test_event(APP)
        assert receive(session, session.facts()) is None
        assert status_of(session, "webhook.received") == (Status.WAITING, "test_only")
    assert "webhook.test_event" in prompter.keys
    assert prompter.presented_ids == ["app.published"]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("HTTP Status Code = 403; HTTP Message = Forbidden", "meta_status"),
        ("curl_errno = 28; curl_error = Operation timed out; HTTP Status Code = 0", "meta_timeout"),
        ("curl_errno = 6; curl_error = Could not resolve host", "meta_dns"),
        ("curl_errno = 7; curl_error = Failed to connect", "meta_refused"),
        ("curl_errno = 60; curl_error = SSL certificate problem", "meta_tls"),
        ("curl_errno = 47; curl_error = too many redirects", "meta_redirect"),
        (
            "curl_errno = 56; curl_error = Received HTTP code 403 from proxy after CONNECT",
            "meta_no_way",
        ),
        ("curl_errno = 56; curl_error = Recv failure: Connection reset by peer", "meta_empty"),
        ("curl_errno = 99; curl_error = ?", "meta_other"),
        ("Response does not match challenge, HTTP Status Code = 200", "meta_body"),
        ("", "meta_other"),
    ],
)
def test_metas_2200_is_put_into_words(message, words):
    from wizard.ui.words import Words

    start = "(#2200) Callback verification failed with the following errors: "
    refusal = GraphError(ErrorKind.ODD, code=2200, subcode=0, message=start + message, details="")
    saw = meta_saw(refusal)
    assert saw.key == f"webhook.{words}"
    assert all(Words(language).phrase(saw) for language in ("ru", "en"))


def test_the_guide_walks_to_a_message_that_arrived(open_session):
    prompter = FakePrompter(
        HERE,
        moves={ANY: [NextAction.FIX] * 9},
        consents=ALL_CONSENTS,
        confirms={ANY: ["yes, today"] * 3},
    )
    with open_session("webhook-none", prompter, knows=True) as (session, play):
        del session.vault.kept["verify_token"]
        world(play)["accounts"][WABA]["subscribed"] = {}
        session.record.goals = (Goal.SENDING, Goal.RECEIVING)
        results = Setup(session).walk("webhook")
    assert {f.item.id: f.status for f in results if f.status != "passed"} == {}


SECOND = {"id": "106540352242923", "display_phone_number": "+44 7700 900124"}


def two_numbers(play):
    """A second number beside the first, and an app that is subscribed to neither."""
    tree = world(play)
    tree["numbers"][SECOND["id"]] = tree["numbers"][NUMBER] | SECOND
    tree["accounts"][WABA]["numbers"] = [NUMBER, SECOND["id"]]
    tree["accounts"][WABA]["subscribed"] = {}


def routes(session):
    return {one.number_id: one for one in read_number_routes(session.graph(), session.facts())}


def test_each_number_is_led_to_its_own_callback(open_session):
    prompter = FakePrompter(consents=ALL_CONSENTS)
    with open_session("receiving", prompter, knows=True) as (session, play):
        two_numbers(play)
        urls = [f"{play.graph_url}/_sandbox/callback/good{tail}" for tail in ("", "?a=1")]
        before = routes(session)
        assert [one.arrives for one in before.values()] == [False, False]
        for number, url in zip(before, urls, strict=True):
            assert lead_number(session, routes(session)[number], url) == Done()
        after = routes(session)
        assert {n: (one.level, one.url, one.arrives) for n, one in after.items()} == {
            number: ("number", url, True) for number, url in zip(before, urls, strict=True)
        }
        assert session.record.webhook == {
            "callback_url": dict(zip(before, urls, strict=True))[NUMBER],
            "level": "number",
        }
        for number, url in zip(before, urls, strict=True):
            assert lead_number(session, after[number], url) == AlreadySo()
    # Subscribed once: a second empty POST would remove an override of the account.
    shown = [request for _, _, requests, _ in prompter.consents_asked for request in requests]
    assert [one for one in shown if "subscribed_apps" in one] == [f"POST /{WABA}/subscribed_apps"]
    assert [one.split()[1] for one in shown if "subscribed_apps" not in one] == [
        f"/{number}" for number in before
    ]


def test_what_a_number_has_is_named_before_it_is_replaced(open_session):
    prompter = FakePrompter(consents={"webhook.effective": True})
    with open_session("webhook-number-override", prompter, knows=True) as (session, play):
        route = routes(session)[NUMBER]
        assert (route.level, route.url) == ("number", THERE)
        assert lead_number(session, route, f"{play.graph_url}/_sandbox/callback/good").ok
    assert THERE in [one.values.get("before") for one in prompter.said]
    assert [spent for *_, spent in prompter.consents_asked] == [True]


def test_a_callback_that_does_not_answer_rightly_is_led_nowhere(open_session):
    prompter = FakePrompter()
    with open_session("receiving", prompter, knows=True) as (session, play):
        route = routes(session)[NUMBER]
        assert not lead_number(session, route, f"{play.graph_url}/_sandbox/callback/broken").ok
        assert routes(session)[NUMBER] == route
    assert prompter.consents_asked == []


def test_what_is_not_shown_of_a_route_is_not_known(open_session):
    """A number need not show its addresses; the app's own shows with the app secret alone."""
    with open_session("callbacks-hidden", FakePrompter(), knows=True) as (session, play):
        (route,) = routes(session).values()
        assert (route.level, route.arrives) == ("app", True)
        session.vault.remove("app_secret")
        (route,) = routes(session).values()
        assert (route.url, route.none_set, route.arrives) == ("", False, None)
        world(play)["accounts"][WABA]["subscribed"] = {}
        assert routes(session)[NUMBER].arrives is False


def test_a_number_whose_messages_have_no_address_is_told_from_one_that_shows_none(open_session):
    with open_session("webhook-none", FakePrompter(), knows=True) as (session, _):
        (route,) = routes(session).values()
        assert (route.subscribed, route.none_set, route.arrives) == (True, True, False)
        session.vault.remove("app_secret")
        (route,) = routes(session).values()
        assert (route.none_set, route.arrives) == (False, None)
