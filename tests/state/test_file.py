"""The status file: what is kept of later versions, what a person may edit, what is refused."""

import os
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.fake_store import full_record
from wizard.state.record import Change, ProfileRecord, RecordFile, SavedResult, Status
from wizard.state.yaml_file import StateFileError
from wizard.text.secret import Secret


@pytest.fixture
def path(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir(mode=0o700)
    return folder / "status.yaml"


def put(path, text):
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    return RecordFile(path)


def test_a_fresh_record_is_named_after_its_folder(path):
    assert RecordFile(path).load().profile == "shop"


def test_the_file_is_yaml_that_begins_with_its_schema(path):
    RecordFile(path).save(full_record())
    content = yaml.safe_load(path.read_text("utf-8"))
    assert next(iter(content)) == "schema"
    assert content["ids"]["waba_id"] == "0102290129340398"


def test_ids_without_quotes_stay_strings_and_lose_no_digit(path):
    store = put(path, "ids: {waba_id: 102290129340398, app_id: 0123, business_id: 1e5}\n")
    expected = {"waba_id": "102290129340398", "app_id": "0123", "business_id": "1e5"}
    assert store.load().ids == expected


LATER = """\
schema: 1
profile: shop
mood: {colour: blue}
ids: {waba_id: '1'}
secrets: {access_token: {store: os-keyring, rotated: 2026-01-01, uses: 3}}
verdicts:
  token.scopes: {status: failed, reason: missing, seen_by: audit}
  token.kind: {status: passed, seen_by: audit}
test_message: {phone_number_id: '1', to: '2', wamid: w, at: t, price: 0.5}
"""


def test_keys_of_a_later_version_survive_a_save_at_every_level(path):
    store = put(path, LATER)
    record = store.load()
    record.ids["app_id"] = "9"
    store.save(record)
    content = yaml.safe_load(path.read_text("utf-8"))
    assert content["mood"] == {"colour": "blue"}
    assert content["secrets"]["access_token"] == {
        "store": "os-keyring",
        "rotated": "2026-01-01",
        "uses": 3,
    }
    assert content["verdicts"]["token.scopes"]["seen_by"] == "audit"
    assert content["test_message"]["price"] == 0.5
    assert store.load() == record


def test_what_was_kept_of_an_entry_goes_when_the_entry_goes(path):
    store = put(path, LATER)
    record = store.load()
    del record.secrets["access_token"], record.verdicts["token.kind"]
    record.test_message = None
    store.save(record)
    content = yaml.safe_load(path.read_text("utf-8"))
    assert {"secrets", "test_message"}.isdisjoint(content)
    assert set(content["verdicts"]) == {"token.scopes"}


def test_a_known_key_wins_over_what_was_kept(path):
    store = put(path, LATER)
    record = store.load()
    record.verdicts["token.scopes"] = SavedResult(Status.PASSED)
    store.save(record)
    assert store.load().verdicts["token.scopes"].status is Status.PASSED


def test_a_status_of_a_later_version_is_unknown_to_this_one(path):
    assert put(path, "verdicts: {a.b: {status: dreaming}}").load().verdicts["a.b"] == SavedResult(
        Status.UNKNOWN
    )


def test_a_newer_schema_is_read_but_never_written(path):
    text = "schema: 2\nprofile: shop\nids: {waba_id: '5'}\n"
    store = put(path, text)
    record = store.load()
    assert record.ids == {"waba_id": "5"}
    with pytest.raises(StateFileError) as trouble:
        store.save(record)
    assert (trouble.value.kind, trouble.value.detail) == ("newer", "2")
    assert path.read_text("utf-8") == text


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("schema: 1\nids: [1]", "2: ids"),
        ("ids: {waba_id: [1]}", "1: ids.waba_id"),
        ("verdicts:\n  a.b: {status: passed}\n  token.scopes: failed", "3: verdicts.token.scopes"),
        ("verdicts: {a.b: {values: {x: {y: 1}}}}", "1: verdicts.a.b.values.x"),
        ("history: 5", "1: history"),
        ("attempts: {register: {a: b}}", "1: attempts.register"),
        ("test_message:\n  to: 1\n  code: many", "3: test_message.code"),
        ("schema: one", "1: schema"),
        ("schema: true", "1: schema"),
        ("profile: x\nschema: 0", "2: schema"),
    ],
)
def test_what_we_would_never_write_is_refused_by_its_key(path, text, where):
    store = put(path, text)
    with pytest.raises(StateFileError) as trouble:
        store.load()
    assert (trouble.value.kind, trouble.value.detail) == ("malformed", where)


