"""What the tool does itself at Meta: consented, counted, and undone where it went wrong."""

import json
from pathlib import Path

import pytest

from tests.support.fake_prompter import ANY, FakePrompter
from wizard.actions import (
    access,
    message,
    number,
    token,
)
from wizard.actions.number import registrations_left
from wizard.actions.setup import Setup
from wizard.audit.checks.number import REGISTRATIONS
from wizard.state.record import Confirmation
from wizard.text.secret import Secret
from wizard.vault.environment import EnvironmentFirst
from wizard.webhook.inbox.models import StatusUpdate


def test_the_pin_is_in_the_vault_before_the_number_is_registered(open_session):
    with open_session("number-unregistered", knows=True) as (session, _):
        session.vault.remove("two_step_pin")
        held = []

        class Watching(FakePrompter):
            def consent(self, *args, **kwargs):
                held.append(session.vault.get("two_step_pin"))
                return super().consent(*args, **kwargs)

        session.prompter = Watching(
            {"two_step_pin": "314159"}, consents={"number.registered": True}
        )
        number.register(session, session.facts())
        assert held[-1].secret == Secret("314159")
        assert session.facts().number.registered


def test_a_declined_registration_sends_nothing_and_costs_nothing(open_session):
    with open_session("number-unregistered", knows=True) as (session, play):
        session.prompter = FakePrompter(
            {"two_step_pin": "314159"}, consents={"number.registered": False}
        )
        number.register(session, session.facts())
        assert session.vault.get("two_step_pin") is None
        assert registrations_left(session, play.phone_number_id) == REGISTRATIONS
        assert not session.facts().number.registered


def test_a_wrong_pin_is_tried_once_counted_and_no_longer_kept(open_session):
    with open_session("pin-wrong", knows=True) as (session, play):
        session.prompter = FakePrompter(consents={"number.registered": True})
        number.register(session, session.facts())
        assert [error.code for error in session.prompter.troubles] == [133005]
        assert registrations_left(session, play.phone_number_id) == REGISTRATIONS - 1
        assert session.vault.get("two_step_pin") is None


def test_a_wrong_pin_of_the_environment_is_said_where_there_is_no_store(open_session):
    """As in a container: what Meta said must not be lost to a keyring that nobody needs."""
    with open_session("pin-wrong", knows=True) as (session, play):
        given = {name.upper(): value for name, value in play.profile.secrets.items()}
        environ = {f"WA_WIZARD_{name}": value for name, value in given.items()}
        session.vault = EnvironmentFirst(environ | {"WA_WIZARD_TWO_STEP_PIN": "000000"}, None)
        session.prompter = FakePrompter(consents={"number.registered": True})
        assert not number.register(session, session.facts()).ok
        assert [error.code for error in session.prompter.troubles] == [133005]
        assert "number.pin_wrong_there" in session.prompter.keys


def test_after_a_wrong_pin_a_new_one_is_proposed(open_session):
    with open_session("pin-wrong", knows=True) as (session, _):
        session.prompter = FakePrompter(consents={"number.registered": True})
        number.register(session, session.facts())
        session.prompter = FakePrompter(
            {"two_step_pin": "314159", "two_step_pin_way": "replace"},
            consents={"number.registered": True, "number.pin": True},
        )
        number.register(session, session.facts())
        ways = [
            question for question in session.prompter.asked if question.name == "two_step_pin_way"
        ]
        assert [question.default for question in ways] == ["replace"]
        assert session.facts().number.registered


def test_whoever_has_no_account_yet_presses_enter_and_sees_how_to_make_one(open_session):
    with open_session("fresh-account", knows=True) as (session, _):
        session.prompter = FakePrompter({"waba_id": ""})
        access.find_account(session, session.facts())
        assert session.prompter.keys[-1] == "account.none_found"
        assert ("instruct", "account.visible") in session.prompter.events


def test_ten_registrations_in_three_days_are_enough(open_session):
    with open_session("number-unregistered", knows=True) as (session, play):
        session.record.attempts[f"register:{play.phone_number_id}"] = [session.stamp()] * 10
        session.prompter = FakePrompter()
        number.register(session, session.facts())
        assert session.prompter.keys == ["number.register_spent"]


def test_meta_s_own_lock_is_said_and_not_tried_again(open_session):
    with open_session("pin-locked", knows=True) as (session, play):
        session.prompter = FakePrompter(
            {"two_step_pin": "314159"}, consents={"number.registered": True}
        )
        number.register(session, session.facts())
        assert [error.code for error in session.prompter.troubles] == [133016]
        assert registrations_left(session, play.phone_number_id) == 0


