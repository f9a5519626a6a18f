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

#: Worlds that wait on purpose.
SLOW = ("slow", "callback-slow")
AFTER_SEND = [n for n, w in WORLDS.items() if any(line.after == "send" for line in w.expect)]
#: (world, command, a part of what Meta answers to it)
REFUSED_ACTS = [
    ("codes-asked-too-often", "number request-code", "requested too many times"),
    ("codes-not-sent", "number request-code", "Please try again in some time."),
    ("adding-closed", "number add", "Cannot add phone number to WhatsApp Business Account"),
    ("register-closed-for-days", "number register", "Try again after"),
    ("name-declined-unregistered", "number register", "Your display name could not be processed"),
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


def audited(name, capsys):
    """(exit code, items by id) of `audit --json`."""
    code = main(["audit", f"--sandbox={name}", "--json", "--no-input"])
    out, err = capsys.readouterr()
    items = json.loads(out)["items"]
    assert code == agreed(items)
    assert "broke" not in {item["reason"] for item in items}
    assert err == ""
    return code, {item["id"]: item for item in items}


def compare(lines, seen):
    for line in lines:
        assert line.item in seen, f"there is no item {line.item}"
        item = seen[line.item]
        assert (item["status"], item["reason"]) == (line.status, line.reason or item["reason"]), (
            line.item,
            item["values"],
        )


def words_of_meta(seen):
    """What Meta said beside each item that failed or could not be judged."""
    doubtful = [item for item in seen.values() if item["status"] in ("failed", "unknown")]
    return [str(item["values"]["message"]) for item in doubtful if item["values"].get("message")]


def refusals(world):
    """What Meta's side of this world says to every read of the audit, in its own words."""
    return [
        joined(fault["message"])
        for fault in world.faults
        if fault["kind"] == "error" and fault.get("method", "GET") == "GET" and "times" not in fault
    ]


def joined(text):
    return " ".join(text.split())


def fixed_words(template):
    """The parts of a sentence that stand there whatever its values are."""
    parts = (joined(literal) for literal, *_ in string.Formatter().parse(template))
    return [part for part in parts if len(part) > 1]


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_this_world_leads_to_its_item_and_its_reason(world, capsys):
    code, seen = audited(world.name, capsys)
    compare([line for line in world.expect if not line.after], seen)
    for language in LANGUAGES:
        the_report_says(world, language)
        if world.name not in SLOW:
            assert main(["audit", f"--sandbox={world.name}", "--lang", language]) == code
            the_text_holds_metas_own_words(world, seen, capsys)
        assert main(["status", f"--sandbox={world.name}", "--lang", language]) == code
        clean(capsys.readouterr().out)


def the_report_says(world, language):
    seen, report = told(world.name, language)
    clean(report)
    for line in world.expect:
        if line.after:
            continue
        result = next(f for f in seen.results if f.item.id == line.item)
        assert joined(getattr(result.item.title, language)) in report
        if line.status in ("passed", "skipped"):
            continue  # ticked or left out, not explained
        reason = reason_of(result)
        assert reason is not None, f"{line.item}: {line.reason} has no words"
        for part in fixed_words(getattr(reason.says, language)):
            assert part in report, f"{line.item}: {line.reason} in {language}"


def the_text_holds_metas_own_words(world, seen, capsys):
    report = joined(capsys.readouterr().out)
    clean(report)
    assert [words for words in words_of_meta(seen) if joined(words) not in report] == []
    # Meta's refusal is in the report even where our own code forgot to carry it along.
    if any(item["status"] in ("failed", "unknown") for item in seen.values()):
        assert [words for words in refusals(world) if words not in report] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", AFTER_SEND)
def test_what_became_of_the_last_message_is_in_the_next_audit(name, language, capsys):
    to = [f"--sandbox={name}", "--to", "+447700900456", "--template", "order_received"]
    code = main(["send", *to, "--language", "ru", "--yes", "--no-input", "--lang", language])
    said = joined(capsys.readouterr().out)
    world = WORLDS[name]
    lines = [line for line in world.expect if line.after == "send"]
    if any(line.status == "failed" for line in lines):
        assert code == 1
    _, seen = audited(name, capsys)
    compare(lines, seen)
    assert main(["audit", f"--sandbox={name}", "--lang", language, "--no-input"]) in (0, 1, 3)
    report = joined(capsys.readouterr().out)
    for fault in (fault for fault in world.faults if fault.get("message")):
        assert joined(fault.get("details", fault["message"])) in said
        assert joined(fault.get("details", fault["message"])) in report


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("name", "command", "words"), REFUSED_ACTS)
def test_a_refused_act_is_no_success_and_says_what_meta_said(
    name, command, words, language, capsys
):
    call = [*command.split(), f"--sandbox={name}", "--yes", "--no-input", "--lang", language]
    if command == "number add":
        call += ["+447700900123", "--name", "Zarya Bakery"]
    code = main(call)
    out = joined(capsys.readouterr().out)
    assert (code, "✓" in out) == (1, False), out
    assert words in out
    clean(out)


@pytest.mark.parametrize("command", ["number register", "number request-code"])
def test_a_number_of_the_phone_app_is_never_registered(command, capsys):
    call = [*command.split(), "--sandbox=phone-app-number", "--yes", "--no-input"]
    code = main(call)
    assert (code in (1, 2), "Traceback" in capsys.readouterr().out) == (True, False)


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
