"""What the tool does itself at Meta: consented, counted, and undone where it went wrong."""

import pytest
from fake_talk import ANY, Script

from wizard.inbox.nouns import StatusUpdate
from wizard.repairs import access, message, number, token
from wizard.repairs.number import REGISTRATIONS, registrations_left
from wizard.state.record import Confirmation
from wizard.text.secret import Secret


def test_the_pin_is_in_the_vault_before_the_number_is_registered(at_desk):
    with at_desk("number-unregistered", knows=True) as (desk, _):
        desk.vault.remove("two_step_pin")
        held = []

        class Watching(Script):
            def consent(self, *args, **kwargs):
                held.append(desk.vault.get("two_step_pin"))
                return True

        answers = {"two_step_pin": "314159", "two_step_pin_way": "known"}
        desk.talk = Watching(answers)
        number.register(desk, desk.facts())
        assert held[-1].secret == Secret("314159")
        assert desk.facts().number.registered


def test_a_declined_registration_sends_nothing_and_costs_nothing(at_desk):
    with at_desk("number-unregistered", knows=True) as (desk, play):
        desk.talk = Script({"two_step_pin": "314159"}, consents={"number.registered": False})
        number.register(desk, desk.facts())
        assert desk.vault.get("two_step_pin") is None
        assert registrations_left(desk, play.phone_number_id) == REGISTRATIONS
        assert not desk.facts().number.registered


def test_a_wrong_pin_is_tried_once_counted_and_no_longer_kept(at_desk):
    with at_desk("pin-wrong", knows=True) as (desk, play):
        desk.talk = Script(consents={"number.registered": True})
        number.register(desk, desk.facts())
        assert [error.code for error in desk.talk.troubles] == [133005]
        assert registrations_left(desk, play.phone_number_id) == REGISTRATIONS - 1
        assert desk.vault.get("two_step_pin") is None


def test_after_a_wrong_pin_a_new_one_is_proposed(at_desk):
    with at_desk("pin-wrong", knows=True) as (desk, _):
        consents = {"number.registered": True, "number.pin": True}
        desk.talk = Script(consents=consents)
        number.register(desk, desk.facts())
        desk.talk = Script(
            {"two_step_pin": "314159", "two_step_pin_way": "replace"}, consents=consents
        )
        number.register(desk, desk.facts())
        ways = [question for question in desk.talk.asked if question.name == "two_step_pin_way"]
        assert [question.default for question in ways] == ["replace"]
        assert desk.facts().number.registered


def test_whoever_has_no_account_yet_presses_enter_and_sees_how_to_make_one(at_desk):
    with at_desk("fresh-account", knows=True) as (desk, _):
        desk.talk = Script({"waba_id": ""})
        access.find_account(desk, desk.facts())
        assert desk.talk.keys[-1] == "account.none_found"
        assert ("instruct", "account.visible") in desk.talk.events


def test_ten_registrations_in_three_days_are_enough(at_desk):
    with at_desk("number-unregistered", knows=True) as (desk, play):
        desk.record.attempts[f"register:{play.phone_number_id}"] = [desk.stamp()] * 10
        desk.talk = Script()
        number.register(desk, desk.facts())
        assert desk.talk.keys == ["number.register_spent"]


def test_meta_s_own_lock_is_said_and_not_tried_again(at_desk):
    with at_desk("pin-locked", knows=True) as (desk, play):
        desk.talk = Script({"two_step_pin": "314159"}, consents={"number.registered": True})
        number.register(desk, desk.facts())
        assert [error.code for error in desk.talk.troubles] == [133016]
        assert registrations_left(desk, play.phone_number_id) == REGISTRATIONS - 1


def test_a_lost_pin_is_replaced_and_kept(at_desk):
    with at_desk("pin-unknown", knows=True) as (desk, _):
        answers = {"two_step_pin_way": "replace", "two_step_pin": "271828"}
        desk.talk = Script(answers, consents={"number.pin": True})
        number.keep_pin(desk, desk.facts())
        assert desk.vault.get("two_step_pin").secret == Secret("271828")


def test_an_app_that_wants_signed_requests_is_given_its_secret_with_the_token(at_desk):
    with at_desk("proof-required-secret-unknown") as (desk, play):
        wrong = "0" * 32
        answers = {"has_token": "yes", "access_token": play.access_token}
        desk.talk = Script({**answers, "app_secret": [wrong, play.app_secret]})
        access.take_token(desk, desk.facts())
        assert desk.vault.get("access_token").secret == Secret(play.access_token)
        assert desk.vault.get("app_secret").secret == Secret(play.app_secret)
        assert desk.record.ids["waba_id"] == play.waba_id


def test_a_wrong_app_secret_keeps_neither(at_desk):
    with at_desk("proof-required-secret-unknown") as (desk, play):
        wrong, token = "0" * 32, play.access_token
        desk.talk = Script(
            {"has_token": "yes", "access_token": [token, token], "app_secret": [wrong, wrong]}
        )
        access.take_token(desk, desk.facts())
        assert desk.vault.get("access_token") is None
        assert desk.vault.get("app_secret") is None


def test_numbers_that_meta_would_not_list_are_not_called_missing(at_desk):
    with at_desk("throttled-80007") as (desk, play):
        desk.talk = Script({"has_token": "yes", "access_token": play.access_token})
        access.take_token(desk, desk.facts())
        assert "access.no_number" not in desk.talk.keys
        assert [error.code for error in desk.talk.troubles] == [80007]


