"""The store "encrypted-file": one JSON file, scrypt and AES-256-GCM, for machines without keyring.

Name and profile are bound to each value as associated data: an entry that is moved to another name
does not open. `check` seals the digest of every entry and a number that grows with each write: an
older entry in the place of a newer one does not open, and an older file is recognised by the
number that this machine saw last. How many secrets there are, their names and lengths are not
hidden; one that was taken out looks as if it had been removed, which needs no passphrase.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
import threading
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wizard.state import private_file
from wizard.text.errors import InputRequired
from wizard.text.secret import Secret
from wizard.vault import Description, SecretSource, StoredSecret, VaultError, VaultProblem, guarded
from wizard.vault.environment import content

STORE = "encrypted-file"
#: log2 of scrypt's N: half a second and 128 MiB for each guess. r = 8, p = 1.
COST = 17
# Of a file that someone else prepared: neither a weak key nor all the memory.
_COSTS = range(10, 21)
_KDF, _CIPHER = {"name": "scrypt", "r": 8, "p": 1}, "AES-256-GCM"
SHORTEST_PASSPHRASE = 8
_FORMAT = 1
_MOST = 64 << 20
_PATIENCE = 10.0

#: Asks for the passphrase; the argument says whether it is a new one (to be typed twice). None, or
#: InputRequired: it is not to be had.
Passphrase = Callable[[bool], Secret | None]


@dataclass
class _Document:
    """The file. `check` opens with the right passphrase, whatever else is damaged.

    What it seals: `revision` and `digests`; None in a file of an earlier version.
    """

    profile: str
    salt: bytes
    cost: int
    check: bytes = b""
    entries: dict[str, bytes] = field(default_factory=dict)
    revision: int = 0
    digests: dict[str, str] | None = None

    def dump(self) -> bytes:
        content = {
            "format": _FORMAT,
            "profile": self.profile,
            "kdf": {**_KDF, "log2n": self.cost, "salt": _text(self.salt)},
            "cipher": _CIPHER,
            "check": _text(self.check),
            "secrets": {name: _text(entry) for name, entry in self.entries.items()},
        }
        return json.dumps(content, indent=1).encode()


class EncryptedFile:
    """The key is derived once for each process; the passphrase is asked for when it is needed.

    `seen` is where this machine keeps the number of the last write that it saw.
    """

    def __init__(
        self,
        path: Path,
        profile: str,
        passphrase: Passphrase,
        cost: int = COST,
        seen: Path | None = None,
    ) -> None:
        self._path, self._profile, self._ask, self._cost = path, profile, passphrase, cost
        self._seen = seen or path.with_name(f"{path.name}.revision")
        self._passphrase: Secret | None = None
        self._keys: dict[tuple[bytes, int], bytes] = {}
        self._deriving = threading.RLock()

    def get(self, name: str) -> StoredSecret | None:
        """A secret, or None when there is none of this name; asks for nothing in that case."""
        with guarded(STORE):
            document = self._load()
            if document is None or name not in document.entries:
                return None
            value = self._open(document, name)
        return StoredSecret(Secret(value), STORE, str(self._path))

    def source_of(self, name: str) -> SecretSource:
        """This store, for every name."""
        return SecretSource(STORE, str(self._path))

    def put(self, name: str, secret: Secret) -> None:
        """Keep it and read it back. An unchanged value is not written again."""
        with guarded(STORE):
            # Before the lock is taken: a person who thinks must not hold up other processes.
            self._key(self._load() or self._blank())
            with private_file.locked(self._path, _PATIENCE):
                document = self._load()
                if document:
                    self._open_check(document)
                self._write(document or self._blank(), name, secret.reveal())

    def remove(self, name: str) -> None:
        """Drop it; dropping what is not there is fine. Needs no passphrase."""
        with guarded(STORE):
            if self._load() is None:
                return
            with private_file.locked(self._path, _PATIENCE):
                document = self._load()
                if document and document.entries.pop(name, None) is not None:
                    private_file.replace(self._path, document.dump())

    def names(self) -> tuple[str, ...]:
        """The secrets it has. Needs no passphrase."""
        with guarded(STORE):
            document = self._load()
            return tuple(document.entries) if document else ()

    def probe(self) -> None:
        """Write, read back, compare and delete a value of no worth."""
        name = f"probe-{secrets.token_hex(4)}"
        self.put(name, Secret(secrets.token_urlsafe(24)))
        self.remove(name)

    def describe(self) -> Description:
        """The file. Opens nothing."""
        return Description(STORE, "scrypt + AES-256-GCM", str(self._path))

    def _write(self, document: _Document, name: str, value: str) -> None:
        if name in document.entries and self._open(document, name) == value:
            return
        document.entries[name] = sealed = self._seal(document, f"secret:{name}", value)
        # Of another entry only its own digest tells whether it is the one that was written last.
        before = document.digests if document.digests is not None else _digests(document.entries)
        document.digests = {n: before[n] for n in document.entries if n in before}
        document.digests[name] = _digest(sealed)
        document.revision += 1
        self._seal_check(document)
        private_file.replace(self._path, document.dump())
        self._remember(document.revision)
        back = self._load()
        if back is None or self._open(back, name) != value:
            raise VaultError(VaultProblem.LOSING, STORE, str(self._path))

    def _blank(self) -> _Document:
        """A file that is not yet there; its key is the same for the rest of this process."""
        with self._deriving:
            salt = next((s for s, cost in self._keys if cost == self._cost), os.urandom(16))
            document = _Document(self._profile, salt, self._cost)
            document.digests, document.revision = {}, self._last_seen()
            self._seal_check(document)
            return document

    def _load(self) -> _Document | None:
        content = private_file.read(self._path, _MOST, secret=True)
        if content is None:
            return None
        tree: dict[str, Any] = json.loads(content)
        if tree["format"] != _FORMAT:
            raise VaultError(VaultProblem.BROKEN, STORE, f"format {tree['format']!s:.9}")
        if tree["profile"] != self._profile:
            raise VaultError(VaultProblem.BROKEN, STORE, f"profile {tree['profile']!s:.40}")
        if (cost := tree["kdf"]["log2n"]) not in _COSTS:
            raise VaultError(VaultProblem.BROKEN, STORE, f"log2n {cost!s:.9}")
        for name, wanted in {**_KDF, "cipher": _CIPHER}.items():
            if (found := tree["kdf"].get(name, tree.get(name))) != wanted:
                raise VaultError(VaultProblem.BROKEN, STORE, f"{name} {found!s:.20}")
        entries = {name: b64decode(entry, validate=True) for name, entry in tree["secrets"].items()}
        salt, check = b64decode(tree["kdf"]["salt"]), b64decode(tree["check"])
        if not check:  # without it, any passphrase would do for writing
            raise VaultError(VaultProblem.BROKEN, STORE, "check")
        return _Document(self._profile, salt, cost, check, entries)

    def _key(self, document: _Document) -> bytes:
        """The file's key, proven by its `check`; PASSPHRASE when there is none or another."""
        with self._deriving:
            place = (document.salt, document.cost)
            tried = None
            while place not in self._keys:
                given = self._phrase(new=not document.check)
                if given == tried:  # a file of it, or a person who has no other
                    raise VaultError(VaultProblem.PASSPHRASE, STORE, "wrong")
                for phrase in _forms(given, new=not document.check):
                    key = _derive(phrase, *place)
                    if not document.check or self._unseal(key, document.check, "check") is not None:
                        self._keys[place] = key
                        break
                else:
                    self._passphrase, tried = None, given  # asked for again in place
            return self._keys[place]

    def _seal_check(self, document: _Document) -> None:
        sealed = {"revision": document.revision, "digests": document.digests}
        document.check = self._seal(document, "check", json.dumps(sealed))

    def _open_check(self, document: _Document) -> None:
        """What `check` seals, into the document; OLDER when this machine saw a later write."""
        plain = self._unseal(self._key(document), document.check, "check")
        if plain is None:
            raise VaultError(VaultProblem.BROKEN, STORE, "check: InvalidTag")
        with suppress(ValueError):  # an earlier version sealed the profile's name there
            sealed = json.loads(plain)
            document.revision, document.digests = sealed["revision"], sealed["digests"]
        seen = self._last_seen()
        if document.revision < seen:
            raise VaultError(VaultProblem.OLDER, STORE, str(self._seen))
        if document.revision > seen:
            self._remember(document.revision)

    def _last_seen(self) -> int:
        last = private_file.read(self._seen, 99) or b""
        return int(last) if last.strip().isdigit() else 0

    def _remember(self, revision: int) -> None:
        with suppress(OSError, private_file.UnsafeFile):  # a home that cannot be written to
            private_file.replace(self._seen, b"%d\n" % revision)

    def _phrase(self, new: bool) -> Secret:
        if self._passphrase is None:
            try:
                given = self._ask(new)
            except InputRequired:
                given = None
            if not given:
                raise VaultError(VaultProblem.PASSPHRASE, STORE, "none")
            if new and len(given.reveal()) < SHORTEST_PASSPHRASE:
                raise VaultError(VaultProblem.PASSPHRASE, STORE, f"< {SHORTEST_PASSPHRASE}")
            self._passphrase = given
        return self._passphrase

    def _seal(self, document: _Document, what: str, value: str) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(12)
        return nonce + AESGCM(self._key(document)).encrypt(nonce, value.encode(), self._bound(what))

    def _open(self, document: _Document, name: str) -> str:
        self._open_check(document)
        expected = document.digests
        if expected is not None and expected.get(name) != _digest(document.entries[name]):
            raise VaultError(VaultProblem.BROKEN, STORE, f"{name}: not what was written last")
        value = self._unseal(self._key(document), document.entries[name], f"secret:{name}")
        if value is None:
            raise VaultError(VaultProblem.BROKEN, STORE, f"{name}: InvalidTag")
        return value

    def _unseal(self, key: bytes, sealed: bytes, what: str) -> str | None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(key).decrypt(sealed[:12], sealed[12:], self._bound(what)).decode()
        except (InvalidTag, ValueError):
            return None

    def _bound(self, what: str) -> bytes:
        return json.dumps(["wa-wizard", _FORMAT, self._profile, what]).encode()


