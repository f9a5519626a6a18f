"""From a Meta account to a WhatsApp number that sends and receives, proven step by step."""

# A literal, not importlib.metadata: `--version` must answer at once.
__version__ = "0.1.0"
