"""`number …` through the command line: what Meta counts is neither wasted nor done twice."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from wizard.state.record import RecordFile
from wizard.state.yaml_file import StateFileError
from wizard.text.errors import Exit

ROOT = Path(__file__).parents[2]
REGISTER = ("number", "register", "--yes", "--no-input")
CODE = ("number", "request-code", "--yes", "--no-input")


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(
    ("world", "words", "path"),
    [
        ("pin-locked", REGISTER, "register"),
        ("register-closed-for-days", REGISTER, "register"),
        ("pin-guessed-out", REGISTER, "register"),
        ("codes-asked-too-often", CODE, "request_code"),
        ("codes-asked-too-often", (*CODE, "--method", "voice"), "request_code"),
        ("codes-not-sent", CODE, "request_code"),
    ],
)
def test_what_meta_has_closed_is_not_tried_again(wizard, sent, world, words, path, language):
    call = ("--lang", language, f"--sandbox={world}", *words)
    runs = [wizard(*call) for _ in range(3)]
    assert {code for code, *_ in runs} == {Exit.NOT_IN_ORDER}
    assert sent == [path]
    assert all("✓" not in out and "UTC" in out + err for _, out, err in runs)


def test_after_meta_s_lock_no_attempt_is_left(told):
    told("--sandbox=pin-locked", *REGISTER)
    _, document = told("--sandbox=pin-locked", "audit")
    (item,) = (one for one in document["items"] if one["id"] == "number.registered")
    assert (item["reason"], item["values"]["left"]) == ("closed", 0)


@pytest.mark.parametrize(
    ("world", "words"),
    [("healthy", REGISTER), ("register-refused-connected", REGISTER), ("healthy", CODE)],
)
def test_what_is_so_already_spends_nothing(wizard, sent, world, words):
    code, out, _ = wizard(f"--sandbox={world}", *words)
    assert (code, sent) == (Exit.FINE, [])
    assert "number verify" not in out


@pytest.mark.parametrize(
    ("world", "words"),
    [
        ("number-unverified", ("number", "verify", "000000", "--no-input")),
        (
            "adding-closed",
            ("number", "add", "+447700900999", "--name", "Zarya", "--yes", "--no-input"),
        ),
        ("pin-wrong", REGISTER),
    ],
)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_what_meta_refused_is_refused_in_its_own_words(wizard, sent, world, words, language):
    code, out, err = wizard("--lang", language, f"--sandbox={world}", *words)
    assert (code, len(sent)) == (Exit.NOT_IN_ORDER, 1)
    assert "✓" not in out + err
    assert "fbtrace_id" in out + err


@pytest.mark.parametrize(
    "words",
    [
        ("number-unregistered", *REGISTER),
        ("number-unverified", *CODE),
        ("healthy", "send", "--to", "+447700900456", "--yes", "--no-input"),
    ],
    ids=lambda words: words[0] if isinstance(words, tuple) else words,
)
def test_a_home_that_cannot_be_written_to_sends_nothing(wizard, sent, monkeypatch, words):
    world, *rest = words
    wizard(f"--sandbox={world}", "audit")

    def read_only(self, record):
        raise StateFileError("read_only", self.path, "Read-only file system")

    monkeypatch.setattr(RecordFile, "save", read_only)
    code, _, _ = wizard(f"--sandbox={world}", *rest)
    assert (code, sent) == (Exit.FILE, [])


def test_a_code_that_was_ordered_is_not_ordered_again_by_enter_alone(wizard, sent):
    # Without a person the sandbox takes what Enter would.
    for _ in range(2):
        assert wizard("--sandbox=number-unverified", *CODE)[0] == Exit.FINE
    assert sent == ["request_code"]
    wizard("--sandbox=number-unverified", *CODE, "--method", "voice")
    assert sent == ["request_code"] * 2


#: Both runs have read what is remembered before either of them may act.
TOGETHER = """
import os, sys, time
from pathlib import Path
from wizard.state.record import RecordFile
from wizard.__main__ import main
acting, here = RecordFile.acting, Path(sys.argv.pop(1))
def both(self):
    (here / str(os.getpid())).touch()
    end = time.monotonic() + 30
    while len(list(here.iterdir())) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    return acting(self)
RecordFile.acting = both
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("world", "words", "count"),
    [
        (
            "number-unregistered",
            REGISTER,
            lambda world: len(world["numbers"]["106540352242922"]["registrations"]),
        ),
        (
            "number-unverified",
            CODE,
            lambda world: len(world["numbers"]["106540352242922"]["codes_requested"]),
        ),
        (
            "healthy",
            ("send", "--to", "+447700900456", "--yes", "--no-input"),
            lambda world: len(world.get("sent", ())),
        ),
    ],
    ids=["register", "request-code", "send"],
)
def test_two_runs_at_once_act_once(wizard, home, tmp_path, world, words, count):
    wizard(f"--sandbox={world}", "audit")
    kept = home.sandbox(world).state_folder / f"{world}.json"
    meet = tmp_path / "meet"
    meet.mkdir()
    before = count(json.loads(kept.read_text())) if world == "healthy" else 0
    call = [sys.executable, "-c", TOGETHER, str(meet), f"--sandbox={world}", *words]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    runs = [
        subprocess.Popen(call, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(2)
    ]
    said = [run.communicate(timeout=90)[0].decode() for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert count(json.loads(kept.read_text())) - before == 1, said


def test_a_run_that_does_not_end_is_waited_for_within_bounds(wizard, home, sent, monkeypatch):
    wizard("--sandbox=number-unregistered", "audit")
    path = home.sandbox("number-unregistered").status_path("default")
    monkeypatch.setattr(RecordFile.__init__, "__kwdefaults__", {"patience": 0.2})
    with RecordFile(path).acting():
        code, out, err = wizard("--sandbox=number-unregistered", *REGISTER)
        # Looking is not acting.
        assert wizard("--sandbox=number-unregistered", "audit")[0] == Exit.NOT_IN_ORDER
        assert wizard("--sandbox=number-unregistered", "status")[0] == Exit.NOT_IN_ORDER
    assert (code, sent) == (Exit.FILE, [])
    assert str(os.getpid()) in out + err
