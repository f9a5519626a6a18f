"""An attempt at Meta is scarce: nothing is sent in vain, and no answer to it is lost."""

from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.fake_prompter import ANY, FakePrompter
from wizard.actions import message, number, token
from wizard.actions.attempts import CODE_LIVES
from wizard.actions.prompter import NextAction
from wizard.actions.results import AlreadySo, Declined, Done, Refused
from wizard.actions.setup import Setup
from wizard.graph.client import GraphClient
from wizard.graph.errors import refusal
from wizard.state.record import OrderedCode, Status, TestMessage, parse_time, write_time
from wizard.state.yaml_file import StateFileError
from wizard.text.durations import wait_in
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.secret import Secret
from wizard.vault import StoredSecret, VaultError, VaultProblem

UNWRITABLE = StateFileError("read_only", "/there/status.yaml", "Read-only file system")


def register(session):
    return number.register(session, session.facts())


def request_code(session):
    return number.request_code(session, session.facts().number)


def enter_code(session):
    return number.enter_code(session, session.facts().number)


def replace_pin(session):
    return number.replace_pin(session, session.facts().number)


def send_text(session):
    return message.send_text(session, session.facts().number, "hello")


def add_new(session):
    return number.add_new(session)


#: What is done → the world, and what the person answers.
ACTS = {
    register: ("number-unregistered", {"two_step_pin": "314159"}),
    request_code: ("number-unverified", {"code_method": "sms", "code_language": "en_US"}),
    enter_code: ("number-unverified", {"verification_code": "000000"}),
    replace_pin: ("pin-unknown", {"two_step_pin": "314159"}),
    send_text: ("healthy", {"test_message.to": "+447700900999"}),
    add_new: ("healthy", {"phone_number": "+447700900124", "display_name": "Zarya"}),
}


class Meta:
    """What went to Meta, and what it answers: its own answer, or this one."""

    def __init__(self, session, answer=None, after=lambda: None):
        self.paths, open_graph = [], session.open_graph

        def opened(keys):
            graph = open_graph(keys)
            post = graph.post

            def noted(path, *given, **how):
                self.paths.append(path.rpartition("/")[2])
                try:
                    if isinstance(answer, Exception):
                        raise answer
                    return answer or post(path, *given, **how)
                finally:
                    after()

            graph.post = noted
            return graph

        session.open_graph = opened


def refused(code, subcode=0, said="", **more):
    return refusal(
        400, {"error": {"code": code, "error_subcode": subcode, "message": said or "No."}}, **more
    )


@pytest.fixture
def acting(open_session):
    """A session in the world of an act, with a person who consents to everything."""

    @contextmanager
    def opened(act, answers=None, attended=False):
        world, usual = ACTS[act]
        prompter = FakePrompter(
            {ANY: "", **(answers or {})},
            consents={ANY: True},
            suggestions=usual | {"code_language": "en_US"},
            attended=attended,
        )
        with open_session(world, prompter, knows=True) as (session, play):
            if act is register:
                session.vault.remove("two_step_pin")
            yield session, play

    return opened


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_nothing_is_sent_when_its_outcome_could_not_be_kept(acting, act):
    with acting(act) as (session, _):
        meta, session.store.trouble = Meta(session), UNWRITABLE
        with pytest.raises(StateFileError):
            act(session)
    assert meta.paths == []


@pytest.mark.parametrize("act", [register, replace_pin], ids=lambda act: act.__name__)
def test_nothing_is_sent_when_the_pin_could_not_be_kept(acting, act):
    with acting(act) as (session, _):
        meta = Meta(session)

        def shut(name, secret):
            raise VaultError(VaultProblem.LOCKED, "os-keyring")

        session.vault.put = shut
        with pytest.raises(VaultError):
            act(session)
    assert meta.paths == []


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
@pytest.mark.parametrize("answer", [None, refused(100, said="Not this one.")], ids=["own", "no"])
def test_meta_s_answer_is_said_before_anything_else_can_fail(acting, act, answer):
    with acting(act) as (session, _):
        at = []

        def answered():
            at.append(len(session.prompter.events))
            session.store.trouble = UNWRITABLE

        Meta(session, answer, after=answered)
        with suppress(StateFileError):
            act(session)
        said = {kind for kind, *_ in session.prompter.events[at[0] :]}
    assert said & {"say", "trouble"}


