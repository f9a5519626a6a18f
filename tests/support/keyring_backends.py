"""Back ends of `keyring` that behave as the real ones were seen to, each a class of its own."""

import json
import os
import threading
import time
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringLocked, NoKeyringError, PasswordDeleteError


class InMemory(KeyringBackend):
    """Works. `calls` names every method in the order it was called."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.items: dict[tuple[str, str], str] = {}
        self.calls: list[str] = []

    def get_password(self, service: str, username: str) -> str | None:
        self.calls.append("get")
        return self.items.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.calls.append("set")
        self.items[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self.calls.append("delete")
        if (service, username) not in self.items:
            raise PasswordDeleteError("No such password!")
        del self.items[service, username]


class Slow(InMemory):
    """Answers after a while, as one does whose window asks for a password."""

    seconds = 0.3

    def get_password(self, service: str, username: str) -> str | None:
        time.sleep(self.seconds)
        return super().get_password(service, username)


class Hanging(InMemory):
    """Answers when `resume` is set: a stopped daemon that is woken."""

    def __init__(self) -> None:
        super().__init__()
        self.resume = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.resume.wait(30)
        return super().get_password(service, username)


class Losing(InMemory):
    """Takes everything and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        self.calls.append("set")


class Truncating(InMemory):
    """Keeps the first 1280 UTF-16 units: 2560 bytes, as Windows does."""

    def set_password(self, service: str, username: str, password: str) -> None:
        super().set_password(
            service, username, password.encode("utf-16-le")[:2560].decode("utf-16-le")
        )


class Narrow(InMemory):
    """Refuses more than 1280 UTF-16 units, as Windows does."""

    def set_password(self, service: str, username: str, password: str) -> None:
        if len(password.encode("utf-16-le")) > 2560:
            raise WindowsError(1783, "CredWrite", "The stub received bad data")
        super().set_password(service, username, password)


class DeleteThenAdd(InMemory):
    """macOS: deletes before it adds. `fails` adds fail, the delete having succeeded."""

    fails = 0

    def set_password(self, service: str, username: str, password: str) -> None:
        self.items.pop((service, username), None)
        if self.fails:
            self.fails -= 1
            raise WindowsError(-25293, "Security Auth Failure")
        super().set_password(service, username, password)


class Doubling(InMemory):
    """Holds several items of one name and deletes one at a time, as Secret Service may."""

    def __init__(self) -> None:
        super().__init__()
        self.copies: dict[tuple[str, str], int] = {}

    def set_password(self, service: str, username: str, password: str) -> None:
        super().set_password(service, username, password)
        self.copies[service, username] = 2

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.items:
            raise PasswordDeleteError("No such password!")
        self.copies[service, username] -= 1
        if not self.copies[service, username]:
            super().delete_password(service, username)


class WindowsError(Exception):
    """Neither OSError nor KeyringError: pywintypes.error and macOS's api.Error look like this."""


class DBusErrorResponse(Exception):
    """jeepney's: the name of the error in `name`, its text in `data`."""

    def __init__(self, name: str, data: object) -> None:
        super().__init__()
        self.name, self.data = name, data

    def __str__(self) -> str:
        return f"[{self.name}] {self.data}"


class SecretServiceNotAvailableException(Exception):
    """secretstorage's, when the bus dies between two calls."""


def _locked_api_error() -> KeyringLocked:
    error = KeyringLocked("Can't get password")
    error.__cause__ = WindowsError(-128, "Keychain Access Denied")
    return error


def _wrapped(error: Exception, message: str) -> PasswordDeleteError:
    wrapper = PasswordDeleteError(message)
    wrapper.__cause__ = error
    return wrapper


#: What comes through `keyring`, and the kind it must become.
RAISED: dict[str, tuple[Exception, str]] = {
    "no keyring": (NoKeyringError("No recommended backend was available"), "missing"),
    "prompt dismissed": (InitError("Failed to create the collection: Prompt dismissed"), "missing"),
    "locked": (KeyringLocked("Failed to unlock the collection!"), "locked"),
    "locked on a Mac": (_locked_api_error(), "locked"),
    "Mac over ssh": (_wrapped(WindowsError(-25308, "Unknown Error"), "Can't store"), "locked"),
    "bus died": (SecretServiceNotAvailableException("gone"), "missing"),
    "bus reset": (ConnectionResetError(104, "Connection reset by peer"), "missing"),
    "bus lost": (DBusErrorResponse("org.freedesktop.DBus.Error.NoReply", ()), "missing"),
    "collection locked": (DBusErrorResponse("org.freedesktop.Secret.Error.IsLocked", ()), "locked"),
    "disk full": (OSError(28, "No space left on device"), "full"),
    "Windows over ssh": (OSError(1312, "A specified logon session does not exist"), "missing"),
    "too long for Windows": (
        WindowsError(1783, "CredWrite", "The stub received bad data"),
        "losing",
    ),
    "lone surrogate": (UnicodeEncodeError("utf-8", "canary\ud800", 6, 7, "surrogates"), "broken"),
    "foreign": (RuntimeError("canary in a message"), "broken"),
}


def raising(error: Exception) -> InMemory:
    """A back end whose every call raises this."""

    class Raising(InMemory):
        def get_password(self, service: str, username: str) -> str | None:
            raise error

        def set_password(self, service: str, username: str, password: str) -> None:
            raise error

        def delete_password(self, service: str, username: str) -> None:
            raise error

    return Raising()


class OnDisk(InMemory):
    """Keeps its items in the file that TESTS_KEYRING names, for several processes at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.path = Path(os.environ.get("TESTS_KEYRING", "/nowhere"))
        if self.path.exists():
            self.items = {(one[0], one[1]): one[2] for one in json.loads(self.path.read_text())}

    def get_password(self, service: str, username: str) -> str | None:
        self.__init__()  # type: ignore[misc]  # what another process wrote counts
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        super().set_password(service, username, password)
        self._write()

    def delete_password(self, service: str, username: str) -> None:
        super().delete_password(service, username)
        self._write()

    def _write(self) -> None:
        new = self.path.with_suffix(f".{threading.get_ident()}")
        new.write_text(json.dumps([[*key, value] for key, value in self.items.items()]))
        new.replace(self.path)
