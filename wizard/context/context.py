"""The parts of one run, each built when it is first asked for, all from one command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from msgspec import structs

from wizard.audit import checklist
from wizard.audit.checklist import Checklist
from wizard.audit.results import AuditResult, remembered
from wizard.context.settings import Arguments, Settings, language_of, profile_of, settings
from wizard.net.address import META_URL, checked_url, checked_version
from wizard.report.documents import write_document
from wizard.state.config import Config, Home, find
from wizard.state.private_file import make_folder
from wizard.state.record import ProfileRecord, RecordFile
from wizard.text.errors import InputRequired, UsageError, UserAbort
from wizard.text.localised import phrase
from wizard.text.secret import Secret
from wizard.ui.screen import Screen, is_terminal, open_screen
from wizard.ui.words import Words

# What asks a person, Meta or a vault loads http.client, ssl, questionary, keyring: it is imported
# by the part of a run that needs it, so that `status` and `help` answer at once.
if TYPE_CHECKING:
    from wizard.actions.prompter import Prompter
    from wizard.actions.session import Session
    from wizard.graph import Credentials, Graph
    from wizard.sandbox import Running
    from wizard.state.answers import Answers
    from wizard.vault import Vault
    from wizard.vault.environment import Environment
    from wizard.webhook.local_receiver import LocalReceiver

#: How long the sandbox's play person is waited for.
PLAY_SECONDS = 20.0
#: Commands that lead a newcomer: they explain Meta's terms.
GUIDING = ("setup", "login")


class Context:
    """Settings, home, words, screen, record, vault and session of one run.

    In the sandbox everything stands under `sandbox/<scenario>/`, nothing real is touched, and the
    stand-in for Meta runs inside this process until `close`. With `seeded`, a fresh
    profile gets the goals, ids and play secrets of its scenario: an audit needs no setup before.
    """

    def __init__(
        self,
        chosen: Arguments,
        environ: Mapping[str, str] = os.environ,
        *,
        answers: Answers | None = None,
        seeded: bool = True,
    ) -> None:
        self.chosen, self.environ = chosen, environ
        self._answers, self._seeded = answers, seeded
        #: Every way to Graph that was opened in this run.
        self.graphs: list[Graph] = []
        self._address_agreed = False

    def __enter__(self) -> Context:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stops the receiver and the sandbox where they run; with --verbose shows the requests."""
        for graph in self.graphs if self.chosen.verbose else ():
            for seen in graph.exchanges:  # nothing of a query or a body
                code = f" ({seen.code})" if seen.code else ""
                trace = f" {seen.trace}" if seen.trace else ""
                line = f"{seen.method} {seen.path} {seen.http}{code} {seen.milliseconds} ms{trace}"
                self.notes.line(line, "dim")
        self.graphs.clear()
        if "listener" in self.__dict__:
            self.listener.close()
        if "running" in self.__dict__ and self.running is not None:
            self.running.close()

    @cached_property
    def words(self) -> Words:
        """The tool's words in the language of this run."""
        words = Words(self.chosen.language, self.same, vars(self.chosen).get("folder") or "")
        words.explains = self.chosen.command in GUIDING
        return words

    @cached_property
    def screen(self) -> Screen:
        """Standard output; with --json the document alone goes there, and words to the notes."""
        if self.chosen.json:
            return self.notes
        return open_screen(sys.stdout, self.chosen.color, self.environ)

    @cached_property
    def notes(self) -> Screen:
        """Standard error: for what is no part of the answer."""
        return open_screen(sys.stderr, self.chosen.color, self.environ)

    def print_json(self, content: object, *, line: bool = False) -> None:
        """The JSON document of this command on standard output, or one line of several."""
        self.chosen.answered = True
        write_document(content, line=line)

    @cached_property
    def real_home(self) -> Home:
        """Where everything is kept, the sandbox apart."""
        return find(self.environ)

    @cached_property
    def home(self) -> Home:
        """Where this run keeps everything."""
        scenario = self.chosen.sandbox
        return self.real_home.sandbox(scenario) if scenario else self.real_home

    @cached_property
    def config(self) -> Config:
        """The configuration of this home."""
        return self.home.config()

    @cached_property
    def settings(self) -> Settings:
        """What this run goes by."""
        return settings(self.environ, self.config, profile=self.chosen.profile)

    @property
    def profile(self) -> str:
        """The profile of this run."""
        return profile_of(self.environ, self.config, self.chosen.profile)

    @property
    def same(self) -> str:
        """The options with which another command speaks of the same profile, each one word."""
        options = []
        if self.profile != self.config.current:
            options.append(f"--profile={self.profile}")
        if self.chosen.sandbox:
            options.append(f"--sandbox={self.chosen.sandbox}")
        # Without the option it is the usual language: nothing is read once more.
        asked = self.chosen.lang
        if asked and asked != language_of(self.environ, profile=self.chosen.profile):
            options.append(f"--lang={asked}")
        return " ".join(options)

    @cached_property
    def store(self) -> RecordFile:
        """The status file of this profile."""
        return RecordFile(self.home.status_path(self.profile))

    @cached_property
    def record(self) -> ProfileRecord:
        """What is remembered of this profile."""
        return self.store.load()

    @cached_property
    def checklist(self) -> Checklist:
        """What must be true."""
        return checklist.load()

    @cached_property
    def running(self) -> Running | None:
        """The sandbox inside this process; None for the real Meta."""
        if not self.chosen.sandbox:
            return None
        from wizard import sandbox

        folder = self.home.state_folder
        make_folder(folder)
        return sandbox.start(self.chosen.sandbox, state_dir=folder)

    @cached_property
    def vault(self) -> Vault:
        """The profile's store of secrets; the sandbox has its own, for play."""
        if self.chosen.sandbox:
            return self.open_vault({"store": "sandbox"})
        usual = self.config.preferences.store
        if usual and not self.choice and not self.record.started:
            self.choose_vault({"store": usual})  # a new profile's from now on
        return self.open_vault(self.choice)

    @cached_property
    def environment(self) -> Environment:
        """The secrets of the environment; real ones have no business in the sandbox.

        UsageError for a variable that two profiles would take as their own.
        """
        from wizard.vault.environment import Environment

        given = Environment({} if self.chosen.sandbox else self.environ, self.profile)
        if clash := given.clash(() if self.chosen.sandbox else self.home.profiles()):
            both = f"{self.profile}, {clash[1]}"
            raise UsageError("profiles.same_variable", name=clash[0], profiles=both)
        return given

    @property
    def choice(self) -> Mapping[str, Any]:
        """Which store the profile chose; {} for the usual one."""
        return self.config.of(self.profile).vault

    def open_vault(self, choice: Mapping[str, Any]) -> Vault:
        """A store of this profile, whether it is the chosen one or not. Reaches for nothing yet."""
        from wizard.vault.stores import Person, open_vault

        _ = self.environment  # refuses what is not this profile's alone
        person = Person(
            attended=self.attended,
            waiting=lambda: self.notes.line(self.words.say("vault.waiting")),
            passphrase=self._passphrase(),
            passphrase_file=Path(path) if (path := self.chosen.passphrase_file) else None,
        )
        return open_vault(
            *(self.profile, choice, self.environ, person),
            folder=self.home.folder(self.profile),
            record=lambda: self.record,
        )

    def lend(self, answers: Answers | None) -> None:
        """Where nothing can be kept, the secrets of the answers file are used from its places.

        Before the session is opened.
        """
        from wizard.vault.stores import lend

        if answers and answers.secrets and not self.chosen.sandbox:
            places = {
                name: (place.env or place.file, Secret(answers.given[name]))
                for name, place in answers.secrets.items()
            }
            self.__dict__["vault"] = lend(self.vault, self.environ, places, self.profile)

    def _passphrase(self) -> Callable[[bool], Secret | None]:
        """Asks the person for that of one store; None where no one is."""
        from wizard.context.filling import passphrase_from

        ask = passphrase_from(lambda: self.prompter)
        return lambda new: ask(new) if self.attended else None

    def choose_vault(self, choice: Mapping[str, Any], vault: Vault | None = None) -> None:
        """Records the store that was chosen, once it is proven; it is the one in use from now."""
        self.set_profile(vault=dict(choice))
        self.__dict__["vault"] = vault or self.open_vault(choice)

    def set_profile(self, **preferences: Any) -> None:
        """Keeps preferences of the profile in the configuration, those of this run too."""
        changed = self.home.config().with_profile(self.profile, **preferences)
        self.home.save_config(changed)
        self.__dict__["config"] = changed

    @cached_property
    def attended(self) -> bool:
        """Whether a person can be asked."""
        return not self.chosen.no_input and is_terminal(sys.stdin) and is_terminal(sys.stdout)

    @cached_property
    def prompter(self) -> Prompter:
        """The conversation: with the person at the terminal, else with the answers file."""
        from wizard.ui.console_prompter import ConsolePrompter
        from wizard.ui.noninteractive_prompter import NonInteractivePrompter, PresetAnswers

        given = self.running.suggestions if self.running is not None else None
        play = bool(self.chosen.sandbox)
        if self.attended:
            person = ConsolePrompter(self.screen, self.words, suggestions=given, sandbox=play)
            return PresetAnswers(person, self._answers.given) if self._answers else person
        return NonInteractivePrompter(
            self.screen,
            self.words,
            self._answers,
            suggestions=given,
            sandbox=play,
            consent_option="--yes" if hasattr(self.chosen, "yes") else "",
        )

    @cached_property
    def session(self) -> Session:
        """Everything that work on this profile needs."""
        from wizard.actions.session import Session, Stores
        from wizard.facts.facts import Facts
        from wizard.ui.setup_view import sign_in_page
        from wizard.webhook.local_receiver import LocalEvidence

        evidence = LocalEvidence(self.listener.reader, self.listener.outside)
        pins = structs.asdict(self.config.of(self.profile).expect)

        def open_facts(graph: Graph, record: ProfileRecord, vault: Vault) -> Facts:
            facts = Facts(graph, record, vault, evidence=evidence, expected=pins)
            facts.template_folder = self.template_folder
            return facts

        session = Session(
            prompter=self.prompter,
            vault=self.vault,
            store=self.store,
            record=self.record,
            checklist=self.checklist,
            open_graph=self.open_graph,
            open_facts=open_facts,
            expected={name: pin for name, pin in pins.items() if pin},
            language=self.chosen.language,
            stores=None if self.chosen.sandbox else Stores(self.open_vault, self.choose_vault),
            listener=self.listener,
            nudge=self.running.write if self.running is not None else lambda: None,
            sign_in=self.running.sign_in if self.running is not None else None,
            page=partial(sign_in_page, self.words),
        )
        if self.running is not None and self._seeded:
            from wizard.context.filling import bring_scenario

            bring_scenario(session, self.running)
        return session

    @cached_property
    def open_graph(self) -> Callable[[Credentials], Graph]:
        """Opens the way to Graph, at the address and in the version of this run.

        An address that is not Meta's is announced here, before any secret can go there.
        InvalidAddress when address or version is refused.
        """
        from wizard.graph.client import GraphClient

        url, source = self.settings.graph_url, self.settings.graph_url_from
        if self.running is not None:
            url = self.running.graph_url
        url, version = checked_url(url), checked_version(self.settings.graph_version)
        if self.running is not None or url == META_URL:
            source = ""
        else:
            kept = source in ("profile", "config")
            source = str(self.home.config_path) if kept else source
            self.notes.line(self.words.say("cli.foreign_graph", url=url, source=source), "bold")

        def open_graph(keys: Credentials) -> Graph:
            if source and keys.access_token:
                self._may_have(url)
            graph = GraphClient(keys, url=url, version=version)
            graph.named_by(source)
            self.graphs.append(graph)
            return graph

        return open_graph

    def _may_have(self, url: str) -> None:
        """Asks once whether a kept token may go in plain http to whatever has that port.

        The variable that names the address for this run says so as well: the line in config.yaml
        may be old, or of someone else.
        """
        named = self.settings.graph_url_from == "WA_WIZARD_GRAPH_URL"
        if named or self._address_agreed or not url.startswith("http:"):
            return
        from wizard.actions.prompter import Choice, Question
        from wizard.vault.environment import SOURCE

        if self.vault.source_of("access_token").store == SOURCE:
            return
        option = f"WA_WIZARD_GRAPH_URL={url}"
        if not self.attended:
            raise InputRequired("graph_url", option)
        text = phrase("cli.plain_graph", url=url, source=str(self.home.config_path))
        answers = [Choice(word, phrase(f"cli.plain_graph_{word}")) for word in ("no", "yes")]
        if self.prompter.choose(Question("graph_url", text, default="no"), answers) != "yes":
            raise UserAbort
        self._address_agreed = True

    @cached_property
    def listener(self) -> LocalReceiver:
        """Takes what Meta delivers, once something starts it; its inbox is that of the profile."""
        from wizard.net.connection import Outside
        from wizard.webhook.local_receiver import WAIT_SECONDS, LocalReceiver

        play = bool(self.chosen.sandbox)
        # The sandbox is on this machine: there its own address will do.
        outside = Outside(allow_local=play, environ=self.environ)
        path = self.home.inbox_path(self.profile)
        return LocalReceiver(path, outside, PLAY_SECONDS if play else WAIT_SECONDS)

    @property
    def template_folder(self) -> Path | None:
        """The folder of template files that this profile names; relative to the configuration."""
        named = self.config.of(self.profile).templates
        return self.home.config_folder / Path(named).expanduser() if named else None

    @property
    def verdict(self) -> AuditResult:
        """The verdict that was saved last."""
        return remembered(self.checklist, self.record)
