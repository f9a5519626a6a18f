"""Commands run in this process; see tests/support/command_fixtures.py."""

from tests.support.command_fixtures import home, saved, sent, told, wizard

__all__ = ["home", "saved", "sent", "told", "wizard"]
