"""The answers file: what it may say, and how a mistake in it is named."""

import pytest

from wizard.state.answers import (
    Answers,
    InvalidAnswers,
    SecretPlace,
    parse,
    read,
)
from wizard.text.localised import LANGUAGES
from wizard.ui.words import Words

ITEMS = ("number.registered", "webhook.subscribed", "app.published")
FULL = {
    "goals": ["sending", "receiving"],
    "ids": {"app_id": "1", "waba_id": 102290129340398},
    "secrets": {"access_token": {"env": "MY_TOKEN"}, "app_secret": {"file": "/run/secrets/x"}},
    "webhook": {"callback_url": "https://a.example/hook", "level": "app"},
    "consent": ["number.registered"],
    "confirm": {"app.published": "on 3 May"},
    "test_message": {"to": "+491701234567", "template": "hello_world"},
    "code_method": "sms",
}


def test_every_answer_goes_by_the_name_of_its_question():
    assert parse(FULL, ITEMS) == Answers(
        given={
            "goals": "sending,receiving",
            "app_id": "1",
            "waba_id": "102290129340398",
            "webhook.callback_url": "https://a.example/hook",
            "webhook.level": "app",
            "test_message.to": "+491701234567",
            "test_message.template": "hello_world",
            "code_method": "sms",
        },
        secrets={
            "access_token": SecretPlace(env="MY_TOKEN"),
            "app_secret": SecretPlace(file="/run/secrets/x"),
        },
        consent=frozenset({"number.registered"}),
        confirm={"app.published": "on 3 May"},
    )


def test_every_key_is_optional():
    assert parse({}) == Answers()
    assert parse({"ids": None, "consent": None, "secrets": None}) == Answers()


@pytest.mark.parametrize(
    ("goals", "answer"),
    [(["sending"], "sending"), ("sending", "sending"), (["receiving"], "sending,receiving")],
)
def test_receiving_includes_sending(goals, answer):
    assert parse({"goals": goals}).given["goals"] == answer


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"secret": {}}, ["secret", "secrets"]),
        ({"ids": {"wabaid": "1"}}, ["ids.wabaid", "waba_id"]),
        ({"secrets": {"acces_token": {"env": "X"}}}, ["secrets.acces_token", "access_token"]),
        ({"webhook": {"callback": "x"}}, ["webhook.callback", "callback_url"]),
        ({"test_message": {"zzz": "x"}}, ["test_message.zzz", "to, template"]),
        ({"consent": ["number.register"]}, ["consent.number.register", "number.registered"]),
        ({"confirm": {"app.publishd": "x"}}, ["confirm.app.publishd", "app.published"]),
        ({"goals": ["recieving"]}, ["goals.recieving", "receiving"]),
        ({"consent": "number.registered"}, ["consent"]),
        ({"ids": ["1"]}, ["ids"]),
        ({"ids": {"waba_id": True}}, ["ids.waba_id"]),
        ({"verification_code": 1.5}, ["verification_code"]),
        ({"confirm": {"app.published": " "}}, ["confirm.app.published"]),
        ({"secrets": {"access_token": "EAAcanary"}}, ["secrets.access_token"]),
        ({"secrets": {"access_token": {"env": ""}}}, ["secrets.access_token"]),
        ({"secrets": {"access_token": {"env": "A", "file": "b"}}}, ["secrets.access_token"]),
    ],
)
def test_a_mistake_is_refused_by_name(content, named):
    with pytest.raises(InvalidAnswers) as caught:
        parse(content, ITEMS)
    for language in LANGUAGES:
        said = Words(language).phrase(caught.value.phrase)
        assert all(name in said for name in named), said
        assert "EAAcanary" not in said


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("ids:\n  app_id: 1\n  wabaid: 2\n", 3),
        ("secrets:\n  access_token: EAAcanary\n", 2),
        ("goals:\n- sending\n- recieving\n", 3),
        ("confirm: {}\nconsent:\n- number.register\n", 2),
        ("\n\nphone_number: ' '\n", 3),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path, text, line):
    path = tmp_path / "answers.yaml"
    path.write_text(text)
    with pytest.raises(InvalidAnswers) as caught:
        read(path, ITEMS)
    assert caught.value.phrase.values["line"] == line
    assert "EAAcanary" not in str(caught.value.phrase)


def test_what_was_given_does_not_show_in_a_traceback():
    assert "EAAcanary" not in repr(Answers(given={"access_token": "EAAcanary"}))


def test_a_file_loses_no_digit_of_a_number(tmp_path):
    path = tmp_path / "answers.yaml"
    path.write_text("test_message: {to: +491701234567}\nverification_code: 012345\n")
    given = read(path).given
    assert (given["test_message.to"], given["verification_code"]) == ("+491701234567", "012345")


@pytest.mark.parametrize("content", [None, "a: [", "- 1", "a: &x 1", "x" * 300_000])
def test_a_file_that_cannot_be_used_is_named(tmp_path, content):
    path = tmp_path / "answers.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InvalidAnswers) as caught:
        read(path)
    for language in LANGUAGES:
        assert str(path) in Words(language).phrase(caught.value.phrase)
