"""A signal at any moment of the setup ends it, with its code and everything kept.

`WA_SIGNALS=200` sends so many; the normal run a few.
"""

import os
import random
import signal
import time

import pytest

from tests.support.terminal import DOWN, ENTER, Terminal
from wizard.state.record import RecordFile

UP = "\x1b[A"
KEYS = ["", ENTER * 3, (DOWN + UP) * 200, "x" * 50]


@pytest.mark.parametrize("seed", range(int(os.environ.get("WA_SIGNALS", "6"))))
def test_a_signal_at_any_moment_ends_the_setup(tmp_path, seed):
    chance, home = random.Random(seed), tmp_path / "w"
    words = ["-m", "wizard", "setup", "--sandbox", "--lang", "en"]
    terminal = Terminal(words, rows=40, WA_WIZARD_HOME=str(home))
    terminal.until("SANDBOX", seconds=60)
    until = time.monotonic() + chance.uniform(0, 6)
    while time.monotonic() < until and terminal._read():
        if chance.random() < 0.05:
            terminal.send(ENTER)
    terminal.send(chance.choice(KEYS))
    time.sleep(chance.uniform(0, 0.02))
    number = chance.choice([signal.SIGTERM, signal.SIGHUP])
    if not terminal.child.isalive():
        pytest.skip("it had reached its end")
    terminal.child.kill(number)
    until = time.monotonic() + 20
    while time.monotonic() < until and terminal._read():
        pass
    alive = terminal.child.isalive()
    terminal.child.close(force=True)
    assert not alive, "\n".join(terminal.lines)
    assert terminal.child.exitstatus == 128 + number
    assert "Traceback" not in terminal.raw
    RecordFile(home / "sandbox" / "rehearsal" / "default" / "status.yaml").load()
