"""How fast the receiver is, against what this disk and this server can do at all.

    python -m tests.bench.receiver

Prints deliveries per second and the time of an answer: of SQLite committing the same rows one by
one and together, of waitress answering 200 without reading what came, of pywa's own receiver on
waitress, which checks and parses but stores nothing either, and of the receiver, each in its own
process, in turn, several times (the middle one counts: other work on the machine comes and goes);
then the receiver at a steady 500 deliveries per second, Meta's own rule being a median of 250 ms
and less than one in a hundred over a second.
"""

import argparse
import logging
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import waitress

from tests.support import deliveries
from wizard.text.secret import Secret
from wizard.webhook.endpoint import Address
from wizard.webhook.inbox import Writer
from wizard.webhook.payload import read
from wizard.webhook.receiver import THREADS, Receiver


def request(name):
    message = deliveries.text(f"wamid.{name}", body="Здравствуйте! Сколько стоит доставка?")
    body = deliveries.encode(deliveries.incoming(message))
    head = f"POST /webhook HTTP/1.1\r\nHost: bench\r\nContent-Length: {len(body)}\r\n"
    signed = f"X-Hub-Signature-256: {deliveries.signature(body)}\r\n\r\n"
    return (head + signed).encode() + body


class Client(threading.Thread):
    """One connection that is kept open; `every` seconds per request, 0 for as fast as it goes."""

    def __init__(self, port, requests, every=0.0):
        super().__init__()
        self.port, self.requests, self.every, self.times = port, requests, every, []

    def run(self):
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            due = time.perf_counter()
            for one in self.requests:
                if self.every:
                    due += self.every
                    time.sleep(max(0.0, due - time.perf_counter()))
                # Paced: from when it was due, so that a queue is counted as waiting.
                began = due if self.every else time.perf_counter()
                connection.sendall(one)
                answer = connection.recv(4096)
                assert answer.startswith(b"HTTP/1.1 200"), answer
                head, _, rest = answer.partition(b"\r\n\r\n")
                length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
                while len(rest) < length:
                    rest += connection.recv(4096)
                self.times.append(time.perf_counter() - began)


def load(port, count, clients, rate=0):
    shares = [[request(f"{rate}.{k}.{n}") for n in range(count // clients)] for k in range(clients)]
    threads = [Client(port, share, clients / rate if rate else 0.0) for share in shares]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    return took, sorted(one for thread in threads for one in thread.times)


def show(name, count, run, other=None):
    took, times = run
    median, late = times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000
    ratio = f"{other / took:7.2f}" if other else "       "
    print(f"{name:<44}{count / took:>9.0f}{median:>9.1f}{late:>9.1f}{ratio}", flush=True)


def commits(path, count, together):
    """SQLite alone: the same rows, the same settings, `together` deliveries per transaction."""
    from wizard.webhook.inbox.file import connect
    from wizard.webhook.inbox.writer import Pending, deliver

    connection = connect(path)
    bodies = [request(n).split(b"\r\n\r\n", 1)[1] for n in range(count)]
    jobs, times = [Pending(read(body), print) for body in bodies], []
    began = time.perf_counter()
    for at in range(0, count, together):
        start = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        deliver(connection, jobs[at : at + together], asks=False)
        connection.execute("COMMIT")
        times.append(time.perf_counter() - start)
    connection.close()
    return time.perf_counter() - began, sorted(times)


def serve(kind, path):
    if kind == "receiver":
        secret = Secret(deliveries.SECRET)
        at = Address(port=0)
        receiver = Receiver(Writer(Path(path)), lambda: secret, lambda: secret, at=at)
        print(receiver.start().at.port, flush=True)
    else:
        logging.disable()  # of its queue, and of deliveries that pywa has no handler for
        application = _pywa() if kind == "pywa" else _empty
        server = waitress.create_server(application, host="127.0.0.1", port=0, threads=THREADS)
        threading.Thread(target=server.run, daemon=True).start()
        print(server.effective_port, flush=True)
    sys.stdin.read()


def _pywa():
    """pywa's own receiver, which checks the signature, parses and stores nothing."""
    import flask
    from pywa.client import WhatsApp
    from pywa.handlers import RawUpdateHandler

    app = flask.Flask("shop")
    client = WhatsApp(
        token="x",
        phone_id=deliveries.NUMBER,
        server=app,
        webhook_endpoint="/webhook",
        verify_token="v",
        app_secret=deliveries.SECRET,
    )
    client.add_handlers(RawUpdateHandler(lambda _, update: None))
    return app


def _empty(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]


class Server:
    def __init__(self, kind, folder, turn):
        command = [sys.executable, "-m", "tests.bench.receiver", "--serve", kind]
        command += ["--inbox", str(Path(folder) / f"{kind}{turn}.sqlite3")]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.child.stdout.readline())

    def __enter__(self):
        return self.port

    def __exit__(self, *error):
        self.child.communicate(b"")


KINDS = ("bare", "pywa", "receiver")


def in_turn(folder, count, clients, rounds):
    """Each server `rounds` times: its run (see `load`) that is neither the best nor the worst."""
    found = {kind: [] for kind in KINDS}
    for turn in range(rounds):
        for kind, runs in found.items():
            with Server(kind, folder, turn) as port:
                runs.append(load(port, count, clients))
    return {kind: sorted(runs)[rounds // 2] for kind, runs in found.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=8000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--inbox", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve, asked.inbox)
        return
    count, clients = asked.count, asked.clients
    print(f"{'':<44}{'per s':>9}{'med ms':>9}{'99% ms':>9}{'ratio':>7}")
    # Beside the code, not in /tmp: that may be memory, where syncing costs nothing.
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as folder:
        alone, times = commits(Path(folder) / "one.sqlite3", count // 2, 1)
        show("SQLite, full sync, one per commit", count // 2, (alone, times))
        grouped, times = commits(Path(folder) / "many.sqlite3", count, clients)
        show(f"SQLite, full sync, {clients} per commit", count, (grouped, times))
        runs = in_turn(folder, count, clients, asked.rounds)
        bare, pywa, ours = (runs[kind] for kind in KINDS)
        show(f"waitress, answering only, {clients} clients", count, bare)
        show("pywa on waitress, to answering only", count, pywa, bare[0])
        show("the receiver, to answering only", count, ours, bare[0])
        show("the receiver, to pywa", count, ours, pywa[0])
        show("the receiver, to SQLite, one per commit", count, ours, alone * 2)
        show(f"the receiver, to SQLite, {clients} per commit", count, ours, grouped)
        with Server("receiver", folder, "paced") as port:
            show("the receiver at 500 per second", 2500, load(port, 2500, clients, rate=500))


if __name__ == "__main__":
    main()
