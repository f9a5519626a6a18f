"""What the tool can do itself, with consent: one module per section.

Importing this fills the registry.
"""

from wizard.repairs.registry import REPAIRS, STRAIGHT, repair

__all__ = ["REPAIRS", "STRAIGHT", "repair"]
