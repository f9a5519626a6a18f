"""Opens a page in the person's browser, where there is one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit


def _open(link: str) -> bool:
    import webbrowser

    try:
        return webbrowser.open(link)
    except webbrowser.Error:
        return False


class Browser:
    """The browser, and whether the person wants pages opened there (None: not asked yet)."""

    def __init__(
        self,
        environ: Mapping[str, str] = os.environ,
        opener: Callable[[str], bool] = _open,
        platform: str = sys.platform,
    ) -> None:
        self._environ, self._opener, self._platform = environ, opener, platform
        self.wanted: bool | None = None

    def can_open(self, link: str) -> bool:
        """Whether a page would appear in front of this person: not through ssh."""
        if urlsplit(link).scheme != "https":
            return False
        given = self._environ
        if given.get("SSH_CONNECTION") or given.get("SSH_TTY") or given.get("CI"):
            return False
        if self._platform in ("darwin", "win32"):
            return True
        # WSL opens pages on the Windows side.
        return any(given.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"))

    def open(self, link: str) -> bool:
        """Open it; False when that failed."""
        return self._opener(link)
