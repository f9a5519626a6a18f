"""Every command with --json prints documents of its schema and nothing else, however it ends."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.support.output_schemas import error_schema, schema_of, schemas
from wizard.commands import COMMANDS
from wizard.report.outputs import OUTPUTS, schema_file

ROOT = Path(__file__).parents[2]
NAMES = [
    f"{command} {action}".strip() for command, many in COMMANDS.items() for action in many or [""]
]

#: Command → (scenario, its own words, exit code): where it does what it is for.
SUCCESS = [
    ("setup", "rehearsal", "", 0),
    ("audit", "healthy", "", 0),
    ("audit", "healthy", "--list", 0),
    ("audit", "healthy", "--format json --goal sending,receiving --fail-on never", 0),
    ("audit", "healthy", "--format jsonl --only token,account --skip token.kind", 0),
    ("audit", "token-revoked", "", 1),
    ("status", "healthy", "", 3),
    ("credentials list", "healthy", "", 0),
    ("credentials get", "healthy", "access_token", 0),
    ("credentials set", "healthy", "two_step_pin --from-env CONTRACT_PIN", 0),
    ("credentials remove", "healthy", "two_step_pin", 0),
    ("credentials import", "healthy", "{file} --yes", 0),
    ("credentials export", "healthy", "--yes", 0),
    ("credentials export", "healthy", "--yes --for n8n", 0),
    ("credentials export", "healthy", "--yes --output {new}", 0),
    ("credentials run", "healthy", "-- true", 0),
    ("credentials helper", "healthy", "aws-process", 0),
    ("credentials rotate", "healthy", "--if-expiring 14d", 0),
    ("number list", "forty-numbers", "", 0),
    ("number add", "no-number", "+447700900999 --name Zarya --yes", 0),
    ("number request-code", "number-unverified", "--yes --method sms", 0),
    ("number verify", "number-unverified", "123830", 0),
    ("number register", "number-unregistered", "--yes", 0),
    ("number pin", "healthy", "--yes", 0),
    ("templates list", "healthy", "", 0),
    ("templates show", "healthy", "order_received --language ru", 0),
    ("templates pull", "healthy", "--dir {new}", 0),
    ("templates plan", "healthy", "--dir {templates}", 1),
    ("templates apply", "healthy", "--dir {templates} --yes", 0),
    ("templates wait", "healthy", "order_received", 0),
    ("templates wait", "healthy", "autumn_sale", 1),
    ("templates delete", "healthy", "order_ready --yes", 0),
    ("templates lint", "healthy", "--dir {templates}", 0),
    ("templates lint", "healthy", "--dir {wrong}", 1),
    ("webhook show", "receiving", "", 0),
    ("webhook show", "webhook-secret-unknown", "", 0),
    ("webhook probe", "receiving", "", 0),
    ("webhook set", "webhook-none", "--yes", 0),
    ("webhook subscribe", "webhook-account-not-subscribed", "--yes", 0),
    ("webhook test", "webhook-none", "--port 0", 0),
    ("send", "healthy", "--to +447700900456 --template order_received --yes", 0),
    ("messages", "healthy", "", 0),
    ("messages", "healthy", "purge --older-than 1d", 0),
    ("messages", "healthy", "--export {new}", 0),
    ("events", "healthy", "", 0),
    ("events", "healthy", "--export {new}", 0),
    ("explain", "healthy", "190/463", 0),
    ("explain", "healthy", "999999", 3),
    ("explain", "healthy", "token.scopes", 0),
    ("profiles list", "healthy", "", 0),
    ("profiles use", "healthy", "default", 0),
    ("profiles add", "healthy", "shop --use --waba-id 102290129340398", 0),
    ("profiles remove", "healthy", "default --confirm default", 0),
    ("config list", "healthy", "", 0),
    ("config get", "healthy", "graph_version", 0),
    ("config set", "healthy", "lang ru", 0),
    ("config unset", "healthy", "lang", 0),
    ("bugreport", "healthy", "", 0),
    ("bugreport", "healthy", "--output {new}", 0),
    ("sandbox", "healthy", "--list", 0),
    ("completion", "healthy", "bash", 0),
    *(("help", "healthy", topic, 0) for topic in ("", "exit-codes", "environment", "checklist")),
    *(("help", "healthy", topic, 0) for topic in ("reasons", "json", "number add")),
]
#: What has to come before it.
BEFORE = {"send": "audit", "number verify": "number request-code --yes --method sms"}
#: What serves until it is stopped.
SERVING = {"webhook listen": "--port 0 --sandbox=receiving", "sandbox": ""}
#: What it takes to fail for want of a credential, beside the command itself.
NEEDS = {
    "credentials set": "access_token --from-env NOTHING",
    "credentials remove": "access_token --revoke",
    "credentials import": "{file} --yes",
    "credentials run": "-- true",
    "credentials helper": "aws-process",
    "credentials move": "--to encrypted-file",
    "number add": "+447700900999 --name Zarya --yes",
    "number request-code": "--yes --method sms",
    "number verify": "123830",
    "templates show": "order_received",
    "templates pull": "--dir {new}",
    "templates plan": "--dir {templates}",
    "templates apply": "--dir {templates} --yes",
    "templates wait": "order_received",
    "templates delete": "order_received --yes",
    "explain": "no.such",
    **dict.fromkeys(("config get", "config unset"), "nosuch"),
    "config set": "lang de",
    "profiles use": "nobody",
    "profiles add": "../x",
    "profiles remove": "nobody",
    "send": "--to +447700900456 --template hello_world --yes",
    "webhook listen": "--port 0",
    "webhook test": "--port 0",
    "completion": "nosuchshell",
    "help": "nosuchtopic",
}


@pytest.fixture
def words(tmp_path):
    """Fills the places of files in a line."""
    file = tmp_path / "old.env"
    file.write_text("WHATSAPP_VERIFY_TOKEN=some-word\n")
    for folder, text in (("templates", "Hello there."), ("wrong", "Hello {{1}}")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "greeting.yaml").write_text(
            "category: UTILITY\nlanguages:\n  en:\n    components:\n"
            f"      - {{type: BODY, text: '{text}', variables: {{}}}}\n"
        )
    there = {name: tmp_path / name for name in ("new", "templates", "wrong")}
    return lambda line: shlex.split(line.format(file=file, **there))


def closed(schema):
    """The same schema, where a key that it does not name is wrong: no key is left undescribed."""
    if isinstance(schema, dict):
        shut = {key: closed(inner) for key, inner in schema.items()}
        return {"additionalProperties": False, **shut} if "properties" in schema else shut
    return [closed(inner) for inner in schema] if isinstance(schema, list) else schema


def check(command, out, code, lines):
    """Every document on standard output is of the command's schema, or an error of this code."""
    documents = [json.loads(line) for line in out.splitlines()] if lines else [json.loads(out)]
    for document in documents:
        if "error" in document:
            Draft202012Validator(closed(error_schema())).validate(document)
            assert document["error"]["exit_code"] == code
        else:
            schema = schema_of(command)
            # The rest of an event depends on what arrived.
            schema = schema if command == "webhook listen" else closed(schema)
            Draft202012Validator(schema).validate(document)
    return documents


