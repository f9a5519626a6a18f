"""Walks the checklist with a person: look, stop at the first thing that is not in order, explain
it, ask or repair, look again. There is no second logic for setup: it is the audit in a loop."""

from __future__ import annotations

from wizard.guide.walk import Guide

__all__ = ["Guide"]
