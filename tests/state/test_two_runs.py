"""Two runs over one profile at a time: neither takes back what the other one saved."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.fake_store import full_record
from wizard.state.record import ProfileRecord, RecordFile, SavedResult, SecretNote, Status
from wizard.state.yaml_file import merged


@pytest.fixture
def two(tmp_path):
    """Two stores of one file, each with its own record, loaded from the same content."""
    path = tmp_path / "shop" / "status.yaml"
    RecordFile(path).save(full_record())
    stores = RecordFile(path), RecordFile(path)
    return [(store, store.load()) for store in stores]


def test_what_the_other_run_saved_stays(two):
    (one, mine), (other, theirs) = two
    theirs.verdicts["token.scopes"] = SavedResult(Status.PASSED)
    theirs.secrets["app_secret"] = SecretNote("os-keyring")
    theirs.ids["business_id"] = "17"
    other.save(theirs)
    mine.webhook["level"] = "number"
    mine.secrets["two_step_pin"] = SecretNote("os-keyring")
    one.save(mine)
    seen = one.load()
    assert seen.verdicts["token.scopes"].status is Status.PASSED
    assert set(seen.secrets) == {"access_token", "app_secret", "two_step_pin"}
    assert seen.ids["business_id"] == "17"
    assert seen.webhook["level"] == "number"


def test_it_stays_through_every_later_save_too(two):
    (one, mine), (other, theirs) = two
    theirs.ids["business_id"] = "17"
    other.save(theirs)
    for number in range(3):
        mine.ids["app_id"] = str(number)
        one.save(mine)
    assert one.load().ids["business_id"] == "17"


def test_the_later_change_of_the_same_value_wins(two):
    (one, mine), (other, theirs) = two
    theirs.ids["waba_id"], mine.ids["waba_id"] = "1", "2"
    other.save(theirs)
    one.save(mine)
    assert one.load().ids["waba_id"] == "2"


def test_what_one_run_removed_does_not_come_back_through_the_other(two):
    (one, mine), (other, theirs) = two
    del theirs.secrets["access_token"]
    theirs.test_message = None
    other.save(theirs)
    mine.ids["app_id"] = "1"
    one.save(mine)
    assert one.load().secrets == {}
    assert one.load().test_message is None


def test_attempts_of_both_are_counted(two):
    """Meta counts them all: ten registrations in 72 hours."""
    (one, mine), (other, theirs) = two
    name = next(iter(mine.attempts))
    theirs.attempts[name].append("2026-11-22T13:00:00Z")
    other.save(theirs)
    mine.attempts[name].append("2026-11-22T14:00:00Z")
    one.save(mine)
    assert len(one.load().attempts[name]) == len(full_record().attempts[name]) + 2


def test_an_entry_is_merged_as_a_whole(two):
    (one, mine), (other, theirs) = two
    sent = replace(mine.test_message, wamid="wamid.NEW", state="accepted")
    theirs.test_message = replace(theirs.test_message, state="read")
    theirs.verdicts["token.scopes"] = SavedResult(
        Status.FAILED, "other", since="2026-11-23T00:00:00Z"
    )
    other.save(theirs)
    mine.test_message = sent
    seen = replace(mine.verdicts["token.scopes"], values={"n": 4})
    mine.verdicts["token.scopes"] = seen
    one.save(mine)
    assert one.load().test_message == sent
    assert one.load().verdicts["token.scopes"] == seen


def test_a_store_that_never_looked_replaces_what_is_there(tmp_path):
    path = tmp_path / "shop" / "status.yaml"
    RecordFile(path).save(ProfileRecord(profile="shop", ids={"waba_id": "1"}))
    RecordFile(path).save(ProfileRecord(profile="shop", ids={"app_id": "2"}))
    assert RecordFile(path).load().ids == {"app_id": "2"}


keys = st.sampled_from("abc")
nodes = st.recursive(
    st.integers(0, 3), lambda below: st.dictionaries(keys, below, max_size=3), max_leaves=6
)
trees = st.dictionaries(keys, nodes, max_size=3)


@given(trees, trees)
def test_a_merge_with_one_who_changed_nothing_is_the_other(base, changed):
    assert merged(base, changed, base) == changed
    assert merged(base, base, changed) == changed
    assert merged(base, changed, changed) == changed
