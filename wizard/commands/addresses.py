"""At which address and in which version this run speaks to Graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from wizard.graph import DEFAULT_VERSION, Credentials, Graph
from wizard.net.address import META_URL

if TYPE_CHECKING:
    from wizard.commands.parts import Parts


def opener(parts: Parts) -> Callable[[Credentials], Graph]:
    """Opens Graph for some keys; InvalidAddress when the address or the version is refused."""
    from wizard.graph.client import GraphClient
    from wizard.net.address import checked_url, checked_version

    url, source = address(parts)
    url, version = checked_url(url), checked_version(version_of(parts))
    if url != META_URL and parts.running is None:
        parts.notes.line(parts.words.say("cli.foreign_graph", url=url, source=source), "bold")

    def open_graph(keys: Credentials) -> Graph:
        graph = GraphClient(keys, url=url, version=version)
        parts.graphs.append(graph)
        return graph

    return open_graph


def requests_made(graphs: Sequence[Graph]) -> Iterator[str]:
    """One line for each request, as `--verbose` shows it: nothing of its query or its body."""
    for graph in graphs:
        for seen in graph.exchanges:
            code = f" ({seen.code})" if seen.code else ""
            trace = f" {seen.trace}" if seen.trace else ""
            yield f"{seen.method} {seen.path} {seen.http}{code} {seen.milliseconds} ms{trace}"


def address(parts: Parts) -> tuple[str, str]:
    """The address, and who named it: the sandbox, the environment, the profile, nobody."""
    if parts.running is not None:
        return parts.running.graph_url, "--sandbox"
    if url := parts.environ.get("WA_WIZARD_GRAPH_URL"):
        return url, "WA_WIZARD_GRAPH_URL"
    if url := parts.config.of(parts.profile).graph_url:
        return url, str(parts.home.config_path)
    return META_URL, ""


def version_of(parts: Parts) -> str:
    """The version to ask for: of the environment, the profile, or the newest we know."""
    wish = parts.environ.get("WA_WIZARD_GRAPH_VERSION")
    return wish or parts.config.of(parts.profile).graph_version or DEFAULT_VERSION
