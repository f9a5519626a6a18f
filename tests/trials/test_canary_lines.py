"""A secret in the wrong place of any command line comes out nowhere: lines made from the parsers.

Every option, argument, variable and file of every command, and the options misspelt: a new command
is covered by itself.
"""

import io
import itertools
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.trials.test_canary import SECRET, TOKEN, Watch
from wizard.__main__ import main
from wizard.cli.arguments import Parser
from wizard.commands import COMMANDS, subcommand_of
from wizard.ui.words import Words

CANARIES = (TOKEN, SECRET)
EVERY = [f"{name} {word}".strip() for name, words in COMMANDS.items() for word in words or [""]]
#: What stands in the places that are not tried, so that the command goes on.
FILLING = {
    "credentials set": {"name": "verify_token"},
    "credentials move": {"--to": "encrypted-file"},
    "credentials helper": {"protocol": "aws-process"},
    "profiles add": {"name": "second"},
    "profiles use": {"name": "default"},
    "profiles remove": {"name": "default"},
}
#: Seconds after which what serves or waits is interrupted, as by Ctrl-C.
LONGEST = 0.8


def actions(command):
    """The options and arguments of a command, as its parser has them."""
    name, _, branch = command.partition(" ")
    parser, found = Parser(command, Words("en")), subcommand_of(name, branch)
    if found.options:
        found.options(parser)
    own = len(parser._actions)
    parser.common()
    return parser._actions[:own], parser._actions[own:]


def filled(command, without=""):
    """What the command cannot do without, but for one."""
    words = []
    for action in actions(command)[0]:
        name = action.option_strings[0] if action.option_strings else action.dest
        needed = action.required and name != without and action.nargs not in ("?", "*")
        value = FILLING.get(command, {}).get(name) or next(iter(action.choices or ["x"]))
        if needed:
            words += [name, value] if action.option_strings else [value]
    return words


def lines(command):
    """Each line with a canary in one place: right, with =, misspelt, where none belongs."""
    canaries = itertools.cycle(CANARIES)
    own, common = actions(command)
    yield [*command.split(), *filled(command), next(canaries)]
    for action in own:
        if not action.option_strings:
            rest = [*command.split(), *filled(command, action.dest)]
            yield from ([*rest, next(canaries)], [*rest, f"./{TOKEN}.txt"])
    for action in own:
        for option in action.option_strings[:1]:
            rest = filled(command, option)
            canary = next(canaries)
            if action.nargs == 0:
                yield [*command.split(), *rest, f"{option}={canary}"]
            else:
                yield [*command.split(), *rest, option, canary]
                yield [*command.split(), *rest, option, f"./{TOKEN}.txt"]
                yield [*command.split(), *rest, option, f"https://x.example/?access_token={TOKEN}"]
            yield [*command.split(), *rest, f"{option[:-1]}={next(canaries)}"]
            yield [*command.split(), *rest, f"{option}s", next(canaries)]
    for action in common:
        option, canary = action.option_strings[0], next(canaries)
        valued = [option, canary] if action.nargs != 0 else [f"{option}={canary}"]
        yield [*command.split(), *filled(command), *valued]
    yield [f"{command.split()[0]}x={next(canaries)}"]
    yield [*command.split()[:1], next(canaries), *filled(command)]


class Lines(Watch):
    """The watch of test_canary, over whole lines and the programs they start."""

    def __init__(self, monkeypatch, capsys, caplog):
        super().__init__(monkeypatch, capsys, caplog)
        self.started = []
        begin = subprocess.Popen.__init__

        def noted(process, args, *rest, **how):
            self.started.append(("arguments of a child", repr(args)))
            begin(process, args, *rest, **how)

        monkeypatch.setattr("subprocess.Popen.__init__", noted)

    def line(self, words, scenario="healthy", piped=""):
        """One line in this process; what shows a canary afterwards."""
        self._seen.clear()
        self._sent.clear()
        self._caplog.clear()
        self.started.clear()
        sandbox = [] if any(word.startswith("--sandbox") for word in words) else [scenario]
        common = ["--no-input", "--verbose", *(f"--sandbox={one}" for one in sandbox if one)]
        stdin, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(piped.encode()))
        signal.setitimer(signal.ITIMER_REAL, LONGEST)
        try:
            code = main([*words, *common])
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            sys.stdin = stdin
        out, err = self._capsys.readouterr()
        self._seen += [("stdout", out), ("stderr", err)]
        assert code != 70, f"{words[:3]}: {err}"
        told = [*self.leaks(CANARIES), *_folder()]
        return told + [where for where, text in self.started if any(c in text for c in CANARIES)]


