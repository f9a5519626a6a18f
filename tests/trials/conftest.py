"""What all trials share."""

import pytest


@pytest.fixture(autouse=True)
def reviews_are_not_waited_for_long(monkeypatch):
    """In some worlds the review of a template never ends; a person's patience is a minute."""
    monkeypatch.setattr("wizard.actions.templates.REVIEW_SECONDS", 3.0)
