"""The judges: one module per section, one function per item. Importing this fills the registry."""

from wizard.checks import access, account, app, environment, message, number, token, webhook
from wizard.checks.registry import CHECKS, check

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
