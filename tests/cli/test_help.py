"""Help that names everything there is, in both languages, and a Tab that knows it too."""

import subprocess

import pytest

from wizard.audit import checklist
from wizard.commands import COMMANDS
from wizard.text.errors import Exit
from wizard.ui.words import family


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_first_help_names_every_command(language, wizard):
    code, out, _ = wizard("--help", "--lang", language)
    assert code == 0
    assert all(f"  {command}" in out for command in COMMANDS)
    assert out == wizard("help", "--lang", language)[1]


def test_every_command_and_action_has_its_line():
    names = set(COMMANDS) | {f"{c}_{b}" for c, branches in COMMANDS.items() for b in branches}
    assert set(family("commands")) == names


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, language, wizard):
    for branch in COMMANDS[command] or ("",):
        code, out, err = wizard(command, *filter(None, [branch]), "--help", "--lang", language)
        assert (code, err) == (0, "")
        assert "--sandbox" in out
        assert out == wizard("help", command, *filter(None, [branch]), "--lang", language)[1]


def test_the_topics_are_complete(wizard, told):
    assert all(f"  {int(code)} " in wizard("help", "exit-codes")[1] for code in Exit)
    items = {row["id"] for row in told("help", "checklist")[1]["items"]}
    assert items == {item.id for item in checklist.load().items}
    page = wizard("help", "checklist")[1]
    assert all(item in page for item in items)
    assert "WA_WIZARD_ACCESS_TOKEN" in told("help", "environment")[1]["variables"]
    assert set(told("help", "exit-codes")[1]["exit_codes"].values()) == {int(c) for c in Exit}


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh", "fish"])
def test_the_completion_knows_every_command_and_option(shell, wizard):
    code, out, err = wizard("completion", shell)
    assert code == 0
    assert shell in err
    assert all(command in out for command in COMMANDS)
    assert "scenario" in out


def test_bash_can_read_its_completion(wizard, tmp_path):
    script = tmp_path / "completion.sh"
    script.write_text(wizard("completion", "bash")[1])
    ask = (
        f"source {script}; COMP_WORDS=(wa-wizard prof); COMP_CWORD=1; "
        "_shtab_wa_wizard wa-wizard prof wa-wizard 2>/dev/null; echo ${COMPREPLY[@]}"
    )
    run = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "profiles"


def test_an_unknown_shell_is_wrong_usage(wizard):
    assert wizard("completion", "csh")[0] == 2
