"""Consent: without one, nothing can be changed at Meta.

A prompter makes a consent when the person (or the answers file) agrees to the requests it showed.
`Consent.given_by_command` makes one where an act of the person is itself the agreement, such as
typing the code that Meta sent. There is no other way, and `tests/graph/test_consent.py` checks
over the source that no one else makes one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

#: Changes that Meta takes as GET.
CHANGES_BY_GET = frozenset({"oauth/access_token", "oauth/revoke"})
#: "POST /1/applications  {…}": the method and the path. `{system user}` in a path is an id that
#: Meta gives only while the request before it is carried out, and so is `{upload session}`.
_REQUEST = re.compile(r"([A-Z]+) /((?:\{[^{}]*\}|[^\s{}])+)")
#: Stands in a consent for the id of an upload, `upload:…`.
UPLOAD_SESSION = "{upload session}"
_MAKER = object()


class Consent:
    """What was agreed to: an item of the checklist and the requests that were shown."""

    __slots__ = ("item_id", "requests")

    def __init__(self, maker: object, item_id: str, requests: Sequence[str]) -> None:
        if maker is not _MAKER:
            raise TypeError("only a prompter makes a Consent")
        self.item_id, self.requests = item_id, tuple(requests)

    @classmethod
    def given_by_command(cls, act: str, *requests: str) -> Consent:
        """The consent that lies in an act of the person; `act` says which, for the reader."""
        return cls(_MAKER, act, requests)

    def covers(self, method: str, path: str) -> bool:
        """Whether this very request was among those that were shown."""
        return any(_matches(shown, method, path.strip("/")) for shown in self.requests)


def granted(item_id: str, requests: Sequence[str]) -> Consent:
    """The consent to these requests. For prompters, once someone has agreed."""
    return Consent(_MAKER, item_id, requests)


def require(consent: object, method: str, path: str) -> None:
    """TypeError unless this is a consent that covers the request: a defect, never an answer."""
    if not isinstance(consent, Consent):
        raise TypeError(f"{method} without a consent")
    if not consent.covers(method, path):
        raise TypeError(f"{consent.item_id}: the consent does not show this {method}")


#: Parameters with which Graph takes a GET for another method, or for several requests.
OVERRIDES = frozenset({"method", "batch"})


def changes_by_get(path: str, names: Iterable[str] = ()) -> bool:
    """Whether a GET of this path, with parameters of these names, changes something at Meta."""
    overrides = OVERRIDES & {name.strip().lower() for name in names}
    return bool(overrides) or path.strip("/").lower() in CHANGES_BY_GET


def read_only(path: str, names: Iterable[str] = ()) -> None:
    """TypeError for a request that changes something although it goes by GET."""
    if changes_by_get(path, names):
        raise TypeError(f"{path} changes something at Meta")


def _matches(shown: str, method: str, path: str) -> bool:
    found = _REQUEST.match(shown)
    if found is None or found[1] != method:
        return False
    wanted, given = found[2].split("/"), path.split("/")
    return len(wanted) == len(given) and all(
        part == name
        or (name.startswith("{") and part.isdecimal())
        or (name == UPLOAD_SESSION and part.startswith("upload:"))
        for name, part in zip(wanted, given, strict=True)
    )
