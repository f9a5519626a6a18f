"""The names under which other programs look for these secrets and ids.

Hermes Agent: its page "WhatsApp Business Cloud API Setup". PyWa: the arguments of its `WhatsApp`.
Chatwoot: `provider_config` of a WhatsApp Cloud inbox. n8n: the fields of its credentials
`whatsAppApi` and `whatsAppTriggerApi`, as CREDENTIALS_OVERWRITE_DATA takes them. Typebot: its
configuration page.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wizard.actions.prompter import Choice, Question
from wizard.commands.credentials.common import (
    IDS,
    agreed,
    credential_name,
    names_of,
    record_of,
    value_of,
)
from wizard.commands.credentials.shapes import AS_IT_STANDS, unquoted
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.state import private_file
from wizard.text.errors import Exit, UsageError
from wizard.text.localised import phrase
from wizard.ui.screen import is_terminal
from wizard.vault.environment import variable


@dataclass(frozen=True)
class Program:
    """A program: its variables, and the JSON it takes (the keys of which may be dotted)."""

    variables: Mapping[str, str]
    json: Mapping[str, str]
    usual: str = "dotenv"


#: From the environment pywa itself reads the token and the number; the others are arguments.
_PYWA = {
    "access_token": "token",
    "phone_number_id": "phone_id",
    "waba_id": "waba_id",
    "app_id": "app_id",
    "app_secret": "app_secret",
    "verify_token": "verify_token",
}
_CHATWOOT = {
    "access_token": "api_key",
    "phone_number_id": "phone_number_id",
    "waba_id": "business_account_id",
    "verify_token": "webhook_verify_token",
}
_HERMES = {
    "access_token": "WHATSAPP_CLOUD_ACCESS_TOKEN",
    "phone_number_id": "WHATSAPP_CLOUD_PHONE_NUMBER_ID",
    "waba_id": "WHATSAPP_CLOUD_WABA_ID",
    "app_id": "WHATSAPP_CLOUD_APP_ID",
    "app_secret": "WHATSAPP_CLOUD_APP_SECRET",
    "verify_token": "WHATSAPP_CLOUD_VERIFY_TOKEN",
}
_TYPEBOT = {
    "access_token": "META_SYSTEM_USER_TOKEN",
    "phone_number_id": "WHATSAPP_PREVIEW_FROM_PHONE_NUMBER_ID",
}
_N8N = {
    "access_token": "whatsAppApi.accessToken",
    "waba_id": "whatsAppApi.businessAccountId",
    "app_id": "whatsAppTriggerApi.clientId",
    "app_secret": "whatsAppTriggerApi.clientSecret",
}


def _in_capitals(prefix: str, names: Mapping[str, str]) -> dict[str, str]:
    return {ours: f"{prefix}_{theirs}".upper() for ours, theirs in names.items()}


PROGRAMS: Mapping[str, Program] = {
    "hermes": Program(_HERMES, _HERMES),
    "pywa": Program(_in_capitals("PYWA", _PYWA), _PYWA),
    "chatwoot": Program(_in_capitals("CHATWOOT_WHATSAPP", _CHATWOOT), _CHATWOOT, "json"),
    "n8n": Program(_N8N, _N8N, "json"),
    "typebot": Program(_TYPEBOT, _TYPEBOT),
}
#: n8n reads one variable that holds the JSON of all.
N8N_VARIABLE = "CREDENTIALS_OVERWRITE_DATA"


Values = Mapping[str, str]


def dressed(values: Values, style: str, program: str = "") -> str:
    """The text that leaves. `values` are by our names; those the program does not know stay.

    UsageError by name for a value that a reader of this format would not read as it is.
    """
    if style == "json":
        return json.dumps(_nested(named(values, program, as_json=True)), indent=2) + "\n"
    pairs = named(values, program)
    for name, value in pairs.items():
        if not value.isprintable() or not _HOLDS[style](value):
            raise UsageError("credentials.format_cannot_hold", name=name, format=style)
    head = style == "docker" and any(unquoted(value.strip()) != value for value in pairs.values())
    lines = [AS_IT_STANDS] if head else []
    lines += [_LINES[style](name, value) for name, value in pairs.items()]
    return "".join(f"{line}\n" for line in lines)


def named(values: Values, program: str = "", *, as_json: bool = False) -> dict[str, str]:
    """By the names of a program, or by ours."""
    if not program:
        return {variable(name): value for name, value in values.items()}
    if program == "n8n" and not as_json:
        # One variable, and what it holds is JSON.
        content = _nested(named(values, program, as_json=True))
        return {N8N_VARIABLE: json.dumps(content, separators=(",", ":"))} if content else {}
    table = PROGRAMS[program].json if as_json else PROGRAMS[program].variables
    return {table[name]: value for name, value in values.items() if name in table}


def _nested(flat: Values) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *folders, last = name.split(".")
        node = tree
        for folder in folders:
            node = node.setdefault(folder, {})
        node[last] = value
    return tree


def _env(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"


_PLAIN = re.compile(r"[A-Za-z0-9_.:/+=@-]*")


def _single(value: str) -> bool:
    """Whether a reader of .env takes it as it stands between single quotes.

    python-dotenv expands ${ there too, and reads a backslash before another or before the quote.
    """
    return not any(part in value for part in ("'", "${", "\\\\")) and value[-1:] != "\\"


def _fits_dotenv(value: str) -> bool:
    """In double quotes node knows no escapes, and a shell replaces what begins with $ or `."""
    return _single(value) or not any(sign in value for sign in '"\\$`')


def _dotenv(name: str, value: str) -> str:
    """Quoted only where it must be: some readers take quotes for a part of the value."""
    if _PLAIN.fullmatch(value):
        return f"{name}={value}"
    return f"{name}='{value}'" if _single(value) else f'{name}="{value}"'


def _fits_gh(value: str) -> bool:
    """`gh secret set --env-file` unquotes, expands $ and cuts comments; $GITHUB_ENV does not."""
    return value == value.strip() and value[:1] not in "\"'`" and not set("$#") & set(value)


def _bare(name: str, value: str) -> str:
    """Docker's --env-file and $GITHUB_ENV take everything after = as it stands."""
    return f"{name}={value}"


_LINES: Mapping[str, Callable[[str, str], str]] = {
    "env": _env,
    "dotenv": _dotenv,
    "github": _bare,
    "docker": _bare,
}


def _anything(_value: str) -> bool:
    return True


#: Whether the readers of a format can have a printable value as it is.
_HOLDS: Mapping[str, Callable[[str], bool]] = {
    "env": _anything,
    "dotenv": _fits_dotenv,
    "github": _fits_gh,
    "docker": _anything,
}


def run(chosen: Arguments) -> int:
    """To standard output, or to a file of mode 0600."""
    usual = PROGRAMS[chosen.program].usual if chosen.program else "dotenv"
    style = chosen.format or ("json" if chosen.json else usual)
    target = Path(chosen.output) if chosen.output else None
    if chosen.json and style != "json" and target is None:
        raise UsageError("credentials.format_is_not_json", format=style)
    if target is not None:
        refuse_unsafe(target, force=chosen.force)
    with Context(chosen) as context:
        asked = [credential_name(word) for word in chosen.names]
        wanted = _wanted(asked or revealable(context), chosen)
        if not wanted:
            context.notes.line(context.words.say("credentials.nothing_to_export"))
            return Exit.CREDENTIAL
        values = {name: value_of(context, name) for name in wanted}
        text = dressed(values, style, chosen.program or "")
        _announce(context, wanted, target)
        if not _agreed(context, target):
            return Exit.NOT_IN_ORDER
        _hand_out(context, text, target)
        return Exit.FINE


def _agreed(context: Context, target: Path | None) -> bool:
    """The person's consent; on a screen Enter means no, also in the sandbox, which is practice."""
    text = phrase("credentials.export_consent")
    shown = target is None and is_terminal(sys.stdout) and context.attended
    if not shown or context.chosen.yes:
        return agreed(context, "export", text, danger=True) is not None
    answers = [Choice("yes", phrase("ui.agree")), Choice("no", phrase("ui.decline"))]
    question = Question("export", text, default="no", option="--yes")
    return context.prompter.choose(question, answers) == "yes"


def get(chosen: Arguments) -> int:
    """`credentials get`: one bare value; a terminal is shown a secret on request only."""
    name = credential_name(chosen.name)
    if name not in IDS and is_terminal(sys.stdout) and not chosen.reveal:
        raise UsageError("credentials.would_show", name=name)
    with Context(chosen) as context:
        value = value_of(context, name)
        if chosen.json:
            context.print_json({"schema": 1, "name": name, "value": value})
        else:
            sys.stdout.write(f"{value}\n")
        return Exit.FINE


def _hand_out(context: Context, text: str, target: Path | None) -> None:
    if target is None:
        context.chosen.answered = True
        sys.stdout.write(text)
        return
    try:
        private_file.create(target, text.encode(), force=context.chosen.force)
    except FileExistsError:
        raise UsageError("credentials.file_is_there", path=str(target)) from None
    context.notes.line(context.words.say("credentials.exported", path=str(target)))


def revealable(context: Context) -> list[str]:
    """Names of everything that can be handed on: secrets first, then ids."""
    record = record_of(context)
    return [*names_of(context), *(name for name in IDS if record.ids.get(name))]


def _wanted(names: list[str], chosen: Arguments) -> list[str]:
    if not chosen.program:
        return names
    return [name for name in names if name in PROGRAMS[chosen.program].json]


def _announce(context: Context, names: list[str], target: Path | None) -> None:
    """On standard error, names only, before anything leaves."""
    place = str(target) if target else context.words.say("credentials.standard_output")
    said = ", ".join(names)
    context.notes.line(context.words.say("credentials.leaves", names=said, place=place))
    variables = ", ".join(named(dict.fromkeys(names, ""), context.chosen.program or ""))
    context.notes.line(variables, "dim", first="  ")


def refuse_unsafe(target: Path, *, force: bool) -> None:
    """Neither through a link, nor over what is there unless it is meant."""
    there = os.path.lexists(target)  # a name that is too long is not there
    if there and (target.is_symlink() or not target.is_file()):
        raise UsageError("credentials.not_a_plain_file", path=str(target))
    if there and not force:
        raise UsageError("credentials.file_is_there", path=str(target))
