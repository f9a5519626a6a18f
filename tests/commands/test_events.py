"""`events`, `messages` and `webhook listen`: what they print, and what printing may not end."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.support import deliveries
from tests.support.output_schemas import schema_of
from wizard.webhook.inbox import Reader, Writer
from wizard.webhook.payload import read

NOW = int(time.time())


def timed(field, at, **value):
    content = deliveries.envelope(value, field)
    content["entry"][0]["time"] = at
    return content


def edited(wamid, original):
    edit = {"original_message_id": original, "message": {"type": "text", "text": {"body": "3"}}}
    message = {"id": wamid, "from": "491", "timestamp": str(NOW - 20), "type": "edit", "edit": edit}
    return deliveries.incoming(message)


DELIVERED = [
    deliveries.incoming(deliveries.text("wamid.in", at=str(NOW - 30))),
    deliveries.status("wamid.out", "sent", at=str(NOW - 90_000)),
    deliveries.status("wamid.out", "failed", at=str(NOW - 60), errors={"code": "131026"}),
    timed("account_update", NOW - 10, event="ACCOUNT_RESTRICTION"),
    timed("message_template_status_update", NOW - 5, event="REJECTED"),
    edited("wamid.edit", "wamid.in"),
]


@pytest.fixture
def said(wizard):
    return lambda words, *more: wizard(*words.split(), *more)


@pytest.fixture
def inbox(home):
    def keep(*contents):
        writer = Writer(home.inbox_path("default"))
        for content in contents:
            writer.store(read(deliveries.encode(content)))
        writer.close()

    return keep


def rows(told):
    code, out, _ = told
    assert code == 0
    return [json.loads(line) for line in out.splitlines()]


def kinds(told):
    return [row["kind"] for row in rows(told)]


def test_everything_delivered_is_listed_newest_first_and_chosen(said, inbox):
    inbox(*DELIVERED)
    all_of_them = ["template", "account", "message", "message", "status", "status"]
    assert kinds(said("events --json")) == all_of_them
    assert kinds(said("events --json --limit 2")) == ["template", "account"]
    assert kinds(said("events --json --kind account,template")) == ["template", "account"]
    assert kinds(said("events --json --since 2h --kind status")) == ["status"]
    about = rows(said("events --json --of wamid.in"))
    assert [row["id"] for row in about] == ["wamid.edit", "wamid.in"]
    assert [row["event"] for row in rows(said("events --json --of wamid.out"))] == [
        *("failed", "sent"),
    ]
    failure = rows(said("events --json --kind status --limit 1"))[0]
    assert (failure["reason"], failure["errors"][0]["code"]) == ("131026", 131026)
    account = rows(said("events --json --kind account"))[0]
    assert (account["event"], account["entry_time"]) == ("ACCOUNT_RESTRICTION", str(NOW - 10))
    assert said("events --kind nonsense")[0] == 2
    assert said("events --since yesterday")[0] == 2


def test_every_line_has_the_keys_of_the_schema(said, inbox):
    inbox(*DELIVERED)
    for command in ("events", "messages"):
        check = Draft202012Validator(schema_of(command))
        for row in rows(said(f"{command} --json")):
            check.validate(row)
    promised = "id from from_user_id username timestamp type text phone_number_id group_id errors"
    for row in rows(said("messages --json")):
        assert {*promised.split(), "received_at", "raw"} <= set(row)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_person_reads_event_reason_and_the_nearest_words(said, inbox, language):
    inbox(*DELIVERED)
    _, out, _ = said(f"events --lang {language}")
    assert all(part in out for part in ("131026", "+79161234567", ": 3"))


def test_an_export_holds_what_the_list_shows(said, inbox, tmp_path):
    inbox(*DELIVERED)
    file = tmp_path / "out.jsonl"
    assert said("events --export", str(file))[0] == 0
    written = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert written == rows(said("events --json"))[::-1]
    assert said("events --export", str(file))[0] == 2
    assert said("events --export", str(tmp_path / "none" / "x"))[0] == 6


def test_any_text_of_metas_json_can_be_shown_and_exported(said, inbox, tmp_path):
    body = deliveries.encode(deliveries.incoming(deliveries.text(body="MARK")))
    hostile = json.dumps("\ud800 \x9b31m \u202e \u2028 \U000e0041 \x7f").encode()
    inbox(body.replace(b'"MARK"', hostile))
    assert said("events --export", str(tmp_path / "x"))[0] == 0
    for told in (said("events"), said("events --json"), said("messages --export -")):
        assert told[0] == 0
        assert not set(told[1]) & set("\x9b\u202e\u2028\U000e0041\x7f\ud800")


def test_following_shows_what_comes(home, inbox):
    inbox(DELIVERED[0])
    words = ["events", "--follow", "--json", "--kind", "message,account"]
    with started(*words) as child:
        assert json.loads(child.stdout.readline())["id"] == "wamid.in"
        time.sleep(0.3)
        inbox(DELIVERED[1], DELIVERED[3])
        assert json.loads(child.stdout.readline())["event"] == "ACCOUNT_RESTRICTION"
        child.kill()


def test_what_changed_the_account_is_told_by_the_next_status_and_audit_once(said):
    """A ban, a restriction, quality, a request for the PIN; not what people wrote."""
    home = Path(os.environ["WA_WIZARD_HOME"])
    words = "--sandbox healthy --lang en"
    said(f"audit {words}")
    (folder,) = (path.parent for path in home.glob("sandbox/**/status.yaml"))
    writer = Writer(folder / "inbox.sqlite3")
    for content in (
        timed("account_update", 1, event="DISABLED_UPDATE"),
        timed("phone_number_quality_update", 2, event="FLAGGED", current_limit="TIER_10K"),
        timed("security", 3, event="PIN_RESET_REQUEST", requester="61"),
        deliveries.incoming(deliveries.text(body="just a message")),
    ):
        writer.store(read(deliveries.encode(content)))
    writer.close()
    time.sleep(1.1)  # a record has seconds; what came within the same one is told once more
    for command in ("status", "audit"):
        _, out, _ = said(f"{command} {words}")
        assert all(part in out for part in ("banned", "TIER_10K", "PIN", "user 61"))
        assert "just a message" not in out
    assert "banned" not in said(f"audit {words}")[1]
    (folder / "inbox.sqlite3").write_bytes(b"damaged" * 100)
    assert said(f"status {words}")[0] == 0


# What cannot be printed.


@contextlib.contextmanager
def started(*words, through=(), **how):
    secrets = {"WA_WIZARD_APP_SECRET": deliveries.SECRET, "WA_WIZARD_VERIFY_TOKEN": "verify-me"}
    usual = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    how = {**usual, **how}
    command = [*through, sys.executable, "-m", "wizard", *words]
    with subprocess.Popen(command, env={**os.environ, **secrets}, **how) as child:
        try:
            yield child
        finally:
            child.kill()


def ended(child):
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=20)
    return child.returncode, err


def send_three(port):
    return [
        deliveries.deliver(port, deliveries.incoming(deliveries.text(f"wamid.{n}")))
        for n in range(3)
    ]


@pytest.mark.parametrize("form", [["--json"], []], ids=["json", "text"])
def test_a_reader_that_leaves_ends_no_receiving(home, form):
    with started("webhook", "listen", "--port", "0", *form) as child:
        port = int(child.stdout.readline().rsplit(":", 1)[1].partition("/")[0])
        child.stdout.close()
        assert send_three(port) == [200, 200, 200]
        time.sleep(0.5)
        assert send_three(port) == [200, 200, 200]
        child.stdout = None
        code, err = ended(child)
    assert code == 130
    assert err.count("wa-wizard events") == 1
    assert len(Reader(home.inbox_path("default")).messages()) == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("form", [["--json"], []], ids=["json", "text"])
@pytest.mark.parametrize("output", [">/dev/full", ">&-"])
def test_an_output_that_cannot_be_written_ends_no_receiving(home, form, output, free_port):
    """A full disk behind it, or none at all."""
    words = ("webhook", "listen", "--port", str(free_port), *form)
    with started(*words, through=("sh", "-c", f'exec "$0" "$@" {output}')) as child:
        answers = eventually(lambda: send_three(free_port))
        code, err = ended(child)
    assert (answers, code) == ([200, 200, 200], 130)
    assert err.count("wa-wizard events") == 1
    assert len(Reader(home.inbox_path("default")).messages()) == 3


@pytest.fixture
def free_port():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def eventually(act):
    end = time.monotonic() + 20
    while True:
        try:
            return act()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def test_what_cannot_be_kept_is_said_once_for_each_cause(home):
    path = home.inbox_path("default")
    with started("webhook", "listen", "--port", "0", "--json") as child:
        port = int(json.loads(child.stdout.readline())["listening"].rsplit(":", 1)[1][:-8])
        assert send_three(port) == [200, 200, 200]
        path.unlink()
        path.mkdir()
        more = deliveries.incoming(deliveries.text("wamid.more"))
        assert [deliveries.deliver(port, more) for _ in range(3)] == [503, 503, 503]
        path.rmdir()
        assert deliveries.deliver(port, more) == 200
        lines = list[dict[str, Any]]()
        while not lines or lines[-1].get("id") != "wamid.more":
            lines.append(json.loads(child.stdout.readline()))
    told = [(line["event"], line.get("cause")) for line in lines if line["event"] != "message"]
    assert told[0] == ("not_stored", "replaced")
    assert len(told) == 2  # and why it cannot be made anew; the third time nothing


def test_a_profile_that_is_being_received_for_is_not_removed(home, said):
    remove = "profiles remove default --confirm default"
    with started("webhook", "listen", "--port", "0", "--json") as child:
        port = int(json.loads(child.stdout.readline())["listening"].rsplit(":", 1)[1][:-8])
        assert send_three(port) == [200, 200, 200]
        assert said(remove)[0] == 6
        assert len(Reader(home.inbox_path("default")).messages()) == 3
        child.kill()
    assert said(remove)[0] == 0
    assert not home.inbox_path("default").exists()


# Memory.

BATCH = 1000


def batch(number, padding):
    pricing = {"pricing": {"billable": True, "category": "utility"}}
    one = {"status": "delivered", "timestamp": "1749416400", "padding": "x" * padding}
    statuses = [{"id": f"wamid.{number}.{n}", **one, **pricing} for n in range(BATCH)]
    return deliveries.envelope(deliveries.value(statuses=statuses))


def megabytes(child):
    lines = Path(f"/proc/{child.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc on this system")
def test_what_was_shown_is_not_kept_in_memory(home, free_port):
    """Status batches of a thousand, some of nearly 3 MB: no more memory after more of them."""
    words = ("webhook", "listen", "--port", str(free_port), "--json")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with started(*words, **quiet) as child:
        after = []
        for number in range(16):
            content = batch(number, 2600 if number % 4 == 3 else 0)
            assert eventually(lambda one=content: deliveries.deliver(free_port, one)) == 200
            if number in (7, 15):
                time.sleep(2)
                after.append(megabytes(child))
    # Whole deliveries take 3 MB each in memory, the large ones more.
    assert after[1] - after[0] < 20, after
