"""A token from outside with dirt around it, by the command line: never "your token is dead"."""

import codecs
import json
import sys

import pytest

from tests.support.command_fixtures import home, told, wizard
from wizard import sandbox
from wizard.state.config import Config

__all__ = ["home", "told", "wizard"]

VARIABLE = "WA_WIZARD_ACCESS_TOKEN"
#: What is cleaned away.
CLEANED = {
    "double quotes": '"{}"',
    "single quotes": "'{}'",
    "typographic quotes": "“{}”",
    "Bearer": "Bearer {}",
    "a header": "Authorization: Bearer {}",
    "a byte order mark": "\ufeff{}",
    "zero-width characters": "\u200b{}\u2060",
    "a space that does not break": "\u00a0{}\u00a0",
    "spaces": "  {}  ",
    "a semicolon": "{};",
    "its own name": f"{VARIABLE}={{}}",
    "export": f'export {VARIABLE}="{{}}"',
    "line ends": "{}\r\n\n",
    "a second line, as pass has it": "{}\nuser: somebody\nurl: https://example.com\n",
    "JSON": '{{"access_token": "{}"}}',
}
#: What cannot be put right, and is named.
NAMED = {
    "a line break in its middle": lambda token: f"{token[:70]}\n{token[70:]}",
    "a space in its middle": lambda token: f"{token[:70]} {token[70:]}",
    "two tokens": lambda token: f"{token}\n{token[:-5]}abcde",
    "the first letters alone": lambda token: f"{token[:40]}…",
    "a placeholder": lambda _: "<your access token>",
    "an app secret": lambda _: "0123456789abcdef" * 2,
}


def by_variable(value, _folder, environ):
    environ(VARIABLE, value.decode())
    return VARIABLE


def by_file(value, folder, environ):
    (folder / "value").write_bytes(value)
    environ(f"{VARIABLE}_FILE", str(folder / "value"))
    return f"{VARIABLE}_FILE"


def by_systemd(value, folder, environ):
    (folder / "wa-wizard-access_token").write_bytes(value)
    environ("CREDENTIALS_DIRECTORY", str(folder))
    return "wa-wizard-access_token"


SOURCES = [by_variable, by_file, by_systemd]


@pytest.fixture(scope="module")
def meta():
    with sandbox.start("healthy") as running:
        yield running


@pytest.fixture
def audit(meta, home, told, tmp_path, monkeypatch):
    """Runs `audit` with a token from a source: exit code, items, what names it in the output."""
    monkeypatch.setenv("WA_WIZARD_GRAPH_URL", meta.graph_url)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")

    def run(source, value):
        named = source(value, tmp_path, monkeypatch.setenv)
        code, document = told("audit", "--no-input")
        written = json.dumps(document)
        assert meta.access_token[:30] not in written
        return code, {item["id"]: item for item in document.get("items", ())}, (named, written)

    return run


#: A program that keeps secrets, one of which somebody typed into it by hand.
HELPER = """
import pathlib, sys
_, call, name = sys.argv
path = pathlib.Path(__file__).with_name(name)
if call == "set":
    path.write_bytes(sys.stdin.buffer.read())
elif call == "delete":
    path.unlink()
elif name == "access_token":
    sys.stdout.buffer.write({value!r})
elif path.exists():
    sys.stdout.buffer.write(path.read_bytes())
"""


def keep_in_a_program(home, token):
    program = home.config_folder.parent / "helper.py"
    program.write_text(HELPER.format(value=token.encode()))
    calls = {
        call: [sys.executable, str(program), call, "{name}"] for call in ("get", "set", "delete")
    }
    home.save_config(Config().with_profile("default", vault={"store": "command", **calls}))


def in_order(items):
    present, valid = items["access.present"], items["access.valid"]
    return (present["status"], valid["status"]) == ("passed", "passed")


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("dirt", CLEANED.values(), ids=CLEANED)
def test_what_stands_around_a_token_is_cleaned_away(audit, meta, source, dirt):
    code, items, _ = audit(source, dirt.format(meta.access_token).encode())
    assert in_order(items)
    assert code == 0


@pytest.mark.parametrize("source", [by_file, by_systemd])
@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF8])
def test_a_file_of_another_encoding_is_read(audit, meta, source, mark):
    encoding = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(
        mark, "utf-8"
    )
    code, items, _ = audit(source, mark + f"{meta.access_token}\r\n".encode(encoding))
    assert in_order(items)
    assert code == 0


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("spoil", NAMED.values(), ids=NAMED)
def test_a_token_that_cannot_be_right_is_named_by_its_place(audit, meta, source, spoil):
    code, items, (named, _) = audit(source, spoil(meta.access_token).encode())
    present, valid = items["access.present"], items["access.valid"]
    assert (code, present["reason"], valid["status"]) == (1, "unusable", "skipped")
    assert named in present["values"]["source"]
    assert items["environment.reachable"]["status"] == "passed"  # the rest is looked at


