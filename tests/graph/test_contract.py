"""The real client and the fake are the same to whoever uses them."""

from contextlib import ExitStack
from typing import Any

import pytest

from tests.support import loopback
from tests.support.fake_graph import NOT_VISIBLE, FakeGraph, envelope
from tests.support.graph_contract import KEYS, GraphContract
from tests.support.loopback import Reply
from wizard.graph.errors import names


def meta(answers, unknown_fields):
    """Answers over HTTP, in pages, and refuses one unknown field at a time, as Graph does."""

    def respond(request):
        _, version, path = request.path.split("/", 2)
        answer = answers.get(f"{request.method} {path}", NOT_VISIBLE)
        wanted = [field for field in request.query.get("fields", "").split(",") if field]
        for name in (name for field in wanted for name in names(field)):
            if name in unknown_fields:
                text = f"(#100) Tried accessing nonexisting field ({name}) on node type (Fake)"
                answer = envelope(100, text)
                break
        headers = {"facebook-api-version": version}
        if "error" in answer:
            return Reply({"error": answer["error"]}, answer["_http"], headers)
        return Reply(page(answer, wanted, request.query), 200, headers)

    return respond


def page(answer, wanted, query):
    chosen = {"id", *(names(field)[0] for field in wanted if names(field))}
    if "data" not in answer:
        return {k: v for k, v in answer.items() if k in chosen} if wanted else answer
    begin, limit = int(query.get("after", 0)), int(query.get("limit", 25))
    rows = [
        {k: v for k, v in row.items() if k in chosen} if wanted else row for row in answer["data"]
    ]
    paging: dict[str, Any] = {"cursors": {"before": str(begin), "after": str(begin + limit)}}
    if begin + limit < len(rows):
        paging["next"] = "https://elsewhere.example/?access_token=…"
    return {"data": rows[begin : begin + limit], "paging": paging}


class TestGraphClient(GraphContract):
    @pytest.fixture
    def graph(self, client):
        with ExitStack() as stack:

            def make(answers, keys=KEYS, unknown_fields=()):
                respond = meta(answers, unknown_fields)
                return client(stack.enter_context(loopback.web(respond)).url, keys=keys)

            yield make


class TestFakeGraph(GraphContract):
    @pytest.fixture
    def graph(self):
        def make(answers, keys=KEYS, unknown_fields=()):
            return FakeGraph(answers, keys=keys, unknown_fields=unknown_fields)

        return make
