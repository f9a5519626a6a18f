"""Changes of templates: each with its own consent, once, and looked for after an odd answer."""

from dataclasses import replace

import pytest

from tests.support.fake_prompter import FakePrompter
from wizard.actions.results import AlreadySo, Declined, Done, Refused
from wizard.actions.templates import ITEM, apply, follow
from wizard.graph.consent import granted
from wizard.state.yaml_file import StateFileError
from wizard.templates.plan import Change
from wizard.text.errors import Exit

WABA, READY = "102290129340398", "590011220033447"
BODY = {"type": "BODY", "text": "Good news: your order is ready."}
NEW = {"name": "new_one", "language": "en_US", "category": "UTILITY", "components": [BODY]}
CREATE = Change("create", "new_one", "en_US", category="UTILITY", body=NEW)
EDIT = Change("edit", "order_ready", "ru", id=READY, body={"components": [BODY]})
DELETE = Change("delete", "order_ready", "ru", id=READY)
ALL = Change("delete", "order_received", "ru, en_US")
BLOCKED = Change("blocked", "order_ready", "ru", reason="status")
CHANGES = {
    "create": (CREATE, f"POST /{WABA}/message_templates"),
    "edit": (EDIT, f"POST /{READY}"),
    "delete": (DELETE, f"DELETE /{WABA}/message_templates  name=order_ready hsm_id={READY}"),
    "delete all": (ALL, f"DELETE /{WABA}/message_templates  name=order_received"),
}


def run(open_session, changes, scenario="healthy", consents=True, faults=()):
    answers = consents if isinstance(consents, list) else [consents] * len(changes)
    prompter = FakePrompter(consents={ITEM: answers} if answers else {})
    with open_session(scenario, prompter, knows=True) as (session, play):
        play._world.tree["faults"] = list(faults)
        opened, open_graph = [], session.open_graph
        session.open_graph = lambda keys: opened.append(open_graph(keys)) or opened[-1]
        done = apply(session, changes)
        sent = [one for graph in opened for one in graph.exchanges if one.method != "GET"]
        there = play._world["accounts"][WABA]["templates"].values()
        return [one.result for one in done], prompter, sent, [dict(one) for one in there]


@pytest.mark.parametrize("name", CHANGES)
def test_a_no_sends_nothing(open_session, name):
    change, request = CHANGES[name]
    (result,), prompter, sent, _ = run(open_session, [change], consents=False)
    assert isinstance(result, Declined)
    assert not sent
    ((item, _, shown, spends),) = prompter.consents_asked
    assert (item, shown[0], spends) == (ITEM, request, request.startswith("DELETE"))
    if change.body:
        assert "Good news: your order is ready." in "\n".join(shown)
    assert all(line.startswith("· ") for line in shown[1:])


def test_all_of_a_long_text_is_shown_and_none_of_it_is_a_request(open_session):
    text = f"DELETE /{WABA}/message_templates  " + "x" * 2000 + " end"
    body = NEW | {"components": [{"type": "BODY", "text": text}]}
    long = Change("create", "new_one", "en_US", body=body)
    _, prompter, _, _ = run(open_session, [long], consents=False)
    ((_, _, shown, _),) = prompter.consents_asked
    assert "".join(line.removeprefix("· … ") for line in shown).count("x") >= 2000
    assert max(map(len, shown)) < 1000
    assert not granted(ITEM, shown).covers("DELETE", f"{WABA}/message_templates")


@pytest.mark.parametrize("name", CHANGES)
def test_a_yes_sends_it_once(open_session, name):
    change, _ = CHANGES[name]
    (result,), _, sent, there = run(open_session, [change])
    assert isinstance(result, Done)
    assert len(sent) == 1
    names = [(one["name"], one["language"]) for one in there]
    assert (("new_one", "en_US") in names) is (change is CREATE)
    assert (("order_ready", "ru") in names) is (change is not DELETE)
    assert (("order_received", "ru") in names) is (change is not ALL)


def test_each_request_has_its_own_consent(open_session):
    results, prompter, sent, _ = run(open_session, [CREATE, EDIT], consents=[False, True])
    assert [type(one) for one in results] == [Declined, Done]
    assert [one.path for one in sent] == [f"/v26.0/{READY}"]
    assert len(prompter.consents_asked) == 2


def fault(**more):
    path = {"path": "*/message_templates", "method": "POST", "times": 1}
    return {**path, "kind": "error", "message": "odd", **more}


@pytest.mark.parametrize("code", [1, 99])
def test_an_error_of_a_template_that_was_not_created_is_an_error(open_session, code):
    (result,), _, sent, there = run(open_session, [CREATE], faults=[fault(code=code)])
    assert isinstance(result, Refused)
    assert len(sent) == 1
    assert "new_one" not in {one["name"] for one in there}


def created_all_the_same(play):
    made = NEW | {"id": "1", "status": "PENDING", "reviewed_at": 1 << 40}
    play._world["accounts"][WABA]["templates"]["new"] = made


