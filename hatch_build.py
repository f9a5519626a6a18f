"""Compiles the YAML content into the one JSON file that a wheel holds in its place."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileContent(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before a wheel is built. An editable install reads the YAML of the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Writes the JSON beside the finished wheels, never into the source tree."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        try:
            from wizard.state import content
        finally:
            sys.path.remove(self.root)
        compiled = Path(self.directory) / "content.json"
        compiled.parent.mkdir(parents=True, exist_ok=True)
        compiled.write_bytes(content.compile_all())
        build_data["force_include"][str(compiled)] = "wizard/content.json"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Takes away what `initialize` wrote: the wheel holds it now."""
        (Path(self.directory) / "content.json").unlink(missing_ok=True)
