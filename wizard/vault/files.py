"""What goes wrong with a store that is a file, as VaultTrouble."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wizard.state.private_file import LockTimeout, UnsafeFile
from wizard.text.errors import UserAbort
from wizard.vault import Closed, VaultTrouble
from wizard.vault.causes import explain


@contextmanager
def guarded(store: str) -> Iterator[None]:
    """Everything raised within comes out as VaultTrouble, whose traceback hides where from."""
    try:
        yield
    except UserAbort:  # of the person who was asked for a passphrase
        raise
    except UnsafeFile as error:
        detail = f"{error.path} ({error.kind})"
        raise VaultTrouble(Closed.UNSAFE, store, detail) from None
    except LockTimeout as error:
        held = f"{error} (PID {error.pid})" if error.pid else str(error)
        raise VaultTrouble(Closed.TIMEOUT, store, held) from None
    except Exception as error:  # noqa: BLE001 (the port promises VaultTrouble)
        raise explain(store, error) from None
