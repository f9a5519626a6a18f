"""The receiver among clients that mean no good, and with large deliveries for minutes.

    python -m tests.bench.floods [--seconds 60]

Prints the time of an answer at a steady 500 deliveries per second: alone, beside eight connections
that send wrong signatures as fast as they are refused, and beside forty that never finish what they
began; then the memory of the receiver while it takes batches of 1,000 statuses and bodies of almost
3 MB, after each sixth of the time.
"""

import argparse
import contextlib
import itertools
import multiprocessing
import socket
import tempfile
import time
from pathlib import Path

from tests.bench.receiver import Server, load, request
from tests.support import deliveries

RATE, CLIENTS = 500, 16
UNFINISHED = {
    "length of a chunk": b"Transfer-Encoding: chunked\r\n\r\n",
    "chunk": b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n",
    "body": b"Content-Length: 2900000\r\n\r\n",
}


def forge(port, counted):
    """Wrong signatures on one connection, until the process is ended."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for n in itertools.count():
            connection.sendall(request(f"true.{n}").replace(b"wamid.true", b"wamid.evil"))
            if not (answer := connection.recv(4096)):
                return
            assert answer.startswith(b"HTTP/1.1 403"), answer
            counted.value += 1


def trickle(port, head, counted):
    """A connection that gets on without ending, begun again when it is closed."""
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as one:
            one.sendall(b"POST /webhook HTTP/1.1\r\nHost: bench\r\n" + head)
            counted.value += 1
            while True:
                one.sendall(b"1" * 200)
                time.sleep(0.05)


@contextlib.contextmanager
def beside(work, port, calls):
    """Runs `work` in processes of its own; gives their counters."""
    counters = [multiprocessing.Value("q", 0, lock=False) for _ in calls]
    children = [
        multiprocessing.Process(target=work, args=(port, *call, counter), daemon=True)
        for call, counter in zip(calls, counters, strict=True)
    ]
    for child in children:
        child.start()
    time.sleep(1)
    yield counters
    for child in children:
        child.kill()
        child.join()


def show(name, run, more=""):
    _, times = run
    median, late = times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000
    print(f"{name:<44}{median:>9.1f}{late:>9.1f}  {more}", flush=True)


def paced(port, seconds):
    return load(port, int(RATE * seconds), CLIENTS, rate=RATE)


def floods(folder, seconds):
    print(f"{'at 500 per second':<44}{'med ms':>9}{'99% ms':>9}")
    with Server("receiver", folder, "alone") as port:
        show("alone", paced(port, seconds))
    with Server("receiver", folder, "forged") as port:
        with beside(forge, port, [()] * 8) as counted:
            began = time.monotonic()
            run = paced(port, seconds)
            rate = sum(one.value for one in counted) / (time.monotonic() - began + 1)
        show("beside wrong signatures", run, f"{rate:.0f} refused per second")
    for name, head in UNFINISHED.items():
        with Server("receiver", folder, name) as port:
            with beside(trickle, port, [(head,)] * 40) as counted:
                run = paced(port, seconds)
            show(
                f"beside 40 that never finish a {name}",
                run,
                f"{sum(c.value for c in counted)} begun",
            )


def signed(content):
    body = deliveries.encode(content)
    head = f"POST /webhook HTTP/1.1\r\nHost: bench\r\nContent-Length: {len(body)}\r\n"
    return f"{head}X-Hub-Signature-256: {deliveries.signature(body)}\r\n\r\n".encode() + body


def statuses(n):
    rows = [
        {"id": f"wamid.{n}.{k}", "status": "sent", "timestamp": "1", "recipient_id": "491"}
        for k in range(1000)
    ]
    return signed(deliveries.envelope({"statuses": rows}))


def large(n):
    return signed(deliveries.incoming(deliveries.text(f"wamid.large.{n}", body="x" * 2_900_000)))


def memory(server):
    text = Path(f"/proc/{server.child.pid}/status").read_text("ascii")
    return int(text.partition("VmRSS:")[2].split()[0]) // 1024


def large_deliveries(folder, seconds):
    print(f"{'memory with large deliveries':<44}{'MB':>9}{'taken':>9}")
    server = Server("receiver", folder, "large")
    with server as port, socket.create_connection(("127.0.0.1", port)) as connection:
        began, taken, marks = time.monotonic(), 0, [k * seconds / 6 for k in range(7)]
        while marks:
            if time.monotonic() - began >= marks[0]:
                print(
                    f"{f'after {marks.pop(0):.0f} s':<44}{memory(server):>9}{taken:>9}", flush=True
                )
            connection.sendall((large if taken % 4 == 0 else statuses)(taken))
            answer = connection.recv(4096)
            assert answer.startswith(b"HTTP/1.1 200"), answer
            taken += 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--seconds", type=int, default=10, help="of each flood; six times for memory"
    )
    asked = parser.parse_args()
    # Beside the code, not in /tmp: that may be memory.
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as folder:
        floods(folder, asked.seconds)
        large_deliveries(folder, asked.seconds * 6)


if __name__ == "__main__":
    main()
