"""What is given on the command line is done, or refused with what there is: never replaced."""

import json

import pytest

from wizard import sandbox
from wizard.state.record import RecordFile
from wizard.text.errors import Exit

TO = ("--to", "+447700900456", "--yes", "--no-input")


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(
    ("world", "words", "there"),
    [
        ("healthy", ("--template", "nope"), "order_received"),
        # It has two variables, so it cannot be sent without their values.
        ("healthy", ("--template", "order_ready"), "1, 2"),
        ("healthy", ("--template", "order_ready", "--var", "2=17"), " 1."),
        ("healthy", ("--template", "order_ready", "--var", "3=17"), "1, 2"),
        ("healthy", ("--template", "order_ready", "--var", "17"), "--var 1="),
        ("healthy", ("--template", "order_received", "--var", "1=x"), "–"),
        ("template-shapes", ("--template", "cakes"), "CAROUSEL"),
        ("template-shapes", ("--template", "receipt"), "header, first_name, order_number"),
        ("test-number", ("--template", "nope"), "hello_world"),
        (
            "template-in-another-language",
            ("--template", "order_received", "--language", "de"),
            "en",
        ),
    ],
)
def test_a_template_that_is_not_there_is_not_replaced(wizard, sent, world, words, there, language):
    code, _, err = wizard("--lang", language, f"--sandbox={world}", "send", *words, *TO)
    assert code == Exit.USAGE
    assert there in err
    assert sent == []


@pytest.mark.parametrize(
    ("world", "template", "values"),
    [
        ("healthy", "order_ready", ["1=Olga", "2=17=18"]),
        (
            "template-shapes",
            "receipt",
            ["header=https://a.example/r.pdf", "first_name=Ann", "order_number=7", "button.2=7"],
        ),
        ("template-shapes", "code", ["code=314159"]),
    ],
)
def test_a_template_goes_out_with_the_values_that_are_given(wizard, sent, world, template, values):
    given = [word for value in values for word in ("--var", value)]
    code, out, err = wizard(f"--sandbox={world}", "send", "--template", template, *given, *TO)
    assert (code, sent) == (Exit.FINE, ["messages"]), out + err


def test_the_only_template_is_taken_where_none_is_named(wizard, sent):
    code, _, _ = wizard("--sandbox=template-in-another-language", "send", *TO)
    assert (code, sent) == (Exit.FINE, ["messages"])


def test_a_number_is_added_where_another_one_is_there(wizard, sent):
    wizard("--sandbox=healthy", "audit")
    code, _, _ = wizard(
        *("--sandbox=healthy", "number", "add", "+447700900999"),
        *("--name", "Zarya Two", "--yes", "--no-input"),
    )
    assert (code, sent) == (Exit.FINE, ["phone_numbers"])


@pytest.mark.parametrize("world", ["phone-app-number", "coexistence"])
@pytest.mark.parametrize(
    "words", [("register",), ("request-code", "--method", "sms"), ("pin",)], ids=lambda w: w[0]
)
def test_what_meta_never_takes_of_a_number_of_the_phone_app_is_not_sent(wizard, sent, world, words):
    code, _, _ = wizard(f"--sandbox={world}", "number", *words, "--yes", "--no-input")
    assert (code, sent) == (Exit.NOT_IN_ORDER, [])


@pytest.mark.parametrize(("world", "state"), [("send-held", "held"), ("send-paused", "paused")])
def test_a_message_that_is_held_back_is_no_success(wizard, sent, world, state):
    code, out, _ = wizard(f"--sandbox={world}", "send", *TO)
    assert (code, sent) == (Exit.NOT_IN_ORDER, ["messages"])
    assert "✓" not in out
    assert state in out or "holds it back" in out


@pytest.mark.parametrize(
    "given",
    [
        ({"waba_id": "999999999999999"}, "102290129340398"),
        ({"waba_id": "106540352242922"}, "102290129340398"),  # the id of the number
        ({"phone_number_id": "888888888888888"}, "106540352242922"),
        ({"app_id": "777777777777777"}, "1029384756102938"),
        ({"waba_id": "102290129340398", "app_id": "777777777777777"}, "1029384756102938"),
    ],
)
@pytest.mark.parametrize("pasted", [False, True])
def test_ids_that_the_token_does_not_lead_to_are_not_replaced(
    told, home, tmp_path, monkeypatch, given, pasted
):
    """An agency that swaps the tokens of two clients must not go on with the wrong one."""
    ids, there = given
    answers = tmp_path / "answers.yaml"
    answers.write_text(json.dumps({"ids": ids}))
    words = ("setup", "--no-input", "--answers", answers)
    if pasted:
        code, document = told(*words, "--sandbox=healthy")
    else:
        with sandbox.start("healthy") as meta:
            monkeypatch.setenv("WA_WIZARD_GRAPH_URL", meta.graph_url)
            monkeypatch.setenv("WA_WIZARD_ACCESS_TOKEN", meta.access_token)
            code, document = told(*words)
    assert code == 2
    assert document["error"]["key"] == "answers.leads_elsewhere"
    assert document["error"]["values"]["there"] == there
    record = RecordFile(home.status_path("default")).load()
    assert not set(ids.values()) & set(record.ids.values())


def test_an_app_that_meta_does_not_name_is_the_one_that_is_given(told, tmp_path, monkeypatch):
    """Meta may refuse to describe a token to anybody but the app itself."""
    with sandbox.start("debug-refused") as meta:
        monkeypatch.setenv("WA_WIZARD_GRAPH_URL", meta.graph_url)
        monkeypatch.setenv("WA_WIZARD_ACCESS_TOKEN", meta.access_token)
        monkeypatch.setenv("WA_WIZARD_APP_SECRET", meta.app_secret)
        answers = tmp_path / "answers.yaml"
        answers.write_text(json.dumps({"ids": {"app_id": meta.app_id}}))
        _, document = told("setup", "--no-input", "--answers", answers)
    assert document["ids"]["app_id"] == meta.app_id
    items = {item["id"]: item["status"] for item in document["items"]}
    assert (items["access.app"], items["app.visible"]) == ("passed", "passed")


#: Every command that writes a file which the line names; the name stands last.
WRITERS = (
    *("messages --export", "events --export", "bugreport --output", "audit --output"),
    *("credentials export --yes --output", "number qr add Hi --yes --output"),
    *("templates pull --dir", "webhook listen --systemd"),
)


@pytest.mark.parametrize("name", ["none/x.png", "file/x.png", f"{'x' * 300}.png"])
@pytest.mark.parametrize("command", WRITERS)
def test_a_file_that_cannot_be_made_is_named_and_no_defect(wizard, tmp_path, command, name):
    (tmp_path / "file").write_text("mine")
    play = [] if "listen" in command else ["--sandbox=healthy"]
    code, _, err = wizard(*command.split(), tmp_path / name, *play, "--no-input", "--lang", "en")
    if command.startswith("templates") and name.startswith("none"):  # it makes the folder
        assert (code, (tmp_path / name / "order_ready.yaml").exists()) == (0, True)
        return
    assert code == Exit.FILE, err
    assert str(tmp_path / name) in "".join(err.split())
    assert (tmp_path / "file").read_text() == "mine"
