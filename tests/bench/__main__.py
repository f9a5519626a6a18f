"""Every measurement in one table: `make bench`."""

import os
import platform
import tempfile
from pathlib import Path

from tests.bench import audit, conversation, receiver, startup


def table(rows):
    """Prints rows of (what, seconds or None, ratio, to what, aim or None)."""
    print(f"{'':<38}{'ms':>9}{'ratio':>9}  {'to':<20}{'aim':>6}")
    for what, seconds, ratio, of, aim in rows:
        took = "" if seconds is None else f"{seconds * 1000:.1f}"
        shown = f"{ratio}" if isinstance(ratio, int) else f"{ratio:.2f}"
        aimed = "" if aim is None else f"≤ {aim:g}"
        print(f"{what:<38}{took:>9}{shown:>9}  {of:<20}{aimed:>6}", flush=True)


def startups(runs=31):
    best = startup.measure(runs)
    floor = best[startup.EMPTY]
    return [
        (name, best[name], best[name] / floor, "an empty script", aim)
        for name, (_, aim) in startup.ROWS.items()
    ]


def deliveries(count=4000, clients=16):
    """One delivery to the receiver, compared with servers that store nothing."""
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as folder:
        runs = receiver.in_turn(folder, count, clients, rounds=3)
        with receiver.Server("receiver", folder, "paced") as port:
            _, times = receiver.load(port, 1500, clients, rate=500)
    bare, pywa, took = (runs[kind][0] for kind in receiver.KINDS)
    late = times[int(len(times) * 0.99)]
    return [
        ("a delivery, stored for good", took / count, took / bare, "waitress, no work", 2.5),
        ("…", took / count, took / pywa, "pywa, not stored", 0.5),
        ("… 99 of 100 at 500 per second", late, late / 0.25, "Meta's 250 ms", 1),
    ]


if __name__ == "__main__":
    print(f"Python {platform.python_version()}, {platform.machine()}, processors: {os.cpu_count()}")
    table([*startups(), *audit.rows(7), *deliveries()])
    conversation.table()
