"""Reads at the same time, and reads whose optional parts may be refused.

Optional are some fields, the proof, and the inspection of a token by the app token.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Protocol, TypeVar, cast

from wizard.facts.models import (
    AppSubscription,
    Arrivals,
    Callbacks,
    Handshake,
    Number,
    SeenCallbacks,
    Subscriber,
    Token,
    whatsapp,
)
from wizard.facts.parsers import dead_token, token, undescribed_token
from wizard.graph import Graph, GraphError, Json, Rows
from wizard.state.record import ProfileRecord
from wizard.templates.files import read_folder
from wizard.templates.plan import Plan, plan
from wizard.text.errors import ErrorKind, Unavailable, WizardError
from wizard.text.secret import Secret

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

#: An audit makes fewer reads than this; a search with a token of many WABAs makes more.
MOST_AT_ONCE = 16


def run_concurrently(
    jobs: Mapping[K, Callable[[], T]], most: int = MOST_AT_ONCE
) -> dict[K, T | Unavailable]:
    """What each job answered, or the Unavailable it raised, in the order of the jobs.

    Any other exception is raised here, after all jobs have ended.
    """
    pending = deque(jobs.items())
    answers: dict[K, T | Unavailable] = {}
    broken: list[Exception] = []

    def work() -> None:
        # suppress: another thread may take the last job between the test and the pop.
        with suppress(IndexError):
            while pending:
                name, job = pending.popleft()
                try:
                    answers[name] = _answer(job)
                except Exception as error:  # noqa: BLE001 (raised again below)
                    broken.append(error)

    # Daemons: Ctrl-C must not wait for the answers of a slow network, as a pool's exit would.
    threads = [Thread(target=work, daemon=True) for _ in range(min(most, len(jobs)))]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        pending.clear()
    if broken:
        raise broken[0]
    return {name: answers[name] for name in jobs}


def _answer(job: Callable[[], T]) -> T | Unavailable:
    try:
        return job()
    except Unavailable as error:
        return error


class Memory:
    """Answers and failures by name, each asked for once, by the first thread that needs it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._cells: dict[str, _Cell] = {}

    def recall(self, name: str, ask: Callable[[], T]) -> T:
        """The answer of this name; `ask` is called the first time only."""
        with self._lock:
            cell = self._cells.setdefault(name, _Cell())
        return cell.answer(ask)

    def forget(self, names: Iterable[str] | None) -> None:
        """Drops these answers (None: all). A read in progress still ends."""
        with self._lock:
            for name in tuple(self._cells) if names is None else names:
                self._cells.pop(name, None)


class _Cell:
    def __init__(self) -> None:
        self._lock = Lock()
        self._asked = False
        self._answer: object = None
        self._failure: Exception | None = None

    def answer(self, ask: Callable[[], T]) -> T:
        with self._lock:
            if not self._asked:
                try:
                    self._answer = ask()
                except Exception as failure:  # noqa: BLE001 (a defect is remembered too)
                    self._failure = failure
                self._asked = True
        if isinstance(self._failure, Unavailable):
            # Raised in several threads, one exception would gather all their tracebacks.
            raise type(self._failure)(self._failure.kind, **self._failure.values)
        if self._failure is not None:
            raise self._failure
        return cast(T, self._answer)


#: Refusals that may be about one of the fields alone.
_ABOUT_A_FIELD = frozenset({ErrorKind.PERMISSION, ErrorKind.ODD})


