"""Tunnels, by small programs that print what the real ones print."""

import os
import subprocess
import sys
import time

import pytest

from wizard.webhook import tunnel
from wizard.webhook.tunnel import TunnelError, open_tunnel

#: As cloudflared 2024 … 2026 print it, on stderr.
CLOUDFLARED = """\
2026-11-22T20:00:00Z INF Thank you for trying Cloudflare Tunnel. Doing so, without an account, is
2026-11-22T20:00:00Z INF Requesting new quick Tunnel on trycloudflare.com...
2026-11-22T20:00:04Z INF +------------------------------------------------------------------------+
2026-11-22T20:00:04Z INF |  Your quick Tunnel has been created! Visit it at (it may take some time |
2026-11-22T20:00:04Z INF |  https://quiet-river-red-shop.trycloudflare.com                        |
2026-11-22T20:00:04Z INF +------------------------------------------------------------------------+
"""
#: As ngrok 3 logs with --log-format=json.
NGROK = """\
{"lvl":"info","msg":"no configuration paths supplied","t":"2026-11-22T20:00:00Z"}
{"addr":"http://127.0.0.1:8080","lvl":"info","msg":"started tunnel","url":"https://1a2b.ngrok.app"}
"""
NO_ACCOUNT = """\
{"err":"Usage of ngrok requires a verified account and authtoken.\\r\\nERR_NGROK_4018","lvl":"eror"}
"""
TOO_MANY = """\
2026-11-22T20:00:00Z INF Requesting new quick Tunnel on trycloudflare.com...
2026-11-22T20:00:01Z ERR error="Post https://api.trycloudflare.com/tunnel" status_code="429"
failed to request quick Tunnel: too many requests
"""


@pytest.fixture
def machine(tmp_path):
    """A machine on which these programs are installed: {name: what it prints}."""

    def install(*, stays=True, deaf=False, **programs):
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        for name, prints in programs.items():
            trap = "trap '' TERM\n" if deaf else ""
            (folder / f"{name}.txt").write_text(prints)
            script = f"#!/bin/sh\n{trap}echo $$ > {folder}/{name}.pid\n"
            script += f'echo "$@" > {folder}/{name}.args\nenv > {folder}/{name}.env\n'
            script += f"cat {folder}/{name}.txt >&2\n"
            script += "while :; do sleep 0.1; done\n" if stays else "exit 1\n"
            (folder / name).write_text(script)
            (folder / name).chmod(0o755)
        return {**os.environ, "PATH": f"{folder}:/usr/bin:/bin", "WA_WIZARD_APP_SECRET": "hush"}

    vars(install)["folder"] = tmp_path / "bin"
    return install


def runs(folder, name):
    try:
        os.kill(int((folder / f"{name}.pid").read_text()), 0)
    except ProcessLookupError:
        return False
    return True


ADDRESSES = [
    ("cloudflared", CLOUDFLARED, "https://quiet-river-red-shop.trycloudflare.com"),
    ("ngrok", NGROK, "https://1a2b.ngrok.app"),
]


@pytest.mark.parametrize(("program", "prints", "address"), ADDRESSES)
def test_the_address_is_read_and_the_program_goes_at_the_end(machine, program, prints, address):
    environ = machine(**{program: prints})
    with open_tunnel(program, 8123, environ) as opened:
        assert (opened.program, opened.url, opened.alive) == (program, address, True)
        assert runs(machine.folder, program)
    assert not runs(machine.folder, program)
    assert "127.0.0.1:8123" in (machine.folder / f"{program}.args").read_text()


def test_the_program_gets_none_of_our_secrets(machine):
    open_tunnel("cloudflared", 1, machine(cloudflared=CLOUDFLARED)).close()
    assert "hush" not in (machine.folder / "cloudflared.env").read_text()


def test_the_one_that_needs_no_account_is_preferred(machine):
    with open_tunnel("auto", 1, machine(ngrok=NGROK, cloudflared=CLOUDFLARED)) as opened:
        assert opened.program == "cloudflared"
    with open_tunnel("ngrok", 1, machine(ngrok=NGROK)) as opened:
        assert opened.program == "ngrok"


