"""What every Store promises; the real one and the fake are held to the same."""

import pytest

from tests.support.fake_store import MemoryStore, full_record
from wizard.state.record import ProfileRecord, RecordFile
from wizard.state.yaml_file import StateFileError


class StoreContract:
    @pytest.fixture
    def store(self):
        raise NotImplementedError

    def test_what_was_never_saved_is_a_fresh_record(self, store):
        assert store.load() == ProfileRecord(profile="default")

    def test_what_was_saved_comes_back(self, store):
        store.save(full_record())
        assert store.load() == full_record()

    def test_the_last_save_wins(self, store):
        store.save(full_record())
        store.save(ProfileRecord(profile="default", ids={"app_id": "1"}))
        assert store.load().ids == {"app_id": "1"}
        assert store.load().verdicts == {}

    def test_what_changes_after_a_save_is_not_saved_by_itself(self, store):
        record = full_record()
        store.save(record)
        record.ids["app_id"] = "7"
        record.history.clear()
        assert store.load() == full_record()

    def test_two_loads_share_nothing(self, store):
        store.save(full_record())
        store.load().ids.clear()
        assert store.load() == full_record()

    def test_goals_may_be_empty(self, store):
        store.save(ProfileRecord(profile="default", goals=()))
        assert store.load().goals == ()


class TestFileStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        return RecordFile(tmp_path / "home" / "default" / "status.yaml")


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self):
        return MemoryStore()


def test_the_fake_can_fail_like_a_disk():
    store = MemoryStore(trouble=StateFileError("full", "status.yaml", "0"))
    with pytest.raises(StateFileError):
        store.save(ProfileRecord())
