"""The tables of cases in tests/audit/checks: what each check says of which facts."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def tables() -> dict[str, Any]:
    """{section: its CASES}, of every test table in tests/audit/checks."""
    found = {}
    for path in sorted((ROOT / "tests/audit/checks").glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(f"table_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if hasattr(module, "CASES"):
            found[path.stem.removeprefix("test_")] = module.CASES
    return found
