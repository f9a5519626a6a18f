"""A real Secret Service of our own: a private D-Bus on which nothing can be activated, and
gnome-keyring with a home of its own. Nothing of the developer's session can be reached from it."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

NEEDED = ("dbus-daemon", "gnome-keyring-daemon")
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


def missing() -> str:
    """The programs that are not on this machine, as a reason to skip; "" when all are."""
    absent = [name for name in NEEDED if shutil.which(name) is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


class SecretService:
    """The two daemons. `environ` is what a program needs in order to speak with them."""

    def __init__(self, folder: Path, data: Path | None = None) -> None:
        self.folder = folder
        self.data = data or folder / "data"
        self.environ = {
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={folder / 'bus'}",
            "HOME": str(folder),
            "XDG_DATA_HOME": str(self.data),
            "XDG_RUNTIME_DIR": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "XDG_CACHE_HOME": str(folder),
            "PATH": os.environ["PATH"],
        }
        self.bus: Any = None
        self.keyring: Any = None

    def start(self, password: str = "test") -> Self:
        config = self.folder / "bus.conf"
        config.write_text(_BUS.format(socket=self.folder / "bus"))
        self.bus = self._run("dbus-daemon", f"--config-file={config}", "--nofork")
        self._wait((self.folder / "bus").exists, "the bus")
        self.unlock(password)
        return self

    def unlock(self, password: str) -> None:
        """A daemon that was given this password. A wrong one leaves the collection locked."""
        (self.data / "keyrings").mkdir(parents=True, exist_ok=True)
        self.keyring = self._run(
            "gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets", stdin=True
        )
        # Everything up to the end of the stream is the password: no line break.
        self.keyring.stdin.write(password.encode())
        self.keyring.stdin.close()
        self._wait(self._answers, "org.freedesktop.secrets")

    def lock(self) -> None:
        """Locks the collection, as a screen saver or the end of a session may."""
        import secretstorage

        with contextlib.closing(self._connect()) as connection:
            secretstorage.get_default_collection(connection).lock()

    def stop(self) -> None:
        """Nothing outlives the test."""
        for daemon in (self.keyring, self.bus):
            if daemon is not None and daemon.poll() is None:
                daemon.send_signal(signal.SIGCONT)
                daemon.kill()
            if daemon is not None:
                daemon.wait(30)

    def _run(self, *argv: str, stdin: bool = False) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            argv,
            env=self.environ,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _connect(self) -> Any:
        from jeepney.io.blocking import open_dbus_connection

        return open_dbus_connection(self.environ["DBUS_SESSION_BUS_ADDRESS"])

    def _answers(self) -> bool:
        """Whether there is a service with a collection: both come a moment after the socket."""
        import secretstorage

        try:
            with contextlib.closing(self._connect()) as connection:
                secretstorage.Collection(connection)
        except (OSError, secretstorage.exceptions.SecretStorageException):
            return False
        return True

    @staticmethod
    def _wait(true: Callable[[], bool], what: str, seconds: float = 30) -> None:
        ends = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < ends, f"{what} did not come"
            time.sleep(0.005)
