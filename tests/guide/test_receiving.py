"""Receiving, end to end over real sockets: the sandbox plays Meta and the person who writes."""

from contextlib import contextmanager
from dataclasses import replace

import pytest
from fake_talk import ANY, Script

from wizard.graph import GraphError
from wizard.guide import Guide
from wizard.repairs import REPAIRS
from wizard.repairs.hearing import diagnose, hear, take_back
from wizard.repairs.pointing import meta_saw, remove, subscribe
from wizard.repairs.target import make_public
from wizard.state.record import Goal, Status
from wizard.talk import Move
from wizard.text.errors import ErrorKind
from wizard.text.secret import Secret

APP, WABA, NUMBER = "1029384756102938", "102290129340398", "106540352242922"
THERE = "https://old-provider.example/hook"
HERE = {"webhook.callback_url": "here", "webhook.level": "app"}
ALL_CONSENTS = {ANY: [True] * 9}


def world(play):
    return play._world.tree


def repair(item, desk):
    REPAIRS[item](desk, desk.facts())


def subscriptions(play):
    return world(play)["apps"][APP].get("subscriptions", {}).get("whatsapp_business_account") or {}


def status_of(desk, item):
    from wizard.audit import audit

    (finding,) = audit(desk.checklist, desk.facts(), only=[item])
    return finding.outcome.status, finding.outcome.reason


def test_from_nothing_to_a_message_that_arrived(at_desk):
    talk = Script(HERE, consents=ALL_CONSENTS)
    with at_desk("webhook-none", talk, knows=True) as (desk, play):
        del desk.vault.kept["verify_token"]
        world(play)["accounts"][WABA]["subscribed"] = {}
        message = hear(desk, desk.facts())
        assert message.text == world(play)["person"]["text"]
        assert message.phone_number_id == NUMBER
        assert subscriptions(play)["callback_url"] == desk.listener.at.url
        assert desk.record.webhook == {
            "callback_url": desk.listener.at.url,
            "level": "app",
            "kept_by": "here",
        }
        for item in ("webhook.callback", "webhook.fields", "webhook.subscribed"):
            assert status_of(desk, item)[0] is Status.PASSED
        assert status_of(desk, "webhook.received")[1] == "received"
        assert status_of(desk, "app.published") == (Status.PASSED, "proven")
    assert "webhook.meta_knocked" in talk.keys
    assert ("show_link", "https://wa.me/447700900123") in talk.events


def test_the_token_that_was_made_up_is_kept_and_shown_nowhere(at_desk):
    talk = Script(HERE, consents=ALL_CONSENTS)
    with at_desk("webhook-none", talk, knows=True) as (desk, play):
        del desk.vault.kept["verify_token"]
        repair("webhook.callback", desk)
        token = desk.vault.get("verify_token").secret.reveal()
        assert subscriptions(play)["verify_token"] == token
        assert "verify_token" in desk.record.secrets
    assert len(token) >= 32
    assert token not in repr(talk.events) + talk.text() + talk.text("ru")


def test_everything_that_is_sent_is_shown_before_and_refused_by_a_no(at_desk):
    talk = Script(HERE, consents={"webhook.callback": False})
    with at_desk("webhook-none", talk, knows=True) as (desk, play):
        repair("webhook.callback", desk)
        assert subscriptions(play) == {}
        assert desk.record.webhook == {}
    (item, _, sends, spends) = talk.consents_asked[0]
    assert (item, spends) == ("webhook.callback", False)
    assert sends[0].startswith(f"POST /{APP}/subscriptions")
    assert '"fields": "messages"' in sends[0]


def test_the_fields_that_are_there_stay(at_desk):
    talk = Script(HERE, consents=ALL_CONSENTS)
    with at_desk("receiving", talk, knows=True) as (desk, play):
        before = set(subscriptions(play)["fields"])
        repair("webhook.callback", desk)
        assert set(subscriptions(play)["fields"]) == before > {"messages"}
    # All of them are sent: whether Meta adds or replaces is not certain.
    assert ",".join(sorted(before)) in talk.consents_asked[0][2][0]


