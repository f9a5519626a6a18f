"""The answers file of `setup --no-input --answers FILE`: what it may hold, and what it says."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wizard.state import safe_yaml
from wizard.state.record import ID_NAMES, Goal
from wizard.state.safe_yaml import LARGEST, InvalidYaml
from wizard.text.errors import Exit, InputRequired, WizardError
from wizard.text.localised import Phrase, Value
from wizard.text.secret import SECRET_NAMES

#: Answers that stand in the file under their own name.
PLAIN = (
    "phone_number",
    "display_name",
    "code_method",
    "code_language",
    "verification_code",
    "token_way",
)
SECTIONS = ("goals", "ids", "secrets", "webhook", "test_message", "consent", "confirm", *PLAIN)
WEBHOOK, TEST_MESSAGE = ("callback_url", "level"), ("to", "template")
PLACES = ("env", "file")


@dataclass(frozen=True)
class SecretPlace:
    """Where a secret is to be read from: `kind` is env or file, `name` the variable or the path."""

    kind: str
    name: str


@dataclass(frozen=True)
class Answers:
    """What the file says. `given` is by question name; secrets are only places.

    Whoever fetches the secrets from their places puts them into `given`, which is never shown.
    """

    given: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: Mapping[str, SecretPlace] = field(default_factory=dict)
    consent: frozenset[str] = frozenset()
    confirm: Mapping[str, str] = field(default_factory=dict)


class InvalidAnswers(WizardError):
    """The answers file cannot be used: exit code 2. `phrase` says where and why."""

    exit_code = Exit.USAGE

    def __init__(self, phrase: Phrase) -> None:
        super().__init__(phrase.key, **phrase.values)
        self.phrase = phrase


def read(path: Path, item_ids: Collection[str] = ()) -> Answers:
    """The answers in a YAML file; see `parse`."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        return parse(safe_yaml.parse(content), item_ids)
    except OSError as error:
        raise _wrong("unreadable", path=str(path), why=error.strerror or "") from None
    except InvalidYaml as error:
        raise _wrong("malformed", path=str(path), line=error.line, why=error.why) from None


def parse(content: Mapping[str, Any], item_ids: Collection[str] = ()) -> Answers:
    """The answers in a mapping; `item_ids` are those that consent and confirm may name (or any)."""
    _known(content, SECTIONS, "")
    given = {name: _word(content[name], name) for name in PLAIN if name in content}
    if "goals" in content:
        given["goals"] = _goals(content["goals"])
    ids = _table(content, "ids", ID_NAMES)
    given |= {name: _word(value, f"ids.{name}") for name, value in ids.items()}
    for section, names in (("webhook", WEBHOOK), ("test_message", TEST_MESSAGE)):
        for name, value in _table(content, section, names).items():
            given[f"{section}.{name}"] = _word(value, f"{section}.{name}")
    return Answers(
        given=given,
        secrets={
            name: _place(place, f"secrets.{name}")
            for name, place in _table(content, "secrets", SECRET_NAMES).items()
        },
        consent=frozenset(_items(content.get("consent"), item_ids)),
        confirm={
            name: _word(words, f"confirm.{name}")
            for name, words in _table(content, "confirm", item_ids).items()
        },
    )


def _goals(node: object) -> str:
    """As the question's answer: every goal, separated by commas. Receiving includes sending."""
    goals = node if isinstance(node, list) else [node]
    for goal in goals:
        _known([str(goal)], list(Goal), "goals")
    return ",".join(Goal) if Goal.RECEIVING in goals else Goal.SENDING.value


def _items(node: object, item_ids: Collection[str]) -> list[str]:
    if node is None:
        return []
    if not isinstance(node, list) or not all(isinstance(item, str) for item in node):
        raise _wrong("list", key="consent")
    _known(node, item_ids, "consent")
    return node


def _table(content: Mapping[str, Any], name: str, keys: Collection[str]) -> dict[str, Any]:
    node = content.get(name)
    if node is None:
        return {}
    if not isinstance(node, dict):
        raise _wrong("table", key=name)
    _known(node, keys, name)
    return node


def _known(given: Collection[object], known: Collection[str], where: str) -> None:
    """Refuses a key that means nothing here, and names the one that was probably meant."""
    for key in given:
        if known and key not in known:
            import difflib

            close = difflib.get_close_matches(str(key), known, 1)
            shown = f"{where}.{key}" if where else str(key)
            hint = close[0] if close else ", ".join(known)
            raise _wrong("unknown", key=shown, hint=hint)


def _place(node: object, where: str) -> SecretPlace:
    """A secret itself never stands in the file, so that the file can be kept anywhere."""
    if isinstance(node, dict) and len(node) == 1 and set(node) <= set(PLACES):
        ((kind, name),) = node.items()
        if isinstance(name, str) and name:
            return SecretPlace(kind, name)
    raise _wrong("secret", key=where)


def _word(node: object, where: str) -> str:
    """A text, or a number: our YAML reads as numbers only what loses nothing by it."""
    if type(node) is int:
        return str(node)
    if isinstance(node, str) and node.strip():
        return node.strip()
    raise _wrong("text", key=where)


def _wrong(word: str, **values: Value) -> InvalidAnswers:
    return InvalidAnswers(Phrase(f"answers.{word}", values))


LONGEST = 65536


def read_answers(
    path: str, item_ids: Collection[str], environ: Mapping[str, str] = os.environ
) -> Answers:
    """The answers, with the secrets among them; InputRequired names a place that holds none."""
    answers = read(Path(path), item_ids)
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
