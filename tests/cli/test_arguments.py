"""Command lines as people write them, and what is understood."""

import pytest

from wizard.cli.arguments import arrange, early
from wizard.commands import COMMANDS
from wizard.context.settings import scenarios
from wizard.text.errors import UsageError


@pytest.mark.parametrize(
    ("words", "name", "rest"),
    [
        ("", "setup", ""),
        ("--lang ru", "setup", "--lang ru"),
        ("status", "status", ""),
        ("--json status", "status", "--json"),
        ("status --json", "status", "--json"),
        ("--profile status status", "status", "--profile status"),
        ("--profile=x number list", "number list", "--profile=x"),
        ("number --json list", "number list", "--json"),
        ("number --profile add list", "number list", "--profile add"),
        ("number add --cc 7 list", "number add", "--cc 7 list"),
        ("number --cc list", "number", "--cc list"),
        ("explain 190", "explain", "190"),
        ("explain number list", "explain", "number list"),
        ("--sandbox", "setup", "--sandbox=rehearsal"),
        ("--sandbox status", "status", "--sandbox=rehearsal"),
        ("status --sandbox", "status", "--sandbox=rehearsal"),
        ("status --sandbox --json", "status", "--sandbox=rehearsal --json"),
        ("--sandbox healthy status", "status", "--sandbox=healthy"),
        ("status --sandbox healthy", "status", "--sandbox=healthy"),
        ("explain --sandbox 190", "explain", "--sandbox=rehearsal 190"),
        ("credentials run -- curl --sandbox list", "credentials run", "-- curl --sandbox list"),
        ("credentials run -- status -h", "credentials run", "-- status -h"),
    ],
)
def test_the_command_is_found_wherever_the_common_options_stand(words, name, rest):
    line = arrange(words.split())
    assert (line.name, " ".join(line.rest)) == (name, rest)
    assert not line.wants_help


@pytest.mark.parametrize("words", ["-h", "--help", "status -h", "--help number add", "number -h"])
def test_a_wish_for_help_wins(words):
    assert arrange(words.split()).wants_help


def test_a_wish_for_the_version_needs_no_command():
    assert arrange(["--lang", "ru", "--version"]).wants_version


@pytest.mark.parametrize(
    ("words", "key", "close"),
    [
        ("statsu", "cli.no_such_command_close", "status"),
        ("credentails list", "cli.no_such_command_close", "credentials"),
        ("xyzzy", "cli.no_such_command", None),
        ("number regster", "cli.no_such_branch_close", "register"),
        ("number xyzzy", "cli.no_such_branch", None),
        ("status --sandbox=healty", "cli.no_such_scenario_close", "healthy"),
        ("status --sandbox=", "cli.no_such_scenario", None),
    ],
)
def test_a_mistyped_word_is_refused_with_what_was_probably_meant(words, key, close):
    with pytest.raises(UsageError) as error:
        arrange(words.split())
    assert (error.value.key, error.value.values.get("close")) == (key, close)


@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("--lang ru status", "ru"),
        ("status --lang=ru", "ru"),
        ("status", ""),
        ("", ""),
        ("status --lang", ""),
        ("credentials run -- x --lang ru", ""),
    ],
)
def test_the_language_is_known_before_anything_is_parsed(words, language):
    assert early(words.split(), "--lang") == language


def test_no_scenario_is_called_like_a_command():
    every = set(COMMANDS) | {branch for branches in COMMANDS.values() for branch in branches}
    assert not every & set(scenarios())
    assert "rehearsal" in scenarios()
