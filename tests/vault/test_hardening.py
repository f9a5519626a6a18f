"""What other programs of the same user can see of this one while it holds secrets."""

import inspect
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.programs import child_environ
from wizard.cli import main as cli
from wizard.commands import COMMANDS, Subcommand

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone offers this")
NOBODY = 65534
SOURCE = (
    "import sys\nfrom contextlib import suppress\n"
    f"_PR_SET_DUMPABLE = {cli._PR_SET_DUMPABLE}\n{inspect.getsource(cli.harden)}"
)


def account():
    """Root sees everything: then both sides are somebody else."""
    return {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}


def python():
    """A Python that this account can run; the one of the tests may lie in root's home."""
    for open_trial in (sys.executable, shutil.which("python3", path="/usr/bin:/usr/local/bin")):
        with suppress(PermissionError):
            if open_trial and not subprocess.call(
                [open_trial, "-c", ""], cwd="/", stderr=subprocess.DEVNULL, **account()
            ):
                return open_trial
    return pytest.skip("no Python that nobody may run")


@contextmanager
def program(last_lines, **more):
    script = f"{SOURCE}\nimport os, sys, resource\n{last_lines}"
    process = subprocess.Popen(
        [python(), "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=more.pop("cwd", "/"),
        env={"CANARY": "canary-env", "PATH": os.environ["PATH"]},
        **account(),
        **more,
    )
    with process:
        process.stdout.readline()
        yield process
        process.kill()


def readable(process, what):
    reader = ["head", "-c", "1", f"/proc/{process.pid}/{what}"]
    return subprocess.run(reader, cwd="/", capture_output=True, check=False, **account())


@pytest.mark.parametrize("what", ["environ", "maps"])
def test_a_hardened_program_cannot_be_read_by_its_own_user(what):
    wait = "print(flush=True); sys.stdin.read()"
    with program(wait) as open_one:
        assert readable(open_one, what).returncode == 0
    with program(f"harden(); {wait}") as hardened:
        assert readable(hardened, what).returncode != 0


@pytest.mark.parametrize("does", ["", "harden(); "])
def test_a_hardened_program_leaves_no_core(does):
    raised = "resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))"
    script = f"_, hard = resource.getrlimit(resource.RLIMIT_CORE); {raised}; {does}"
    # Beside tmp_path, which nobody but its owner may enter.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        with program(f"{script}print(flush=True); os.abort()", cwd=folder) as process:
            process.wait(10)
        cores = list(Path(folder).iterdir())
    if does:
        assert cores == []
    elif not cores:
        pytest.skip("this system puts core dumps elsewhere, or allows none")


def test_programs_started_from_it_are_as_they_were():
    hardened = (
        "harden(); import subprocess; print(subprocess.call(['head', '-c', '0', "
        "'/proc/self/environ']), resource.getrlimit(resource.RLIMIT_CORE)[1] == hard)"
    )
    script = (
        f"{SOURCE}\nimport resource; hard = resource.getrlimit(resource.RLIMIT_CORE)[1]\n{hardened}"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["0", "True"]


EVERY = sorted(
    f"{name} {word}".strip() for name, words in COMMANDS.items() for word in words or [""]
)
#: These read no secret, and wait for none.
FREE = {"help", "completion", "explain", "status"}


@pytest.mark.parametrize("command", ["", *EVERY])
def test_a_command_that_may_hold_a_secret_is_hardened_before_it_reads_anything(
    monkeypatch, command
):
    order = []

    def options(parser):
        order.append("options")
        parser.option("rest", nargs="*", says="cli.json_help")

    found = Subcommand(options, lambda chosen: order.append("run") or 0)
    monkeypatch.setattr(cli, "harden", lambda: order.append("harden"))
    monkeypatch.setattr(cli, "subcommand_of", lambda *_: found)
    assert cli.run(command.split()) == 0
    assert order == [*([] if command in FREE else ["harden"]), "options", "run"]


@pytest.mark.parametrize(
    "words", [["credentials", "set", "verify_token", "--from-stdin"], ["messages", "--follow"]]
)
def test_a_command_that_waits_leaves_no_core_and_is_closed_to_others(words, tmp_path):
    environ = child_environ(WA_WIZARD_HOME=str(tmp_path), WA_WIZARD_APP_SECRET="0" * 32)
    call = [sys.executable, "-m", "wizard", *words, "--no-input"]
    with subprocess.Popen(call, env=environ, stdin=-1, stdout=-1, stderr=-1) as child:
        ends = time.monotonic() + 30
        line = ""
        while time.monotonic() < ends and line.split()[4:5] != ["0"]:
            limits = Path(f"/proc/{child.pid}/limits").read_text().splitlines()
            line = next(line for line in limits if "core file" in line)
            time.sleep(0.02)
        assert child.poll() is None
        child.kill()
    assert line.split()[4] == "0", line