@pytest.mark.parametrize("level", ["app", "account", "number"])
def test_a_foreign_callback_is_shown_and_not_replaced_by_enter(at_desk, level):
    talk = Script({**HERE, "webhook.level": level}, consents={"webhook.callback": False})
    foreign = {"override_callback_uri": THERE, "verify_token": "theirs"}
    with at_desk("receiving", talk, knows=True) as (desk, play):
        tree = world(play)
        if level == "app":
            subscriptions(play)["callback_url"] = THERE
        elif level == "account":
            tree["accounts"][WABA]["subscribed"][APP] = foreign
        else:
            tree["numbers"][NUMBER]["overrides"] = {APP: foreign}
        repair("webhook.callback", desk)
        assert getattr(desk.facts().number.callbacks, level) == THERE
    assert f"webhook.foreign_{level}" in talk.keys
    assert THERE in talk.text()
    assert talk.consents_asked[0][3] is True


@pytest.mark.parametrize("level", ["account", "number"])
def test_an_override_is_set_after_subscribing_and_can_be_taken_away(at_desk, level):
    talk = Script({**HERE, "webhook.level": level}, consents=ALL_CONSENTS)
    with at_desk("receiving", talk, knows=True) as (desk, play):
        world(play)["accounts"][WABA]["subscribed"] = {}
        repair("webhook.callback", desk)
        callbacks = desk.facts().number.callbacks
        assert callbacks.winner == (level, desk.listener.at.url)
        assert [item for item, *_ in talk.consents_asked] == [
            "webhook.subscribed",
            "webhook.callback",
        ]
        assert remove(desk, desk.facts(), level)
        assert desk.facts().number.callbacks.winner[0] == "app"
        # Removing an override does not unsubscribe.
        assert status_of(desk, "webhook.subscribed")[0] is Status.PASSED
        assert desk.record.webhook == {}
        assert remove(desk, desk.facts(), level)
    assert "webhook.nothing_to_remove" in talk.keys


def test_subscribing_twice_does_not_remove_an_override(at_desk):
    talk = Script()
    with at_desk("webhook-account-override", talk, knows=True) as (desk, _):
        assert subscribe(desk)
        assert desk.facts().number.callbacks.account == THERE
    assert talk.consents_asked == []


def test_another_apps_token_subscribes_nothing(at_desk):
    talk = Script()
    with at_desk("webhook-account-not-subscribed", talk, knows=True) as (desk, play):
        desk.record.ids["app_id"] = "4242"
        assert not subscribe(desk)
        assert not world(play)["accounts"][WABA].get("subscribed")
    assert "webhook.token_of_another_app" in talk.keys


def test_subscribing_leaves_the_others_subscribed(at_desk):
    talk = Script(consents={"webhook.subscribed": True})
    with at_desk("webhook-another-app-subscribed", talk, knows=True) as (desk, play):
        others = set(world(play)["accounts"][WABA]["subscribed"])
        repair("webhook.subscribed", desk)
        assert set(world(play)["accounts"][WABA]["subscribed"]) == others | {APP}


@pytest.mark.parametrize("scenario", ["webhook-messages-missing", "webhook-inactive"])
def test_the_field_is_switched_on_without_asking_for_an_address(at_desk, scenario):
    talk = Script(consents={"webhook.fields": True})
    with at_desk(scenario, talk, knows=True) as (desk, _):
        repair("webhook.fields", desk)
        assert status_of(desk, "webhook.fields") == (Status.PASSED, "subscribed")
    assert talk.asked == []


@pytest.mark.parametrize("kind", ["forbidden", "quoted", "moved", "broken", "missing", "page"])
def test_a_server_that_meta_would_refuse_is_not_shown_to_meta(at_desk, kind):
    talk = Script()
    with at_desk("webhook-none", talk, knows=True) as (desk, play):
        url = f"{play.graph_url}/_sandbox/callback/{kind}"
        talk._left["ask"] = {"webhook.callback_url": url, "webhook.level": "app"}
        repair("webhook.callback", desk)
        assert subscriptions(play) == {}
    assert "webhook.probe_failed" in talk.keys


def test_a_server_of_her_own_is_proven_set_and_left_to_her_word(at_desk):
    talk = Script(consents=ALL_CONSENTS)
    with at_desk("webhook-none", talk, knows=True) as (desk, play):
        url = f"{play.graph_url}/_sandbox/callback/good"
        talk._left["ask"] = {"webhook.callback_url": url, "webhook.level": "app"}
        repair("webhook.callback", desk)
        assert subscriptions(play)["callback_url"] == url
        assert "kept_by" not in desk.record.webhook
        assert hear(desk, desk.facts()) is None
        assert desk.listener.at is None
    assert "webhook.write_to_server" in talk.keys


