"""What comes from outside is cleaned like a paste, whichever way it came."""

import codecs
import json
import sys

import pytest

from wizard.text.secret import Secret
from wizard.vault import VaultError, VaultProblem
from wizard.vault.command import CommandVault, Helper
from wizard.vault.environment import EnvironmentFirst

TOKEN, SECRET, PIN, VERIFY = "EAA" + "Gx7" * 40, "0123456789abcdef" * 2, "049217", "my-verify-token"
NAMES = {"access_token": TOKEN, "app_secret": SECRET, "two_step_pin": PIN, "verify_token": VERIFY}
VARIABLE = {name: f"WA_WIZARD_{name.upper()}" for name in NAMES}


def by_variable(name, value, folder):
    return EnvironmentFirst({VARIABLE[name]: value.decode()}, None)


def by_file(name, value, folder):
    (folder / "value").write_bytes(value)
    return EnvironmentFirst({f"{VARIABLE[name]}_FILE": str(folder / "value")}, None)


def by_systemd(name, value, folder):
    (folder / f"wa-wizard-{name}").write_bytes(value)
    return EnvironmentFirst({"CREDENTIALS_DIRECTORY": str(folder)}, None)


def by_command(name, value, folder):
    program = f"import sys; sys.stdout.buffer.write({value!r})"
    return EnvironmentFirst({}, CommandVault("shop", Helper((sys.executable, "-c", program))))


SOURCES = [by_variable, by_file, by_systemd, by_command]
WRAPPINGS = {
    "as it is": "{}",
    "spaces and line breaks": "  {}\r\n\n",
    "quotes": '"{}"',
    "a byte order mark": "\ufeff{}",
    "zero-width characters": "\u200b{}\u2060",
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wrapping", WRAPPINGS.values(), ids=WRAPPINGS)
def test_what_stands_around_a_value_goes(tmp_path, source, name, wrapping):
    kept = source(name, wrapping.format(NAMES[name]).encode(), tmp_path).get(name)
    assert kept.secret == Secret(NAMES[name])


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("access_token", f"Bearer {TOKEN}"),
        ("access_token", f"ACCESS_TOKEN={TOKEN}"),
        ("access_token", json.dumps({"token": TOKEN})),
        ("app_secret", SECRET.upper()),
        ("app_secret", f"1234567890|{SECRET}"),
        ("two_step_pin", "049 217"),
    ],
)
def test_each_kind_is_taken_out_of_what_it_is_copied_with(tmp_path, source, name, value):
    assert source(name, value.encode(), tmp_path).get(name).secret == Secret(NAMES[name])


@pytest.mark.parametrize("source", [by_file, by_systemd, by_command])
@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_what_powershell_writes_is_read(tmp_path, source, mark):
    code = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    vault = source("access_token", mark + f"{TOKEN}\r\n".encode(code), tmp_path)
    assert vault.get("access_token").secret == Secret(TOKEN)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("access_token", f"{TOKEN[:20]}…"),
        ("access_token", SECRET),
        ("access_token", "<your token here>"),
        ("app_secret", TOKEN),
        ("app_secret", "canary-7f3a"),
        ("two_step_pin", "12345"),
        ("verify_token", "two words"),
    ],
)
def test_what_cannot_be_right_is_named_by_its_place_and_never_shown(tmp_path, source, name, value):
    with pytest.raises(VaultError) as caught:
        source(name, value.encode(), tmp_path).get(name)
    error = caught.value
    assert error.closed is VaultProblem.INVALID
    place = {
        by_variable: VARIABLE[name],
        by_file: f"{VARIABLE[name]}_FILE",
        by_systemd: str(tmp_path / f"wa-wizard-{name}"),
        by_command: "python",
    }[source]
    assert place in error.detail
    assert value not in f"{error!r}{error.detail}{error.__context__!r}"


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("empty", ["", "\n", '""', "\ufeff", " \u200b "])
def test_an_empty_value_is_no_value(tmp_path, source, empty):
    assert source("access_token", empty.encode(), tmp_path).get("access_token") is None
