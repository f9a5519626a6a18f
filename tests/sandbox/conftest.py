"""Plain requests against a running sandbox: nothing here knows our own Graph client."""

import hashlib
import hmac

import pytest
import requests

from wizard.sandbox import start


class Caller:
    """One token at one sandbox."""

    def __init__(self, running, token, version="v26.0"):
        self.running, self.token, self.version = running, token, version
        self.session = requests.Session()
        self.session.trust_env = False

    def ask(self, method, path, **more):
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        url = f"{self.running.graph_url}/{self.version}/{path}" if self.version else path
        return self.session.request(method, url, headers=headers, timeout=20, **more)

    def get(self, path, **params):
        return self.ask("GET", path, params=params)

    def post(self, path, **body):
        return self.ask("POST", path, json=body)

    def delete(self, path, **params):
        return self.ask("DELETE", path, params=params)

    def proof(self, secret=None):
        key = (secret or self.running.app_secret).encode()
        return hmac.new(key, self.token.encode(), hashlib.sha256).hexdigest()

    def as_app(self):
        return self.become(f"{self.running.app_id}|{self.running.app_secret}")

    def become(self, token, version=None):
        other = Caller(self.running, token, version or self.version)
        other.session.close()
        other.session = self.session
        return other

    def control(self, path, **body):
        url = f"{self.running.graph_url}/_sandbox/{path}"
        return self.session.post(url, json=body, timeout=20)

    def state(self):
        return self.session.get(f"{self.running.graph_url}/_sandbox/state", timeout=20).json()


@pytest.fixture
def open_scenario():
    """open_scenario("healthy") starts a scenario and gives its owner; each ends with the test."""
    callers = []

    def begin(scenario="rehearsal", **options):
        running = start(scenario, **options)
        callers.append(Caller(running, running.access_token))
        return callers[-1]

    yield begin
    for caller in callers:
        caller.session.close()
        caller.running.close()


def error(answer):
    """(code, subcode) of a refusal."""
    body = answer.json()["error"]
    return body["code"], body.get("error_subcode", 0)


@pytest.fixture(name="error")
def _error():
    return error
