"""The walk, end to end: the real facts, checks and actions against the sandbox."""

import pytest

from tests.support.fake_prompter import ANY, FakePrompter
from tests.support.fake_vault import MemoryVault
from wizard.actions.changes import CHANGES, change
from wizard.actions.prompter import NextAction
from wizard.actions.results import ACTIONS, Declined, Done, Refused
from wizard.actions.session import Stores
from wizard.actions.setup import Setup
from wizard.audit.checklist import load
from wizard.audit.results import ItemResult, waiting
from wizard.graph.consent import granted
from wizard.state.record import Goal, Status
from wizard.text.errors import Back, ErrorKind, UserAbort
from wizard.text.secret import Secret


def standing(results):
    return {result.item.id: result.status for result in results}


def willing(play, **answers):
    """Somebody who takes every offer, and answers what the sandbox suggests."""
    return FakePrompter(
        {ANY: "", **answers},
        moves={ANY: NextAction.FIX},
        consents={ANY: True},
        suggestions=play.suggestions,
    )


def unwilling():
    """Somebody who goes back from every question, and puts everything off."""
    return FakePrompter({ANY: Back}, moves={ANY: NextAction.LATER})


def test_a_rehearsal_goes_from_a_paste_to_a_sent_message(open_session):
    with open_session("rehearsal") as (session, play):
        session.prompter = willing(play)
        results = Setup(session).walk()
        seen = standing(results)
        required = [f for f in results if f.item.needed_for is Goal.SENDING]
        assert {seen[f.item.id] for f in required} == {Status.PASSED}
        assert seen["message.sent"] is Status.PASSED
        assert session.record.secrets["access_token"].kind == "SYSTEM_USER"
        assert session.vault.get("access_token").secret.reveal() != play.access_token
        assert session.record.ids["phone_number_id"] == play.phone_number_id


def test_a_healthy_account_asks_nothing_that_is_required(open_session):
    with open_session("healthy", knows=True) as (session, _):
        session.prompter = FakePrompter(
            {"test_message.to": Back}, moves={"message.sent": NextAction.LATER}
        )
        seen = standing(Setup(session).walk())
        assert seen["number.connected"] is Status.PASSED
        assert session.prompter.presented_ids == ["message.sent"]


def test_what_is_put_off_is_not_asked_again_in_this_run(open_session):
    with open_session("number-unregistered", knows=True) as (session, _):
        session.prompter = unwilling()
        seen = standing(Setup(session).walk())
        assert seen["number.registered"] is Status.FAILED
        assert len(session.prompter.presented_ids) == len(set(session.prompter.presented_ids))


def test_leaving_keeps_everything_done_so_far(open_session):
    with open_session("rehearsal") as (session, play):
        session.prompter = willing(play)
        session.prompter = FakePrompter(
            {ANY: ""},
            moves={"number.code_verified": NextAction.LEAVE},
            consents={"number.code_verified": Back},
            suggestions=play.suggestions,
        )
        with pytest.raises(UserAbort):
            Setup(session).walk()
        kept = session.store.load()
        assert kept.ids["waba_id"] == play.waba_id
        assert kept.secrets["access_token"].kind == "USER"
        assert kept.verdicts["access.valid"].status is Status.PASSED


def test_ctrl_c_in_the_middle_of_an_action_loses_nothing(open_session):
    with open_session("rehearsal") as (session, play):
        session.prompter = willing(play, verification_code=KeyboardInterrupt)
        with pytest.raises(KeyboardInterrupt):
            Setup(session).walk()
        assert session.store.load().ids["phone_number_id"] == play.phone_number_id


def test_steps_are_shown_when_somebody_wants_to_do_it_by_hand(open_session):
    with open_session("number-unregistered", knows=True) as (session, _):
        moves = {"number.registered": [NextAction.STEPS, NextAction.LATER], ANY: NextAction.LATER}
        session.prompter = FakePrompter({ANY: Back}, moves=moves)
        Setup(session).walk()
        assert ("instruct", "number.registered") in session.prompter.events


def test_looking_again_sees_what_was_done_elsewhere(open_session):
    with open_session("number-unregistered", knows=True) as (session, play):

        class ElsewhereThenAgain(FakePrompter):
            def next_action(self, result, moves, default=None):
                if result.item.id == "number.registered":
                    body = {"messaging_product": "whatsapp", "pin": "314159"}
                    path = f"{play.phone_number_id}/register"
                    session.graph().post(path, body, granted("", [f"POST /{path}"]))
                    return NextAction.AGAIN
                return super().next_action(result, moves, default)

        session.prompter = ElsewhereThenAgain({ANY: Back}, moves={ANY: NextAction.LATER})
        assert standing(Setup(session).walk())["number.registered"] is Status.PASSED


def test_an_unattended_run_says_which_answer_was_missing(open_session):
    from wizard.text.errors import InputRequired

    with open_session("rehearsal") as (session, _):
        session.prompter = FakePrompter(
            {"has_token": "yes", "access_token": InputRequired("access_token")}
        )
        setup = Setup(session, attended=False)
        setup.walk()
        assert setup.needed == {"access.present": "access_token"}


