"""The folder of template files: read with the line of every mistake, written around what is there.

A file belongs to a person and to git: a pull changes what differs and leaves comments, order and
the rest alone. ruamel.yaml does that; what is read goes through our own stricter reader.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from os.path import exists, isdir  # as of a Path, but of what cannot be a name as well
from pathlib import Path
from typing import Any

from wizard.state.private_file import CannotWrite
from wizard.state.safe_yaml import LARGEST, InvalidYaml, line_of, parse
from wizard.state.typed import Misshapen, Step, convert, lenient
from wizard.state.yaml_file import StateFileError, malformed
from wizard.templates.model import Node, TemplateFile, from_rows, to_rows
from wizard.text.errors import UsageError


@dataclass(frozen=True)
class SourceFile:
    """One file. `node` is what it holds; `template` the part of it that this version knows."""

    path: Path
    content: bytes
    node: Node
    template: TemplateFile

    @property
    def name(self) -> str:
        """The name of the template: as written, else that of the file."""
        return self.template.name or self.path.stem

    @cached_property
    def rows(self) -> tuple[Node, ...]:
        """What Graph takes to create it, one for each language; numbers as texts where it wants."""
        return tuple(to_rows({"name": self.name, **lenient(self.node, TemplateFile)}))

    def line(self, path: Sequence[Step]) -> int:
        """The line of a key, or of the last above it that is there."""
        return line_of(self.content, path)


@dataclass(frozen=True)
class BrokenFile:
    """A file that cannot be read as a template; `why` is a word of the YAML reader, or a key."""

    path: Path
    line: int
    why: str


def read_file(path: Path) -> SourceFile | BrokenFile:
    """One file, or why it is none."""
    try:
        content = path.read_bytes()
        if len(content) > LARGEST:
            return BrokenFile(path, 1, "too_big")
        node = parse(content)
    except InvalidYaml as error:
        return BrokenFile(path, max(error.line, 1), error.why)
    except OSError as error:
        return BrokenFile(path, 1, error.strerror or "unreadable")
    try:
        return SourceFile(path, content, node, convert(lenient(node, TemplateFile), TemplateFile))
    except Misshapen as error:
        return BrokenFile(path, line_of(content, error.path), f"{error.key}: {error}")


def look_into(folder: Path) -> list[SourceFile | BrokenFile]:
    """Every file of a folder, by name; UsageError when there is no such folder."""
    if not isdir(folder):
        raise UsageError("templates.no_folder")
    return [read_file(path) for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])]


def read_folder(folder: Path) -> list[SourceFile]:
    """Every template of a folder; StateFileError for the first that is broken or there twice."""
    found: dict[str, SourceFile] = {}
    for file in look_into(folder):
        if isinstance(file, BrokenFile):
            raise malformed(file.path, file.why, file.line)
        if file.name in found:
            detail = f"{file.line(('name',))}: name: {found[file.name].path.name}"
            raise StateFileError("malformed", str(file.path), detail)
        found[file.name] = file
    return list(found.values())


#: What the first bytes of a file say of its kind: the kinds that Meta's upload takes.
_KINDS = (
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"%PDF-", 0, "application/pdf"),
    (b"ftyp", 4, "video/mp4"),
)


def kind_of_file(content: bytes) -> str:
    """The MIME type by the first bytes, whatever the name says; "" for none that Meta takes."""
    found = (kind for mark, at, kind in _KINDS if content[at : at + len(mark)] == mark)
    return next(found, "")


def picture_size(content: bytes) -> tuple[int, int]:
    """Width and height in pixels of a PNG or JPEG; (0, 0) where they cannot be read."""
    if kind_of_file(content) == "image/png":
        return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    at = 2
    while 0 < at < len(content) - 9 and content[at] == 0xFF:
        mark, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        # Start of a frame: all of C0 to CF but for three tables that have such marks too.
        if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            height = int.from_bytes(content[at + 5 : at + 7], "big")
            return int.from_bytes(content[at + 7 : at + 9], "big"), height
        at += 1 if mark == 0xFF else 2 + length
    return 0, 0


#: Largest sample by kind, in megabytes. Source: Meta's page of media that the Cloud API takes.
LARGEST_SAMPLE = {"image/jpeg": 5, "image/png": 5, "video/mp4": 16, "application/pdf": 100}
MEGABYTE = 1 << 20


def samples(row: Any) -> list[str]:
    """The `file` of every header of a template, those of cards as well, each once."""
    parts = row.get("components") if isinstance(row, Mapping) else None
    found: list[str] = []
    for part in parts if isinstance(parts, list) else ():
        own = part.get("file") if isinstance(part, Mapping) else None
        found += [own] if isinstance(own, str) and own else []
        cards = part.get("cards") if isinstance(part, Mapping) else None
        found += [name for card in cards or () for name in samples(card)]
    return list(dict.fromkeys(found))


def with_handles(row: Mapping[str, Any], handles: Mapping[str, str]) -> Node:
    """A template as Graph takes it: the handles of uploaded files in the place of the files."""
    parts = [_with_handle(part, handles) for part in row.get("components", ())]
    return {**row, "components": parts} if "components" in row else dict(row)


def _with_handle(part: Any, handles: Mapping[str, str]) -> Any:
    if not isinstance(part, Mapping):
        return part
    turned = {key: value for key, value in part.items() if key != "file"}
    if (own := str(part.get("file"))) in handles:
        turned["example"] = {"header_handle": [handles[own]]}
    if isinstance(cards := part.get("cards"), list):
        turned["cards"] = [with_handles(card, handles) for card in cards]
    return turned


def sample_path(folder: Path, name: str) -> Path | None:
    """Where a sample stands; None for what is no file below the folder of the templates.

    A template file may come from someone else: what it names leaves this machine.
    """
    path = folder / name
    inside = path.resolve().is_relative_to(folder.resolve())
    return path if inside and path.is_file() else None


#: Meta's names are of these; a name becomes the name of a file and must not lead elsewhere.
_NAME = re.compile(r"[A-Za-z0-9_]{1,512}")


def write_new(folder: Path, name: str, rows: Sequence[Mapping[str, Any]]) -> Path | None:
    """A file for a template that had none; None where its name can be none of a file."""
    if not _NAME.fullmatch(name):
        return None
    # The longest names are longer than the names of files may be.
    path = folder / f"{name[:200]}.yaml"
    while exists(path):
        path = path.with_name(f"{path.stem}_.yaml")
    _store(path, rendered(from_rows(rows)))
    return path


def write_over(file: SourceFile, node: Node) -> bool:
    """Brings a file to hold `node`; what does not differ stays as it stands. False: nothing did."""
    if node == file.node:
        return False
    tree = _yaml().load(file.content)
    _bring(tree, file.node, node)
    _store(file.path, _dumped(tree))
    return True


def rendered(node: Node) -> bytes:
    """The YAML of a new file."""
    return _dumped(_readable(node))


def _store(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not private, and whole or not at all.
        temporary = path.with_name(f".{path.name}.new")
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        raise CannotWrite(path, error) from None


def _yaml() -> Any:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1 << 20  # long texts stay in one line: a diff shows what changed
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dumped(tree: Any) -> bytes:
    target = io.BytesIO()
    _yaml().dump(tree, target)
    return target.getvalue()


def _readable(node: Any) -> Any:
    """The same data; texts of several lines as blocks, where YAML keeps them letter for letter."""
    from ruamel.yaml.scalarstring import LiteralScalarString

    if isinstance(node, Mapping):
        return {_key(key): _readable(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_readable(value) for value in node]
    if not isinstance(node, str):
        return node
    lines = node.split("\n")
    if len(lines) > 1 and node.isprintable() is False and _is_plain(lines):
        return LiteralScalarString(node)
    return _quoted(node)


def _key(name: str) -> str | int:
    """A key as YAML writes it: the number of a variable without quotes."""
    return int(name) if re.fullmatch(r"[1-9]\d{0,8}", name, re.ASCII) else _quoted(name)


def _quoted(text: str) -> str:
    """A text that YAML would not keep as it stands, in double quotes."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    return text if text.isprintable() else DoubleQuotedScalarString(text)


def _is_plain(lines: list[str]) -> bool:
    return all(line.isprintable() and line == line.strip() for line in lines) and bool(
        lines[0] and lines[-1]
    )


def _bring(tree: Any, old: Any, new: Any) -> None:
    """Changes a commented tree, whose plain data is `old`, until it holds `new`."""
    if isinstance(new, Mapping):
        names = {str(key): key for key in tree}
        for name in names.keys() - new.keys():
            del tree[names[name]]
        for name, value in new.items():
            tree_key = names.get(name) or _key(name)
            _put(tree, tree_key, old.get(name), value, there=name in names)
        return
    del tree[len(new) :]
    for place, value in enumerate(new):
        if place < len(tree):
            _put(tree, place, old[place], value, there=True)
        else:
            tree.append(_readable(value))


def _put(tree: Any, key: Any, old: Any, value: Any, *, there: bool) -> None:
    """Sets one entry, unless it holds the value already."""
    both = isinstance(old, Mapping | list) and isinstance(value, Mapping | list)
    if there and both and isinstance(old, Mapping) == isinstance(value, Mapping):
        _bring(tree[key], old, value)
    elif not there or old != value:
        tree[key] = _readable(value)
