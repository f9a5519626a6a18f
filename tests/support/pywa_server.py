"""pywa's own receiver on Flask, served from a thread of this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def serving(*handlers: Any, **credentials: str) -> Iterator[str]:
    """Its URL while it is served; the test is skipped where pywa or Flask is missing."""
    pywa, flask = pytest.importorskip("pywa"), pytest.importorskip("flask")
    from werkzeug.serving import make_server

    app = flask.Flask("shop")
    client = pywa.WhatsApp(server=app, webhook_endpoint="/hook", **credentials)
    client.add_handlers(*handlers)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    server.server_close()
    client.api._session.close()
