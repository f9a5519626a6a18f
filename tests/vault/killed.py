"""Kills children at random moments of their work and judges what they left. Run by test_killed.

killed.py FOLDER KIND STORE TIMES SEED; prints what was seen, as JSON. A program of its
own, so that forking meets no threads.
"""

import itertools
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from wizard.text.secret import Secret
from wizard.vault.encrypted_file import EncryptedFile
from wizard.vault.os_keyring import OsKeyring
from wizard.vault.sandbox_store import SandboxVault
from wizard.vault.stores import move

NAMES = ("access_token", "app_secret", "two_step_pin")
LENGTH = 20_000


def value(number):
    """Whole values can be told from halves, and later ones from earlier ones."""
    return Secret(f"{number:06d}" + "v" * LENGTH + f"{number:06d}")


def number_of(secret):
    number = int(secret.reveal()[:6])
    assert secret == value(number), "half a value"
    return number


def write_for_ever(vault, acknowledge):
    kept = vault.get("access_token")
    for number in itertools.count(number_of(kept.secret) + 1):
        vault.put("access_token", value(number))
        os.write(acknowledge, f"{number:06d}".encode())


def move_for_ever(one, other):
    while True:
        move(NAMES, one, other)
        move(NAMES, other, one)


def store(kind, path):
    if kind == "os-keyring":
        return OsKeyring("killed", 20, folder=path.parent)
    return EncryptedFile(path, "shop", lambda new: Secret("correct horse"), 10)


def seconds(work):
    """How long it takes on this machine, at this hour: kills must fall into its midst."""
    started = time.monotonic()
    work()
    return time.monotonic() - started


def kill_soon(work, within, dice):
    """Forks, lets it work for a moment, kills it with nothing but SIGKILL."""
    started, starts = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(starts, b"!")
            work()
        finally:
            os._exit(9)  # only an error ends the work before the kill does
    os.read(started, 1)
    time.sleep(dice.uniform(0.0, within))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(started)
    os.close(starts)
    assert os.WIFSIGNALED(status), "the child failed by itself"


def putting(folder, kind, times, dice):
    vault = store(kind, folder / "a.json")
    vault.put("access_token", value(0))
    within = 3 * seconds(lambda: vault.put("access_token", value(1)))
    seen = set()
    for _ in range(times):
        heard, told = os.pipe()
        kill_soon(lambda told=told: write_for_ever(vault, told), within, dice)
        os.close(told)
        acknowledged = os.read(heard, 1 << 16)  # all of it: the only other writer is dead
        os.close(heard)
        found = number_of(vault.get("access_token").secret)
        assert found >= int(acknowledged[-6:] or b"0"), "an acknowledged value was lost"
        seen.add(found)
    return sorted(seen)


def moving(folder, kind, times, dice):
    one = store(kind, folder / "one.json")
    other = SandboxVault(folder / "other.json")
    for number, name in enumerate(NAMES):
        one.put(name, value(number))
    # One way: the next child goes on from where this one was killed.
    within = seconds(lambda: (move(NAMES, one, other), move(NAMES, other, one))) / 2
    places = set()
    for _ in range(times):
        kill_soon(lambda: move_for_ever(one, other), within, dice)
        place = ""
        for number, name in enumerate(NAMES):
            found = [vault.get(name) for vault in (one, other)]
            assert any(found), f"{name} was lost"
            assert {number_of(kept.secret) for kept in found if kept} == {number}
            place += "12-"[0 if not found[1] else 1 if not found[0] else 2]
        places.add(place)
    return sorted(places)


if __name__ == "__main__":
    where, what, kind, count, seed = sys.argv[1:]
    work = {"put": putting, "move": moving}[what]
    print(json.dumps(work(Path(where), kind, int(count), random.Random(int(seed)))))