def trouble(wanted, environ, seconds=5.0):
    with pytest.raises(TunnelError) as caught:
        open_tunnel(wanted, 1, environ, seconds)
    return caught.value


def test_what_is_not_installed_is_missing(machine):
    environ = machine()
    assert (trouble("auto", environ).kind, trouble("ngrok", environ).program) == (
        "missing",
        "ngrok",
    )
    assert trouble("cloudflared", machine(ngrok=NGROK)).kind == "missing"


def test_a_program_that_wants_an_account_says_so(machine):
    assert trouble("ngrok", machine(ngrok=NO_ACCOUNT, stays=False)).kind == "login"
    assert trouble("ngrok", machine(ngrok=NO_ACCOUNT), 0.5).kind == "login"


def test_a_program_that_gives_up_is_quoted(machine):
    error = trouble("cloudflared", machine(cloudflared=TOO_MANY, stays=False))
    assert error.kind == "ended"
    assert "429" in error.detail


def test_a_program_that_names_no_address_is_ended(machine):
    assert trouble("cloudflared", machine(cloudflared="INF thinking\n"), 0.5).kind == "silent"
    assert not runs(machine.folder, "cloudflared")


def test_a_program_that_does_not_go_is_made_to(machine, monkeypatch):
    monkeypatch.setattr(tunnel, "END_SECONDS", 0.3)
    opened = open_tunnel("cloudflared", 1, machine(cloudflared=CLOUDFLARED, deaf=True))
    opened.close()
    opened.close()
    assert not opened.alive


def test_a_tunnel_that_dies_is_noticed(machine):
    opened = open_tunnel("cloudflared", 1, machine(cloudflared=CLOUDFLARED))
    os.kill(int((machine.folder / "cloudflared.pid").read_text()), 9)
    end = time.monotonic() + 5
    while opened.alive and time.monotonic() < end:
        time.sleep(0.02)
    assert not opened.alive
    opened.close()


def test_a_program_that_talks_without_end_is_listened_to(machine):
    environ = machine(cloudflared=CLOUDFLARED + "INF chatter\n" * 20_000)
    with open_tunnel("cloudflared", 1, environ) as opened:
        assert opened.url
        assert len(opened._words) <= tunnel.LINES


def test_a_program_without_line_breaks_does_not_fill_the_memory(machine):
    environ = machine(cloudflared="x" * 3_000_000 + CLOUDFLARED)
    with open_tunnel("cloudflared", 1, environ) as opened:
        assert opened.url
        assert max(map(len, opened._words)) <= tunnel.LINE


KILLED = """
import os, sys, time
from wizard.webhook.tunnel import open_tunnel
open_tunnel("cloudflared", 1)
print("open", flush=True)
time.sleep(60)
"""


def test_a_tunnel_ends_with_us_even_when_we_are_killed(machine):
    environ = machine(cloudflared=CLOUDFLARED)
    ours = subprocess.Popen([sys.executable, "-c", KILLED], env=environ, stdout=subprocess.PIPE)
    assert ours.stdout.readline() == b"open\n"
    assert runs(machine.folder, "cloudflared")
    ours.kill()
    ours.wait()
    end = time.monotonic() + 5
    while runs(machine.folder, "cloudflared") and time.monotonic() < end:
        time.sleep(0.02)
    assert not runs(machine.folder, "cloudflared")
    ours.stdout.close()


def test_nothing_is_left_when_the_process_between_is_killed(machine):
    opened = open_tunnel("cloudflared", 1, machine(cloudflared=CLOUDFLARED))
    opened._child.kill()
    opened._child.wait()
    opened.close()
    end = time.monotonic() + 5
    while runs(machine.folder, "cloudflared") and time.monotonic() < end:
        time.sleep(0.02)
    assert not runs(machine.folder, "cloudflared")
