"""A consent is made where somebody agreed, and nowhere else."""

import ast
import re
from pathlib import Path

import pytest

from wizard.graph.consent import Consent, granted

ROOT = Path(__file__).parents[2]
#: The only files that may turn a "yes" into a consent.
PROMPTERS = {
    "wizard/ui/console_prompter.py",
    "wizard/ui/noninteractive_prompter.py",
}
#: Where an act of the person is the consent, and which act.
BY_COMMAND = {
    "wizard/actions/login.py": {"the person signed in"},
    "wizard/actions/number.py": {"the person typed the code"},
    "wizard/commands/credentials/rotate.py": {"the person ran credentials rotate"},
}


def test_a_consent_is_not_made_by_accident():
    with pytest.raises(TypeError):
        Consent()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Consent(object(), "number.registered", ["POST /1/register"])


@pytest.mark.parametrize(
    ("shown", "method", "path", "covered"),
    [
        ('POST /1/register  {"pin": "••••••"}', "POST", "1/register", True),
        ('POST /1/register {"pin": "••••••"}', "POST", "/1/register/", True),
        ("POST /1/register", "DELETE", "1/register", False),
        ("POST /1/register", "POST", "1", False),
        ("POST /1", "POST", "1/register", False),
        ("POST /1/register", "POST", "2/register", False),
        ("POST /1/messages  → +447700900123", "POST", "1/messages", True),
        ("POST /{system user}/applications  {…}", "POST", "123/applications", True),
        ("POST /{system user}/applications  {…}", "POST", "123/access_tokens", False),
        ("POST /{system user}/applications  {…}", "POST", "oauth/applications", False),
        ("POST /1/applications  {…}", "POST", "2/applications", False),
        ("POST /{upload session}", "POST", "upload:MTph", True),
        ("POST /{upload session}", "DELETE", "upload:MTph", False),
        ("POST /{system user}", "POST", "upload:MTph", False),
        ("GET /[bold]\x9b", "POST", "1", False),
        ("", "POST", "", False),
    ],
)
def test_a_consent_covers_the_requests_it_shows(shown, method, path, covered):
    assert granted("x", [shown]).covers(method, path) is covered


def calls(path):
    """(function name, first argument) of every call in a file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            yield (
                name,
                node.args[0].value
                if node.args and isinstance(node.args[0], ast.Constant)
                else None,
            )


def test_only_prompters_and_named_acts_make_a_consent():
    makers, by_command = set(), {}
    for path in (ROOT / "wizard").rglob("*.py"):
        name, text = str(path.relative_to(ROOT)), path.read_text("utf-8")
        if name == "wizard/graph/consent.py":
            continue
        found = list(calls(path))
        if re.search(r"\bgranted\(|import .*\bgranted\b", text):
            makers.add(name)
        assert "Consent" not in {call for call, _ in found}, name
        assert not re.search(r"\b_MAKER\b", text), name
        if "given_by_command" in text:
            by_command[name] = {act for call, act in found if call == "given_by_command"}
    assert makers == PROMPTERS
    assert by_command == BY_COMMAND
