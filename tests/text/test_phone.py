"""Numbers as people write them, and as Meta wants them."""

import pytest

from wizard.text import phone
from wizard.text.localised import LANGUAGES, Phrase
from wizard.ui.words import messages


def key_of(number):
    assert isinstance(number, Phrase), number
    assert all(messages()[number.key].in_language(lang, **number.values) for lang in LANGUAGES)
    return number.key.removeprefix("phone.")


@pytest.mark.parametrize(
    "written",
    [
        "+79161234567",
        "+7 916 123-45-67",
        " +7 (916) 123.45.67 ",
        "+7\u00a0916\u00a0123\u201145\u201167",
        "\u202a+79161234567\u202c",
        "007 916 123 45 67",
        "tel:+79161234567",
        "whatsapp:+79161234567",
        "https://wa.me/79161234567",
        "wa.me/79161234567?text=hi",
        "https://api.whatsapp.com/send?phone=79161234567&text=hi",
        '"+79161234567"',
        "＋７９１６１２３４５６７",
    ],
)
def test_a_number_is_written_in_many_ways_and_kept_in_one(written):
    assert phone.normalise(written) == "+79161234567"


@pytest.mark.parametrize("written", ["89161234567", "8 916 123-45-67", "9161234567", "79161234567"])
def test_within_a_region_the_country_code_may_be_left_out(written):
    assert phone.normalise(written, "ru") == "+79161234567"


@pytest.mark.parametrize(
    "written",
    [
        "+1 555-078-3881",  # Meta's test numbers are not "valid"
        "+1 631-555-5555",
        "+5215512345678",  # Mexico, as WhatsApp writes it
        "+5511961234567",
        "+551161234567",
        "+5491112345678",
        "+390612345678",  # Italy keeps its zero
    ],
)
def test_what_is_possible_is_taken(written):
    number = phone.normalise(written)
    assert number == "+" + "".join(c for c in written if c.isdigit())


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("call me", "not_a_number"),
        ("+7 916 CALL ME", "not_a_number"),
        ("---", "not_a_number"),
        ("79161234567", "no_plus"),
        ("89161234567", "trunk_eight"),
        ("9161234567", "no_country"),
        ("+999123456789", "not_a_number"),
        ("+7916123", "too_short"),
        ("+791612345678", "wrong_length"),
        ("+155507838811", "too_long"),
        ("106540352242922", "is_an_id"),
        ("US.13491208655302741918", "user_id"),
        ("DE.ENT.9Ab8Cd7Ef6", "user_id"),
        ("+106540352242922", "is_an_id"),
    ],
)
def test_what_is_wrong_with_a_number_is_said(written, key):
    assert key_of(phone.normalise(written)) == key


def test_a_number_without_plus_is_shown_as_it_was_probably_meant():
    assert phone.normalise("79161234567").values == {"example": "+7 916 123-45-67"}
    assert phone.normalise("89161234567").values == {"example": "+7 916 123-45-67"}


@pytest.mark.parametrize(
    ("e164", "parts"),
    [
        ("+79161234567", ("7", "9161234567")),
        ("+15550783881", ("1", "5550783881")),
        ("+390612345678", ("39", "0612345678")),
    ],
)
def test_a_number_is_split_as_meta_wants_it(e164, parts):
    assert phone.split(e164) == parts


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+7 916 123-45-67", "79161234567", True),
        ("+55 11 96123-4567", "551161234567", True),
        ("+5215512345678", "525512345678", True),
        ("+5491112345678", "541112345678", True),
        ("+79161234567", "+79161234568", False),
        ("+55 11 96123-4567", "551161234568", False),
        ("", "", False),
        ("abc", "", False),
    ],
)
def test_one_phone_has_several_spellings(one, other, same):
    assert phone.same_number(one, other) is same
    assert phone.same_number(other, one) is same


@pytest.mark.parametrize(
    ("number", "seen"),
    [
        ("+79161234567", "+7 916 123-45-67"),
        ("79161234567", "+7 916 123-45-67"),
        ("15550783881", "+1 555-078-3881"),
        ("no\x1b[31mnumber", "no[31mnumber"),
        ("", ""),
    ],
)
def test_people_read_numbers_with_spaces(number, seen):
    assert phone.pretty(number) == seen
