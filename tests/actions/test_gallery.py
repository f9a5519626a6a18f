"""A ready template of the gallery: seen, agreed to, created, waited for; never a second time."""

import re

import pytest

from tests.support.fake_prompter import FakePrompter
from wizard.actions import message, templates
from wizard.actions.results import Declined, Done, Refused
from wizard.templates.files import look_into, read_folder, write_new
from wizard.templates.lint import gallery, lint, lint_row
from wizard.templates.model import variables_in
from wizard.templates.plan import plan

WABA = "102290129340398"
EVERY = [(one, own.code) for one in gallery() for own in one.languages]
#: Enter everywhere.
ENTER = {"gallery.template": "", "gallery.language": "", "gallery.business": ""}
CODE = {"gallery.template": "sign_in_code", "gallery.language": "de"}


@pytest.mark.parametrize(("ready", "code"), EVERY, ids=lambda value: getattr(value, "name", value))
def test_every_ready_template_keeps_every_rule_in_every_language(ready, code):
    assert lint_row(ready.row(code, "Пекарня «Заря»", ready.name)) == []
    own = next(one for one in ready.languages if one.code == code)
    assert len(variables_in(own.body)) == len(own.examples)
    assert bool(own.button) is (ready.category == "AUTHENTICATION")
    assert own.button or own.body.endswith("[business]")
    if code != "ru":
        assert not re.search("[а-яё]", f"{own.body} {own.button}", re.IGNORECASE)


def test_the_gallery_has_each_template_in_the_same_languages():
    languages = {tuple(one.code for one in ready.languages) for ready in gallery()}
    assert len(languages) == 1
    assert {"ru", "en_US", "es", "pt_BR", "de"} <= set(*languages)


@pytest.fixture
def run(open_session, monkeypatch):
    """Runs the action; its result, the prompter, the names that were there, and the templates."""

    def act(answers, scenario="template-none", consents=True, change=None, seconds=20.0):
        monkeypatch.setattr("wizard.actions.templates.REVIEW_SECONDS", seconds)
        given = {templates.ITEM: consents} if consents is not None else {}
        prompter = FakePrompter(answers, consents=given)
        with open_session(scenario, prompter, knows=True) as (session, play):
            if change:
                change(play._world.tree)
            account = play._world.tree["accounts"][WABA]
            before = set(account.get("templates", {}))
            result = templates.from_gallery(session, session.facts())
            account = play._world.tree["accounts"][WABA]
            made = [t for key, t in account.get("templates", {}).items() if key not in before]
            return result, prompter, made

    return act


def test_it_is_seen_before_the_consent_and_approved_in_the_end(run):
    result, prompter, (made,) = run(ENTER)
    assert isinstance(result, Done)
    assert (made["name"], made["language"], made["status"]) == ("order_ready", "en_US", "APPROVED")
    assert made["components"][0]["text"].endswith("Zarya Bakery")
    names = [event[1] for event in prompter.events if event[0] in ("say", "consent")]
    assert names.index("templates.gallery_text") < names.index(templates.ITEM)
    assert "Hello Ann, your order A-17" in prompter.text()


def test_the_name_of_the_business_is_asked_in_one_line_without_variables(run):
    asked = ENTER | {"gallery.business": ["{{3}}", "  Bread\nand Cake  "]}
    result, prompter, (made,) = run(asked)
    assert isinstance(result, Done)
    assert "templates.gallery_name_form" in prompter.keys
    assert made["components"][0]["text"].endswith("Bread and Cake")


@pytest.mark.parametrize("ready", gallery(), ids=lambda ready: ready.name)
def test_what_setup_made_is_a_file_and_plan_says_no_change(open_session, tmp_path, ready):
    def keep(name, row):
        return write_new(tmp_path, name, [row])

    answers = ENTER | {"gallery.template": ready.name, "gallery.language": "ru"}
    if ready.category == "AUTHENTICATION":
        del answers["gallery.business"]
    prompter = FakePrompter(answers, consents={templates.ITEM: True})
    with open_session("template-none", prompter, knows=True) as (session, _):
        session.keep_template = keep
        assert isinstance(templates.from_gallery(session, session.facts()), Done)
        assert not plan(read_folder(tmp_path), session.facts().template_rows).changes
    assert "templates.gallery_file" in prompter.keys
    assert lint(look_into(tmp_path)) == []


