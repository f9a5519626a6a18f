"""Ten thousand deliveries, a receiver that is killed twenty times: nothing acknowledged is lost."""

import http.client
import random
import socket
import subprocess
import sys
import threading
import time

from tests.support import deliveries
from wizard.webhook.inbox import Reader

CLIENTS, DELIVERIES, KILLS = 4, 10_000, 20
#: One delivery in ten comes again.
TOTAL = DELIVERIES * 11 // 10

RECEIVER = """
import sys, time
from pathlib import Path
from wizard.webhook.inbox import Writer
from wizard.text.secret import Secret
from wizard.webhook.endpoint import Address
from wizard.webhook.receiver import Receiver
secret = Secret(sys.argv[3])
at = Address(port=int(sys.argv[2]))
Receiver(Writer(Path(sys.argv[1])), lambda: secret, lambda: secret, at=at).start()
print("listening", flush=True)
time.sleep(600)
"""


class Meta(threading.Thread):
    """Delivers its share, each until it is acknowledged; one in ten is delivered again later."""

    def __init__(self, port, share, over):
        super().__init__(daemon=True)
        self.over = over
        self.port, self.share, self.acknowledged, self.connection = port, share, 0, None

    def run(self):
        for n in self.share:
            message = deliveries.text(f"wamid.{n}", body="Привет " * 20)
            self.send(deliveries.incoming(message))
            if n % 10 == 0:
                # Again, in company: as Meta does it, the bytes are not the same.
                more = deliveries.text(f"wamid.{n}.more")
                self.send(deliveries.incoming(message, more))
        if self.connection is not None:
            self.connection.close()

    def send(self, content):
        body = deliveries.encode(content)
        while not self.over.is_set() and not self.delivered(body):
            time.sleep(0.02)
        self.acknowledged += 1

    def delivered(self, body):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            self.connection.request("POST", "/webhook", body, deliveries.headers(body))
            answer = self.connection.getresponse()
            answer.read()
            return answer.status == 200
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            return False


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def start(inbox, port):
    arguments = [sys.executable, "-c", RECEIVER, str(inbox), str(port), deliveries.SECRET]
    child = subprocess.Popen(arguments, stdout=subprocess.PIPE)
    if (line := child.stdout.readline()) != b"listening\n":
        child.kill()
        child.communicate()
        raise AssertionError(f"the receiver did not start: {line!r}")
    return child


def started(clients):
    clients = list(clients)
    for client in clients:
        client.start()
    return clients


def test_no_acknowledged_delivery_is_lost_or_doubled_by_kills(tmp_path):
    chance = random.Random(20261122)
    inbox, port = tmp_path / "inbox.sqlite3", free_port()
    child = start(inbox, port)
    over = threading.Event()
    shares = [range(k, DELIVERIES, CLIENTS) for k in range(CLIENTS)]
    clients = [Meta(port, share, over) for share in shares]
    for client in clients:
        client.start()
    # By progress, not by the clock: a fast machine would be done before the last kill.
    due = sorted(chance.sample(range(TOTAL * 9 // 10), KILLS))
    kills = 0
    try:
        while any(client.is_alive() for client in clients):
            time.sleep(chance.uniform(0.005, 0.05))
            if kills < KILLS and sum(client.acknowledged for client in clients) >= due[kills]:
                child.kill()
                child.communicate()
                child = start(inbox, port)
                kills += 1
    finally:
        over.set()
        child.kill()
        child.communicate()
        for client in clients:
            client.join(20)
    assert kills == KILLS
    assert sum(client.acknowledged for client in clients) == TOTAL
    expected = {f"wamid.{n}" for n in range(DELIVERIES)}
    expected |= {f"wamid.{n}.more" for n in range(0, DELIVERIES, 10)}
    found = [message.id for message in Reader(inbox).messages()]
    assert len(found) == len(set(found))
    assert set(found) == expected
