"""What an action returns decides; what Meta did not confirm was not done."""

from contextlib import contextmanager

import pytest

from tests.support.fake_prompter import FakePrompter
from wizard.actions import access, message, number, set_callback, token
from wizard.actions.results import AlreadySo, Declined, Done, Refused, conclude
from wizard.actions.system_user import (
    EXCHANGE,
    REVOKE,
    Place,
    longer,
    make_token,
    revoke,
)
from wizard.actions.token_trial import TokenTrial, TrialPolicy, Verdict
from wizard.graph.consent import granted
from wizard.state.record import SecretNote
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.secret import Secret

TO = {"test_message.to": "+447700900999"}


def answering(session, content):
    """Meta answers every change with this."""
    open_graph = session.open_graph

    def opened(keys):
        graph = open_graph(keys)
        graph.post = graph.oauth = lambda *given, **how: content
        return graph

    session.open_graph = opened


@pytest.mark.parametrize(
    ("result", "code"),
    [
        *((Done(), 0), (AlreadySo(), 0), (Declined(), 1), (Refused(), 1)),
        (Refused(Unavailable(ErrorKind.REFUSED, code=190)), 4),
        (Refused(Unavailable(ErrorKind.PERMISSION, code=200)), 1),
        (Refused(Unavailable(ErrorKind.ODD, code=131042)), 1),
    ],
)
def test_the_exit_code_is_that_of_the_result(result, code):
    assert result.exit_code == code


ACTS = {
    "pin": (lambda s: number.replace_pin(s, s.facts().number), {"two_step_pin": "314159"}),
    "register": (lambda s: number.register(s, s.facts()), {"two_step_pin": "314159"}),
    "code": (lambda s: number.enter_code(s, s.facts().number), {"verification_code": "123830"}),
    "text": (lambda s: message.send_text(s, s.facts().number, "hello"), TO),
    "field": (set_callback.add_field, {}),
}
CONSENTS = {
    "pin": "number.pin",
    "register": "number.registered",
    "text": "message.sent",
    "field": "webhook.fields",
}


@pytest.mark.parametrize(
    "content",
    [
        *({}, {"success": False}, {"id": "", "messages": []}),
        # Answers of no shape that Meta gives: they confirm nothing, and stop nothing.
        *({"success": "x", "messages": [7]}, {"success": [[]], "messages": {"id": []}}),
        {"success": 7, "messages": [{"id": {}}], "contacts": "x"},
    ],
)
@pytest.mark.parametrize("name", ACTS)
def test_an_answer_without_what_was_asked_for_is_a_refusal(open_session, name, content):
    act, answers = ACTS[name]
    consents = {CONSENTS[name]: True} if name in CONSENTS else {}
    with open_session(
        "number-unregistered", FakePrompter(answers, consents=consents), knows=True
    ) as (
        session,
        _,
    ):
        if name == "register":
            session.vault.remove("two_step_pin")
        answering(session, content)
        result = act(session)
    assert isinstance(result, Refused)
    assert isinstance(result, Refused)
    assert session.prompter.troubles == [result.error]
    assert result.error.values == {"cause": "not_confirmed"}
    kept = session.record.test_message
    assert (kept.state if kept else "") == ("no_message" if name == "text" else "")


@pytest.mark.parametrize(
    ("act", "content", "cause"),
    [
        (
            lambda s, old: longer(s, old, granted("x", [EXCHANGE]), system_user=True),
            {"access_token": "EAAold"},
            "same_token",
        ),
        (
            lambda s, old: longer(s, old, granted("x", [EXCHANGE]), system_user=True),
            {},
            "no_token",
        ),
        (
            lambda s, old: revoke(s, old, granted("x", [REVOKE])),
            {"success": False},
            "not_confirmed",
        ),
    ],
)
def test_an_exchange_that_gave_nothing_is_a_refusal(open_session, act, content, cause):
    with open_session("healthy", FakePrompter(), knows=True) as (session, _):
        answering(session, content)
        with pytest.raises(Unavailable) as caught:
            act(session, Secret("EAAold"))
    assert caught.value.values == {"cause": cause}


def test_a_system_user_without_an_id_is_not_made(open_session):
    prompter = FakePrompter(consents={"token.kind": True}, suggestions={"system_user": "new"})
    with open_session("healthy", prompter, knows=True) as (session, play):
        answering(session, {"success": True})
        place = Place(play.business_id, play.app_id, play.waba_id)
        with pytest.raises(Unavailable):
            make_token(session, session.graph(), place)


def test_a_token_that_another_run_made_meanwhile_is_the_only_one(open_session, monkeypatch):
    with open_session("token-temporary", FakePrompter(), knows=True) as (session, play):
        facts, tokens = session.facts(), set(play._world.tree["tokens"])
        inner = session.store.acting

        @contextmanager
        def after_the_other():
            with inner() as first:
                session.save()
                theirs = session.store.load()
                theirs.secrets["access_token"] = SecretNote("sandbox", fingerprint="1b2c")
                session.store.save(theirs)
                monkeypatch.setattr(session, "save", lambda: None)
                yield first

        monkeypatch.setattr(session.store, "acting", after_the_other)
        assert isinstance(token.renew(session, facts), AlreadySo)
        assert set(play._world.tree["tokens"]) == tokens