VARIABLE = "WA_WIZARD_PASSPHRASE_FILE"
CREDENTIAL = "wa-wizard-passphrase"
_OPTION = "--passphrase-file"


def passphrase_from(
    environ: Mapping[str, str],
    file: Path | None = None,
    ask: Callable[[bool], Secret | None] | None = None,
) -> Callable[[bool], Secret | None]:
    """The option, WA_WIZARD_PASSPHRASE_FILE, systemd's credential, then `ask`; None: nowhere.

    Never an argument and never a variable's own value: other processes can read those.
    """

    def passphrase(new: bool) -> Secret | None:
        for path, source in _files(environ, file):
            if source in (VARIABLE, _OPTION):
                _refuse_open(path, source)
            return Secret(content(path, source).rstrip("\r\n"))
        return ask(new) if ask else None

    return passphrase


def _refuse_open(path: Path, source: str) -> None:
    """UNSAFE for a file that others can read, as ssh has it of its keys.

    One of another user (root's, of a group of ours) may be for the group. systemd's own are left
    to systemd.
    """
    with suppress(OSError):
        there = os.stat(path)
        ours = os.name == "posix" and there.st_uid == os.geteuid()
        if os.name == "posix" and there.st_mode & (0o077 if ours else 0o007):
            mode = stat.S_IMODE(there.st_mode)
            raise VaultError(VaultProblem.READABLE, STORE, f"{source}: {path} ({mode:04o})")


