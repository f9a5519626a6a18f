"""`config`: what is preferred, for every profile or, with --profile, for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from wizard.commands import Subcommand
from wizard.context.context import Context
from wizard.context.settings import PREFERENCES, preference
from wizard.net.address import checked_url, checked_version
from wizard.text.errors import Exit, UsageError, unknown_word
from wizard.text.localised import LANGUAGES
from wizard.ui.screen import show_rows

if TYPE_CHECKING:
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments

#: Stores that need nothing but their name.
STORES = ("os-keyring", "encrypted-file", "environment")
_KNOWN = {"lang": LANGUAGES, "store": STORES}
_CHECKED = {"graph_url": checked_url, "graph_version": checked_version}


def _name(parser: OptionParser) -> None:
    parser.option("name", says="config.name_help", metavar="NAME")


def _assignment(parser: OptionParser) -> None:
    _name(parser)
    parser.option("value", says="config.value_help", metavar="VALUE")


def show(chosen: Arguments) -> int:
    """Every preference: what holds, and where it was said."""
    context = Context(chosen)
    rows = [_row(context, name) for name in PREFERENCES]
    if chosen.json:
        context.print_json({"schema": 1, "preferences": rows})
        return Exit.FINE
    said = [(row["name"], f"{row['value']} ({_source(context, row['source'])})") for row in rows]
    show_rows(context.screen, said)
    place = str(context.home.config_path)
    context.notes.line(context.words.say("ending.config_file", place=place), "dim")
    return Exit.FINE


def get(chosen: Arguments) -> int:
    """What holds, bare, for a script."""
    context = Context(chosen)
    row = _row(context, _known_name(chosen.name))
    if chosen.json:
        context.print_json({"schema": 1, **row})
    else:
        context.screen.whole(row["value"])
    return Exit.FINE


def set_value(chosen: Arguments) -> int:
    """Keeps one preference, once it is known to make sense."""
    name, value = _known_name(chosen.name), chosen.value.strip()
    if name in _KNOWN and value not in _KNOWN[name]:
        raise unknown_word("config.no_such_value", value, _KNOWN[name], name)
    return _keep(Context(chosen), name, _CHECKED[name](value) if name in _CHECKED else value)


def unset(chosen: Arguments) -> int:
    """Forgets one; it is fine when there is none."""
    return _keep(Context(chosen), _known_name(chosen.name), "")


def _keep(context: Context, name: str, value: str) -> int:
    config, words = context.home.config(), context.words
    if context.chosen.profile and name == "store":
        raise UsageError("config.store_of_profile")
    if context.chosen.profile:
        changed = config.with_profile(context.profile, **{name: value})
    else:
        preferences = structs.replace(config.preferences, **{name: value})
        changed = structs.replace(config, preferences=preferences)
    context.home.save_config(changed)
    holds, source = preference(name, context.environ, changed, context.profile)
    key = "config.kept" if value else "config.forgotten"
    context.notes.line(words.say(key, name=name, value=value))
    if value and holds != value:
        values = {"name": name, "value": holds, "source": _source(context, source)}
        context.notes.line(words.say("config.hidden", **values), "yellow")
    return Exit.FINE


def _row(context: Context, name: str) -> dict[str, Any]:
    option = context.chosen.lang if name == "lang" else ""
    value, source = preference(name, context.environ, context.config, context.profile, option)
    return {"name": name, "value": value, "source": source or "default"}


def _source(context: Context, source: str) -> str:
    if source in PREFERENCES.values():
        return context.words.say("config.from_variable", name=source)
    return context.words.say(f"config.from_{source or 'default'}", profile=context.profile)


def _known_name(name: str) -> str:
    if name not in PREFERENCES:
        raise unknown_word("config.no_such_name", name, PREFERENCES)
    return name


BRANCHES = {
    "list": Subcommand(None, show),
    "get": Subcommand(_name, get),
    "set": Subcommand(_assignment, set_value),
    "unset": Subcommand(_name, unset),
}