@pytest.mark.parametrize("answer", [{"code": 1}, {"code": 99}, {"kind": "drop"}, {"kind": "cut"}])
def test_a_template_that_was_created_though_an_error_came_is_not_created_again(
    open_session, answer
):
    prompter = FakePrompter(consents={ITEM: True})
    with open_session("healthy", prompter, knows=True) as (session, play):
        play._world.tree["faults"] = [fault(**answer)]
        created_all_the_same(play)
        (done,) = apply(session, [CREATE])
    assert isinstance(done.result, AlreadySo)


def test_another_template_of_this_name_is_no_success(open_session):
    other = Change(
        "create", "order_ready", "ru", body=NEW | {"name": "order_ready", "language": "ru"}
    )
    (result,), prompter, _, _ = run(open_session, [other])
    assert isinstance(result, Refused)
    assert prompter.troubles[0].subcode == 2388024


def test_what_meta_refuses_stops_nothing_else(open_session):
    wrong = Change("edit", "autumn_sale", "ru", id="590011220033448", body={"components": []})
    results, _, _, _ = run(open_session, [wrong, CREATE, BLOCKED], consents=[True, True])
    assert [type(one) for one in results] == [Refused, Done, Refused]


def test_without_a_connection_nothing_more_is_asked(open_session):
    down = {"path": "*", "kind": "drop"}
    results, prompter, sent, _ = run(open_session, [CREATE, EDIT], consents=[True], faults=[down])
    assert [type(one) for one in results] == [Refused]
    assert len(prompter.consents_asked) == len(sent) == 1


def states(*rounds):
    left = [[{"status": status} for status in one] for one in rounds]
    return lambda: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize(
    ("rounds", "code"),
    [
        ([["APPROVED"]], Exit.FINE),
        ([["PENDING"], ["PENDING", "APPROVED"], ["APPROVED", "APPROVED"]], Exit.FINE),
        ([["PENDING"], ["REJECTED", "PENDING"]], Exit.NOT_IN_ORDER),
        ([["APPROVED", "PAUSED"]], Exit.NOT_IN_ORDER),
        ([["PENDING"]], Exit.NOT_SEEN),
        ([["A_NEW_WORD"]], Exit.NOT_SEEN),
    ],
)
def test_a_review_is_followed_to_its_end(rounds, code):
    assert follow(states(*rounds), 3.5, pause=lambda _: None)[0] is code


def test_waiting_ends_in_time():
    waits = []
    assert follow(states(["PENDING"]), 0, pause=waits.append)[0] is Exit.NOT_SEEN
    assert waits == []


PICTURE = {"type": "HEADER", "format": "IMAGE", "file": "logo.png"}
WITH_PICTURE = Change(
    "create",
    "new_one",
    "en_US",
    category="UTILITY",
    body=NEW | {"components": [PICTURE, BODY]},
)
APP = "1029384756102938"


def test_a_sample_that_is_a_file_is_uploaded_first_with_one_consent(open_session, tmp_path):
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n and more")
    prompter = FakePrompter(consents={ITEM: [True]})
    with open_session("healthy", prompter, knows=True) as (session, play):
        (done,) = apply(session, [WITH_PICTURE], tmp_path)
        (made,) = (
            one
            for one in play._world["accounts"][WABA]["templates"].values()
            if one["name"] == "new_one"
        )
    assert isinstance(done.result, Done)
    assert made["components"][0]["example"]["header_handle"]
    assert "file" not in made["components"][0]
    ((_, _, shown, _),) = prompter.consents_asked
    assert [line.partition("  ")[0] for line in shown if line.startswith("POST")] == [
        f"POST /{APP}/uploads",
        "POST /{upload session}",
        f"POST /{WABA}/message_templates",
    ]
    assert "logo.png" not in "".join(shown)


def test_an_upload_that_fails_creates_nothing(open_session, tmp_path):
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n and more")
    fault = {"kind": "error", "code": 200, "message": "(#200) No", "path": "*/uploads"}
    prompter = FakePrompter(consents={ITEM: [True]})
    with open_session("healthy", prompter, knows=True) as (session, play):
        play._world.tree["faults"] = [fault]
        (done,) = apply(session, [WITH_PICTURE], tmp_path)
        names = {one["name"] for one in play._world["accounts"][WABA]["templates"].values()}
    assert isinstance(done.result, Refused)
    assert "new_one" not in names


@pytest.mark.parametrize("name", ["../secret.png", "none.png", "/etc/hostname"])
def test_a_file_outside_of_the_folder_never_leaves_this_machine(open_session, tmp_path, name):
    (tmp_path / "secret.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "files").mkdir()
    header = PICTURE | {"file": name}
    change = replace(WITH_PICTURE, body=NEW | {"components": [header, BODY]})
    opened = open_session("healthy", FakePrompter(), knows=True)
    with opened as (session, _), pytest.raises(StateFileError):
        apply(session, [change], tmp_path / "files")
