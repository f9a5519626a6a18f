"""Asks Graph so that one thing it dislikes costs that thing alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from wizard.graph import Graph, GraphError, Json
from wizard.text.errors import ErrorKind
from wizard.text.secret import Secret

T = TypeVar("T")

#: Refusals that leaving out the optional fields may mend.
_PICKY = frozenset({ErrorKind.PERMISSION, ErrorKind.ODD})


class Asking:
    """Reads over a Graph: optional fields may be refused, and so may the proof."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._prove = True

    def get(
        self,
        path: str,
        fields: Sequence[str] = (),
        extras: Sequence[str] = (),
        *,
        as_app: bool = False,
        **params: str | int | Secret,
    ) -> Json:
        """One read; without the `extras` when Graph refuses them."""

        def read(wanted: Sequence[str]) -> Json:
            return self._proven(
                lambda prove: self.graph.get(
                    path, fields=wanted, as_app=as_app, prove=prove, **params
                )
            )

        if not extras:
            return read(fields)
        try:
            return read((*fields, *extras))
        except GraphError as refusal:
            # The unknown-field fallback does not help where a field needs a permission.
            if refusal.kind not in _PICKY:
                raise
            return read(fields)

    def pages(
        self,
        path: str,
        fields: Sequence[str] = (),
        *,
        as_app: bool = False,
        most: int = 2000,
        status: str = "",
    ) -> Sequence[Json]:
        """The rows of every page; of those with this `status` where it is given."""
        params: dict[str, Any] = {"status": status} if status else {}
        return self._proven(
            lambda prove: self.graph.pages(
                path, fields=fields, as_app=as_app, prove=prove, most=most, **params
            )
        )

    def _proven(self, read: Callable[[bool], T]) -> T:
        # A secret of another app, out of the environment say, must show at the item that judges
        # the secret, not kill every read.
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
            # An app may insist on a proof; that the secret is wrong is the useful half then.
            raise wrong if refusal.proof else refusal from None
        self._prove = False
        return answer
