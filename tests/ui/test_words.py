"""Words: always of both languages, always clean, and never lost for a reason."""

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
from wizard.ui.words import Words, messages

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