def _folder():
    """Files that were written where the line was typed, and say more than their name."""
    for path in Path.cwd().rglob("*"):
        text = path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""
        if any(canary in text for canary in CANARIES):
            yield f"file in the folder: {path.suffix}"


@pytest.fixture
def watch(monkeypatch, capsys, caplog, tmp_path):
    def interrupted(_number, _frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupted)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("wizard.cli.errors.let_next_interrupt_end", lambda: None)
    monkeypatch.setattr("wizard.context.context.PLAY_SECONDS", 0.1)
    yield Lines(monkeypatch, capsys, caplog)
    signal.signal(signal.SIGALRM, before)


def test_there_are_enough_lines():
    made = [line for command in EVERY for line in lines(command)]
    assert len(made) >= 500
    assert all(any(canary in " ".join(line) for canary in CANARIES) for line in made)


#: Commands that a secret of the environment, a file or standard input is handed to.
READERS = ["setup", "audit", "status", "bugreport", "login", "webhook show", "number list", "send"]
READERS += ["credentials list", "credentials rotate", "credentials move", "templates list"]


def variables(capsys):
    """Every variable that `help environment` names, and what stands beside them.

    Not the home: it names the folder that everything is put into.
    """
    main(["help", "environment", "--json"])
    named = json.loads(capsys.readouterr().out)["variables"]
    found = [n for several in named for n in several.split(", ") if n != "WA_WIZARD_HOME"]
    return [*found, "WA_WIZARD_ACCESS_TOKEN_FILE", "WA_WIZARD_PAGE_TOKEN_17", "LC_ALL"]


@pytest.mark.parametrize("command", READERS)
def test_a_secret_in_any_variable_comes_out_nowhere(watch, command, monkeypatch, capsys):
    told, names = {}, variables(capsys)
    assert len(names) > 15
    for name in names:
        with monkeypatch.context() as patch:
            patch.setenv("WA_WIZARD_GRAPH_URL", "http://127.0.0.1:9")
            patch.setenv(name, TOKEN)
            if found := watch.line([*command.split(), *filled(command)], ""):
                told[name] = found
    assert told == {}


CONTENTS = (TOKEN, f"a: [{TOKEN}", f"access_token: {TOKEN}", f'{{"x": "{SECRET}"}}')


@pytest.mark.parametrize("command", EVERY)
def test_a_secret_in_a_file_of_any_option_comes_out_nowhere(watch, tmp_path_factory, command):
    path, told = tmp_path_factory.mktemp("given") / "file", {}
    own, common = actions(command)
    for action in [*own, *common]:
        if str(action.metavar) not in ("FILE", "PATH", "DIR"):
            continue
        name = action.option_strings[0] if action.option_strings else action.dest
        given = [name, str(path)] if action.option_strings else [str(path)]
        for content in CONTENTS:
            path.write_text(content)
            path.chmod(0o600)
            words = [*command.split(), *filled(command, name), *given, *_agreed(own)]
            if found := watch.line(words):
                told[f"{name} {content[:8]}"] = found
    assert told == {}


def _agreed(own):
    return ["--yes"] if any("--yes" in action.option_strings for action in own) else []


@pytest.mark.parametrize("command", EVERY)
def test_a_secret_that_was_typed_comes_out_nowhere(watch, command):
    told = {}
    for words in lines(command):
        found = watch.line(words)
        if found:
            shown = " ".join(word if len(word) < 30 else "<canary>" for word in words)
            told[shown] = found
    assert told == {}