def test_the_first_look_is_given_before_anything_is_done(open_session):
    with open_session("number-unregistered", knows=True) as (session, _):
        session.prompter = unwilling()
        looks = []
        Setup(session).walk(
            seen=lambda found: looks.append((standing(found), list(session.prompter.events)))
        )
        assert looks[0][0]["number.registered"] is Status.FAILED
        assert not [event for event in looks[0][1] if event[0] == "present"]
        assert len(looks) == 1


def test_an_action_that_meta_does_not_answer_ends_the_item_and_not_the_walk(open_session):
    with open_session("template-answers-cut-off", knows=True) as (session, _):
        session.prompter = FakePrompter(moves={ANY: NextAction.LATER})
        seen = standing(Setup(session).walk())
        assert [error.kind for error in session.prompter.troubles] == [ErrorKind.PERMISSION]
        assert seen["message.sent"] is Status.WAITING


@pytest.mark.parametrize(("result", "ticked"), [(Done(), True), (Refused(), False)])
def test_a_refused_action_gets_no_tick_although_its_item_passes(
    open_session, monkeypatch, result, ticked
):
    with open_session("number-unregistered", knows=True) as (session, play):

        def registered_elsewhere(session, facts):
            path = f"{play.phone_number_id}/register"
            body = {"messaging_product": "whatsapp", "pin": "314159"}
            session.graph().post(path, body, granted("", [f"POST /{path}"]))
            return result

        monkeypatch.setitem(ACTIONS, "number.registered/not_registered", registered_elsewhere)
        session.prompter = unwilling()
        Setup(session).walk()
        shown = [one.item.id for one in session.prompter.settled_ones]
        assert ("number.registered" in shown) is ticked


def test_a_secret_pasted_into_the_words_of_a_confirmation_is_not_kept_in_the_clear(open_session):
    secret = "bf7d3ced54b5b95cb5672167d5a062b8"
    prompter = FakePrompter(confirms={"app.published": f"done, {secret}"})
    with open_session("receiving", prompter, knows=True) as (session, _):
        item = session.checklist.item("app.published")
        Setup(session)._confirm(ItemResult(item, waiting()))
        words = session.record.confirmed["app.published"].words
    assert words.startswith("done, ")
    assert secret not in words


def test_a_profile_that_is_not_finished_can_be_changed(open_session):
    with open_session("number-unregistered", knows=True) as (session, _):
        session.prompter = FakePrompter(
            {"change": "goals", "goals": "sending,receiving", ANY: Back},
            moves={"number.registered": [NextAction.CHANGE, NextAction.LATER], ANY: "later"},
            confirms={"app.published": ""},
        )
        Setup(session).walk()
        assert Goal.RECEIVING in session.store.load().goals


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_is_gone_back_from_changes_nothing(open_session, name):
    speaks = {"language": "fr"}
    with open_session("healthy", FakePrompter({ANY: Back}), knows=True) as (session, _):
        session.speak = speaks.get
        session.stores = Stores(open=None, use=None)
        session.record.confirmed |= dict.fromkeys(("app.published", "message.delivered"))
        before = (session.keys(), dict(session.record.ids), session.record.goals)
        assert change(session, name) == Declined()
        assert (session.keys(), session.record.ids, session.record.goals) == before


def test_receiving_comes_after_sending_and_publishing_last(open_session):
    prompter = FakePrompter({ANY: Back}, moves={ANY: "later"}, confirms={"app.published": ""})
    with open_session("webhook-none", prompter, knows=True) as (session, _):
        session.vault.remove("app_secret")
        session.record.goals = tuple(Goal)
        Setup(session).walk()
        asked = [event[1] for event in session.prompter.events if event[0] == "move"]
        assert asked[0] == "message.sent"
        assert "app.secret" in asked
    asked = session.prompter.presented_ids
    assert asked.index("message.sent") < asked.index("webhook.callback")
    assert asked[-1] == "app.published"


def test_a_look_that_saw_nothing_new_says_so(open_session):
    moves = {"account.visible": [NextAction.AGAIN, NextAction.LATER]}
    with open_session("fresh-account", FakePrompter({"waba_id": ""}, moves=moves)) as opened:
        session, play = opened
        session.record.ids["app_id"] = play.app_id
        session.vault.put("access_token", Secret(play.access_token))
        Setup(session).walk()
        assert session.prompter.keys.count("guide.looked") == 1


def test_a_closed_registration_shows_no_steps_to_register():
    item = load().item("number.registered")
    assert item.steps
    assert item.standing("closed").steps == ()
    assert item.standing("not_registered").steps == item.steps
    assert len(item.standing("phone_app").steps) == 3


def test_another_store_gets_what_the_one_before_holds(open_session):
    prompter = FakePrompter({"vault_store": "encrypted-file"})
    with open_session("healthy", prompter, knows=True) as (session, play):
        before, there, used = session.vault, MemoryVault(store="there"), []
        session.keep("access_token", Secret(play.access_token))

        def use(choice, vault):
            assert vault.get("access_token"), "recorded before the secrets were there"
            used.append(choice)

        session.stores = Stores(open=lambda choice: there, use=use)
        assert change(session, "store") == Done()
        assert (used, session.vault) == ([{"store": "encrypted-file"}], there)
        assert there.get("access_token").secret.reveal() == play.access_token
        assert before.get("access_token") is None
        assert session.record.secrets["access_token"].store == there.describe().store