def test_a_malformed_file_is_never_replaced(path):
    text = "ids: {waba_id: '1'\nprofile: shop\n"
    store = put(path, text)
    with pytest.raises(StateFileError) as trouble:
        store.save(ProfileRecord())
    assert trouble.value.kind == "malformed"
    assert trouble.value.detail.startswith("2")
    assert path.read_text("utf-8") == text


def test_the_content_before_is_kept_beside_the_file(path):
    store = RecordFile(path)
    store.save(ProfileRecord(profile="first"))
    store.save(ProfileRecord(profile="second"))
    assert RecordFile(f"{path}.bak").load().profile == "first"


def test_a_secret_cannot_get_into_the_file(path):
    store = RecordFile(path)
    store.save(ProfileRecord(profile="before"))
    ids: Any = {"waba_id": Secret("EAAcanary")}
    with pytest.raises(TypeError) as error:
        store.save(ProfileRecord(ids=ids))
    assert "EAAcanary" not in str(error.value)
    assert store.load().profile == "before"
    assert "EAAcanary" not in "".join(p.read_text("utf-8") for p in path.parent.iterdir())


def test_old_history_is_dropped_before_the_file_grows_too_big(path):
    changes = [str(Change("2026-11-22T20:00:00Z", "x" * 300, "a", "b"))] * 2000
    store = RecordFile(path)
    store.save(ProfileRecord(profile="shop", ids={"waba_id": "1"}, history=changes))
    kept = store.load()
    assert kept.ids == {"waba_id": "1"}
    assert 0 < len(kept.history) < 2000


def test_a_record_too_big_without_history_is_refused_and_the_old_file_stays(path):
    store = RecordFile(path)
    store.save(ProfileRecord(profile="before"))
    with pytest.raises(StateFileError) as trouble:
        store.save(ProfileRecord(ids={"waba_id": "1" * 300_000}))
    assert trouble.value.kind == "too_big"
    assert store.load().profile == "before"


words = st.text(max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    ids=st.dictionaries(words, words, max_size=4),
    values=st.dictionaries(words, words | st.integers() | st.booleans() | st.none(), max_size=4),
    extra=st.dictionaries(st.just("later"), st.lists(words | st.booleans()), max_size=1),
)
def test_any_text_comes_back_as_it_was(tmp_path_factory, ids, values, extra):
    store = RecordFile(tmp_path_factory.mktemp("any") / "p" / "status.yaml")
    big = {k: v for k, v in values.items() if not isinstance(v, int) or abs(v) < 10**17}
    record = ProfileRecord(
        profile="p", ids=ids, verdicts={"a.b": SavedResult(Status.FAILED, values=big)}, extra=extra
    )
    store.save(record)
    assert store.load() == record


@pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX")
def test_folder_and_files_are_for_the_owner_alone(tmp_path):
    before = os.umask(0)
    try:
        path = tmp_path / "deep" / "shop" / "status.yaml"
        RecordFile(path).save(ProfileRecord())
        RecordFile(path).save(ProfileRecord())
    finally:
        os.umask(before)
    for folder in (path.parent, path.parent.parent):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert {p.name: p.stat().st_mode & 0o777 for p in path.parent.iterdir()} == {
        "status.yaml": 0o600,
        "status.yaml.bak": 0o600,
        ".status.yaml.lock": 0o600,
    }
