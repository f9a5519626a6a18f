"""The settings of one run by precedence: option, environment, profile, default."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wizard.graph import DEFAULT_VERSION, Credentials, Graph
from wizard.net.address import META_URL
from wizard.state.config import InvalidProfileName, find, profile_name
from wizard.state.yaml_file import StateFileError
from wizard.text.errors import Exit
from wizard.text.localised import LANGUAGES

if TYPE_CHECKING:
    from wizard.context.context import Context


class Arguments:
    """What the command line says. Commands find their own options beside these."""

    command = ""
    language = "en"
    profile = ""
    json = False
    no_input = False
    color = "auto"
    verbose = False
    passphrase_file = ""  # of the encrypted file
    sandbox = ""  # the scenario; "" for the real Meta

    #: Whether the one JSON document of this command is on standard output already.
    answered = False
    #: Says why a command could not go on; returns its exit code. Set by `cli`.
    report_error: Callable[[BaseException], Exit]

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """A command's own options."""


def opener(context: Context) -> Callable[[Credentials], Graph]:
    """Opens Graph for some keys; InvalidAddress when the address or the version is refused."""
    from wizard.graph.client import GraphClient
    from wizard.net.address import checked_url, checked_version

    url, source = address(context)
    url, version = checked_url(url), checked_version(version_of(context))
    if url != META_URL and context.running is None:
        context.notes.line(context.words.say("cli.foreign_graph", url=url, source=source), "bold")

    def open_graph(keys: Credentials) -> Graph:
        graph = GraphClient(keys, url=url, version=version)
        context.graphs.append(graph)
        return graph

    return open_graph


def requests_made(graphs: Sequence[Graph]) -> Iterator[str]:
    """One line for each request, as `--verbose` shows it: nothing of its query or its body."""
    for graph in graphs:
        for seen in graph.exchanges:
            code = f" ({seen.code})" if seen.code else ""
            trace = f" {seen.trace}" if seen.trace else ""
            yield f"{seen.method} {seen.path} {seen.http}{code} {seen.milliseconds} ms{trace}"


def address(context: Context) -> tuple[str, str]:
    """The address, and who named it: the sandbox, the environment, the profile, nobody."""
    if context.running is not None:
        return context.running.graph_url, "--sandbox"
    if url := context.environ.get("WA_WIZARD_GRAPH_URL"):
        return url, "WA_WIZARD_GRAPH_URL"
    if url := context.config.of(context.profile).graph_url:
        return url, str(context.home.config_path)
    return META_URL, ""


def version_of(context: Context) -> str:
    """The version to ask for: of the environment, the profile, or the newest we know."""
    wish = context.environ.get("WA_WIZARD_GRAPH_VERSION")
    return wish or context.config.of(context.profile).graph_version or DEFAULT_VERSION


DEFAULT = "en"
DEFAULT_SCENARIO = "rehearsal"


def choose(option: str, profile: str, environ: Mapping[str, str]) -> str:
    """One of LANGUAGES; a value we do not speak is passed over."""
    for wish in (option, environ.get("WA_WIZARD_LANG", ""), _preferred(profile, environ)):
        if wish in LANGUAGES:
            return wish
    return "ru" if _locale(environ).startswith("ru") else DEFAULT


def _preferred(profile: str, environ: Mapping[str, str]) -> str:
    """The profile's own; a file that cannot be read is complained about later, in some language."""
    try:
        config = find(environ).config()
        name = profile or environ.get("WA_WIZARD_PROFILE") or config.current
        return config.of(profile_name(name)).lang
    except (StateFileError, InvalidProfileName):
        return ""


def _locale(environ: Mapping[str, str]) -> str:
    """The first that is set decides, as POSIX has it."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(name):
            return value.lower()
    return ""


def scenarios() -> tuple[str, ...]:
    """The names of the scenarios; the sandbox itself is not imported for this."""
    folder = Path(__file__).parents[1] / "sandbox" / "scenarios"
    names = os.listdir(folder) if folder.is_dir() else []
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))
