"""Every scenario file is complete, different, and names items that exist."""

import pytest

from wizard.audit import checklist
from wizard.sandbox import scenarios
from wizard.sandbox.world import Scenario, build, merge
from wizard.state.record import Status
from wizard.text.errors import ErrorKind

# Receiving is the next piece of work; its worlds are ready before its checklist.
LATER = set()
ALL = {scenario.name: scenario for scenario in scenarios()}


def test_there_are_many_and_the_default_comes_first():
    assert len(ALL) >= 180
    assert list(ALL)[:2] == ["rehearsal", "healthy"]


@pytest.mark.parametrize("scenario", ALL.values(), ids=ALL)
def test_a_scenario_says_in_both_languages_what_it_is_and_what_it_leads_to(scenario: Scenario):
    assert scenario.title.ru.strip()
    assert scenario.title.en.strip()
    assert scenario.expect
    assert {line.status for line in scenario.expect} <= set(Status)
    assert {line.after for line in scenario.expect} <= {"", "send"}


def test_no_two_scenarios_are_the_same_world():
    seen = {}
    for scenario in ALL.values():
        shape = repr(
            (
                scenario.world,
                scenario.faults,
                scenario.profile,
                sorted(scenario.suggestions.items()),
            )
        )
        assert shape not in seen, (scenario.name, seen[shape])
        seen[shape] = scenario.name


def test_no_two_scenarios_have_the_same_title():
    for language in ("ru", "en"):
        titles = [getattr(scenario.title, language) for scenario in ALL.values()]
        assert len(titles) == len(set(titles))


def test_every_expectation_names_an_item_and_a_reason_of_it():
    known = {item.id: item for item in checklist.load().items}
    sections = {item.section for item in known.values()}
    for scenario in ALL.values():
        for line in scenario.expect:
            if line.item in LATER or line.item.split(".")[0] not in sections:
                continue
            assert line.item in known, (scenario.name, line.item)
            reasons = {"", *known[line.item].reasons, *ErrorKind}
            assert line.reason in reasons, (scenario.name, line)


@pytest.mark.parametrize("scenario", ALL.values(), ids=ALL)
def test_what_the_owner_knows_is_there(scenario: Scenario):
    tree = build(scenario)
    assert scenario.profile["token"] in tree["tokens"]
    for account in tree["accounts"].values():
        assert account["business"] in tree["businesses"]
    for number in tree["numbers"].values():
        assert number["account"] in tree["accounts"]
    for token in tree["tokens"].values():
        assert token["person"] in tree["people"]
        assert token["app"] in tree["apps"]


def test_mappings_merge_null_removes_and_lists_replace():
    below = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    assert merge(below, {"a": {"b": None, "c": [3]}, "e": 2}) == {"a": {"c": [3]}, "d": 1, "e": 2}


def test_play_secrets_look_like_metas():
    tree = build(ALL["healthy"])
    assert all(token["value"].startswith("EAA") for token in tree["tokens"].values())
    assert {len(app["secret"]) for app in tree["apps"].values()} == {32}
