"""Changes of what customers see of a number: with consent, once, and refused in Meta's words."""

import pytest

from tests.support.fake_prompter import FakePrompter
from wizard.actions import public_profile
from wizard.actions.public_profile import NoSuchCode
from wizard.actions.results import Declined, Refused
from wizard.graph import Upload

HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
WIDE = HEAD + (640).to_bytes(4, "big") + (300).to_bytes(4, "big")


def write(session, what):
    if what == "profile":
        return public_profile.set_profile(session, {"about": "Open"}, None)
    if what == "picture":
        return public_profile.set_profile(session, {}, Upload("a.png", "image/png", WIDE))
    if what == "add":
        return public_profile.add_qr(session, "Hello")[0]
    return public_profile.remove_qr(session, "ABCDEFGHIJKLMN")


@pytest.mark.parametrize("what", ["profile", "picture", "add", "remove"])
def test_a_no_sends_nothing(open_session, what):
    prompter = FakePrompter(consents={"number.profile": False})
    with open_session("healthy", prompter, knows=True) as (session, _):
        opened, open_graph = [], session.open_graph
        session.open_graph = lambda keys: opened.append(open_graph(keys)) or opened[-1]
        assert isinstance(write(session, what), Declined)
        assert {one.method for graph in opened for one in graph.exchanges} <= {"GET"}
    ((_, _, shown, spends),) = prompter.consents_asked
    assert spends is (what == "remove")
    assert any(line.startswith(("POST /", "DELETE /")) for line in shown)
    assert ("number.picture_cropped" in prompter.keys) is (what == "picture")


def test_what_meta_refuses_is_refused(open_session):
    prompter = FakePrompter(consents={"number.profile": [True, True]})
    with open_session("healthy", prompter, knows=True) as (session, play):
        with pytest.raises(NoSuchCode) as gone:
            write(session, "remove")
        assert gone.value.exit_code == 1
        assert "QR code not found" in str(gone.value.values["message"])
        play._world.tree["faults"] = [
            {"kind": "error", "code": 100, "message": "(#100) No", "method": "POST", "times": 1}
        ]
        assert isinstance(write(session, "profile"), Refused)
    assert len(prompter.troubles) == 1