def test_a_lost_pin_is_replaced_and_kept(open_session):
    with open_session("pin-unknown", knows=True) as (session, _):
        answers = {"two_step_pin_way": "replace", "two_step_pin": "271828"}
        session.prompter = FakePrompter(answers, consents={"number.pin": True})
        number.keep_pin(session, session.facts())
        assert session.vault.get("two_step_pin").secret == Secret("271828")


def test_an_app_that_wants_signed_requests_is_given_its_secret_with_the_token(open_session):
    with open_session("proof-required-secret-unknown") as (session, play):
        wrong = "0" * 32
        answers = {"has_token": "yes", "access_token": play.access_token}
        session.prompter = FakePrompter({**answers, "app_secret": [wrong, play.app_secret]})
        access.take_token(session, session.facts())
        assert session.vault.get("access_token").secret == Secret(play.access_token)
        assert session.vault.get("app_secret").secret == Secret(play.app_secret)
        assert session.record.ids["waba_id"] == play.waba_id


def test_a_wrong_app_secret_keeps_neither(open_session):
    with open_session("proof-required-secret-unknown") as (session, play):
        wrong, token = "0" * 32, play.access_token
        session.prompter = FakePrompter(
            {"has_token": "yes", "access_token": [token, token], "app_secret": [wrong, wrong]}
        )
        access.take_token(session, session.facts())
        assert session.vault.get("access_token") is None
        assert session.vault.get("app_secret") is None


def test_numbers_that_meta_would_not_list_are_not_called_missing(open_session):
    with open_session("throttled-80007") as (session, play):
        session.prompter = FakePrompter({"has_token": "yes", "access_token": play.access_token})
        access.take_token(session, session.facts())
        assert "access.no_number" not in session.prompter.keys
        assert [error.code for error in session.prompter.troubles] == [80007]


def test_a_dead_token_never_replaces_the_one_that_works(open_session):
    with open_session("healthy", knows=True) as (session, _):
        before = session.vault.get("access_token").secret
        dead = "EAA" + "x" * 150
        session.prompter = FakePrompter({"access_token": [dead, dead]})
        access.take_token(session, session.facts())
        assert session.vault.get("access_token").secret == before
        assert "access.nothing_kept" in session.prompter.keys


def test_a_token_of_another_app_is_kept_only_when_the_person_switches(open_session):
    with open_session("rehearsal") as (session, play):
        session.record.ids["app_id"] = "1"
        answers = {"has_token": "yes", "access_token": play.access_token, "other_app": "stay"}
        session.prompter = FakePrompter(answers)
        access.take_token(session, session.facts())
        assert session.vault.get("access_token") is None
        assert session.record.ids == {"app_id": "1"}


def test_several_accounts_are_offered_and_the_chosen_one_is_taken(open_session):
    with open_session("three-accounts", knows=True) as (session, _):
        session.record.ids.clear()
        session.prompter = FakePrompter({"waba_id": "205380258680796", ANY: ""})
        access.take_assets(session, session.graph())
        assert session.record.ids["waba_id"] == "205380258680796"


def test_one_of_forty_numbers_can_be_chosen(open_session):
    with open_session("forty-numbers", knows=True) as (session, _):
        wanted = session.facts().numbers[33]
        del session.record.ids["phone_number_id"]
        session.prompter = FakePrompter({"phone_number_id": wanted.id})
        access.take_assets(session, session.graph())
        assert session.record.ids["phone_number_id"] == wanted.id


def test_a_phone_number_id_pasted_for_an_account_leads_to_its_account(open_session):
    with open_session("healthy", knows=True) as (session, play):
        session.record.ids = {"app_id": play.app_id}
        session.prompter = FakePrompter()
        access.take_id(session, session.graph(), play.phone_number_id)
        assert session.prompter.keys == ["account.is_number"]
        assert session.record.ids["waba_id"] == play.waba_id


def test_a_portfolio_pasted_for_an_account_leads_to_the_account_inside(open_session):
    with open_session("healthy", knows=True) as (session, play):
        session.record.ids = {"app_id": play.app_id}
        session.prompter = FakePrompter({ANY: ""})
        access.take_id(session, session.graph(), play.business_id)
        assert session.prompter.keys[0] == "account.is_business"
        assert session.record.ids["waba_id"] == play.waba_id


