"""Where a value comes from when it is not typed: standard input, a file, a variable."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from wizard.actions.prompter import Question
from wizard.actions.save_secret import keep
from wizard.commands.credentials.common import parser_of, say_kept, secret_name, shown
from wizard.commands.credentials.try_token import tried
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.text.errors import Exit, UsageError
from wizard.text.localised import Phrase, phrase
from wizard.text.secret import Secret

# Bytes: far more than any token, and little enough to hold.
_MOST = 1 << 20


def given(chosen: Arguments, environ: Mapping[str, str]) -> str | None:
    """The value that the command line points at; None when it points nowhere."""
    sources = [name for name in ("from_stdin", "from_file", "from_env") if getattr(chosen, name)]
    if len(sources) > 1:
        raise UsageError("credentials.two_sources")
    if not sources:
        return None
    if chosen.from_stdin:
        return _filled(_decoded(sys.stdin.buffer.read(_MOST + 1), "stdin"), "stdin")
    if chosen.from_file:
        return _filled(text_of(Path(chosen.from_file)), chosen.from_file)
    return _filled(environ.get(chosen.from_env, ""), chosen.from_env)


def text_of(path: Path) -> str:
    """The text of a file; UsageError when it cannot be read, is too long or is no text."""
    try:
        with path.open("rb") as file:
            return _decoded(file.read(_MOST + 1), str(path))
    except OSError as error:
        why = error.strerror or type(error).__name__
    raise UsageError("credentials.unreadable", source=str(path), why=why)


def _decoded(content: bytes, source: str) -> str:
    if len(content) <= _MOST:
        for encoding in ("utf-8-sig", "utf-16"):
            # PowerShell's `>` writes UTF-16.
            if encoding == "utf-16" and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
                continue
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise UsageError("credentials.unreadable", source=source, why="UTF-8, < 1 MiB")


def _filled(value: str, source: str) -> str:
    if not value.strip():
        raise UsageError("credentials.empty_source", source=source)
    return value


def run(chosen: Arguments) -> int:
    """Reads it, tries it, keeps it; 4 when it is refused."""
    name = secret_name(chosen.name)
    with Context(chosen) as context:
        value = given_or_asked(context, name, phrase("credentials.paste", name=name))
        session = context.session
        if value is None:
            return Exit.CREDENTIAL
        verdict = tried(session, name, value)
        if verdict.code is not Exit.FINE:
            session.prompter.tell("credentials.not_kept", name=name)
            return verdict.code
        token = verdict.token
        if token is not None and name == "access_token":
            session.record.ids["app_id"] = token.app_id
        keep(session, name, value, token)
        say_kept(session, name)
        if chosen.json:
            context.print_json({"schema": 1, "credential": shown(session, name)})
        return Exit.FINE


def given_or_asked(context: Context, name: str, text: Phrase) -> Secret | None:
    """The value, in the shape its name wants; None when what was given has another shape."""
    value, parse = given(context.chosen, context.environ), parser_of(name)
    if value is None:
        question = Question(name, text, secret=True, parse=parse, option="--from-stdin")
        return Secret(context.session.prompter.ask(question))
    parsed = parse(value)
    if isinstance(parsed, str):
        return Secret(parsed)
    context.session.prompter.tell(parsed.key, **parsed.values)
    context.session.prompter.tell("credentials.not_kept", name=name)
    return None