def test_of_a_code_meta_writes_the_text(run):
    result, prompter, (made,) = run(CODE)
    assert isinstance(result, Done)
    assert made["category"] == "AUTHENTICATION"
    assert made["components"][2]["buttons"][0]["text"] == "Code kopieren"
    assert "templates.gallery_metas_text" in prompter.keys


def test_a_no_creates_nothing(run):
    result, prompter, made = run(ENTER, consents=False)
    assert isinstance(result, Declined)
    assert made == []
    ((_, _, shown, _),) = prompter.consents_asked
    assert shown[0] == f"POST /{WABA}/message_templates"


def test_a_template_of_one_s_own_is_made_by_the_steps(run):
    result, prompter, made = run({"gallery.template": templates.OTHER}, consents=None)
    assert (type(result), made) == (Declined, [])
    assert ("instruct", templates.ITEM) in prompter.events


def rejected(tree):
    names = {"order_*": {"status": "REJECTED", "rejected_reason": "INVALID_FORMAT"}}
    tree["graph"]["template_review"] = {"names": names}


def slow(tree):
    tree["graph"]["template_review"] = {"seconds": 3600}


def test_what_meta_rejects_is_said_with_its_reason(run):
    result, prompter, _ = run(ENTER, change=rejected)
    assert isinstance(result, Refused)
    assert "INVALID_FORMAT" in prompter.text()


def test_a_long_review_is_not_waited_out(run):
    result, prompter, (made,) = run(ENTER, change=slow, seconds=0.0)
    assert (type(result), made["status"]) == (Declined, "PENDING")
    assert "templates wait order_ready" in prompter.text()


def test_while_one_is_under_review_no_second_one_is_made(run):
    result, prompter, made = run({}, "no-approved-template", consents=None, seconds=0.0)
    assert (type(result), made) == (Declined, [])
    assert "templates.gallery_later" in prompter.keys


def test_a_name_that_is_taken_gets_a_number(run):
    def no_pending(tree):
        for one in tree["accounts"][WABA]["templates"].values():
            one["status"] = "REJECTED"

    asked = ENTER | {"gallery.language": "ru"}
    result, _, (made,) = run(asked, "no-approved-template", change=no_pending)
    assert (type(result), made["name"]) == (Done, "order_ready_2")


def test_it_is_sent_as_the_test_message_with_its_examples(open_session):
    answers = ENTER | {"test_message.to": "+447700900999", "template.1": "", "template.2": "B-9"}
    consents = {templates.ITEM: True, "message.sent": True}
    prompter = FakePrompter(answers, consents=consents)
    with open_session("template-none", prompter, knows=True) as (session, _):
        templates.from_gallery(session, session.facts())
        assert isinstance(message.send_test(session, session.facts()), Done)
        assert session.record.test_message.template == "order_ready"
    assert "Hello Ann, your order B-9 is ready" in prompter.text()


def test_a_code_is_sent_with_its_example_too(open_session):
    answers = CODE | {"test_message.to": "+447700900999", "template.code": ""}
    prompter = FakePrompter(answers, consents={templates.ITEM: True, "message.sent": True})
    with open_session("template-none", prompter, knows=True) as (session, _):
        templates.from_gallery(session, session.facts())
        assert isinstance(message.send_test(session, session.facts()), Done)
    assert "123456" in prompter.text()


def test_without_any_template_that_can_be_filled_it_says_so(open_session):
    prompter = FakePrompter()
    with open_session("template-none", prompter, knows=True) as (session, _):
        assert isinstance(message.send_test(session, session.facts()), Refused)
    assert prompter.keys == ["message.no_plain_template"]