def test_her_servers_verify_token_is_asked_or_made_up(at_desk):
    answers = {"webhook.level": "app", "verify_token_way": "have", "verify_token": " theirs "}
    talk = Script(answers)
    with at_desk("webhook-none", talk, knows=True) as (desk, play):
        del desk.vault.kept["verify_token"]
        url = f"{play.graph_url}/_sandbox/callback/good"
        talk._left["ask"]["webhook.callback_url"] = url
        repair("webhook.callback", desk)
        assert desk.vault.get("verify_token").secret == Secret("theirs")


def test_what_the_api_refuses_goes_by_hand_and_is_read_back(at_desk):
    answers = {**HERE, "verify_token": "made-by-her", "webhook.by_hand": "done"}
    talk = Script(answers, consents=ALL_CONSENTS)
    with at_desk("webhook-by-dashboard", talk, knows=True) as (desk, play):
        repair("webhook.callback", desk)
        assert ("instruct", "webhook.callback") in talk.events
        # She types it on Meta's screen, and Meta asks the receiver with it.
        world(play)["apps"][APP]["subscriptions"]["whatsapp_business_account"] = {
            "object": "whatsapp_business_account",
            "callback_url": desk.listener.at.url,
            "verify_token": "made-by-her",
            "active": True,
            "fields": {"messages": "v26.0"},
        }
        assert status_of(desk, "webhook.callback") == (Status.PASSED, "as_expected")
        assert status_of(desk, "webhook.reachable") == (Status.PASSED, "answered")


def test_what_is_not_done_by_hand_is_not_expected(at_desk):
    answers = {**HERE, "verify_token": "made-by-her", "webhook.by_hand": "later"}
    with at_desk("webhook-by-dashboard", Script(answers, consents=ALL_CONSENTS), knows=True) as (
        desk,
        _,
    ):
        repair("webhook.callback", desk)
        assert desk.record.webhook == {}


def test_a_busy_moment_is_no_reason_to_do_it_by_hand(at_desk):
    talk = Script(HERE, consents=ALL_CONSENTS)
    with at_desk("webhook-none", talk, knows=True) as (desk, _):
        wait = {"code": 4, "message": "Application request limit reached"}
        real = desk.open_graph

        def busy(keys):
            graph = real(keys)

            def refuse(path, body=None, *, as_app=False):
                raise GraphError(ErrorKind.BUSY, subcode=0, http=400, details="", trace="", **wait)

            graph.post = refuse
            return graph

        desk.open_graph = busy
        repair("webhook.callback", desk)
    assert [error.code for error in talk.troubles] == [4]
    assert "webhook.by_hand" not in talk.keys


