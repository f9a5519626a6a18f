"""A proof that Graph refused can be left out, so that what the token is can still be learnt."""

import pytest

from tests.support.loopback import web


@pytest.mark.parametrize(
    "read",
    [
        lambda graph, prove: graph.get("debug_token", prove=prove),
        lambda graph, prove: graph.pages("20/phone_numbers", prove=prove),
    ],
)
@pytest.mark.parametrize("prove", [True, False])
def test_a_read_is_proven_unless_told_not_to(client, read, prove):
    with web(lambda request: {"data": []}) as served:
        read(client(served.url), prove)
    (request,) = served.requests
    assert ("appsecret_proof" in request.query) is prove
    assert "prove" not in request.query
