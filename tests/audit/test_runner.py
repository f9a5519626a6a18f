"""The walk over the checklist: what is looked at, what stands in the way, what comes of it."""

import logging

import pytest
from msgspec import structs

from tests.support.fake_graph import FakeGraph, envelope
from tests.support.fake_prompter import FakePrompter
from tests.support.healthy import SENT
from wizard.actions.access import complete_ids
from wizard.audit import results as verdicts
from wizard.audit import runner as auditing
from wizard.audit.checklist import Checklist, Item, Section
from wizard.audit.checks import CHECKS
from wizard.audit.results import (
    CheckResult,
    ItemResult,
    exit_code,
    failed,
    from_error,
    keep_results,
    passed,
    unknown,
    waiting,
)
from wizard.audit.runner import (
    audit,
    look,
    spoken_of,
    unknown_names,
)
from wizard.report.documents import audit_document
from wizard.state.record import ID_NAMES, Confirmation, Goal, ProfileRecord, Status
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import Text
from wizard.ui.words import messages

WORDS = Text("-", "-")
RECEIVING, SENDING = Goal.RECEIVING, Goal.SENDING


class Quiet:
    """Facts of which nothing is asked but the record."""

    def __init__(self, confirmed=()):
        self.record = ProfileRecord(
            confirmed={item: Confirmation("done", "now") for item in confirmed}
        )
        self.gathered = 0

    def gather(self, names=None):
        self.gathered += 1


def item(item_id, *requires, needed_for=SENDING, confirm=None):
    return Item(item_id, WORDS, WORDS, needed_for, requires, confirm=confirm)


def checklist(*items):
    sections = dict.fromkeys(one.section for one in items)
    return Checklist(
        tuple(Section(s, WORDS, tuple(i for i in items if i.section == s)) for s in sections)
    )


@pytest.fixture
def checks(monkeypatch):
    """Judges by item id: an CheckResult, or an exception to raise. Returns the ids looked at."""
    looked = []

    def install(**outcomes):
        def judge(name, check_result):
            def check(facts):
                looked.append(name)
                if isinstance(check_result, Exception):
                    raise check_result
                return check_result

            return check

        registry = {
            name.replace("_", ".", 1): judge(name.replace("_", ".", 1), check_result)
            for name, check_result in outcomes.items()
        }
        monkeypatch.setattr(auditing, "CHECKS", registry)
        return looked

    return install


def statuses(results):
    return {f.item.id: f.status.value for f in results}


def test_findings_come_in_order_and_one_by_one(checks):
    looked = checks(a_one=passed(), a_two=failed("x"), b_one=passed())
    walk = audit(checklist(item("a.one"), item("a.two"), item("b.one")), Quiet())
    assert next(walk).item.id == "a.one"
    assert looked == ["a.one"]
    assert statuses(walk) == {"a.two": "failed", "b.one": "passed"}


@pytest.mark.parametrize(
    "before",
    [
        failed("x"),
        waiting(),
        Unavailable(ErrorKind.UNREACHABLE, cause="dns"),
        Unavailable(ErrorKind.NOT_GIVEN, name="waba_id"),
    ],
)
@pytest.mark.parametrize("needed_for", [SENDING, None])
def test_what_requires_something_not_in_order_is_skipped(checks, before, needed_for):
    looked = checks(a_one=before, a_two=passed(), a_three=passed())
    items = item("a.one"), item("a.two", "a.one", needed_for=needed_for), item("a.three", "a.two")
    results = list(audit(checklist(*items), Quiet()))
    assert [f.status for f in results[1:]] == [Status.SKIPPED] * 2
    # The end of a chain names its beginning: that is where something can be done.
    assert results[2].values == {"item": "a.one"}
    assert looked == ["a.one"]


@pytest.mark.parametrize(
    ("before", "then", "status"),
    [
        (failed("x"), waiting("not_sent"), "skipped"),
        (failed("x"), failed("refused"), "failed"),  # what was done is shown
        (failed("x"), passed(), "passed"),
        (unknown("x"), waiting("not_sent"), "waiting"),
        (passed(), waiting("not_sent"), "waiting"),
    ],
)
@pytest.mark.parametrize("only", [(), ("a.two",)])
def test_nobody_is_asked_to_do_what_cannot_work(checks, before, then, status, only):
    checks(a_one=before, a_two=then)
    items = item("a.one"), Item("a.two", WORDS, WORDS, SENDING, waits_for=("a.one",))
    assert statuses(audit(checklist(*items), Quiet(), only))["a.two"] == status


