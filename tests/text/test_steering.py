"""What could steer a terminal or reorder a line is in no output, neither text nor JSON."""

import io
import json
import sys
import unicodedata

import pytest

from wizard.report.documents import write_document
from wizard.text.sanitise import clean, clean_lines, json_text

STEERING = [
    chr(point)
    for point in range(sys.maxunicode + 1)
    if unicodedata.category(chr(point)) in ("Cc", "Cf", "Cs", "Zl", "Zp")
]


def test_json_escapes_all_of_them_and_says_the_same():
    content = {"text": "-".join(STEERING), "other": "Привет, 👍"}
    text = json_text(content)
    assert not set(text) & set(STEERING)
    assert json.loads(text) == content
    assert "Привет, 👍" in text
    assert json.loads(json_text(content, indent=2)) == content
    text.encode("utf-8")  # half characters too


def test_text_holds_none_of_them():
    for say in (clean, clean_lines):
        kept = {character for character in STEERING if character in say(f"a{character}b")}
        assert kept <= {"\n"}


def test_joined_emoji_stay_one_picture():
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    skin = "\U0001f9d1\U0001f3fd\u200d\U0001f680"
    assert clean(f"{family} {skin}") == f"{family} {skin}"
    assert clean("a\u200db") == "ab"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "koi8-r"])
def test_a_document_is_json_in_every_encoding(monkeypatch, encoding):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding, errors="backslashreplace")
    monkeypatch.setattr(sys, "stdout", stream)
    content = {"text": "Привет … 👍 é \ud800"}
    write_document(content, line=True)
    assert json.loads(raw.getvalue().decode(encoding)) == content