def _files(environ: Mapping[str, str], file: Path | None) -> list[tuple[Path, str]]:
    found = [(file, _OPTION)] if file else []
    if named := environ.get(VARIABLE):
        found.append((Path(named), VARIABLE))
    credential = Path(environ.get("CREDENTIALS_DIRECTORY") or ".") / CREDENTIAL
    if environ.get("CREDENTIALS_DIRECTORY") and credential.exists():
        found.append((credential, str(credential)))
    return found


def _derive(passphrase: Secret, salt: bytes, cost: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt, length=32, n=1 << cost, r=8, p=1).derive(passphrase.reveal().encode())


def _forms(phrase: Secret, *, new: bool) -> list[Secret]:
    """The passphrase in the forms that keyboards and systems write it in: é is one sign or two.

    A new file takes NFKC, which all of them lead to; an older one took what was typed.
    """
    typed = phrase.reveal()
    forms = [unicodedata.normalize(form, typed) for form in ("NFKC", "NFC", "NFD", "NFKD")]
    return [Secret(form) for form in dict.fromkeys(forms[:1] if new else [*forms, typed])]


def _digest(sealed: bytes) -> str:
    return hashlib.sha256(sealed).hexdigest()


def _digests(entries: Mapping[str, bytes]) -> dict[str, str]:
    return {name: _digest(sealed) for name, sealed in entries.items()}


def _text(data: bytes) -> str:
    return b64encode(data).decode()