@pytest.mark.parametrize("row", SUCCESS, ids=lambda row: " ".join(map(str, row))[:60])
def test_in_success(row, wizard, words, monkeypatch):
    command, scenario, rest, code = row
    monkeypatch.setenv("CONTRACT_PIN", "918273")
    common = ["--json", "--no-input", f"--sandbox={scenario}"]
    if command in BEFORE:
        wizard(*BEFORE[command].split(), *common)
    ended, out, err = wizard(*common, *command.split(), *words(rest))
    assert ended == code, err
    if command == "credentials run":
        assert out == ""
        return
    one = rest.startswith(("purge", "--export", "--list"))
    documents = check(command, out, code, OUTPUTS[command].lines and not one)
    assert not any("error" in document for document in documents)


@pytest.mark.parametrize("command", NAMES)
def test_a_wrong_option(command, wizard):
    code, out, err = wizard(*command.split(), "--json", "--no-such-option")
    assert code == 2
    (document,) = check(command, out, code, lines=False)
    assert document["error"]["key"] == "cli.usage"
    assert err.strip()


def test_help_and_version_too(wizard):
    for line in ("--version", "--help", "audit --help", "number --help"):
        code, out, _ = wizard(*line.split(), "--json")
        assert code == 0
        check("help", out, code, lines=False)
    code, out, _ = wizard("number", "--json")
    assert code == check("help", out, code, lines=False)[0]["error"]["exit_code"] == 2