def tunnels(folder, monkeypatch, **programs):
    """A machine with these tunnel programs: {name: what it prints}; who names no address ends."""
    for name, prints in programs.items():
        rest = "while :; do sleep 0.1; done" if "https" in prints else "exit 1"
        (folder / name).write_text(f"#!/bin/sh\necho '{prints}'\n{rest}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


ADDRESS = "INF |  https://quiet-river.trycloudflare.com  |"


@pytest.fixture
def outdoors(at_desk, tmp_path):
    """A desk whose own address will not do: as with the real Meta."""

    @contextmanager
    def opened(talk):
        with at_desk("webhook-none", talk, knows=True) as (desk, play):
            desk.listener.outside = replace(desk.listener.outside, allow_local=False)
            yield desk, play

    return opened


def test_this_computer_is_made_public_by_a_tunnel(outdoors, tmp_path, monkeypatch):
    tunnels(tmp_path, monkeypatch, cloudflared=ADDRESS)
    talk = Script()
    with outdoors(talk) as (desk, _):
        url = make_public(desk)
        assert url == "https://quiet-river.trycloudflare.com/webhook" == desk.listener.public_url
        assert desk.listener.tunnel.alive
    assert not desk.listener.tunnel
    assert talk.keys[-2:] == ["webhook.listening", "webhook.tunnel_open"]


@pytest.mark.parametrize(
    ("programs", "said"),
    [({}, "missing"), ({"ngrok": '{"err":"ERR_NGROK_4018"}'}, "login")],
)
def test_without_a_tunnel_the_way_to_one_is_said(outdoors, tmp_path, monkeypatch, programs, said):
    tunnels(tmp_path, monkeypatch, **programs)
    talk = Script()
    with outdoors(talk) as (desk, _):
        assert make_public(desk) == ""
    assert talk.keys[-1] == f"webhook.tunnel_{said}"


def test_a_tunnel_that_closed_explains_the_silence(outdoors, tmp_path, monkeypatch):
    tunnels(tmp_path, monkeypatch, cloudflared=ADDRESS)
    talk = Script()
    with outdoors(talk) as (desk, _):
        make_public(desk)
        desk.listener.tunnel._child.kill()
        desk.listener.tunnel._child.wait()
        assert silence(desk) is None
    assert talk.keys[-1] == "webhook.tunnel_died"


@pytest.mark.parametrize("level", ["app", "number"])
def test_an_address_that_ends_with_the_run_is_taken_away_or_said(
    outdoors, tmp_path, monkeypatch, level
):
    tunnels(tmp_path, monkeypatch, cloudflared=ADDRESS)
    talk = Script(consents=ALL_CONSENTS)
    with outdoors(talk) as (desk, play):
        url = make_public(desk)
        desk.record.webhook = {"callback_url": url, "level": level, "kept_by": "here"}
        override = {"override_callback_uri": url, "verify_token": "x"}
        world(play)["numbers"][NUMBER]["overrides"] = {APP: override}
        take_back(desk)
        left = desk.facts().number.callbacks.number
    if level == "app":
        assert "webhook.address_ends" in talk.keys
    else:
        assert (left, desk.record.webhook) == ("", {})


def silence(desk):
    return diagnose(desk, desk.listener)


def test_a_delivery_that_another_secret_signed_is_named(at_desk):
    talk = Script(HERE, consents=ALL_CONSENTS)
    with at_desk("webhook-none", talk, knows=True, patience=2.5) as (desk, play):
        world(play)["delivery"] = {"sign_as": "5647382910564738"}
        assert hear(desk, desk.facts()) is None
    assert "webhook.wrong_signature" in talk.keys
    assert [f.outcome.reason for f in talk.presented] == ["wrong_secret"]


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
    "app.published/not_confirmed": lambda tree: tree["apps"][APP].update(published=False),
}


@pytest.mark.parametrize(("broken", "breaks"), BROKEN.items(), ids=BROKEN)
def test_after_a_silence_the_broken_link_is_named(at_desk, broken, breaks):
    talk = Script(HERE, consents=ALL_CONSENTS)
    with at_desk("webhook-none", talk, knows=True) as (desk, play):
        world(play)["person"]["writes_by_herself"] = False
        repair("webhook.callback", desk)
        breaks(world(play))
        silence(desk)
    (finding,) = talk.presented
    assert f"{finding.item.id}/{finding.outcome.reason}" == broken


def test_the_test_button_is_said_to_prove_nothing(at_desk):
    talk = Script(HERE, consents=ALL_CONSENTS)
    with at_desk("webhook-none", talk, knows=True, patience=2.0) as (desk, play):
        world(play)["apps"][APP]["published"] = False
        desk.nudge = lambda: play._delivery.test_event(APP)
        assert hear(desk, desk.facts()) is None
        assert status_of(desk, "webhook.received") == (Status.WAITING, "test_only")
    assert "webhook.test_event" in talk.keys
    assert talk.presented_ids == ["app.published"]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("HTTP Status Code = 403; HTTP Message = Forbidden", "meta_status"),
        ("curl_errno = 28; curl_error = Operation timed out; HTTP Status Code = 0", "meta_timeout"),
        ("curl_errno = 6; curl_error = Could not resolve host", "meta_dns"),
        ("curl_errno = 7; curl_error = Failed to connect", "meta_refused"),
        ("curl_errno = 60; curl_error = SSL certificate problem", "meta_tls"),
        ("curl_errno = 47; curl_error = too many redirects", "meta_redirect"),
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


def test_the_guide_walks_to_a_message_that_arrived(at_desk):
    talk = Script(
        HERE,
        moves={ANY: [Move.REPAIR] * 9},
        consents=ALL_CONSENTS,
        vouches={ANY: ["yes, today"] * 3},
    )
    with at_desk("webhook-none", talk, knows=True) as (desk, play):
        del desk.vault.kept["verify_token"]
        world(play)["accounts"][WABA]["subscribed"] = {}
        desk.record.goals = (Goal.SENDING, Goal.RECEIVING)
        findings = Guide(desk).walk("webhook")
    assert {f.item.id: f.outcome.status for f in findings if f.outcome.status != "passed"} == {}
