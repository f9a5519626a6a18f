"""How long the quick commands take, as a multiple of a console script that does nothing.

    python -m tests.bench.startup [runs]

The wheel is built and installed into an environment of its own, as people install it. Runs are
interleaved and the best of each is taken: this machine may be busy with other things.
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
from wizard.state.record import RecordFile, SavedResult, Status

ROOT = Path(__file__).parents[2]
EMPTY = "an empty console script"
#: Name → words, and the most it should take, in runs of the empty script.
ROWS = {
    EMPTY: (None, None),
    "wa-wizard --version": (["--version"], 1.8),
    "wa-wizard help": (["help"], 5.0),
    "wa-wizard status": (["status"], 7.0),
    "wa-wizard status --json": (["status", "--json"], None),
    "wa-wizard help checklist": (["help", "checklist"], None),
}


def saved_profile(folder):
    """A home with one audited profile, every item of the checklist in it."""
    record = full_record()
    for item in checklist.load().items:
        record.verdicts[item.id] = SavedResult(Status.PASSED, "", {}, record.checked_at, True)
    wrong = checklist.load().item("account.review")
    record.verdicts[wrong.id] = SavedResult(Status.FAILED, next(iter(wrong.reasons)))
    environ = {**os.environ, "WA_WIZARD_HOME": str(folder), "LC_ALL": "C.UTF-8"}
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH"):
        environ.pop(name, None)
    RecordFile(find(environ).status_path("default")).save(record)
    return environ


def installed(folder):
    """Installs the tool and the empty script; returns the folder of the console scripts.

    The libraries are those of the Python that runs this: nothing is downloaded.
    """
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = Path(folder) / "bin" / "python"
    site = "import sysconfig; print(sysconfig.get_path('purelib'))"
    here, there = (
        subprocess.run([which, "-c", site], check=True, capture_output=True, text=True).stdout
        for which in (sys.executable, python)
    )
    wheels = str(Path(folder) / "wheels")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, str(ROOT)]
    subprocess.run([*pip, *build], check=True)
    install = [
        "--python",
        str(python),
        "install",
        "--no-deps",
        *map(str, Path(wheels).glob("*.whl")),
    ]
    subprocess.run([*pip, *install], check=True)
    # A .pth file appends: what was installed here goes before.
    (Path(there.strip()) / "libraries.pth").write_text(here)
    empty = python.with_name("empty")
    ours = python.with_name("wa-wizard").read_text()
    empty.write_text(ours.replace("wizard.__main__", "empty"))
    empty.chmod(0o755)
    (Path(there.strip()) / "empty.py").write_text("def main():\n    return 0\n")
    return python.parent


def measure(runs):
    """Name → seconds, the best of some runs."""
    best = dict.fromkeys(ROWS, 60.0)
    with tempfile.TemporaryDirectory() as folder:
        environ = saved_profile(Path(folder) / "home")
        scripts = installed(f"{folder}/venv")
        for number in range(runs + 2):
            for name, (words, _) in ROWS.items():
                call = [scripts / "empty"] if words is None else [scripts / "wa-wizard", *words]
                began = time.perf_counter()
                subprocess.run(call, env=environ, stdout=subprocess.DEVNULL, check=False)
                took = time.perf_counter() - began
                if number >= 2:  # the first runs compile
                    best[name] = min(best[name], took)
    return best


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 31
    best = measure(runs)
    print(f"{'':26} {'ms':>7} {'ratio':>6} {'aim':>6}   (best of {runs})")
    for name, (_, aim) in ROWS.items():
        aimed = f"{aim:.1f}" if aim else ""
        print(f"{name:26} {best[name] * 1000:7.1f} {best[name] / best[EMPTY]:6.2f} {aimed:>6}")


if __name__ == "__main__":
    main()
