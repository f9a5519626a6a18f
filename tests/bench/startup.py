"""How long the quick commands take, as a multiple of what Python itself takes to do nothing.

    python -m tests.bench.startup [runs]

What is measured is the installed console script. Runs are interleaved and the best of each is
taken: this machine may be busy with other things.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.fake_store import full_record
from wizard.audit import checklist
from wizard.state.config import find
from wizard.state.record import SavedResult, Status
from wizard.state.status_file import RecordFile

#: Name → command line, and the most it should take, in starts of Python.
ROWS = {
    "python -c pass": (None, 1.0),
    "wa-wizard --version": (["--version"], 1.8),
    "wa-wizard help": (["help"], 5.0),
    "wa-wizard status": (["status"], 7.0),
    "wa-wizard status --json": (["status", "--json"], None),
    "wa-wizard help checklist": (["help", "checklist"], None),
}
#: Beside the Python that runs this; `make setup` puts it there.
SCRIPT = str(Path(sys.executable).parent / "wa-wizard")


def saved_profile(folder):
    """A home with one audited profile, every item of the checklist in it."""
    record = full_record()
    for item in checklist.load().items:
        record.verdicts[item.id] = SavedResult(Status.PASSED, "", {}, record.checked_at, True)
    wrong = checklist.load().item("account.review")
    record.verdicts[wrong.id] = SavedResult(Status.FAILED, next(iter(wrong.reasons)))
    environ = {**os.environ, "WA_WIZARD_HOME": str(folder)}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    RecordFile(find(environ).status_path("default")).save(record)
    return environ


def measure(runs):
    """Name → seconds, the best of some runs."""
    best = dict.fromkeys(ROWS, 60.0)
    with tempfile.TemporaryDirectory() as folder:
        environ = saved_profile(Path(folder) / "home")
        for number in range(runs + 2):
            for name, (words, _) in ROWS.items():
                call = [sys.executable, "-c", "pass"] if words is None else [SCRIPT, *words]
                began = time.perf_counter()
                subprocess.run(call, env=environ, stdout=subprocess.DEVNULL, check=False)
                took = time.perf_counter() - began
                if number >= 2:  # the first runs compile
                    best[name] = min(best[name], took)
    return best


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 31
    best = measure(runs)
    floor = best["python -c pass"]
    print(f"{'':26} {'ms':>7} {'ratio':>6} {'aim':>6}   (best of {runs})")
    for name, (_, aim) in ROWS.items():
        ratio = best[name] / floor
        aimed = f"{aim:.1f}" if aim else ""
        print(f"{name:26} {best[name] * 1000:7.1f} {ratio:6.2f} {aimed:>6}")


if __name__ == "__main__":
    main()