def test_a_dead_token_never_replaces_the_one_that_works(at_desk):
    with at_desk("healthy", knows=True) as (desk, _):
        before = desk.vault.get("access_token").secret
        dead = "EAA" + "x" * 150
        desk.talk = Script({"access_token": [dead, dead]})
        access.take_token(desk, desk.facts())
        assert desk.vault.get("access_token").secret == before
        assert "access.nothing_kept" in desk.talk.keys


def test_a_token_of_another_app_is_kept_only_when_the_person_switches(at_desk):
    with at_desk("rehearsal") as (desk, play):
        desk.record.ids["app_id"] = "1"
        answers = {"has_token": "yes", "access_token": play.access_token, "other_app": "stay"}
        desk.talk = Script(answers)
        access.take_token(desk, desk.facts())
        assert desk.vault.get("access_token") is None
        assert desk.record.ids == {"app_id": "1"}


def test_several_accounts_are_offered_and_the_chosen_one_is_taken(at_desk):
    with at_desk("three-accounts", knows=True) as (desk, _):
        desk.record.ids.clear()
        desk.talk = Script({"waba_id": "205380258680796", ANY: ""})
        access.take_assets(desk, desk.graph())
        assert desk.record.ids["waba_id"] == "205380258680796"


def test_one_of_forty_numbers_can_be_chosen(at_desk):
    with at_desk("forty-numbers", knows=True) as (desk, _):
        wanted = desk.facts().numbers[33]
        del desk.record.ids["phone_number_id"]
        desk.talk = Script({"phone_number_id": wanted.id})
        access.take_assets(desk, desk.graph())
        assert desk.record.ids["phone_number_id"] == wanted.id


def test_a_phone_number_id_pasted_for_an_account_leads_to_its_account(at_desk):
    with at_desk("healthy", knows=True) as (desk, play):
        desk.record.ids = {"app_id": play.app_id}
        desk.talk = Script()
        access.take_id(desk, desk.graph(), play.phone_number_id)
        assert desk.talk.keys == ["account.is_number"]
        assert desk.record.ids["waba_id"] == play.waba_id


def test_a_portfolio_pasted_for_an_account_leads_to_the_account_inside(at_desk):
    with at_desk("healthy", knows=True) as (desk, play):
        desk.record.ids = {"app_id": play.app_id}
        desk.talk = Script({ANY: ""})
        access.take_id(desk, desk.graph(), play.business_id)
        assert desk.talk.keys[0] == "account.is_business"
        assert desk.record.ids["waba_id"] == play.waba_id


@pytest.mark.parametrize("way", ["api", "manual"])
def test_a_lasting_token_replaces_the_temporary_one_only_when_it_is_proven(at_desk, way):
    with at_desk("rehearsal") as (desk, play):
        desk.talk = Script({ANY: "", **play.suggestions})
        access.take_token(desk, desk.facts())
        before = desk.vault.get("access_token").secret
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
        desk.talk = Script(answers, consents={ANY: True})
        token.renew(desk, desk.facts())
        changed = desk.vault.get("access_token").secret != before
        assert changed is (way == "api")


def test_an_app_secret_of_another_app_is_not_kept(at_desk):
    with at_desk("healthy", knows=True) as (desk, _):
        desk.vault.remove("app_secret")
        desk.talk = Script({"app_secret": "0" * 32})
        assert token.app_secret(desk) is False
        assert desk.vault.get("app_secret") is None


def test_an_accepted_message_is_remembered_with_its_wamid(at_desk):
    with at_desk("healthy", knows=True) as (desk, play):
        desk.talk = Script({ANY: "", **play.suggestions}, consents={"message.sent": True})
        message.send_test(desk, desk.facts())
        assert desk.record.test_message.wamid.startswith("wamid.")
        assert desk.record.test_message.state == "accepted"


def test_a_stranger_to_the_test_number_is_refused_with_the_rule_said_before(at_desk):
    with at_desk("test-number-stranger", knows=True) as (desk, play):
        desk.talk = Script({ANY: "", **play.suggestions}, consents={"message.sent": True})
        message.send_test(desk, desk.facts())
        assert "message.test_number_rule" in desk.talk.keys
        assert desk.record.test_message.code == 131030


@pytest.mark.parametrize(
    ("scenario", "state"),
    [("receiving", "delivered"), ("delivery-unpaid", "failed")],
)
def test_news_of_a_sent_message_is_waited_for_where_something_listens(
    at_desk, tmp_path, scenario, state
):
    with at_desk(scenario, knows=True) as (desk, play):
        desk.listener = News(state)
        desk.talk = Script({ANY: "", **play.suggestions}, consents={"message.sent": True})
        message.send_test(desk, desk.facts())
        assert desk.record.test_message.state == state
        assert bool(desk.talk.troubles) is (state == "failed")


class News:
    """A listener that has heard of every message already."""

    at = reader = property(lambda self: self)

    def __init__(self, state):
        self.state = state

    def wait_for_status(self, wamid, timeout):
        code = 131042 if self.state == "failed" else 0
        return StatusUpdate(wamid, self.state, "1", "", "", "", "", "{}", code=code)


def test_what_was_proven_of_the_former_app_does_not_sign_for_the_new_one(at_desk):
    with at_desk("rehearsal") as (desk, play):
        desk.record.ids["app_id"] = "1"
        desk.record.confirmed["app.published"] = Confirmation("published", desk.stamp())
        desk.vault.put("app_secret", Secret("a" * 32))
        desk.vault.put("access_token", Secret("EAA" + "z" * 150))
        desk.talk = Script({ANY: "", "access_token": play.access_token, "other_app": "switch"})
        access.take_token(desk, desk.facts())
        assert desk.record.ids["app_id"] == play.app_id
        assert desk.vault.get("app_secret") is None
        assert "app.published" not in desk.record.confirmed
