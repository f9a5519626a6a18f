"""Words: always of both languages, always clean, and never lost for a reason."""

import re

import pytest

from wizard.audit import checklist
from wizard.audit.checklist import Item, Reason
from wizard.audit.results import (
    ItemResult,
    failed,
    from_error,
    skipped,
    unknown,
)
from wizard.state.content import MESSAGES, names, read
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import LANGUAGES, Text
from wizard.ui.words import Glossary, Words, family, messages

T = Text("т", "t")
ITEM = Item("sample.item", T, T, reasons={"own": Reason(Text("{a}", "{a}"), Text("{b}", "{b}"))})
EN = Words("en")


@pytest.mark.parametrize("file", names(MESSAGES))
def test_a_key_is_a_name(file):
    # `yes:` and `no:` are truth values to other readers of YAML, and `1:` is a number.
    assert all(isinstance(key, str) and key for key in read(MESSAGES, file))


def test_values_are_cleaned_and_may_have_any_name():
    said = EN.say("ui.not_offered", answer="\x1b[31m[x]\n\u202ey", offered="1")
    assert "[31m[x] y" in said
    assert EN.text(Text("{language} {self}", "{language} {self}"), language="ru", self=1) == "ru 1"


def test_foreign_text_is_only_cleaned():
    assert EN.phrase("Acme {x} [/]\x07") == "Acme {x} [/]"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("trouble", list(ErrorKind))
def test_every_trouble_has_words(trouble, language):
    result = ItemResult(ITEM, from_error(Unavailable(trouble)))
    assert Words(language).reason(result)
    assert Words(language).next_step(result)


def test_a_cause_of_its_own_has_words_of_its_own():
    said = {
        EN.reason(ItemResult(ITEM, unknown("unreachable", cause=c))) for c in ("dns", "timeout")
    }
    assert len(said) == 2
    other = EN.reason(ItemResult(ITEM, unknown("unreachable", cause="gremlins")))
    assert "gremlins" in other


def test_the_items_own_words_go_first_and_a_missing_value_is_a_dash():
    result = ItemResult(ITEM, failed("own", a=1))
    assert (EN.reason(result), EN.next_step(result)) == ("1", "–")


def test_what_comes_first_is_named_by_its_title():
    first = checklist.load().items[0]
    assert first.title.en in EN.reason(ItemResult(ITEM, skipped(first.id)))
    assert "gone.item" in EN.reason(ItemResult(ITEM, skipped("gone.item")))


def test_a_reason_nobody_knows_is_named():
    result = ItemResult(ITEM, failed("no_such_reason"))
    assert "no_such_reason" in EN.reason(result)
    assert EN.next_step(result) == ""


def test_every_message_can_be_said():
    assert all(text.ru and text.en for text in messages().values())


#: Meta's terms that a newcomer meets in a setup.
TERMS = (
    *("access_token", "waba", "portfolio", "phone_number_id", "app_secret", "system_user"),
    *("permission", "pin", "template", "window", "callback", "verify_token", "challenge"),
)
#: One dim line of a usual terminal, behind an indent.
ONE_LINE = 78


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("term", TERMS)
def test_a_term_of_metas_is_explained_once_in_one_line(term, language):
    words, named = Words(language), getattr(family("terms")[f"{term}_named"], language)
    explained = words.say(f"terms.{term}")
    assert re.search(named, explained, re.I), "its own line names it"
    assert len(explained) <= ONE_LINE
    assert [key for key, text in messages().items() if re.search(named, getattr(text, language))]
    glossary = Glossary(words)
    assert explained in glossary.of([explained])
    assert glossary.of([explained]) == []


@pytest.mark.parametrize(
    "text",
    [
        "https://x.example/webhook",
        "wa-wizard\u00a0--lang=en\u00a0webhook\u00a0listen",
        "GET /1029384756102938/whatsapp_business_account",
        "24 hours left",
        "a plain sentence",
    ],
)
def test_what_only_looks_like_a_term_is_not_explained(text):
    assert Glossary(Words("en")).of([text]) == []
