"""What is remembered of our YAML is never anything else than what the YAML says."""

import json
import sys

import pytest

from wizard.state import compiled
from wizard.state.content import ContentError, read


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = tmp_path / "words.yaml"
    path.write_text("a: {ru: Раз, en: One}\n", "utf-8")
    return path


def kept(source):
    return source.parent / "__pycache__" / "words.yaml.json"


def test_the_second_reading_does_not_touch_yaml(source, monkeypatch):
    first = read(source)
    monkeypatch.setattr("wizard.state.content._parse", lambda *_: pytest.fail("parsed again"))
    assert read(source) == first


def test_another_text_of_the_same_length_and_time_is_read_anew(source):
    import os

    before = source.stat()
    read(source)
    source.write_text("a: {ru: Два, en: Two}\n", "utf-8")
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert read(source)["a"]["en"] == "Two"


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"of": "a: 2", "is": {"a": 1}}',
        b"[" * 100_000,
        b'{"is": {}}',
        b"\xff",
    ],
)
def test_a_damaged_memory_is_passed_over(source, damage):
    first = read(source)
    kept(source).write_bytes(damage)
    assert read(source) == first


def test_what_json_would_change_is_not_remembered(source):
    source.write_text("190: x\n2026-01-01: y\n")
    assert 190 in read(source)
    assert not kept(source).exists()
    assert 190 in read(source)


def test_a_folder_that_cannot_be_written_costs_only_time(source):
    (source.parent / "__pycache__").write_text("in the way")
    assert read(source)["a"]["ru"] == "Раз"


def test_who_wants_no_bytecode_gets_none(source, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    read(source)
    assert not kept(source).exists()


def test_a_file_that_is_wrong_stays_wrong(source):
    source.write_text("a: 1\na: 2\n")
    for _ in range(2):
        with pytest.raises(ContentError, match="repeated"):
            read(source)


def test_what_is_remembered_is_what_was_parsed(source):
    assert json.loads((read(source), kept(source).read_bytes())[1])["is"] == read(source)


def test_recall_of_nothing_is_nothing(source):
    assert compiled.recall(str(source), b"") is None
