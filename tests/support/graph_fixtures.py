"""The keys and clients of these tests."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.loopback import Authority
from wizard.graph import Credentials
from wizard.graph.client import GraphClient
from wizard.text.secret import Secret

#: Must never be seen again, wherever one looks.
TOKEN = "EAAcanary0TOKEN1that2must3not4show5"
APP_SECRET = "cafe0123456789abcdef0123456789ab"
APP_ID = "1122334455667788"


@pytest.fixture
def keys() -> Credentials:
    return Credentials(Secret(TOKEN), APP_ID, Secret(APP_SECRET), proves=True)


@pytest.fixture
def pauses() -> list[float]:
    """The seconds that the client would have waited."""
    return []


@pytest.fixture
def client(keys: Credentials, pauses: list[float]) -> Iterator[Callable[..., GraphClient]]:
    """Makes a client that does not really wait."""
    made: list[GraphClient] = []

    def make(url: str, keys: Credentials = keys, **options: Any) -> GraphClient:
        graph = GraphClient(keys, url=url, pause=pauses.append, **options)
        made.append(graph)
        return graph

    yield make
    for graph in made:
        graph.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))