@pytest.mark.parametrize(
    "before", [unknown("x"), *map(Unavailable, [ErrorKind.ODD, ErrorKind.PERMISSION])]
)
def test_what_meta_does_not_show_of_one_item_hides_no_other(checks, before):
    """The token is not described, and account, number and templates answer with it all the same."""
    looked = checks(a_one=before, a_two=passed(), a_three=failed("x"))
    items = item("a.one"), item("a.two", "a.one"), item("a.three", "a.two")
    assert [one.status for one in audit(checklist(*items), Quiet())] == [
        Status.UNKNOWN,
        Status.PASSED,
        Status.FAILED,
    ]
    assert looked == ["a.one", "a.two", "a.three"]


def test_one_refusal_of_everything_is_said_once(checks):
    """What says the same as the item it requires is skipped, and what says more is not."""
    said = {"code": 200, "subcode": 0, "message": "API access blocked.", "trace": "A"}
    checks(
        a_one=Unavailable(ErrorKind.PERMISSION, **said),
        a_two=Unavailable(ErrorKind.PERMISSION, **{**said, "trace": "B"}),
        a_three=Unavailable(ErrorKind.PERMISSION, **{**said, "message": "Something else"}),
        a_four=passed(),
    )
    items = (
        item("a.one"),
        item("a.two", "a.one"),
        item("a.three", "a.two"),
        item("a.four", "a.two"),
    )
    results = list(audit(checklist(*items), Quiet()))
    assert [one.status.value for one in results] == ["unknown", "skipped", "unknown", "passed"]
    assert results[1].values == {"item": "a.one"}


def test_nothing_is_looked_at_behind_a_way_to_meta_that_is_shut(checks):
    """Its reasons name what is in the way, and are not those of other items."""
    looked = checks(environment_reachable=unknown("dns"), a_two=passed())
    items = item("environment.reachable"), item("a.two", "environment.reachable")
    results = list(audit(checklist(*items), Quiet()))
    assert results[1].values == {"item": "environment.reachable"}
    assert looked == ["environment.reachable"]


def test_a_check_that_cannot_look_is_unknown_with_its_values(checks):
    checks(a_one=Unavailable(ErrorKind.UNREACHABLE, cause="dns"))
    (result,) = audit(checklist(item("a.one")), Quiet())
    assert result.result == unknown("unreachable", cause="dns")


def test_a_check_that_breaks_is_unknown_and_the_others_go_on(checks, caplog):
    checks(a_one=KeyError("EAAGsecret"), a_two=passed())
    with caplog.at_level(logging.DEBUG):
        results = list(audit(checklist(item("a.one"), item("a.two")), Quiet()))
    assert statuses(results) == {"a.one": "unknown", "a.two": "passed"}
    assert results[0].reason == "broke"
    assert "a.one" in caplog.text
    assert "EAAGsecret" not in caplog.text + str(results)


def test_an_item_that_nobody_judges_is_a_defect_not_a_pass(checks):
    checks()
    (result,) = audit(checklist(item("a.one")), Quiet())
    assert (result.status, result.reason) == (Status.UNKNOWN, "broke")


def test_an_item_to_confirm_waits_for_a_person(checks):
    checks()
    by_hand = checklist(item("a.one", confirm=WORDS))
    (result,) = audit(by_hand, Quiet())
    assert result.result == waiting()
    (result,) = audit(by_hand, Quiet(confirmed=["a.one"]))
    assert result.status is Status.PASSED
    assert result.values["words"] == "done"


@pytest.mark.parametrize(
    ("judged", "confirmed", "status"),
    [
        (passed(), False, "passed"),
        (failed("x"), True, "failed"),
        (unknown("x"), True, "passed"),
        (unknown("x"), False, "waiting"),
        (Unavailable(ErrorKind.ODD), True, "passed"),
    ],
)
def test_what_meta_shows_goes_before_what_a_person_says(checks, judged, confirmed, status):
    checks(a_one=judged)
    facts = Quiet(confirmed=["a.one"] if confirmed else [])
    assert statuses(audit(checklist(item("a.one", confirm=WORDS)), facts)) == {"a.one": status}


ANOTHER = structs.replace(SENT, wamid="w")