@pytest.mark.parametrize("code", [133005, 133008, 100])
@pytest.mark.parametrize("act", [register, replace_pin], ids=lambda act: act.__name__)
def test_a_vault_that_fails_after_the_answer_changes_nothing_about_it(acting, act, code):
    with acting(act) as (session, _):
        kept = session.vault.get("two_step_pin")
        Meta(session, refused(code), after=lambda: setattr(session.vault, "closed", "locked"))
        result = act(session)
    assert kept is None
    assert isinstance(result, Refused)
    assert [error.code for error in session.prompter.troubles] == [code]


def test_a_pin_of_the_environment_needs_no_store(acting):
    with acting(register) as (session, _):
        session.vault = FromEnvironment(session.vault, "000000")
        session.prompter.attended = True  # and yet it is not asked for: the variable goes first
        Meta(session, refused(133005))
        result = register(session)
    assert isinstance(result, Refused)
    assert [error.code for error in session.prompter.troubles] == [133005]
    assert session.prompter.keys[-1] == "number.pin_wrong_there"


class FromEnvironment:
    """The PIN is a variable's; there is no store for anything to be kept in."""

    def __init__(self, vault, pin):
        self._vault, self._pin = vault, pin

    def get(self, name):
        if name == "two_step_pin":
            return StoredSecret(Secret(self._pin), "environment", "WA_WIZARD_TWO_STEP_PIN")
        return self._vault.get(name)

    def put(self, name, secret):
        raise VaultError(VaultProblem.MISSING, "os-keyring")

    remove = put


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("act", "answer", "closed", "wait"),
    [
        (register, refused(133016), "register", 72 * HOUR),
        (register, refused(133016, said="Try again in 5 hours."), "register", 5 * HOUR),
        (register, refused(133008, said="Try again in 12 hours."), "register", 12 * HOUR),
        (register, refused(133009, said="Wait 10 minutes."), "register", HOUR / 6),
        (register, refused(133015), "register", HOUR / 12),
        (register, refused(4, wait=120.0), "register", HOUR / 30),
        (request_code, refused(136024, 2388091), "request_code", HOUR),
        (request_code, refused(136024, 2388367), "request_code", 24 * HOUR),
        (
            enter_code,
            refused(136025, said="Please try again after 2 hours"),
            "verify_code",
            2 * HOUR,
        ),
        (replace_pin, refused(133009, said="Please wait 30 minutes"), "pin", HOUR / 2),
    ],
)
def test_until_when_meta_refuses_is_remembered_and_nothing_sent_before(
    acting, act, answer, closed, wait
):
    with acting(act) as (session, play):
        meta = Meta(session, answer)
        start = session.now()
        assert isinstance(act(session), Refused)
        noted = session.store.load().closed[f"{closed}:{play.phone_number_id}"]
        assert noted.code == answer.code
        assert abs(parse_time(noted.until) - start - wait) < timedelta(minutes=1)
        assert isinstance(act(session), Refused)
        assert len(meta.paths) == 1
        assert session.prompter.keys[-1] == f"number.{closed}_closed"
        # When the time is over it may be tried again, and Meta has the word.
        session.now = lambda: datetime.now(UTC) + wait + timedelta(minutes=1)
        act(session)
        assert len(meta.paths) == 2


@pytest.mark.parametrize("code", [133005, 133006, 100, 10, 131031])
def test_a_refusal_that_names_no_time_closes_nothing(acting, code):
    with acting(register) as (session, _):
        Meta(session, refused(code))
        register(session)
        assert session.record.closed == {}


@pytest.mark.parametrize(
    ("said", "hours"),
    [
        ("Too many attempts in the last 72 hours.", None),
        ("Too many attempts in the last 72 hours. Try again after 2026-11-22 15:00 UTC.", 3),
        ("Please retry after 1 day", 24),
        ("Подождите 2 часа", 2),
        ("Повторите попытку через 30 минут.", 0.5),
        ("Try again later.", None),
        ("Try again after 2026-99-22 15:00 UTC.", None),
        ("", None),
    ],
)
def test_the_wait_that_meta_names(said, hours):
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert wait_in(said, noon) == (None if hours is None else hours * HOUR)


