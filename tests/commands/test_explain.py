"""Codes and items, as people write them."""

import pytest

from wizard.audit import checklist
from wizard.audit import error_codes as graph_errors
from wizard.state.record import SavedResult, Status


@pytest.mark.parametrize(
    ("asked", "key"),
    [("190", "190"), ("190/463", "190/463"), ("(#131030)", "131030"), (" 2200 ", "2200")],
)
def test_a_code_is_explained_however_it_is_written(asked, key, told, wizard):
    code, data = told("explain", asked)
    assert (code, data["code"]) == (0, key)
    for language in ("ru", "en"):
        code, out, _ = wizard("explain", asked, "--lang", language)
        assert code == 0
        assert key in out


def test_every_code_we_have_words_for_can_be_explained(wizard):
    for entry in graph_errors.entries():
        assert wizard("explain", entry.codes.start)[0] == 0


def test_a_code_nobody_here_knows_leads_to_metas_list(wizard, told):
    code, out, _ = wizard("explain", "987654")
    assert code == 3
    assert "https://developers.facebook.com/" in out
    assert told("explain", "987654")[1]["link"].startswith("https://")


def test_every_item_can_be_explained(wizard):
    for item in checklist.load().items:
        code, out, _ = wizard("explain", item.id, "--lang", "ru")
        assert code == 0
        assert item.title.ru.split()[0] in out


def test_an_item_that_is_wrong_says_what_was_seen(wizard, saved):
    wrong = SavedResult(Status.FAILED, "missing", {"scopes": "whatsapp_canary"})
    saved(verdicts={"token.scopes": wrong})
    assert "whatsapp_canary" in wizard("explain", "token.scopes")[1]
    assert "whatsapp_canary" not in wizard("explain", "token.assets")[1]


def test_a_message_of_metas_is_explained_as_it_was_copied(wizard):
    code, out, _ = wizard("explain", "(#131047) Message failed to send because more than 24 hours.")
    assert code == 0
    assert "131047" in out
    code, out, _ = wizard("explain", "(#987654) Nothing we know. At all.")
    assert code == 3
    assert "https://developers.facebook.com/" in out


@pytest.mark.parametrize(
    "typed", ["EAA" + "x1" * 60, "EAA" + "xyz" * 40, "1234567890|" + "a1" * 12, "ab12" * 8]
)
@pytest.mark.parametrize("as_json", [False, True])
def test_a_secret_that_is_typed_as_a_code_is_not_repeated(typed, as_json, wizard):
    _, out, error = wizard("explain", typed, *(["--json"] if as_json else []))
    assert typed[:12] not in out + error


@pytest.mark.parametrize("asked", ["token.scopez", "hello", "token.", ""])
def test_neither_a_code_nor_an_item_is_wrong_usage(asked, wizard):
    assert wizard("explain", asked)[0] == 2