@pytest.mark.parametrize(
    ("section", "change"),
    [
        ("app", lambda record: record.ids.update(app_id="2")),
        (
            "message",
            lambda record: setattr(record, "test_message", structs.replace(SENT, wamid="w")),
        ),
        ("message", lambda record: setattr(record, "test_message", None)),
        ("webhook", lambda record: record.webhook.update(callback_url="https://b.example")),
        ("webhook", lambda record: record.ids.update(phone_number_id="2")),
    ],
)
def test_a_confirmation_lapses_when_what_it_spoke_of_changes(section, change):
    asked, facts = item(f"{section}.one", confirm=WORDS), Quiet()
    record = facts.record
    record.ids = {"app_id": "1", "phone_number_id": "1"}
    record.webhook, record.test_message = {"callback_url": "https://a.example"}, SENT
    record.confirmed[asked.id] = Confirmation("done", "now", about=spoken_of(asked, record))
    assert statuses(audit(checklist(asked), facts)) == {asked.id: "passed"}
    change(record)
    assert statuses(audit(checklist(asked), facts)) == {asked.id: "waiting"}


TWO_SECTIONS = (item("a.one"), item("a.two", "a.one"), item("b.one", "a.two"), item("b.two"))


@pytest.mark.parametrize(
    ("only", "skip", "told", "looked_at"),
    [
        ((), (), "a.one a.two b.one b.two", "a.one a.two b.one b.two"),
        (["b.one"], (), "b.one", "a.one a.two b.one"),
        (["b"], (), "b.one b.two", "a.one a.two b.one b.two"),
        ((), ["a"], "b.one b.two", "b.one b.two"),
        ((), ["a.one", "b.two"], "a.two b.one", "a.two b.one"),
        (["b"], ["b.one"], "b.two", "b.two"),
        (["b.one"], ["a.two"], "b.one", "a.one b.one"),
    ],
)
def test_only_and_skip_take_items_and_sections(checks, only, skip, told, looked_at):
    looked = checks(a_one=passed(), a_two=passed(), b_one=passed(), b_two=passed())
    results = list(audit(checklist(*TWO_SECTIONS), Quiet(), only, skip))
    assert [f.item.id for f in results] == told.split()
    assert looked == looked_at.split()


def test_a_full_walk_gathers_first_and_a_narrow_one_asks_as_it_goes(checks):
    checks(a_one=passed())
    full, narrow = Quiet(), Quiet()
    list(audit(checklist(item("a.one")), full))
    list(audit(checklist(item("a.one")), narrow, only=["a.one"]))
    assert (full.gathered, narrow.gathered) == (1, 0)


def test_one_item_can_be_looked_at_alone(checks):
    checks(a_two=passed())
    assert look(item("a.two", "a.one"), Quiet()).status is Status.PASSED
    assert look(item("a.two", "a.one"), Quiet(), {"a.one": failed("x")}).status is Status.SKIPPED


def test_unknown_names_are_neither_items_nor_sections():
    names = ["a", "b.two", "c", "a.three"]
    assert unknown_names(checklist(*TWO_SECTIONS), names) == ["c", "a.three"]


def findings_of(**found):
    goals = {"s": SENDING, "r": RECEIVING, "n": None}
    return [
        ItemResult(item(f"a.{name}", needed_for=goals[name[0]]), CheckResult(Status(status)))
        for name, status in found.items()
    ]


@pytest.mark.parametrize(
    ("found", "goals", "code"),
    [
        ({"s": "passed", "n": "failed", "r": "failed"}, [SENDING], 0),
        ({"s": "passed", "r": "failed"}, [SENDING, RECEIVING], 1),
        ({"s": "failed"}, [RECEIVING], 1),
        ({"s": "waiting"}, [SENDING], 1),
        ({"s": "unknown", "s2": "skipped"}, [SENDING], 3),
        ({"s": "skipped", "n": "failed"}, [SENDING], 3),
        ({"s": "unknown", "s2": "failed"}, [SENDING], 1),
        ({"s": "passed", "n": "unknown", "n2": "waiting"}, [SENDING], 0),
        ({}, [SENDING], 0),
        ({"s": "failed"}, [], 0),
    ],
)
def test_the_exit_code_is_that_of_what_is_required(found, goals, code):
    assert exit_code(findings_of(**found), goals) == code


