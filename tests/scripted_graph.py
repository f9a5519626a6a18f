"""A Graph that answers by path, for tests of whatever reads; it shares nothing with a sandbox."""

import threading
import time
from contextlib import contextmanager

from wizard.graph import Keys, Reach, Refusal
from wizard.model import CannotLook, Secret, Trouble

TOKEN, SECRET = Secret("EAAGtoken"), Secret("0123456789abcdef0123456789abcdef")


def refusal(trouble, code, message="", **values):
    always = {"subcode": 0, "http": 400, "details": "", "trace": "AbC"}
    return Refusal(trouble, **{**always, "code": code, "message": message, **values})


NOT_VISIBLE = refusal(Trouble.NOT_VISIBLE, 100, "Unsupported get request.", subcode=33)
WRONG_PROOF = refusal(Trouble.REFUSED, 100, "Invalid appsecret_proof provided in the API argument")
NEEDS_PROOF = refusal(
    Trouble.REFUSED, 100, "API calls from the server require an appsecret_proof argument"
)


class ScriptedGraph:
    """`answers`: path → JSON, a list of rows, an exception, or a function of the call."""

    version, url, exchanges = "v26.0", "https://graph.facebook.com", ()

    def __init__(self, answers=None, *, keys=None, seconds=0.0):
        self.answers = dict(answers or {})
        self.keys = keys or Keys(TOKEN)
        self.seconds = seconds
        self.calls = []  # (path, as_app, prove, fields, params)
        self.busiest = 0
        self._busy, self._lock = 0, threading.Lock()

    @property
    def paths(self):
        return [call[0] for call in self.calls]

    def get(self, path, *, fields=(), as_app=False, prove=True, **params):
        call = (path, as_app, prove, tuple(fields), params)
        with self._counted(call):
            answer = self.answers.get(path, NOT_VISIBLE)
            if callable(answer):
                answer = answer(call)
            if isinstance(answer, Exception):
                raise answer
            return answer

    def pages(self, path, *, fields=(), as_app=False, prove=True, limit=100, most=2000, **params):
        return self.get(path, fields=fields, as_app=as_app, prove=prove, **params)

    def probe(self):
        with self._counted(("", False, False, (), {})):
            if isinstance(answer := self.answers.get("", None), CannotLook):
                raise answer
            return answer or Reach(self.url, self.version, self.version, None, None)

    @contextmanager
    def _counted(self, call):
        with self._lock:
            self.calls.append(call)
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
        time.sleep(self.seconds)
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1
