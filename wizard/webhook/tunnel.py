"""A public address for a port of this machine, made by a program that is already installed.

Started without a shell and without this tool's secrets in its environment; ended with the run,
also when this process is killed: a small process between the two notices that its input ends.
What the programs print is not documented: only the address is read from it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Self

from wizard.text.errors import WizardError
from wizard.text.sanitise import clean

AUTO = "auto"
#: How long a program may take to name its address.
ADDRESS_SECONDS = 30.0
#: How long it may take to end after SIGTERM.
END_SECONDS = 3.0
#: Lines kept, and characters of each: a program that prints without end must not fill the memory.
LINES, LINE = 200, 4_096
#: Runs the program and ends it when the input is closed. Both are a group of their own, so that a
#: signal from the keyboard reaches neither.
_SUPERVISOR = """
import os, subprocess, sys, threading
program = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL)
def end():
    os.read(0, 1)
    program.terminate()
    try:
        program.wait(float(sys.argv[1]))
    except subprocess.TimeoutExpired:
        program.kill()
threading.Thread(target=end, daemon=True).start()
os._exit(program.wait())
"""


class TunnelError(WizardError):
    """No tunnel. `kind`: missing (not installed), login, ended (it gave up), silent (no address).

    `program` is its name ("" for auto: none of them is there), `detail` its last words, cleaned.
    """

    def __init__(self, kind: str, program: str = "", detail: str = "") -> None:
        super().__init__(f"webhook.tunnel_{kind}", program=program or "cloudflared", detail=detail)
        self.kind, self.program, self.detail = kind, program, detail


@dataclass(frozen=True)
class _Program:
    """How a tunnel program is started, and how its address is found in a line it prints."""

    name: str
    arguments: Callable[[int], Sequence[str]]
    address: Callable[[str], str]


def _quick_address(line: str) -> str:
    # api.trycloudflare.com is where it asks for a name, and stands in its errors.
    found = re.search(r"https://(?!api\.)[a-z0-9-]+\.trycloudflare\.com", line)
    return found[0] if found else ""


def _logged_address(line: str) -> str:
    with suppress(ValueError):
        entry = json.loads(line)
        url = entry.get("url", "") if isinstance(entry, dict) else ""
        return url if isinstance(url, str) and url.startswith("https://") else ""
    return ""


#: In this order where the person leaves the choice: the first needs no account and shows no
#: warning page.
PROGRAMS = {
    "cloudflared": _Program(
        "cloudflared",
        lambda port: ("tunnel", "--no-autoupdate", "--url", f"http://127.0.0.1:{port}"),
        _quick_address,
    ),
    "ngrok": _Program(
        "ngrok",
        lambda port: ("http", f"127.0.0.1:{port}", "--log=stdout", "--log-format=json"),
        _logged_address,
    ),
}
#: ngrok without an account: ERR_NGROK_4018; with a wrong token: 105, 107.
_LOGIN = re.compile(r"ERR_NGROK_(4018|105|107)\b")


class Tunnel:
    """A tunnel that is open. `url` has no path."""

    def __init__(self, program: str, child: subprocess.Popen[str], seconds: float) -> None:
        """Waits for the address; TunnelError."""
        self.program, self._child = program, child
        self._words: deque[str] = deque(maxlen=LINES)
        self._found = threading.Event()
        self._url = ""
        self._reader = threading.Thread(target=self._read, daemon=True, name="tunnel")
        self._reader.start()
        self._await(seconds)

    @property
    def url(self) -> str:
        """The public address."""
        return self._url

    @property
    def alive(self) -> bool:
        """Whether the program still runs."""
        return self._child.poll() is None

    def close(self) -> None:
        """Ends the program: SIGTERM, then SIGKILL. Calling it again does nothing."""
        if self._child.stdin is not None:
            with suppress(OSError):
                self._child.stdin.close()
        self._child.wait()
        if hasattr(os, "killpg"):
            # The program itself, where the process between was killed alone.
            with suppress(OSError):
                os.killpg(self._child.pid, signal.SIGKILL)
        self._reader.join(END_SECONDS)
        if self._child.stdout is not None:
            self._child.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _await(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._found.wait(0.05):
            if not self.alive:
                self._reader.join(1)
                break
            if time.monotonic() > end:
                break
        if self._url:
            return
        kind = "silent" if self.alive else "ended"
        self.close()
        words = " ".join(self._words)
        raise TunnelError("login" if _LOGIN.search(words) else kind, self.program, self._last())

    def _read(self) -> None:
        # To the end: a program whose pipe is full would stand still.
        assert self._child.stdout is not None
        address = PROGRAMS[self.program].address
        with suppress(ValueError, OSError):
            for line in iter(partial(self._child.stdout.readline, LINE), ""):
                self._words.append(line)
                if not self._url and (url := address(line)):
                    self._url = url
                    self._found.set()

    def _last(self) -> str:
        telling = [line for line in self._words if "err" in line.lower()] or list(self._words)
        return clean(telling[-1], 200) if telling else ""


def installed(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The tunnel programs of this machine, the best first."""
    return [name for name in PROGRAMS if shutil.which(name, path=environ.get("PATH"))]


def open_tunnel(
    wanted: str,
    port: int,
    environ: Mapping[str, str] = os.environ,
    seconds: float = ADDRESS_SECONDS,
) -> Tunnel:
    """Opens a tunnel to a port of this machine by `wanted`, or by whatever is installed (auto)."""
    there = installed(environ)
    names = there[:1] if wanted == AUTO else [name for name in there if name == wanted]
    if not names:
        raise TunnelError("missing", "" if wanted == AUTO else wanted)
    program = PROGRAMS[names[0]]
    path = shutil.which(program.name, path=environ.get("PATH")) or program.name
    own = {name: value for name, value in environ.items() if not name.startswith("WA_WIZARD_")}
    supervised = (sys.executable, "-I", "-c", _SUPERVISOR, str(END_SECONDS))
    try:
        child = subprocess.Popen(  # noqa: S603 (no shell, a fixed program)
            [*supervised, path, *program.arguments(port)],
            stdin=subprocess.PIPE,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=own,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise TunnelError("ended", program.name, error.strerror or "") from error
    return Tunnel(program.name, child, seconds)