@pytest.mark.parametrize(
    ("world", "item", "reason"),
    [
        ("pin-locked", "number.registered", "closed"),
        ("codes-asked-too-often", "number.code_verified", "codes_closed"),
        ("codes-not-sent", "number.code_verified", "codes_closed"),
    ],
)
def test_setup_offers_no_attempt_while_meta_takes_none(open_session, world, item, reason):
    with open_session(world, knows=True) as (session, play):
        meta = Meta(session)
        session.prompter = FakePrompter(
            {ANY: ""},
            moves={item: [NextAction.FIX, NextAction.AGAIN, NextAction.LATER], ANY: "later"},
            consents={ANY: True},
            suggestions=play.suggestions,
        )
        results = {result.item.id: result for result in Setup(session).walk()}
        moves = [
            moves
            for kind, *rest in session.prompter.events
            if kind == "move"
            for name, moves in [rest]
            if name == item
        ]
    assert results[item].reason == reason
    assert results[item].status is Status.FAILED
    assert len(meta.paths) == 1
    assert [NextAction.FIX in offered for offered in moves] == [True, False, False]


@pytest.mark.parametrize(
    ("act", "world"), [(register, "healthy"), (request_code, "number-unregistered")]
)
def test_what_is_so_already_spends_no_attempt(open_session, act, world):
    with open_session(world, FakePrompter(), knows=True) as (session, _):
        meta = Meta(session)
        assert act(session) == AlreadySo()
    assert meta.paths == []
    assert session.record.attempts == {}


def test_a_new_name_is_registered_and_the_pin_is_not_called_proven(open_session):
    prompter = FakePrompter(
        {"two_step_pin": "271828", "two_step_pin_way": "known"}, consents={ANY: True}
    )
    with open_session("name-approved-anew", prompter, knows=True) as (session, _):
        session.vault.remove("two_step_pin")
        meta = Meta(session, {"success": True})
        assert register(session) == Done()
        assert session.vault.get("two_step_pin") is None
    assert meta.paths == ["register"]
    assert "number.registers_again" in prompter.keys


def test_a_wrong_code_is_asked_for_again_in_place(acting):
    with acting(
        enter_code, {"verification_code": ["000000", "111111", "123-830"]}, attended=True
    ) as (session, _):
        request_code(session)
        meta = Meta(session)
        assert enter_code(session) == Done()
    assert meta.paths == ["verify_code"] * 3
    assert len(session.prompter.troubles) == 2


@pytest.mark.parametrize("word", ["later", "Позже"])
def test_a_wrong_code_can_be_put_off(acting, word):
    with acting(enter_code, {"verification_code": ["000000", word]}, attended=True) as (session, _):
        meta = Meta(session)
        assert isinstance(enter_code(session), Refused)
    assert meta.paths == ["verify_code"]


def test_another_code_is_sent_only_when_it_is_asked_for(acting):
    typed = ["000000", "", "new", "123830"]
    with acting(enter_code, {"verification_code": typed}, attended=True) as (session, _):
        meta = Meta(session)
        assert enter_code(session) == Done()
    assert meta.paths == ["verify_code", "request_code", "verify_code"]


@pytest.mark.parametrize(
    "answer",
    [
        refused(136025, 2388093),
        refused(136025, said="Registration is not available for SMB accounts."),
        refused(136025, said="Try again in 3 hours."),
        refused(190),
    ],
)
def test_what_another_code_would_not_help_is_not_asked_again(acting, answer):
    codes = ["000000", "later"] if "Try again" in answer.message else "000000"
    with acting(enter_code, {"verification_code": codes}, attended=True) as (session, _):
        meta = Meta(session, answer)
        assert isinstance(enter_code(session), Refused)
    assert meta.paths == ["verify_code"]


def test_a_code_is_not_typed_for_ever(acting):
    with acting(enter_code, {"verification_code": ["000000"] * 5}, attended=True) as (session, _):
        meta = Meta(session)
        assert isinstance(enter_code(session), Refused)
    assert len(meta.paths) == 5


