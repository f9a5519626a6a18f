"""What the tool can do itself, with consent: one module per section.

Importing this fills the registry.
"""

from wizard.repairs import access, app, delivery, environment, message, number, token, webhook
from wizard.repairs.registry import REPAIRS, repair, repair_of

__all__ = [
    "REPAIRS",
    "access",
    "app",
    "delivery",
    "environment",
    "message",
    "number",
    "repair",
    "repair_of",
    "token",
    "webhook",
]
