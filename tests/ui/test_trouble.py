"""What could not be had is put into words, whoever raised it and with whatever it held."""

import io

import pytest

from wizard.audit.checklist import Item
from wizard.audit.error_codes import explain
from wizard.audit.results import ItemResult, from_error
from wizard.graph.errors import refusal
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import LANGUAGES, Text
from wizard.ui.item_view import ItemView
from wizard.ui.screen import GLUE, Screen
from wizard.ui.words import Words

ITEM = Item("a.one", Text("-", "-"), Text("-", "-"))


def shown(error, language="en"):
    out = io.StringIO()
    ItemView(Screen(out, colour=False, width=2000), Words(language)).show_error(error)
    return out.getvalue()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("trouble", ErrorKind)
def test_every_trouble_is_said_with_a_next_step_even_without_values(trouble, language):
    unworded = Words(language).say("report.reason_unworded", reason=trouble.value)
    text = shown(Unavailable(trouble), language)
    assert unworded not in text
    assert len(text.splitlines()) >= 2


def test_code_and_trace_are_shown_for_whoever_looks_closer():
    error = {"code": 190, "error_subcode": 463, "message": "Expired", "fbtrace_id": "AbCdE"}
    text = shown(refusal(401, {"error": error}))
    assert "code 190, subcode 463, fbtrace_id AbCdE" in text


@pytest.mark.parametrize("cause", ["dns", "proxy_auth", "portal", "tls_untrusted"])
def test_every_cause_of_silence_has_its_own_words(cause):
    result = ItemResult(ITEM, from_error(Unavailable(ErrorKind.UNREACHABLE, cause=cause)))
    words = Words("en")
    assert words.reason(result) == words.say(f"reason.unreachable_{cause}")
    assert words.next_step(result) == words.say(f"reason.unreachable_{cause}_next")


def test_a_cause_nobody_knows_has_the_general_words():
    result = ItemResult(ITEM, from_error(Unavailable(ErrorKind.UNREACHABLE, cause="novel")))
    assert "novel" in Words("en").reason(result)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_that_is_known_is_said_in_its_own_words_with_its_own_next_step(language):
    error = {"code": 133005, "message": "PIN mismatch", "error_data": {"details": "Not the PIN"}}
    known = explain(133005)
    text = shown(refusal(400, {"error": error}), language)
    assert getattr(known.means, language) in text
    assert Words(language).text(known.do).replace(GLUE, " ") in text
    assert "PIN mismatch" in text
    assert "Not the PIN" in text


def test_a_code_that_nobody_knows_has_the_general_words():
    text = shown(refusal(400, {"error": {"code": 987654, "message": "Novel"}}))
    assert "Novel" in text
    assert Words("en").say("reason.odd_next").replace(GLUE, " ") in text
