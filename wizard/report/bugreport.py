"""The support bundle: what somebody who helps needs to know. No secret, no phone number in full."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from wizard.audit.summary import AuditResult
from wizard.report.audit_json import audit_document
from wizard.state.record import ProfileRecord

#: The libraries whose versions matter when something goes wrong.
LIBRARIES = ("requests", "urllib3", "keyring", "questionary", "prompt_toolkit", "rich", "PyYAML")
#: Their presence is shown, never their value: a proxy's address may hold a password.
VARIABLES = (
    *("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE"),
    *("DBUS_SESSION_BUS_ADDRESS", "SSH_CONNECTION", "CI", "PYTHON_KEYRING_BACKEND"),
)
RECENT = 30


def bug_report(verdict: AuditResult, environ: Mapping[str, str]) -> dict[str, Any]:
    """Everything that helps, not yet redacted: see `wizard.text.redact`."""
    record = verdict.record
    return {
        **audit_document(verdict),
        "machine": _machine(environ),
        "goals": [goal.value for goal in record.goals],
        "secrets": _secrets(record),
        "confirmed": {item: said.at for item, said in record.confirmed.items()},
        "attempts": record.attempts,
        "test_message": _test_message(record),
        "history": [vars(change) for change in record.history[-RECENT:]],
    }


def _machine(environ: Mapping[str, str]) -> dict[str, Any]:
    def known(library: str) -> str:
        try:
            return version(library)
        except PackageNotFoundError:
            return "-"

    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "terminal": os.environ.get("TERM", ""),
        "encoding": sys.stdout.encoding,
        "set": [name for name in VARIABLES if environ.get(name)],
        "libraries": {library: known(library) for library in LIBRARIES},
    }


def _secrets(record: ProfileRecord) -> dict[str, dict[str, str]]:
    """Where secrets are kept, and of what kind they are; not even fingerprints of them."""
    shown = ("store", "backend", "kind", "set_at", "expires_at")
    return {
        name: {field: getattr(note, field) for field in shown}
        for name, note in record.secrets.items()
    }


def _test_message(record: ProfileRecord) -> dict[str, Any]:
    sent = record.test_message
    if sent is None:
        return {}
    return {"at": sent.at, "state": sent.state, "code": sent.code, "details": sent.details}
