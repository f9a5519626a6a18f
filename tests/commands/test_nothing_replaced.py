"""What is given on the command line is done, or refused with what there is: never replaced."""

import pytest

from wizard.graph.client import GraphClient
from wizard.text.errors import Exit

TO = ("--to", "+447700900456", "--yes", "--no-input")


@pytest.fixture
def sent(monkeypatch):
    """The paths of all changes that were asked of Graph."""
    paths, post = [], GraphClient.post

    def noted(self, path, body, consent, **more):
        paths.append(path.rpartition("/")[2])
        return post(self, path, body, consent, **more)

    monkeypatch.setattr(GraphClient, "post", noted)
    return paths


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(
    ("world", "words", "there"),
    [
        ("healthy", ("--template", "nope"), "order_received"),
        # It has a variable, so it cannot be sent without a value.
        ("healthy", ("--template", "order_ready"), "order_received"),
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
