"""The loader against everything that YAML can hide."""

import subprocess
import sys
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.state.safe_yaml import DEEPEST, LARGEST, InvalidYaml, line_of, parse
from wizard.state.yaml_file import dump

LAUGHS = b"a: &a [x, x, x, x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (98 + i, 98 + i, b", ".join([b"*%c" % (97 + i)] * 9)) for i in range(8)
)
MERGES = b"a: &a {x: 1}\n" + b"".join(
    b"%c: &%c {<<: [%s]}\n" % (98 + i, 98 + i, b", ".join([b"*%c" % (97 + i)] * 9))
    for i in range(8)
)
BOMBS = {
    "billion laughs": (LAUGHS, "alias", 1),
    "merge keys": (MERGES, "alias", 1),
    "an anchor alone": (b"ids:\n  a: &x 1\n", "alias", 2),
    "an alias to nothing": (b"a: *x\n", "alias", 1),
    "python object": (b"a: 1\nb: !!python/object/apply:os.system ['true']\n", "tag", 2),
    "binary": (b"a: !!binary aGk=\n", "tag", 1),
    "set": (b"!!set {a, b}\n", "tag", 1),
    "forced type": (b"a: !!int '3'\n", "tag", 1),
    "repeated key": (b"ids:\n  a: 1\n  b: 2\n  a: 3\n", "repeated_key", 4),
    "repeated key, quoted": (b'a: 1\n"a": 2\n', "repeated_key", 2),
    "two documents": (b"a: 1\n---\na: 2\n", "several_documents", 2),
    "a list": (b"- a\n", "not_a_mapping", 1),
    "a word": (b"hello", "not_a_mapping", 1),
    "nothing": (b"", "empty", 0),
    "zero bytes of a damaged disk": (b"\0" * 4096, "syntax", 0),
    "a comment alone": (b"# gone\n", "empty", 0),
    "a key that is a list": (b"? [a, b]\n: 1\n", "key_is_no_word", 1),
    "a key that is a mapping": (b"{{a: 1}: 2}\n", "key_is_no_word", 1),
    "a tab": (b"a:\n\t- b\n", "syntax", 2),
    "not closed": (b"a: [1\nb: 2\n", "syntax", 2),
    "not UTF-8": (b"a: 1\nb: \xff\xfe\xfd\n", "not_utf8", 2),
    "too big": (b"a: " + b"x" * LARGEST, "too_big", 0),
    "deep flow": (b"a: " + b"[" * 60 + b"]" * 60, "too_deep", 1),
    "very deep flow": (b"[" * 100_000, "too_deep", 1),
    "very deep block": (b"- " * 100_000, "too_deep", 1),
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_we_never_write_is_refused_with_its_line(name):
    content, why, line = BOMBS[name]
    with pytest.raises(InvalidYaml) as error:
        parse(content)
    assert (error.value.why, error.value.line) == (why, line)


def test_the_deepest_nesting_that_is_allowed_passes():
    content = b"a: " + b"[" * (DEEPEST - 1) + b"]" * (DEEPEST - 1)
    assert parse(content)["a"] is not None


@pytest.mark.parametrize(
    ("plain", "value"),
    [
        ("012", "012"),
        ("12:30:45", "12:30:45"),
        ("22.0", 22.0),
        ("22.10", "22.10"),
        ("1e5", "1e5"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("+5", "+5"),
        ("-0", "-0"),
        ("-7", -7),
        ("102290129340398", 102290129340398),
        ("9" * 30, "9" * 30),
        ("no", "no"),
        ("Yes", "Yes"),
        ("True", "True"),
        ("true", True),
        ("2026-11-22", "2026-11-22"),
        ("2026-11-22T20:00:00Z", "2026-11-22T20:00:00Z"),
        (".inf", ".inf"),
        ("~", None),
        ("", None),
        ("null", None),
        ("=", "="),
        ("<<", "<<"),
    ],
)
def test_a_plain_word_is_what_stands_there(plain, value):
    found = parse(f"a: {plain}\n".encode())["a"]
    assert found == value
    assert type(found) is type(value)


def test_the_pure_parser_reads_the_same(monkeypatch):
    import yaml

    content = dump({"schema": 1, "ids": {"waba_id": "012"}, "on": True, "list": [1, "x: y", None]})
    expected = parse(content)
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert parse(content) == expected
    for bomb, why, _ in BOMBS.values():
        with pytest.raises(InvalidYaml) as error:
            parse(bomb)
        assert error.value.why == why


def test_a_limit_of_the_parser_itself_does_not_change_the_answer(monkeypatch):
    import yaml

    def refuse(*_, **__):
        raise yaml.parser.ParserError(None, None, "any words", yaml.Mark("", 0, 7, 0, None, 0))

    monkeypatch.setattr(yaml, "parse", refuse)
    for content, expected in (
        (b"a: 1\nb: " + b"[" * (DEEPEST + 1), ("too_deep", 2)),
        (b"a: [1]\n", ("syntax", 8)),
        (b"a: [1\n" * 3, ("syntax", 8)),
    ):
        with pytest.raises(InvalidYaml) as error:
            parse(content)
        assert (error.value.why, error.value.line) == expected


def test_the_line_of_a_key_is_found_by_its_path():
    content = b"a: 1\nb:\n  - c: 2\n  - c:\n      d: x\n"
    for path, line in (
        (["a"], 1),
        (["b"], 2),
        (["b", 1], 4),
        (["b", 1, "c", "d"], 5),
        (["b", 1, "gone"], 4),
        (["b", 9], 2),
        (["a", "below"], 1),
        ([], 1),
    ):
        assert line_of(content, path) == line, path


leaves = st.text() | st.booleans() | st.none() | st.integers(-(10**17), 10**17)
trees = st.recursive(
    leaves,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.text(), trees, min_size=1, max_size=4))
def test_whatever_we_write_we_read(tree):
    assert parse(dump(tree)) == tree


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200) | st.text("[]{}:,-?&*!|>'\"%@`#\n\t ab01", max_size=80).map(str.encode)
)
def test_any_bytes_are_a_mapping_or_are_refused(content):
    with suppress(InvalidYaml):
        assert isinstance(parse(content), dict)


def test_a_lone_surrogate_does_not_prevent_writing():
    assert parse(dump({"a": "x\ud83dy", "b": "kept"}))["b"] == "kept"


def test_the_worst_file_that_is_small_enough_is_refused_or_read_soon():
    """In a process of its own: a crash of the parser would take the tests with it."""
    worst = {
        "flow": "b'[' * 262000",
        "keys": "b''.join(b'k%d: 1\\n' % i for i in range(26000))",
        "braces": "b'a: ' + b'{a: ' * 60000",
        "questions": "b'? ' * 130000",
    }
    code = (
        "from wizard.state.safe_yaml import InvalidYaml; from wizard.state.safe_yaml import parse\n"
        "try: parse({})\nexcept InvalidYaml: pass\n"
    )
    for name, content in worst.items():
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", code.format(content)], check=True, timeout=30)
        assert time.monotonic() - began < 10, name
