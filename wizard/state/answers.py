"""The answers file of `setup --no-input --answers FILE`: what it may hold, and what it says."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct, defstruct, inspect, to_builtins

from wizard.state import safe_yaml
from wizard.state.record import ID_NAMES, Goal
from wizard.state.safe_yaml import LARGEST, InvalidYaml
from wizard.state.typed import Misshapen, convert, lenient, nearest
from wizard.text.errors import Exit, InputRequired, WizardError
from wizard.text.localised import Phrase, Value
from wizard.text.paste import NotText, decoded
from wizard.text.secret import SECRET_NAMES

#: A text that is not blank.
NotBlank = Annotated[str, Meta(pattern=r"\S")]


class SecretPlace(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a secret is to be read from: the environment variable or the file of this name."""

    env: str = ""
    file: str = ""

    def __post_init__(self) -> None:
        """A secret itself never stands in the file, so that the file can be kept anywhere."""
        if bool(self.env) is bool(self.file):
            raise ValueError("either env or file")


def _section(name: str, keys: Collection[str], kind: Any) -> type[Struct]:
    fields = [(key, kind, None) for key in keys]
    return defstruct(name, fields, forbid_unknown_fields=True, omit_defaults=True)


Ids = _section("Ids", ID_NAMES, NotBlank | None)
Secrets = _section("Secrets", SECRET_NAMES, SecretPlace | None)
Webhook = _section("Webhook", ("callback_url", "level"), NotBlank | None)
MessageToSend = _section("TestMessage", ("to", "template"), NotBlank | None)


class AnswersFile(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What the file may hold; every key is optional."""

    goals: list[Goal] | Goal = []
    ids: Ids | None = None  # type: ignore[valid-type]
    secrets: Secrets | None = None  # type: ignore[valid-type]
    webhook: Webhook | None = None  # type: ignore[valid-type]
    test_message: MessageToSend | None = None  # type: ignore[valid-type]
    consent: list[str] = []
    confirm: dict[str, NotBlank] = {}
    phone_number: NotBlank | None = None
    display_name: NotBlank | None = None
    code_method: NotBlank | None = None
    code_language: NotBlank | None = None
    verification_code: NotBlank | None = None
    token_way: NotBlank | None = None


@dataclass(frozen=True)
class Answers:
    """What the file says. `given` is by question name; secrets are only places.

    `read_answers` reads the secrets from their places into `given`, which is never shown.
    """

    given: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: Mapping[str, SecretPlace] = field(default_factory=dict)
    consent: frozenset[str] = frozenset()
    confirm: Mapping[str, str] = field(default_factory=dict)

    @property
    def ids(self) -> dict[str, str]:
        """What the file says the profile is."""
        return {name: self.given[name] for name in ID_NAMES if name in self.given}


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
            written = file.read(LARGEST + 1)
        return parse(safe_yaml.parse(written), item_ids, written)
    except OSError as error:
        raise _wrong("unreadable", path=str(path), why=error.strerror or "") from None
    except InvalidYaml as error:
        if error.why == "not_utf8":
            raise _not_utf8(path, error.line) from None
        raise _wrong("malformed", path=str(path), line=error.line, why=error.why) from None


def parse(
    content: Mapping[str, Any], item_ids: Collection[str] = (), written: bytes = b"{}"
) -> Answers:
    """The answers in a mapping; `item_ids` are those that consent and confirm may name (or any).

    `written` is the text the mapping was read from, for the line of a mistake.
    """
    try:
        file = convert(lenient(dict(content), AnswersFile, (int,)), AnswersFile)
        for section in ("consent", "confirm"):
            for name in getattr(file, section):
                if item_ids and name not in item_ids:
                    raise Misshapen((section, name), "unknown item", None, list(item_ids))
    except Misshapen as error:
        word, values = _mistake(error, content)
        raise _wrong(word, line=safe_yaml.line_of(written, error.path), **values) from None
    return _answers(file)


def _answers(file: AnswersFile) -> Answers:
    """Each answer under the name of its question."""
    given: dict[str, str] = {}
    if file.goals:
        # Receiving includes sending.
        receiving = file.goals is Goal.RECEIVING or Goal.RECEIVING in file.goals
        given["goals"] = ",".join(Goal) if receiving else Goal.SENDING.value
    for name, value in to_builtins(file).items():
        if name in ("webhook", "test_message"):
            given |= {f"{name}.{key}": text.strip() for key, text in value.items()}
        elif name == "ids":
            given |= {key: text.strip() for key, text in value.items()}
        elif name not in ("goals", "secrets", "consent", "confirm"):
            given[name] = value.strip()
    places = {name: getattr(file.secrets, name, None) for name in SECRET_NAMES}
    return Answers(
        given=given,
        secrets={name: place for name, place in places.items() if place is not None},
        consent=frozenset(file.consent),
        confirm={name: words.strip() for name, words in file.confirm.items()},
    )


def key_of(name: str) -> str:
    """The key under which the file gives the answer to the question of this name."""
    sections = {"ids": ID_NAMES, "secrets": SECRET_NAMES}
    return next((f"{key}.{name}" for key, names in sections.items() if name in names), name)


def _mistake(error: Misshapen, content: Mapping[str, Any]) -> tuple[str, dict[str, Value]]:
    """Which text says what is wrong, and its values."""
    path, expected = error.path, error.expected
    if path[0] == "secrets" and (len(path) > 2 or (len(path) == 2 and expected is not None)):
        return "secret", {"key": f"secrets.{path[1]}"}
    if path[0] == "goals" and error.known:
        goals = content["goals"]
        goal = str(goals[int(path[1])] if len(path) > 1 else goals)
        return "unknown", {"key": f"goals.{goal}", "hint": nearest(goal, error.known)}
    if expected is None:
        return "unknown", {"key": error.key, "hint": nearest(str(path[-1]), error.known)}
    if isinstance(expected, inspect.ListType):
        return "list", {"key": error.key}
    structured = getattr(expected, "types", (expected,))
    if any(isinstance(kind, inspect.StructType | inspect.DictType) for kind in structured):
        return "table", {"key": error.key}
    return "text", {"key": error.key}


def _wrong(word: str, **values: Value) -> InvalidAnswers:
    return InvalidAnswers(Phrase(f"answers.{word}", values))


def _not_utf8(path: str | Path, line: int) -> InvalidAnswers:
    return InvalidAnswers(Phrase("files.not_utf8", {"path": str(path), "detail": str(line)}))


LONGEST = 65536


def read_answers(
    path: str, item_ids: Collection[str], environ: Mapping[str, str] = os.environ
) -> Answers:
    """The answers, with the secrets among them; InputRequired names a place that holds none."""
    answers = read(Path(path), item_ids)
    secrets = {name: _fetch(name, place, environ) for name, place in answers.secrets.items()}
    return replace(answers, given={**answers.given, **secrets})


def _fetch(name: str, place: SecretPlace, environ: Mapping[str, str]) -> str:
    if place.env:
        value = environ.get(place.env, "")
    else:
        try:
            with open(place.file, "rb") as file:
                value = decoded(file.read(LONGEST)).strip()
        except NotText as error:
            raise _not_utf8(place.file, error.line) from None
        except OSError:
            value = ""
    if not value:
        raise InputRequired(name, f"env: {place.env}" if place.env else f"file: {place.file}")
    return value
