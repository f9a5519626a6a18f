"""`credentials set`: one value, tried before it is kept; a wrong one replaces nothing."""

from __future__ import annotations

from wizard.commands import Chosen
from wizard.commands.credentials import giving
from wizard.commands.credentials.names import mend_of, secret_name
from wizard.commands.credentials.saying import say_kept, shown
from wizard.commands.credentials.trying import tried
from wizard.commands.parts import Parts
from wizard.repairs.keeping import keep
from wizard.talk import Question
from wizard.text.errors import Exit
from wizard.text.localised import Phrase, phrase
from wizard.text.secret import Secret


def run(chosen: Chosen) -> int:
    """Reads it, tries it, keeps it; 4 when it is refused."""
    name = secret_name(chosen.name)
    with Parts(chosen) as parts:
        value = given_or_asked(parts, name, phrase("credentials.paste", name=name))
        desk = parts.desk
        if value is None:
            return Exit.CREDENTIAL
        verdict = tried(desk, name, value)
        if verdict.code is not Exit.FINE:
            desk.talk.say("credentials.not_kept", name=name)
            return verdict.code
        token = verdict.token
        if token is not None and name == "access_token":
            desk.record.ids["app_id"] = token.app_id
        keep(desk, name, value, token)
        say_kept(desk, name)
        if chosen.json:
            parts.print_json({"schema": 1, "credential": shown(desk, name)})
        return Exit.FINE


def given_or_asked(parts: Parts, name: str, text: Phrase) -> Secret | None:
    """The value, in the shape its name wants; None when what was given has another shape."""
    value, mend = giving.given(parts.chosen, parts.environ), mend_of(name)
    if value is None:
        question = Question(name, text, secret=True, mend=mend, option="--from-stdin")
        return Secret(parts.desk.talk.ask(question))
    mended = mend(value)
    if isinstance(mended, str):
        return Secret(mended)
    parts.desk.talk.say(mended.key, **mended.values)
    parts.desk.talk.say("credentials.not_kept", name=name)
    return None
