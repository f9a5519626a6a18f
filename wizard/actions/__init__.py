"""What changes something, with consent, by section. Importing this fills the registry."""

from wizard.actions import (
    access,
    environment,
    message,
    number,
    receive_test,
    set_callback,
    templates,
    token,
)
from wizard.actions.results import ACTIONS, action, action_of

__all__ = [
    "ACTIONS",
    "access",
    "action",
    "action_of",
    "environment",
    "message",
    "number",
    "receive_test",
    "set_callback",
    "templates",
    "token",
]