def test_an_app_secret_that_cannot_be_right_is_named_and_costs_only_itself(
    audit, meta, monkeypatch
):
    monkeypatch.setenv("WA_WIZARD_APP_SECRET", "two words")
    code, items, _ = audit(by_variable, meta.access_token.encode())
    assert (code, items["app.secret"]["reason"]) == (0, "unusable")
    assert "WA_WIZARD_APP_SECRET" in items["app.secret"]["values"]["source"]
    assert in_order(items)


def test_what_asks_meta_for_one_thing_names_the_variable_and_stops(home, told, monkeypatch):
    monkeypatch.setenv(VARIABLE, "two words")
    code, document = told("number", "list", "--no-input")
    assert (code, document["error"]["key"]) == (5, "vault.invalid")
    assert VARIABLE in document["error"]["values"]["detail"]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("empty", ["", "\n", '""', "\ufeff", " \u200b "])
def test_an_empty_token_is_none(audit, home, source, empty):
    keep_in_a_program(home, "")
    _, items, _ = audit(source, empty.encode())
    assert items["access.present"]["reason"] == "not_given"
    assert items["access.valid"]["status"] == "skipped"


@pytest.mark.parametrize("dirt", ["Bearer {}", "{}\nuser: somebody", "\ufeff{}"])
def test_a_store_of_other_programs_is_cleaned_too(audit, home, meta, dirt):
    keep_in_a_program(home, dirt.format(meta.access_token))
    _, items, _ = audit(lambda *_: "command", b"")
    assert in_order(items)


def _home_config(folder, content):
    (folder / "w").mkdir(mode=0o700, exist_ok=True)
    (folder / "w" / "config.yaml").write_bytes(content)
    return ["profiles", "list"]


def _given_secret(folder, content):
    (folder / "token").write_bytes(content)
    answers = f"goals: sending\nsecrets: {{access_token: {{file: {folder / 'token'}}}}}\n"
    (folder / "a.yaml").write_text(answers)
    return ["setup", "--no-input", "--answers", folder / "a.yaml"]


def _named(name, *words):
    """The command line whose last word is a file of this name."""

    def write(folder, content):
        (folder / name).write_bytes(content)
        return [*words, folder / name]

    return write


def _template(*words):
    def write(folder, content):
        (folder / "hello.yaml").write_bytes(content)
        return ["templates", *words, "--dir", folder]

    return write


#: Who reads a text file of a person's: what is in it, and where the file is named.
READERS = {
    "import": (_named("x.env", "credentials", "import", "--yes"), "# {}\nVERIFY_TOKEN=abc\n"),
    "set": (_named("x", "credentials", "set", "verify_token", "--from-file"), "{}\n"),
    "answers": (_named("a.yaml", "setup", "--no-input", "--answers"), "# {}\ngoals: sending\n"),
    "a secret's file": (_given_secret, "{}\n"),
    "configuration": (_home_config, "# {}\nschema: 1\n"),
    "templates": (_template("plan"), "# {}\nname: hello\n"),
    "input of api": (_named("x.json", "api", "POST", "me", "--yes", "--input"), '{{"a": "{}"}}'),
}
#: With a mark in front it is plain what it is; without one it may be anything.
ENCODINGS = {"cp1251": "Ключ", "koi8-r": "Ключ", "latin-1": "clé", "utf-16-le": "key"}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("reader", READERS)
def test_a_text_in_another_encoding_is_named_as_such(told, tmp_path, reader, encoding):
    write, text = READERS[reader]
    words = write(tmp_path, text.format(ENCODINGS[encoding]).encode(encoding))
    code, data = told(*words, "--sandbox", "healthy") if reader == "input of api" else told(*words)
    ends = 6 if reader in ("configuration", "templates") else 2
    assert (code, data["error"]["key"]) == (ends, "files.not_utf8")
    assert data["error"]["values"]["detail"].isdecimal()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("reader", READERS)
def test_a_mark_of_the_encoding_is_enough(told, tmp_path, reader, encoding):
    write, text = READERS[reader]
    words = write(tmp_path, text.format("key").encode(encoding))
    _, data = told(*words, "--sandbox", "healthy") if reader == "input of api" else told(*words)
    assert data.get("error", {}).get("key") != "files.not_utf8"
