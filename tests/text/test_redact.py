"""What must not leave with a support report, and what must."""

import pytest

from wizard.text.sanitise import redacted, redacted_text


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("+44 7700 900123", "+•••••••••123"),
        ("to 447700900456 now", "to •••••••••456 now"),
        ("15550783881", "••••••••881"),
        ("owner anna@example.org", "owner •@•"),
        ("EAAB" + "x1" * 30, "••••"),
        ("0123456789abcdef0123456789abcdef", "••••"),
        ("1029384756102938|abcdefghijklmnopqrstuv", "••••"),
        ("1029384756102938%7Cabcdefghijklmnopqrstuv", "••••"),
    ],
)
def test_what_identifies_a_person_is_masked(written, shown):
    assert redacted_text(written) == shown


@pytest.mark.parametrize(
    "kept", ["102290129340398", "2026-11-22T23:27:04Z", "AbCdEf123trace", "v26.0", "131030"]
)
def test_what_support_asks_for_stays(kept):
    assert redacted_text(kept) == kept


def test_every_depth_is_redacted_and_keys_stay():
    found = redacted({"+447700900123": [{"to": "+447700900123"}, 5, None]})
    assert found == {"+447700900123": [{"to": "+•••••••••123"}, 5, None]}