@pytest.mark.parametrize("command", NAMES)
@pytest.mark.parametrize("scenario", ["", "no-token", "token-revoked"])
def test_without_a_credential_that_works(command, scenario, wizard, words, monkeypatch):
    if command == "sandbox" or (command == "webhook listen" and scenario == "token-revoked"):
        pytest.skip("serves until it is stopped: needs no credential")
    if command == "credentials run" and not scenario:
        pytest.skip("becomes the program")
    monkeypatch.setenv("WA_WIZARD_GRAPH_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    common = ["--json", "--no-input", *([f"--sandbox={scenario}"] if scenario else [])]
    code, out, _ = wizard(*common, *command.split(), *words(NEEDS.get(command, "")))
    if out or not OUTPUTS[command].lines:
        check(command, out, code, OUTPUTS[command].lines)


@pytest.mark.parametrize("command", SERVING)
def test_what_serves_prints_lines(command, home):
    call = [sys.executable, "-m", "wizard", *command.split(), "--json", "--no-input"]
    program = subprocess.Popen(
        [*call, *SERVING[command].split()], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    with program:
        first = program.stdout.readline()
        program.terminate()
        rest = program.stdout.read()
    assert program.returncode == 143
    check(command, first + rest, 143, lines=True)


def test_every_profile_is_a_line_and_the_last_line_is_the_summary(wizard, saved, home, monkeypatch):
    monkeypatch.setenv("WA_WIZARD_GRAPH_URL", "http://127.0.0.1:9")
    for name in ("gamma", "alpha", "beta"):
        monkeypatch.setenv(f"WA_WIZARD_ACCESS_TOKEN__{name.upper()}", "EAA" + "x" * 150)
        saved(name)
    home.status_path("beta").write_text("- not a record")
    code, out, _ = wizard("audit", "--all", "--json", "--no-input")
    assert code == 6
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line.get("profile") for line in lines] == ["alpha", "beta", "gamma", None]
    assert lines[1]["error"]["key"] == "files.malformed"
    assert lines[1]["error"]["exit_code"] == 6
    summary = {"exit_code": 6, "profiles": {"alpha": 3, "beta": 6, "gamma": 3}}
    assert lines[3] == {"schema": 1, "summary": summary}
    Draft202012Validator(closed(error_schema())).validate(lines[1])
    for line in (lines[0], lines[2], lines[3]):
        Draft202012Validator(closed(schema_of("audit --all"))).validate(line)


def test_metas_own_words_stand_in_meta_alone(told):
    _, data = told("audit", "--sandbox=meta-down", "--no-input")
    said = [row for row in data["items"] if row["meta"]]
    assert said
    for row in said:
        assert row["meta"]["code"]
        assert row["meta"]["trace"]
        assert not {"message", "trace"} & set(row["values"])
    code, data = told("number", "list", "--sandbox=token-revoked", "--no-input")
    assert code == data["error"]["exit_code"] == 4
    assert data["error"]["meta"]["code"] == 190
    assert data["error"]["meta"]["message"]


def test_every_command_has_its_schema_in_the_repository():
    assert set(NAMES) == {name for name in OUTPUTS if "--all" not in name}
    written = schemas()
    there = {f"docs/schemas/{path.name}" for path in ROOT.glob("docs/schemas/output-*.json")}
    assert there == set(written)
    for name, text in written.items():
        assert (ROOT / name).read_text("utf-8") == text, "run `make schemas`"
    assert schema_file("error") in written