class TolerantReader:
    """Reads over a Graph: each field may be refused by itself, and so may the proof."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._prove = True

    @property
    def proof_accepted(self) -> bool:
        """Whether the reads that worked carried the proof by the app secret of these keys."""
        keys = self.graph.keys
        return self._prove and keys.proves and bool(keys.app_secret)

    def get(
        self,
        path: str,
        fields: Sequence[str] = (),
        *,
        as_app: bool = False,
        **params: str | int | Secret,
    ) -> Json:
        """One read; a field that Graph refuses is left out, and no other with it.

        Graph seldom says which field it refuses, so it is found by asking for halves: for one
        refused field of sixteen that takes ten requests, for a refused node one more than usual.
        """

        def read(wanted: Sequence[str]) -> Json:
            return self._proven(
                lambda prove: self.graph.get(
                    path, fields=wanted, as_app=as_app, prove=prove, **params
                )
            )

        return _without_refused(read, tuple(fields))

    def pages(
        self,
        path: str,
        fields: Sequence[str] = (),
        *,
        as_app: bool = False,
        most: int = 2000,
        status: str = "",
    ) -> Sequence[Json]:
        """The rows of every page; of those with this `status` where it is given.

        Where not all of them were read, an empty row stands for the others.
        """
        params: dict[str, Any] = {"status": status} if status else {}
        rows = self._proven(
            lambda prove: self.graph.pages(
                path, fields=fields, as_app=as_app, prove=prove, most=most, **params
            )
        )
        return [*rows, {}] if isinstance(rows, Rows) and rows.cut else rows

    def _proven(self, read: Callable[[bool], T]) -> T:
        # A secret of another app (from the environment, for example) must fail the item that checks
        # the secret, not every read.
        prove = self._prove  # another thread may change it meanwhile
        try:
            return read(prove)
        except GraphError as refusal:
            if not prove or refusal.proof != "wrong":
                raise
            wrong = refusal
        try:
            answer = read(False)
        except GraphError as refusal:
            # An app may require a proof; then the useful error is that the secret is wrong.
            raise wrong if refusal.proof else refusal from None
        self._prove = False
        return answer


def _without_refused(read: Callable[[Sequence[str]], Json], fields: tuple[str, ...]) -> Json:
    """What can be read of these fields."""
    try:
        return read(fields)
    except GraphError as refusal:
        if refusal.kind not in _ABOUT_A_FIELD or len(fields) < 2:
            raise
        read(("id",))  # raises where the node itself is refused
    found: dict[str, Any] = {}
    for half in (fields[: len(fields) // 2], fields[len(fields) // 2 :]):
        found |= _half(read, half)
    return found


def _half(read: Callable[[Sequence[str]], Json], fields: tuple[str, ...]) -> Json:
    try:
        return read(fields)
    except GraphError as refusal:
        if refusal.kind not in _ABOUT_A_FIELD:
            raise
    if len(fields) == 1:
        return {}
    middle = len(fields) // 2
    return {**_half(read, fields[:middle]), **_half(read, fields[middle:])}


#: Graph refuses the token itself: "session", "expired or invalid".
_INVALID_TOKEN = frozenset({102, 190})
#: What Graph answers about a token that works and that it will not describe to this caller.
_NOT_DESCRIBED = frozenset({10, 100, 200})


def described_or_seen(
    reader: TolerantReader, works: Callable[[], bool], its_app: Callable[[], str]
) -> Token:
    """The token as Meta describes it; where Meta will not, by whether it `works`.

    `its_app` is asked for the app that a working token is proven to belong to ("": not proven).
    """
    try:
        found = inspect_token(reader)
    except Unavailable as error:
        # A throttle ends by itself, and then the description is there.
        if error.kind in (ErrorKind.NOT_GIVEN, ErrorKind.BUSY) or not works():
            raise
        if isinstance(error, GraphError):
            return undescribed_token(error.code, error.subcode, error.message, its_app())
        return undescribed_token(app_id=its_app())
    if found.valid or found.error_code not in _NOT_DESCRIBED or not works():
        return found
    return undescribed_token(found.error_code, found.error_subcode, found.error_message, its_app())


def inspect_token(reader: TolerantReader) -> Token:
    """The token of these keys; invalid rather than refused when Graph no longer takes it.

    Meta wants the app token (or an app developer's own) for this. A token that inspects itself is
    not documented and works in practice, so it is the way without the app secret, and the second
    way when the app token is refused (a wrong secret is reported by app.secret alone) or when the
    token belongs to another app, which only the token itself can show then.
    """
    access_token = reader.graph.keys.access_token
    if not access_token:
        raise Unavailable(ErrorKind.NOT_GIVEN, name="access_token")
    by_app = _by_app(reader, access_token)
    if by_app and not _of_another_app(by_app):
        return by_app
    try:
        return _by_itself(reader, access_token)
    except GraphError:
        if by_app:
            return by_app
        raise


def _by_app(reader: TolerantReader, access_token: Secret) -> Token | None:
    if not reader.graph.keys.can_be_app:
        return None
    try:
        return token(reader.get("debug_token", as_app=True, input_token=access_token))
    except GraphError as refusal:
        if refusal.kind is ErrorKind.BUSY:
            raise
        return None


def _by_itself(reader: TolerantReader, access_token: Secret) -> Token:
    try:
        return token(reader.get("debug_token", input_token=access_token))
    except GraphError as refusal:
        # An app may require the proof; without the right secret its tokens are of no use here.
        if refusal.code in _INVALID_TOKEN or refusal.proof:
            return dead_token(refusal)
        raise


def _of_another_app(inspected: Token) -> bool:
    # "(#100) The App_id in the input_token did not match the Viewing App", with HTTP 200.
    return not inspected.valid and inspected.error_code == 100


class Evidence(Protocol):
    """What no API of Meta shows: how the callback answers, and what this machine received."""

    def handshake(self, url: str, verify_token: Secret | None) -> Handshake:
        """Sends a callback a handshake like Meta's."""

    def arrivals(self, record: ProfileRecord) -> Arrivals:
        """What the receiver of this profile has stored; empty where there is none."""


class ShowsCallbacks(Protocol):
    """The reads that callbacks can be seen in; each may raise Unavailable."""

    record: ProfileRecord

    @property
    def number(self) -> Number:
        """The number, with its `webhook_configuration` where that is shown."""

    @property
    def app_subscriptions(self) -> tuple[AppSubscription, ...]:
        """What the app is subscribed to."""

    @property
    def subscribers(self) -> tuple[Subscriber, ...]:
        """The apps that are subscribed to the WABA."""


def seen_callbacks(facts: ShowsCallbacks) -> SeenCallbacks:
    """Three reads show callbacks: the number, the app's subscription, the WABA's subscribers.

    Not every number shows `webhook_configuration`; what is not shown may be set all the same.
    Only the number's own read has to work.
    """
    shown = facts.number.callbacks
    rows: tuple[AppSubscription, ...] | None = None
    there: tuple[Subscriber, ...] | None = None
    with suppress(Unavailable):
        rows = facts.app_subscriptions
    with suppress(Unavailable):
        there = facts.subscribers
    ours = [one.override for one in there or () if one.app_id == facts.record.ids.get("app_id")]
    return joined_callbacks(shown, rows, None if there is None else "".join(ours[:1]))


def joined_callbacks(
    shown: Callbacks, rows: tuple[AppSubscription, ...] | None, override: str | None
) -> SeenCallbacks:
    """What the three reads show together.

    `shown` by the number, `rows` by the app, `override` by the WABA for our app; None: not read.
    """
    row = whatsapp(rows or ())
    found = Callbacks(
        app=shown.app or (row.callback_url if row else ""),
        account=shown.account or override or "",
        number=shown.number,
    )
    read = {"app": rows, "account": override}
    known = (
        [*read, "number"] if shown.winner[1] else [name for name in read if read[name] is not None]
    )
    return SeenCallbacks(found, frozenset(known))


def compared(
    reader: TolerantReader, folder: Path | None, rows: Callable[[], Sequence[Json]]
) -> Plan | None:
    """How Meta's templates differ from the files of a folder; None where no folder is named.

    Files that cannot be read are no failure of Meta's: `broken` of the plan says which.
    """
    if folder is None:
        return None
    try:
        files = read_folder(folder)
    except WizardError as error:
        return Plan(broken=str(error.values.get("path") or folder))
    return plan(files, rows(), unknown=reader.graph.unknown_fields)
