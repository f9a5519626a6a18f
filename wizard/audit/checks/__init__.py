"""The checks: one module per section, one function per item. Importing this fills the registry."""

from __future__ import annotations

from wizard.audit.checks import (
    access,
    account,
    app,
    environment,
    message,
    number,
    token,
    webhook,
)
from wizard.audit.checks.registry import CHECKS, check

__all__ = [
    "CHECKS",
    "access",
    "account",
    "app",
    "check",
    "environment",
    "message",
    "number",
    "token",
    "webhook",
]
