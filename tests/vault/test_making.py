"""Secrets made here, and what is shown of one."""

import pytest

from wizard.text.secret import (
    Secret,
    fingerprint,
    generate_pin,
    generate_verify_token,
    trivial,
)

TOKEN = Secret("EAAG" + "x" * 200)


def test_a_fingerprint_is_the_beginning_of_the_sha256():
    assert fingerprint(Secret("a" * 16)) == "0c0beacef8877bbf"[:8]


def test_two_tokens_have_two_fingerprints():
    assert fingerprint(TOKEN) != fingerprint(Secret("EAAG" + "y" * 200))


@pytest.mark.parametrize("name", ["two_step_pin", "verify_token"])
def test_what_can_be_guessed_has_none_whatever_its_length(name):
    assert fingerprint(TOKEN, name) == ""


@pytest.mark.parametrize("value", ["", "049217", "a" * 15])
def test_what_is_short_has_none_whatever_its_name(value):
    assert fingerprint(Secret(value), "access_token") == ""


@pytest.mark.parametrize(
    "pin",
    [
        "000000",
        "123456",
        "654321",
        "890123",
        "135791",
        "121212",
        "123123",
        "112233",
        "111222",
        "147258",
        "159753",
        "101010",
        "999998",
    ],
)
def test_pins_that_are_tried_first_are_trivial(pin):
    assert trivial(pin)


@pytest.mark.parametrize("pin", ["111222", "147258", "159753", "101010", "999998"])
def test_so_are_lines_on_the_keypad_and_pairs_of_digits(pin):
    assert trivial(pin)


@pytest.mark.parametrize("pin", ["049217", "830146", "100200", "123457"])
def test_others_are_not(pin):
    assert not trivial(pin)


def test_generated_pins_are_six_digits_and_differ():
    pins = {generate_pin() for _ in range(200)}
    assert all(len(pin) == 6 and pin.isdigit() and not trivial(pin) for pin in pins)
    assert len(pins) > 190


def test_verify_tokens_fit_a_url_and_differ():
    tokens = {generate_verify_token() for _ in range(50)}
    assert len(tokens) == 50
    assert all(len(t) == 32 and t.replace("-", "").replace("_", "").isalnum() for t in tokens)
