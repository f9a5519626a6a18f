"""What other programs of the same user can see of this one while it holds secrets."""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from wizard.vault import hardening

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone offers this")
NOBODY = 65534
SOURCE = Path(hardening.__file__).read_text("utf-8")


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