@pytest.mark.parametrize("way", ["api", "manual"])
def test_a_lasting_token_replaces_the_temporary_one_only_when_it_is_proven(open_session, way):
    with open_session("rehearsal") as (session, play):
        session.prompter = FakePrompter({ANY: ""}, suggestions=play.suggestions)
        access.take_token(session, session.facts())
        before = session.vault.get("access_token").secret
        answers = {
            "token_way": way,
            "app_secret": play.app_secret,
            "access_token": "EAA" + "y" * 150,
        }
        answers = answers if way == "manual" else {**answers, ANY: ""}
        if way == "manual":
            del answers["app_secret"]
        else:
            del answers["access_token"]
        session.prompter = FakePrompter(answers, consents={ANY: True})
        token.renew(session, session.facts())
        changed = session.vault.get("access_token").secret != before
        assert changed is (way == "api")


def test_an_app_secret_of_another_app_is_not_kept(open_session):
    with open_session("healthy", knows=True) as (session, _):
        session.vault.remove("app_secret")
        session.prompter = FakePrompter({"app_secret": "0" * 32})
        assert token.app_secret(session) is False
        assert session.vault.get("app_secret") is None


def test_an_accepted_message_is_remembered_with_its_wamid(open_session):
    with open_session("healthy", knows=True) as (session, play):
        session.prompter = FakePrompter(
            {ANY: ""}, suggestions=play.suggestions, consents={"message.sent": True}
        )
        message.send_test(session, session.facts())
        assert session.record.test_message.wamid.startswith("wamid.")
        assert session.record.test_message.state == "accepted"


def test_a_stranger_to_the_test_number_is_refused_with_the_rule_said_before(open_session):
    with open_session("test-number-stranger", knows=True) as (session, play):
        session.prompter = FakePrompter(
            {ANY: ""}, suggestions=play.suggestions, consents={"message.sent": True}
        )
        message.send_test(session, session.facts())
        assert "message.test_number_rule" in session.prompter.keys
        assert session.record.test_message.code == 131030


@pytest.mark.parametrize(
    ("scenario", "state"),
    [("receiving", "delivered"), ("delivery-unpaid", "failed")],
)
def test_news_of_a_sent_message_is_waited_for_where_something_listens(
    open_session, tmp_path, scenario, state
):
    with open_session(scenario, knows=True) as (session, play):
        session.listener = News(state)
        session.prompter = FakePrompter(
            {ANY: ""}, suggestions=play.suggestions, consents={"message.sent": True}
        )
        message.send_test(session, session.facts())
        assert session.record.test_message.state == state
        assert bool(session.prompter.troubles) is (state == "failed")


class News:
    """A listener that has heard of every message already."""

    at = reader = property(lambda self: self)
    path = Path("none.sqlite3")

    def __init__(self, state):
        self.state = state

    def wait_for_status(self, wamid, timeout):
        content = {"status": self.state, "errors": [{"code": 131042}] * (self.state == "failed")}
        return StatusUpdate(kind="status", id=wamid, raw=json.dumps(content))


def test_what_was_confirmed_can_be_taken_back(open_session):
    prompter = FakePrompter({"change": "confirmed", "withdraw": "message.delivered"})
    with open_session("healthy", prompter) as (session, _):
        for item in ("app.published", "message.delivered", "item.of_another_version"):
            session.record.confirmed[item] = Confirmation("done", session.stamp())
        assert Setup(session).offer()
        assert set(session.record.confirmed) == {"app.published", "item.of_another_version"}


def test_nothing_is_offered_to_be_taken_back_where_nothing_was_confirmed(open_session):
    with open_session("healthy", FakePrompter({"change": "nothing"})) as (session, _):
        assert not Setup(session).offer()


def test_what_was_proven_of_the_former_app_does_not_sign_for_the_new_one(open_session):
    with open_session("rehearsal") as (session, play):
        session.record.ids["app_id"] = "1"
        session.record.confirmed["app.published"] = Confirmation("published", session.stamp())
        session.vault.put("app_secret", Secret("a" * 32))
        session.vault.put("access_token", Secret("EAA" + "z" * 150))
        session.prompter = FakePrompter(
            {ANY: "", "access_token": play.access_token, "other_app": "switch"}
        )
        access.take_token(session, session.facts())
        assert session.record.ids["app_id"] == play.app_id
        assert session.vault.get("app_secret") is None
        assert "app.published" not in session.record.confirmed


def test_a_refusal_to_register_what_is_registered_is_no_alarm(open_session):
    with open_session("name-approved-anew", knows=True) as (session, play):
        no = {"kind": "error", "code": 10, "message": "(#10) Application does not have permission"}
        play._world.tree["faults"] = [{"path": "*/register", "method": "POST", **no}]
        session.prompter = FakePrompter(consents={"number.registered": True})
        assert not number.register(session, session.facts()).ok
        assert "number.registered_before" in session.prompter.keys