@pytest.mark.parametrize(
    ("found", "sending", "receiving"),
    [
        ({"s": "passed", "r": "passed", "n": "failed"}, True, True),
        ({"s": "passed", "r": "waiting"}, True, False),
        ({"s": "unknown", "r": "passed"}, False, False),
        ({"n": "passed"}, False, False),
        ({}, False, False),
    ],
)
def test_ready_for_a_goal_is_everything_it_needs(found, sending, receiving):
    results, record = findings_of(**found), ProfileRecord()
    keep_results(record, results, "2026-11-22T20:00:00Z")
    items = tuple(result.item for result in results)
    whole = Checklist((Section("s", Text("-", "-"), items),))
    ready = {goal: verdicts.stands(record, whole, [goal]) is Status.PASSED for goal in Goal}
    assert ready == {SENDING: sending, RECEIVING: receiving}


FIRST, SECOND = "2026-11-22T20:00:00Z", "2026-11-23T20:00:00Z"


def test_a_partial_look_dates_only_what_it_looked_at():
    record = ProfileRecord()
    keep_results(record, findings_of(s="passed", n="failed"), FIRST)
    keep_results(record, findings_of(s="passed"), SECOND)
    looked_at, other = (
        record.verdicts[result.item.id] for result in findings_of(s="passed", n="failed")
    )
    assert (looked_at.checked_at, looked_at.since) == (SECOND, FIRST)
    assert (other.checked_at, other.since) == (FIRST, FIRST)
    assert record.checked_at == SECOND
    items = tuple(result.item for result in findings_of(s="passed", n="failed"))
    saved = verdicts.remembered(Checklist((Section("s", WORDS, items),)), record)
    data = audit_document(saved)
    assert [row["checked_at"] for row in data["items"]] == [SECOND, FIRST]


def test_results_saved_without_a_date_keep_that_of_the_audit_they_come_from():
    record = ProfileRecord()
    keep_results(record, findings_of(s="passed", n="failed"), FIRST)
    for item, saved in record.verdicts.items():
        record.verdicts[item] = structs.replace(saved, checked_at="")
    keep_results(record, findings_of(s="passed"), SECOND)
    assert sorted(saved.checked_at for saved in record.verdicts.values()) == [FIRST, SECOND]


@pytest.mark.parametrize("trouble", ErrorKind)
def test_every_trouble_has_words_and_a_next_step_that_its_values_fill(trouble):
    check_result = from_error(Unavailable(trouble))
    keys = [f"reason.{check_result.reason}", f"reason.{check_result.reason}_next"]
    keys += [key for key in messages() if key.startswith(f"reason.{check_result.reason}_")]
    for key in keys:
        for language in ("ru", "en"):
            assert messages()[key].in_language(language, **check_result.values)


def test_values_of_the_trouble_itself_go_first():
    assert from_error(Unavailable(ErrorKind.BUSY, code=4, wait_minutes=7)).values == {
        "code": 4,
        "subcode": 0,
        "message": "",
        "details": "",
        "trace": "",
        "wait_minutes": 7,
    }


def test_the_registry_is_the_one_that_checks_fill():
    assert vars(auditing)["CHECKS"] is CHECKS


class Shop:
    """As much of a desk as taking over ids needs."""

    def __init__(self, graph, expected=(), **ids):
        self.expected = dict(expected)
        self.record, self.prompter, self._graph = ProfileRecord(ids=ids), FakePrompter(), graph

    def graph(self):
        return self._graph


def test_an_audit_takes_over_the_ids_that_leave_no_choice_and_says_so():
    graph = FakeGraph(
        {
            "GET debug_token": {"data": {"is_valid": True, "app_id": "1"}},
            "GET me/assigned_whatsapp_business_accounts": {"data": [{"id": "20", "name": "S"}]},
            "GET 20": {"id": "20", "name": "S", "owner_business_info": {"id": "9", "name": "Co"}},
            "GET 20/phone_numbers": {"data": [{"id": "30", "display_phone_number": "+49 151 1"}]},
        }
    )
    session = Shop(graph)
    taken = complete_ids(session)
    assert taken == session.record.ids
    assert set(taken) == set(ID_NAMES)
    assert {key.removeprefix("discovery.took_") for key in session.prompter.keys} == set(ID_NAMES)
    asked = len(graph.calls)
    assert complete_ids(session) == {}
    assert len(graph.calls) == asked


@pytest.mark.parametrize("answer", [Unavailable(ErrorKind.UNREACHABLE, cause="dns"), envelope(4)])
def test_ids_that_cannot_be_found_are_the_audits_to_report(answer):
    session = Shop(FakeGraph({"GET debug_token": answer}), app_id="1")
    assert complete_ids(session) == {}
    assert session.record.ids == {"app_id": "1"}
