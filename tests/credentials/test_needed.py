"""A credential that is missing or dead ends every command alike, and so does a missing --yes."""

import json

import pytest

from wizard.cli import main as cli
from wizard.commands import COMMANDS

DEAD = "EAA" + "d" * 150
TO = ["--to", "+79161234567"]
URL = "https://shop.example/hook"
#: Command → its words where it gets as far as Meta.
NEED = {
    "credentials get": ["access_token"],
    "credentials export": ["access_token", "--yes"],
    "credentials run": ["--", "true"],
    "credentials rotate": ["--yes"],
    "credentials helper": ["aws-process"],
    "number list": [],
    "number add": ["+447700900123", "--name", "Shop", "--yes"],
    "number request-code": ["--yes"],
    "number verify": ["123456"],
    "number register": ["--yes"],
    "number pin": ["--yes"],
    "number profile": ["set", "--about", "Open", "--yes"],
    "number qr": ["add", "Hello", "--yes"],
    "webhook show": [],
    "webhook probe": [],
    "webhook set": [URL, "--yes"],
    "webhook subscribe": ["--yes"],
    "webhook routes": [],
    "webhook test": ["--yes", "--timeout", "0.1"],
    "send": [*TO, "--yes"],
    "api": ["POST", "{phone_number_id}/settings", "--yes"],
    "templates list": [],
    "templates show": ["order_ready"],
    "templates pull": [],
    "templates wait": ["order_ready", "--timeout", "1"],
    "templates delete": ["order_ready", "--yes"],
}
#: These only hand the token on: whether Meta takes it is not their matter.
HAND_ON = tuple(f"credentials {word}" for word in ("get", "export", "run", "helper"))
#: These need none, or say in their own words how it stands (`audit`, `setup`).
NEED_NONE = {
    *(
        "setup",
        "login",
        "profiles add",
        "audit",
        "status",
        "messages",
        "events",
        "templates lint",
        "templates plan",  # these two read their files first
        "templates apply",
        "explain",
        "bugreport",
        "sandbox",
        "completion",
    ),
    *(
        "help",
        "webhook listen",
        "webhook rehearse",
        "profiles list",
        "profiles use",
        "profiles remove",
    ),
    *(f"config {word}" for word in ("list", "get", "set", "unset")),
    *(f"credentials {word}" for word in ("list", "set", "remove", "import", "move")),
}


def test_every_command_is_in_one_of_the_tables():
    every = {f"{name} {word}".strip() for name, words in COMMANDS.items() for word in words or [""]}
    assert every == {*NEED, *NEED_NONE}


@pytest.mark.parametrize("command", NEED)
@pytest.mark.parametrize("token", [None, DEAD])
def test_without_a_living_token_it_is_4_and_nothing_is_changed(open_shop, capsys, token, command):
    if token and command in HAND_ON:
        pytest.skip("hands it on")
    shop = open_shop().settle("app_secret")
    if token:
        shop.keep("access_token", token)
    before = json.dumps(shop.meta._world, default=str, sort_keys=True)
    words = NEED[command]
    # What stands after -- is another program's.
    options = ["--no-input", "--lang", "en", *([] if "--" in words else ["--json"])]
    ended = cli.run([*command.split(), *options, *words])
    out, err = capsys.readouterr()
    assert ended == 4, out + err
    assert out == "" or json.loads(out)
    assert "wa-wizard" in err or "190" in err
    assert DEAD not in err
    assert json.dumps(shop.meta._world, default=str, sort_keys=True) == before


@pytest.mark.parametrize(
    ("scenario", "command", "words"),
    [
        ("healthy", "send", TO),
        ("healthy", "send", [*TO, "--text", "hi"]),
        ("no-number", "number add", ["+447700900123", "--name", "Shop"]),
        ("number-unverified", "number request-code", ["--method", "sms"]),
        ("number-unregistered", "number register", []),
        ("number-unregistered", "number pin", []),
        ("webhook-number-override", "webhook set", ["--remove", "--level", "number"]),
        ("webhook-account-not-subscribed", "webhook subscribe", []),
    ],
)
def test_nobody_there_and_no_consent_is_2_and_names_the_option(
    open_shop, capsys, scenario, command, words
):
    shop = open_shop(scenario).settle("access_token", "app_secret")
    before = json.dumps(shop.meta._world, default=str, sort_keys=True)
    pin = shop.kept("two_step_pin")
    assert cli.run([*command.split(), *words, "--no-input", "--json", "--lang", "en"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["values"]["option"] == "--yes"
    assert "--yes" in err
    assert "answers" not in err
    assert json.dumps(shop.meta._world, default=str, sort_keys=True) == before
    assert shop.kept("two_step_pin") == pin
