"""Every world of the sandbox through the real command line: exit code, JSON, and both languages."""

import functools
import io
import json
import os
import string
import subprocess
import sys

import pytest

from wizard.__main__ import main
from wizard.audit import checklist
from wizard.audit import results as verdicts
from wizard.audit.results import remembered
from wizard.graph.client import GraphClient
from wizard.sandbox import scenarios
from wizard.state.config import find
from wizard.state.record import RecordFile
from wizard.text.localised import LANGUAGES
from wizard.ui.audit_view import AuditView
from wizard.ui.screen import open_screen
from wizard.ui.words import Words, reason_of

WORLDS = {world.name: world for world in scenarios()}
#: What no text for people may hold: a defect of ours, or a value that was never filled in.
NEVER = ("Traceback", "KeyError", "{", "}", "None", "Secret(")
#: A few that go through a process of their own: the whole of it, imports and pipes included.
WHOLE = ("healthy", "rehearsal", "token-dead", "html-500", "three-accounts", "no-token")
#: Worlds of sending; those of receiving wait for deliveries, and have their own tests.
ALONE = [
    n for n, w in WORLDS.items() if "receiving" not in w.profile.get("goals", ()) and n != "slow"
]


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch):
    monkeypatch.setattr(
        "wizard.graph.client.GraphClient", functools.partial(GraphClient, pause=lambda _: None)
    )
    monkeypatch.setenv("COLUMNS", "500")


def home_of(world):
    return find(os.environ).sandbox(world)


def agreed(items):
    """The exit code that these verdicts mean, by the interface and not by our code."""
    required = {item["status"] for item in items if item["required"]}
    if required & {"failed", "waiting"}:
        return 1
    return 3 if required & {"unknown", "skipped"} else 0


def told(name, language):
    """(what was seen, the report of it as a reader joins its lines)."""
    record = RecordFile(home_of(name).status_path("default")).load()
    seen, stream = remembered(checklist.load(), record), io.StringIO()
    screen = open_screen(stream, "never")
    AuditView(screen, Words(language), sandbox=True, full=True).show(seen)
    screen.flush()
    return seen, joined(stream.getvalue())


def joined(text):
    return " ".join(text.split())


def fixed_words(template):
    """The parts of a sentence that stand there whatever its values are."""
    parts = (joined(literal) for literal, *_ in string.Formatter().parse(template))
    return [part for part in parts if len(part) > 1]


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_this_world_leads_to_its_item_and_its_reason(world, capsys):
    code = main(["audit", f"--sandbox={world.name}", "--json", "--no-input"])
    out, err = capsys.readouterr()
    audited = json.loads(out)
    seen = {item["id"]: item for item in audited["items"]}
    for line in world.expect:
        item = seen[line.item]
        assert (item["status"], item["reason"]) == (line.status, line.reason or item["reason"]), (
            line.item,
            item["values"],
        )
    assert code == agreed(audited["items"])
    assert "broke" not in {item["reason"] for item in audited["items"]}
    assert err == ""
    for language in LANGUAGES:
        the_report_says(world, language)
        assert main(["status", f"--sandbox={world.name}", "--lang", language]) == code
        clean(capsys.readouterr().out)


def the_report_says(world, language):
    seen, report = told(world.name, language)
    clean(report)
    for line in world.expect:
        result = next(f for f in seen.results if f.item.id == line.item)
        assert joined(getattr(result.item.title, language)) in report
        if line.status in ("passed", "skipped"):
            continue  # ticked or left out, not explained
        reason = reason_of(result)
        assert reason is not None, f"{line.item}: {line.reason} has no words"
        for part in fixed_words(getattr(reason.says, language)):
            assert part in report, f"{line.item}: {line.reason} in {language}"


def clean(text):
    assert not [bad for bad in NEVER if bad in text], text


@pytest.mark.parametrize("name", ALONE)
def test_the_setup_that_nobody_watches_comes_to_its_end_screen(name, capsys):
    language = LANGUAGES[len(name) % 2]
    code = main(["setup", f"--sandbox={name}", "--no-input", "--lang", language])
    out, err = capsys.readouterr()
    assert (code in (0, 1, 3), err) == (True, ""), f"{code}: {err}"
    assert joined(Words(language).say("ending.next")) in joined(out)
    assert "Traceback" not in out
    assert main(["status", f"--sandbox={name}"]) == code


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", WHOLE)
def test_a_process_of_its_own_says_the_same(name, language):
    call = [sys.executable, "-m", "wizard", "audit", f"--sandbox={name}", "--lang", language]
    environ = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        call, capture_output=True, encoding="utf-8", env=environ, timeout=60, check=False
    )
    record = RecordFile(home_of(name).status_path("default")).load()
    assert done.returncode == verdicts.saved_exit_code(record, checklist.load())
    assert done.stderr == ""
    said = joined(done.stdout)
    clean(said)
    for line in WORLDS[name].expect:
        if line.status in ("failed", "waiting", "unknown"):
            item = checklist.load().item(line.item)
            assert joined(getattr(item.title, language)) in said
