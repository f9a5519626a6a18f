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


@pytest.mark.parametrize("asked", ["token.scopez", "hello", "token.", ""])
def test_neither_a_code_nor_an_item_is_wrong_usage(asked, wizard):
    assert wizard("explain", asked)[0] == 2
