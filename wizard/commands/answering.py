"""Reads the answers file of `setup --no-input`, and fetches the secrets it points at."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from wizard.checklist import load
from wizard.text.errors import InputRequired
from wizard.ui.answers import Answers, SecretPlace, read

LONGEST = 65536


def read_answers(path: str, environ: Mapping[str, str] = os.environ) -> Answers:
    """The answers, with the secrets among them; InputRequired names a place that holds none."""
    answers = read(Path(path), [item.id for item in load().items])
    secrets = {name: _fetch(name, place, environ) for name, place in answers.secrets.items()}
    return replace(answers, given={**answers.given, **secrets})


def _fetch(name: str, place: SecretPlace, environ: Mapping[str, str]) -> str:
    if place.kind == "env":
        value = environ.get(place.name, "")
    else:
        try:
            with open(place.name, encoding="utf-8") as file:
                value = file.read(LONGEST).strip()
        except (OSError, UnicodeDecodeError):
            value = ""
    if not value:
        raise InputRequired(name, f"{place.kind}: {place.name}")
    return value