@pytest.mark.parametrize(
    ("age", "default"), [(timedelta(minutes=1), "have"), (CODE_LIVES * 2, "sms"), (None, "sms")]
)
def test_a_code_that_was_ordered_minutes_ago_is_remembered(acting, age, default):
    with acting(request_code, {"code_method": ""}) as (session, play):
        if age is not None:
            order = OrderedCode(write_time(session.now() - age), "sms")
            session.record.codes[play.phone_number_id] = order
        meta = Meta(session)
        assert request_code(session) == Done()
        asked = next(one for one in session.prompter.asked if one.name == "code_method")
        assert asked.default == default
        assert meta.paths == ([] if default == "have" else ["request_code"])
        assert session.store.load().codes or default == "have"
        session.prompter.attended = True


@pytest.mark.parametrize(
    ("way", "paths", "result"),
    [
        ("known", ["register", "register"], Done),
        ("replace", ["register", "106540352242922", "register"], Done),
        ("later", ["register"], Declined),
    ],
)
def test_a_wrong_pin_is_asked_for_again_in_place(open_session, way, paths, result):
    prompter = FakePrompter(
        {"two_step_pin": "999999", "two_step_pin_way": way}
        if way != "later"
        else {"two_step_pin_way": way},
        consents={ANY: True},
        attended=True,
    )
    with open_session("pin-wrong", prompter, knows=True) as (session, play):
        meta = Meta(session)
        assert isinstance(register(session), result)
        assert [error.code for error in prompter.troubles] == [133005]
        assert number.registrations_left(session, play.phone_number_id) == 10 - paths.count(
            "register"
        )
    assert meta.paths == paths


@pytest.mark.parametrize("typed", [["0" * 32, ""], ["0" * 32, "0" * 32]], ids=["empty", "same"])
def test_a_wrong_app_secret_is_asked_for_again_in_place(open_session, typed):
    with open_session("healthy", knows=True) as (session, play):
        session.vault.remove("app_secret")
        session.prompter = FakePrompter({"app_secret": ["0" * 32, play.app_secret]}, attended=True)
        assert token.ask_app_secret(session) == Done()
        session.prompter = FakePrompter({"app_secret": typed}, attended=True)
        assert isinstance(token.ask_app_secret(session), Refused)
        (shown,) = session.prompter.troubles
    # In words about the secret: the same code means a dead token elsewhere.
    assert (shown.kind, shown.proof) == (ErrorKind.REFUSED, "secret")


def test_the_message_that_another_run_sent_is_not_sent_again(open_session):
    answers = {"test_message.to": "+447700900999", ANY: ""}
    with open_session("healthy", FakePrompter(answers, consents={ANY: True}), knows=True) as (
        session,
        play,
    ):
        load = session.store.load
        wamid = TestMessage(
            play.phone_number_id,
            "447700900999",
            "wamid.X",
            session.stamp(),
            "accepted",
            "order_received",
        )

        def elsewhere():
            record = load()
            record.test_message = wamid
            return record

        session.store.load = elsewhere
        meta = Meta(session)
        assert message.send_test(session, session.facts()) == AlreadySo()
    assert meta.paths == []


def test_a_pin_whose_answer_was_lost_is_kept_and_sent_once_more(open_session, monkeypatch):
    with open_session("pin-unknown", knows=True) as (session, _):
        post = GraphClient.post

        def lost(self, path, body, consent, **more):
            post(self, path, body, consent, **more)
            raise Unavailable(ErrorKind.UNREACHABLE, cause="reset")

        known = {"two_step_pin": "314159"}
        session.prompter = FakePrompter(known, consents={"number.pin": True})
        monkeypatch.setattr(GraphClient, "post", lost)
        assert not number.replace_pin(session, session.facts().number).ok
        assert session.vault.get("two_step_pin").secret.reveal() == "314159"
        monkeypatch.setattr(GraphClient, "post", post)
        session.prompter = FakePrompter(consents={"number.pin": True})
        assert isinstance(number.keep_pin(session, session.facts()), Done)
        session.prompter = FakePrompter()
        assert isinstance(number.keep_pin(session, session.facts()), AlreadySo)


def test_a_pin_that_meta_has_is_kept_when_the_registration_is_declined(open_session):
    with open_session("pin-wrong", knows=True) as (session, _):
        session.vault.remove("two_step_pin")
        known = {"two_step_pin_way": "replace", "two_step_pin": "314159"}
        consents = {"number.pin": True, "number.registered": False}
        session.prompter = FakePrompter(known, consents=consents)
        assert not number.register(session, session.facts()).ok
        assert session.vault.get("two_step_pin").secret.reveal() == "314159"
