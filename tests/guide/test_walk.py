"""The walk, end to end: the real facts, checks and repairs against the sandbox."""

import pytest
from fake_talk import ANY, Script

from wizard.guide import Guide
from wizard.state.record import Goal, Status
from wizard.talk import Move
from wizard.text.errors import ErrorKind, UserAbort


def standing(findings):
    return {finding.item.id: finding.outcome.status for finding in findings}


def willing(play, **answers):
    """Somebody who takes every offer, and answers what the sandbox suggests."""
    given = {ANY: "", **play.suggestions, **answers}
    return Script(given, moves={ANY: Move.REPAIR}, consents={ANY: True})


def test_a_rehearsal_goes_from_a_paste_to_a_sent_message(at_desk):
    with at_desk("rehearsal") as (desk, play):
        desk.talk = willing(play)
        findings = Guide(desk).walk()
        seen = standing(findings)
        required = [f for f in findings if f.item.needed_for is Goal.SENDING]
        assert {seen[f.item.id] for f in required} == {Status.PASSED}
        assert seen["message.sent"] is Status.PASSED
        assert desk.record.secrets["access_token"].kind == "SYSTEM_USER"
        assert desk.vault.get("access_token").secret.reveal() != play.access_token
        assert desk.record.ids["phone_number_id"] == play.phone_number_id


def test_a_healthy_account_asks_nothing_that_is_required(at_desk):
    with at_desk("healthy", knows=True) as (desk, _):
        desk.talk = Script(moves={"message.sent": Move.LATER})
        seen = standing(Guide(desk).walk())
        assert seen["number.connected"] is Status.PASSED
        assert desk.talk.presented_ids == ["message.sent"]


def test_what_is_put_off_is_not_asked_again_in_this_run(at_desk):
    with at_desk("number-unregistered", knows=True) as (desk, _):
        desk.talk = Script(moves={ANY: Move.LATER})
        seen = standing(Guide(desk).walk())
        assert seen["number.registered"] is Status.FAILED
        assert len(desk.talk.presented_ids) == len(set(desk.talk.presented_ids))


def test_whoever_leaves_finds_everything_kept(at_desk):
    with at_desk("rehearsal") as (desk, play):
        desk.talk = willing(play)
        desk.talk = Script(
            {ANY: "", **play.suggestions}, moves={"number.code_verified": Move.LEAVE}
        )
        with pytest.raises(UserAbort):
            Guide(desk).walk()
        kept = desk.store.load()
        assert kept.ids["waba_id"] == play.waba_id
        assert kept.secrets["access_token"].kind == "USER"
        assert kept.verdicts["access.valid"].status is Status.PASSED


def test_ctrl_c_in_the_middle_of_a_repair_loses_nothing(at_desk):
    with at_desk("rehearsal") as (desk, play):
        answers = {ANY: "", **play.suggestions, "verification_code": KeyboardInterrupt}
        desk.talk = Script(answers, moves={ANY: Move.REPAIR}, consents={ANY: True})
        with pytest.raises(KeyboardInterrupt):
            Guide(desk).walk()
        assert desk.store.load().ids["phone_number_id"] == play.phone_number_id


def test_steps_are_shown_when_somebody_wants_to_do_it_by_hand(at_desk):
    with at_desk("number-unregistered", knows=True) as (desk, _):
        moves = {"number.registered": [Move.STEPS, Move.LATER], ANY: Move.LATER}
        desk.talk = Script(moves=moves)
        Guide(desk).walk()
        assert ("instruct", "number.registered") in desk.talk.events


def test_looking_again_sees_what_was_done_elsewhere(at_desk):
    with at_desk("number-unregistered", knows=True) as (desk, play):

        class ElsewhereThenAgain(Script):
            def move(self, finding, moves):
                if finding.item.id == "number.registered":
                    body = {"messaging_product": "whatsapp", "pin": "314159"}
                    desk.graph().post(f"{play.phone_number_id}/register", body)
                    return Move.AGAIN
                return super().move(finding, moves)

        desk.talk = ElsewhereThenAgain(moves={ANY: Move.LATER})
        assert standing(Guide(desk).walk())["number.registered"] is Status.PASSED


def test_a_run_that_nobody_watches_says_which_answer_was_missing(at_desk):
    from wizard.text.errors import InputRequired

    with at_desk("rehearsal") as (desk, _):
        desk.talk = Script({"has_token": "yes", "access_token": InputRequired("access_token")})
        guide = Guide(desk, attended=False)
        guide.walk()
        assert guide.needed == {"access.present": "access_token"}


def test_the_first_look_is_told_before_anything_is_settled(at_desk):
    with at_desk("number-unregistered", knows=True) as (desk, _):
        desk.talk = Script(moves={ANY: Move.LATER})
        told = []
        Guide(desk).walk(seen=lambda found: told.append((standing(found), list(desk.talk.events))))
        assert told[0][0]["number.registered"] is Status.FAILED
        assert not [event for event in told[0][1] if event[0] == "present"]
        assert len(told) == 1


def test_a_repair_that_meta_does_not_answer_ends_the_item_and_not_the_walk(at_desk):
    with at_desk("template-answers-cut-off", knows=True) as (desk, _):
        desk.talk = Script(moves={"message.sent": [Move.REPAIR, Move.LATER], ANY: Move.LATER})
        seen = standing(Guide(desk).walk())
        assert [error.kind for error in desk.talk.troubles] == [ErrorKind.PERMISSION]
        assert seen["message.sent"] is Status.WAITING