@pytest.mark.parametrize(
    ("scenario", "result", "shown"),
    [
        ("healthy", Done(), ["passed"]),
        ("healthy", Refused(), []),  # no tick for what was refused, however the item stands
        ("number-unregistered", Done(), ["passed", "failed"]),
        ("number-unregistered", Refused(), ["failed"]),
        ("number-unregistered", Declined(), ["failed"]),
    ],
)
def test_the_tick_and_the_exit_code_come_from_the_result(open_session, scenario, result, shown):
    with open_session(scenario, FakePrompter(), knows=True) as (session, _):
        assert conclude(session, "number.registered", result) == (0 if result.ok else 1)
        assert [one.status.value for one in session.prompter.settled_ones] == shown
        assert "number.registered" in session.record.verdicts


def test_an_unreachable_network_says_nothing_about_the_app_secret(open_session):
    with open_session("healthy", FakePrompter({"app_secret": "0" * 32}), knows=True) as (
        session,
        play,
    ):
        play.close()
        result = token.ask_app_secret(session)
    assert isinstance(result, Refused)
    assert isinstance(result.error, Unavailable)
    assert result.error.kind is ErrorKind.UNREACHABLE
    assert "token.secret_refused" not in session.prompter.keys


@pytest.mark.parametrize("act", [token.ask_app_secret, set_callback.add_field])
def test_an_id_that_is_not_known_yet_is_said_to_be_missing(open_session, act):
    with open_session("healthy", FakePrompter(), knows=True) as (session, _):
        session.keep("app_secret", Secret("0" * 32))
        del session.record.ids["app_id"]
        with pytest.raises(Unavailable) as missing:
            act(session)
    assert missing.value.values == {"name": "app_id"}


def test_a_wrong_app_secret_is_refused_in_meta_s_own_words(open_session):
    with open_session("healthy", FakePrompter({"app_secret": "0" * 32}), knows=True) as (
        session,
        _,
    ):
        result = token.ask_app_secret(session)
    assert session.prompter.keys[-1] == "token.secret_refused"
    assert isinstance(result, Refused)
    assert session.prompter.troubles == [result.error]


@pytest.mark.parametrize(
    ("language", "answer", "sent"),
    [("ru", "", "ru_RU"), ("en", "", "en_US"), ("en", "pt-BR", "pt_BR")],
)
def test_the_language_of_the_code_is_the_answer_or_that_of_the_person(
    open_session, language, answer, sent
):
    prompter = FakePrompter(
        {"code_method": "sms", "code_language": answer}, consents={"number.code_verified": True}
    )
    with open_session("number-unverified", prompter, knows=True) as (session, _):
        session.language = language
        answering(session, {"success": True})
        assert isinstance(number.request_code(session, session.facts().number), Done)
    assert f'"language": "{sent}"' in prompter.consents_asked[0][2][0]


DEAD = "EAA" + "x" * 150


@pytest.mark.parametrize(
    ("policy", "ids", "given", "verdict"),
    [
        (TrialPolicy(), {}, None, Verdict.ACCEPTED),
        (TrialPolicy(), {}, DEAD, Verdict.REFUSED),
        (TrialPolicy(), {"app_id": "1"}, None, Verdict.ACCEPTED),
        (TrialPolicy(same_app=True), {"app_id": "1"}, None, Verdict.OTHER_APP),
        (TrialPolicy(items=("account.visible",)), {}, None, Verdict.ACCEPTED),
        (TrialPolicy(items=("account.visible",)), {"waba_id": "1"}, None, Verdict.UNSUITABLE),
    ],
)
def test_a_trial_judges_what_its_policy_wants(open_session, policy, ids, given, verdict):
    with open_session("healthy", FakePrompter(), knows=True) as (session, play):
        session.record.ids |= ids
        result = TokenTrial(Secret(given or play.access_token), policy).run(session)
        assert (result.verdict, result.ok) == (verdict, verdict is Verdict.ACCEPTED)


def test_a_trial_that_nobody_answers_is_no_refusal(open_session):
    with open_session("healthy", FakePrompter(), knows=True) as (session, play):
        play.close()
        result = TokenTrial(Secret(play.access_token), TrialPolicy()).run(session)
    assert result.verdict is Verdict.UNKNOWN


def test_a_silent_trial_says_nothing(open_session):
    with open_session("healthy", FakePrompter(), knows=True) as (session, play):
        policy = TrialPolicy(describe=False, show=False)
        TokenTrial(Secret(DEAD), policy).run(session)
        TokenTrial(Secret(play.access_token), policy).run(session)
    assert {kind for kind, *_ in session.prompter.events} == {"wait"}


def test_setup_offers_to_open_the_page_of_the_steps(open_session):
    with open_session("fresh-account", FakePrompter({"waba_id": ""}), knows=True) as (session, _):
        access.find_account(session, session.facts())
    first, *_ = session.checklist.item("account.visible").standing("not_given").steps
    assert session.prompter.pages == [first.link]
