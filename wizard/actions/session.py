"""Everything that work on one profile needs, in one place; actions, setup and commands share it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wizard.actions.prompter import Prompter
from wizard.audit.checklist import Checklist, Item
from wizard.audit.results import ItemResult, keep_results
from wizard.facts.facts import Facts
from wizard.facts.models import Token
from wizard.graph import Credentials, Graph
from wizard.state.record import ProfileRecord, RecordStore, SecretNote, write_time
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import phrase
from wizard.text.secret import Secret, fingerprint
from wizard.vault import StoredSecret, Vault, VaultError, VaultProblem
from wizard.vault.stores import prove_writing
from wizard.webhook.local_receiver import LocalReceiver


@dataclass(frozen=True)
class Stores:
    """Where secrets can be kept, where that must be chosen: `open` does not connect yet.

    `use` records a choice whose vault was proven, and puts that vault to use.
    """

    open: Callable[[Mapping[str, Any]], Vault]
    use: Callable[[Mapping[str, Any], Vault], None]


@dataclass
class Session:
    """The parts, built once by `cli`; tests build it from fakes.

    `open_graph` and `open_facts` are called anew whenever the credentials changed.
    """

    prompter: Prompter
    vault: Vault
    store: RecordStore
    record: ProfileRecord
    checklist: Checklist
    open_graph: Callable[[Credentials], Graph]
    open_facts: Callable[[Graph, ProfileRecord, Vault], Facts]
    language: str = "en"
    stores: Stores | None = None  # None: there is nothing to choose (the sandbox)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    #: Receives for the length of this run; None where nothing may listen.
    listener: LocalReceiver | None = None
    #: Lets the play person of the sandbox write to the number; does nothing at the real Meta.
    nudge: Callable[[], object] = lambda: None
    #: Lets the play person of the sandbox answer the sign-in dialog; None at the real Meta.
    sign_in: Callable[[str], None] | None = None
    #: Speaks this language from now on, and keeps it for the profile; None where nothing is kept.
    speak: Callable[[str], None] | None = None
    #: Writes a template that was created, its name and content, into a file of the profile; the
    #: file, or None where it has one. None where no files are kept.
    keep_template: Callable[[str, Mapping[str, Any]], Path | None] | None = None
    #: The page that a sign-in ends on: done, refused or foreign → HTML.
    page: Callable[[str], str] = str
    #: The ids that the profile is pinned to, by name.
    expected: Mapping[str, str] = field(default_factory=dict)
    #: An audit goes on without a secret that cannot be right: its items name the variable.
    only_looks: bool = False

    def keys(self) -> Credentials:
        """The credentials as they are kept now. One read per secret, on this thread."""
        token = self._token()
        secret = self._app_secret(token)
        return Credentials(
            access_token=token.secret if token else None,
            app_id=self.record.ids.get("app_id", ""),
            app_secret=secret.secret if secret else None,
            # The secret was proven against this app before it was kept.
            proves=bool(token and secret and self.record.ids.get("app_id")),
        )

    def _token(self) -> StoredSecret | None:
        try:
            return self.vault.get("access_token")
        except VaultError as error:
            if self.only_looks and error.closed is VaultProblem.INVALID:
                return None
            raise

    def _app_secret(self, token: StoredSecret | None) -> StoredSecret | None:
        try:
            return self.vault.get("app_secret")
        except VaultError as error:
            if error.closed is VaultProblem.INVALID and not self.only_looks:
                raise
            # A token that the environment gives needs no store (CI, a container), and the secret
            # is optional; a store that is shut is what environment.vault judges.
            if error.closed is VaultProblem.INVALID or not token or token.source == "environment":
                return None
            raise

    def graph(self) -> Graph:
        """Graph, signed with the credentials as they are kept now."""
        return self.open_graph(self.keys())

    def facts(self) -> Facts:
        """Facts that were asked nothing yet."""
        return self.open_facts(self.graph(), self.record, self.vault)

    def show_steps(self, item: Item) -> None:
        """The steps of an item, and the offer to open their page."""
        links = self.prompter.show_steps(item, self.record.ids)
        if links:
            self.prompter.offer_page(links[0])

    def id_of(self, name: str) -> str:
        """An id of the profile, by its name; Unavailable while it is not known."""
        if found := self.record.ids.get(name):
            return found
        raise Unavailable(ErrorKind.NOT_GIVEN, name=name)

    def save(self) -> None:
        """Keeps the record: after every step, so that leaving at any moment loses nothing."""
        self.store.save(self.record)

    @contextmanager
    def acting(self) -> Iterator[None]:
        """Around consent, act and record: no other run acts on this profile meanwhile.

        The record then holds what other runs did before. It is saved first: where the outcome
        could not be kept nothing is done, and StateFileError says why.
        """
        with ExitStack() as held:
            with self.prompter.waiting(phrase("guide.other_run")):
                first = held.enter_context(self.store.acting())
            if first:
                self.save()
                self.record.become(self.store.load())
            yield

    def keep(self, name: str, secret: Secret, token: Token | None = None) -> None:
        """Keeps a proven secret: in the vault, then its name, never its value, in the status file.

        Vault first: a status file that names a secret must never be ahead of the vault.
        """
        self.vault.put(name, secret)
        self._note(name, secret, token)
        self.save()

    def _note(self, name: str, secret: Secret, token: Token | None) -> None:
        store = self.vault.describe()
        self.record.secrets[self.record.kept_as(name)] = SecretNote(
            store=store.store,
            backend=store.backend,
            kind=token.kind if token else "",
            set_at=self.stamp(),
            expires_at=_until(token) if token else "",
            fingerprint=fingerprint(secret, name),
        )

    def need_store(self) -> None:
        """VaultError unless secrets can be kept: called before one is made or asked for."""
        prove_writing(self.vault)

    def put_back(self, name: str, before: StoredSecret | None) -> None:
        """Undoes a `keep` whose secret turned out wrong: what was there before is there again."""
        if before is None:
            self.vault.remove(name)
            self.record.drop_note(name)
            self.save()
        elif before.source != "environment":
            self.keep(name, before.secret)

    def take_over(
        self, results: list[ItemResult], facts: Facts, *, save: bool = True
    ) -> dict[str, str]:
        """Keeps what an audit saw; returns item id → new, same or fixed (see keep_results)."""
        record = self.record
        record.graph_version = facts.version
        # Read by this audit already, if at all; where it failed, what was known stays.
        if any(result.item.section == "number" for result in results):
            with suppress(Unavailable):
                record.ids["display_phone_number"] = facts.number.display
        if any(result.item.id == "access.valid" for result in results):
            self._note_token(facts)
        changes = keep_results(record, results, self.stamp())
        if save:
            self.save()
        return changes

    def _note_token(self, facts: Facts) -> None:
        """Notes a token that someone else put into the store: `status` opens no store."""
        with suppress(Unavailable, VaultError):
            kept, token = self.vault.get("access_token"), facts.token
            if kept is None or kept.source == "environment" or not token.valid:
                return
            mark, noted = fingerprint(kept.secret), self.record.note_of("access_token")
            if noted is None or noted.fingerprint != mark:
                self._note("access_token", kept.secret, token)

    def stamp(self) -> str:
        """This moment as the status file writes it."""
        return write_time(self.now())


def _until(token: Token) -> str:
    if not token.described:
        return ""
    return "never" if token.expires_at is None else write_time(token.expires_at)
