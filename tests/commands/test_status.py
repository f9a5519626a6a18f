"""The last verdict: what is shown first, what its exit code is, what it never touches."""

import json

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from tests.support.output_schemas import schema_of
from wizard.audit import checklist
from wizard.audit.checks.message import RECIPIENT
from wizard.graph import GraphError
from wizard.graph.client import GraphClient
from wizard.state.config import Config
from wizard.state.record import Change, Goal, SavedResult, SecretNote, Status
from wizard.text.errors import ErrorKind

NOON = "2026-11-22T12:00:00Z"
BEFORE = "2026-11-21T12:00:00Z"


def verdicts(**wrong):
    """Everything in order, but for these (dots written as two underscores)."""
    seen = {item.id: SavedResult(Status.PASSED, since=BEFORE) for item in checklist.load().items}
    for name, verdict in wrong.items():
        seen[name.replace("__", ".")] = verdict
    return seen


def test_the_three_things_stand_first_and_the_result_last(wizard, saved):
    saved(verdicts=verdicts())
    first, *_, last = wizard("status")[1].strip().split("\n\n")
    shown = [line for line in first.splitlines() if line and line[0].isalpha()][-3:]
    labels = [line.split("  ")[0] for line in shown]
    assert labels == ["WABA ID", "Phone number ID", "Access token"]
    assert "0102290129340398" in shown[0]
    assert last.startswith("✓ ")


@pytest.mark.parametrize(
    ("wrong", "goals", "code"),
    [
        ({}, (Goal.SENDING, Goal.RECEIVING), 0),
        ({"token__scopes": SavedResult(Status.FAILED, "missing")}, (Goal.SENDING,), 1),
        ({"app__published": SavedResult(Status.WAITING, "confirm")}, (Goal.SENDING,), 0),
        ({"app__published": SavedResult(Status.WAITING, "confirm")}, (Goal.RECEIVING,), 1),
        ({"account__health": SavedResult(Status.UNKNOWN, "busy")}, (Goal.SENDING,), 3),
        ({"token__expiry": SavedResult(Status.FAILED, "today")}, (Goal.SENDING,), 0),
    ],
)
def test_the_exit_code_is_that_of_the_verdict(wrong, goals, code, wizard, told, saved):
    saved(verdicts=verdicts(**wrong), goals=goals)
    assert wizard("status")[0] == code
    status, data = told("status")
    assert status == code
    assert data["ready"]["sending"] is (code == 0 or "app__published" in wrong)


def test_a_profile_never_looked_at_is_not_in_order(told):
    code, data = told("status")
    assert code == 3
    assert data["ready"] == {"sending": False, "receiving": False}
    assert data["items"] == []
    assert set(data["ids"]) >= {"app_id", "business_id", "waba_id", "phone_number_id"}


def test_the_json_says_what_the_last_audit_changed(told, saved):
    saved(
        checked_at=NOON,
        verdicts=verdicts(
            token__scopes=SavedResult(Status.FAILED, "missing", {"scopes": "x"}, NOON),
            token__kind=SavedResult(Status.FAILED, "temporary", {}, BEFORE),
            account__review=SavedResult(Status.PASSED, since=NOON),
        ),
        history=[
            str(Change(NOON, "account.review", "failed", "passed")),
            str(Change(BEFORE, "account.health", "failed", "passed")),
        ],
    )
    _, data = told("status")
    changes = {row["id"]: row["change"] for row in data["items"]}
    assert changes["token.scopes"] == "new"
    assert changes["token.kind"] == "same"
    assert changes["account.review"] == "fixed"
    assert changes["account.health"] == "same"
    row = next(row for row in data["items"] if row["id"] == "token.scopes")
    assert row["values"] == {"scopes": "x"}
    assert row["required"] is True
    assert row["since"] == NOON


def test_a_verdict_of_an_item_that_is_no_more_is_left_out(told, saved):
    saved(verdicts={"gone.item": SavedResult(Status.FAILED, "x"), **verdicts()})
    code, data = told("status")
    assert code == 0
    assert "gone.item" not in {row["id"] for row in data["items"]}


def test_a_token_of_the_environment_is_named_and_not_shown(wizard, saved, monkeypatch):
    saved(verdicts=verdicts())
    monkeypatch.setenv("WA_WIZARD_ACCESS_TOKEN", "EAAcanary")
    out = wizard("status")[1]
    assert "WA_WIZARD_ACCESS_TOKEN" in out
    assert "EAAcanary" not in out


def test_an_expired_token_is_said_to_be_expired(wizard, saved):
    note = SecretNote("os-keyring", kind="USER", expires_at=BEFORE)
    record = saved(verdicts=verdicts(), secrets={"access_token": note})
    assert "2026-11-21" in wizard("status")[1]
    saved(secrets={"access_token": replace(record.secrets["access_token"], expires_at="soon")})
    assert wizard("status")[0] in (0, 1, 3)


def test_what_is_in_the_way_comes_with_its_reason_and_the_rest_is_counted(wizard, saved):
    saved(
        goals=(Goal.SENDING,),
        verdicts=verdicts(
            token__scopes=SavedResult(Status.FAILED, "missing", {"scopes": "whatsapp_x"}),
            token__assets=SavedResult(Status.SKIPPED, "requires", {"item": "token.scopes"}),
            webhook__fields=SavedResult(Status.FAILED, "missing"),
        ),
    )
    out = wizard("status", "--lang", "ru")[1]
    assert "whatsapp_x" in out
    items = checklist.load()
    assert items.item("token.scopes").title.ru in out
    assert items.item("token.assets").title.ru not in out
    # Of a goal this profile does not have.
    assert items.item("webhook.fields").title.ru not in out


def test_a_look_at_one_item_makes_the_others_no_newer(wizard, saved):
    old, new = "2026-11-20T10:00:00Z", "2026-11-27T10:00:00Z"
    seen = {name: replace(one, checked_at=old) for name, one in verdicts().items()}
    saved(verdicts=seen, checked_at=old)
    assert "2026-11-20" in wizard("status")[1]
    first = next(iter(seen))
    saved(verdicts=seen | {first: replace(seen[first], checked_at=new)}, checked_at=new)
    out = wizard("status")[1]
    assert "2026-11-20" in out
    assert "2026-11-27" in out


def test_the_sandbox_has_a_status_of_its_own(wizard, saved):
    saved(verdicts=verdicts())
    code, out, _ = wizard("status", "--sandbox")
    assert code == 3
    assert "SANDBOX" in out
    assert "0102290129340398" not in out


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_every_profile_is_a_line_and_the_most_severe_code_is_the_code(lang, wizard, saved, home):
    wrong = {"token__scopes": SavedResult(Status.FAILED, "missing")}
    ids = {"display_phone_number": "+44 7700 900123"}
    saved("alpha", verdicts=verdicts(), goals=(Goal.SENDING,), ids=ids, checked_at=NOON)
    saved("beta", verdicts=verdicts(**wrong), goals=(Goal.SENDING,), checked_at=NOON)
    home.save_config(Config().with_profile("new"))
    code, out, _ = wizard("status", "--all", "--lang", lang)
    assert code == 1
    lines = out.splitlines()
    assert [(line[0], line.split()[1]) for line in lines if line[0] != " "] == [
        ("✓", "alpha"),
        ("✗", "beta"),
        ("?", "new"),
    ]
    assert "+44 7700 900123" in lines[0]
    title = getattr(checklist.load().item("token.scopes").title, lang)
    assert title in " ".join(" ".join(lines[1:]).split())
    home.status_path("beta").write_text("- no")
    code, out, err = wizard("status", "--all", "--lang", lang)
    assert code == 6
    assert "beta" in err
    assert "✓ alpha" in out
    assert "✗ beta" in out


def test_every_profile_is_a_document_of_its_own(wizard, saved, home):
    saved("alpha", verdicts=verdicts())
    saved("beta")
    home.status_path("beta").write_text("- no")
    code, out, _ = wizard("status", "--all", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line.get("profile") for line in lines] == ["alpha", "beta", None]
    assert lines[1]["error"]["exit_code"] == code == 6
    assert lines[2]["summary"] == {"exit_code": 6, "profiles": {"alpha": 0, "beta": 6}}
    for line in (lines[0], lines[2]):
        Draft202012Validator(schema_of("status --all")).validate(line)


def test_all_of_nothing_is_a_wrong_command_line(wizard):
    assert wizard("status", "--all")[0] == 2


@pytest.mark.parametrize("words", [(), ("--all",), ("--json",), ("--all", "--json")])
def test_a_later_version_may_mean_more_than_this_one_can_read(words, wizard, saved, home):
    saved(verdicts=verdicts(), ids={"waba_id": "17", "display_phone_number": "17"})
    path = home.status_path("default")
    path.write_text(path.read_text().replace("schema: 1", "schema: 99"))
    code, out, err = wizard("status", *words)
    assert code == 6
    assert "17" in out
    assert "99" in err


def test_the_variable_of_the_profile_is_named(wizard, saved, monkeypatch):
    saved("my-shop", verdicts=verdicts())
    monkeypatch.setenv("WA_WIZARD_ACCESS_TOKEN", "EAAcanary")
    monkeypatch.setenv("WA_WIZARD_ACCESS_TOKEN_FILE__MY_SHOP", "/nowhere")
    assert "WA_WIZARD_ACCESS_TOKEN_FILE__MY_SHOP" in wizard("status", "--profile=my-shop")[1]
    assert "__" not in wizard("status")[1]


def test_it_says_where_things_are_kept(wizard, home, saved):
    saved()
    _, out, _ = wizard("status")
    assert "".join(str(home.status_path("default")).split()) in "".join(out.split())


def refuse_sending(monkeypatch, code, subcode):
    post = GraphClient.post

    def refusing(self, path, body, consent, **more):
        if not path.endswith("/messages"):
            return post(self, path, body, consent, **more)
        said = {"message": "Meta's very words", "details": "", "trace": "A"}
        raise GraphError(ErrorKind.ODD, code=code, subcode=subcode, http=400, **said)

    monkeypatch.setattr(GraphClient, "post", refusing)


@pytest.mark.parametrize(
    ("code", "subcode", "counts"),
    [(131042, 0, True), (190, 463, True), (131030, 0, False), (132001, 0, False)],
)
def test_ready_is_not_said_after_a_refused_send_and_is_after_the_next(
    wizard, told, code, subcode, counts, monkeypatch
):
    """Every command that tells of readiness tells the same, at once and after another audit."""
    place = "--sandbox=healthy"
    send = (place, "send", "--to", "+447700900456", "--template", "order_received", "--yes")

    def all_say(ready):
        for command in (("status",), ("audit",)):
            exit_code, document = told(place, *command)
            assert (exit_code, document["ready"]["sending"]) == (0 if ready else 1, ready), command
        assert wizard(place, "audit", "--all")[0] == (0 if ready else 1)
        text = wizard(place, "status")[1]
        assert ("Ready to send messages" in text) is ready
        return text

    wizard(place, "audit")
    with monkeypatch.context() as patch:
        refuse_sending(patch, code, subcode)
        assert wizard(*send, "--no-input")[0] in (1, 3, 4)
    text = all_say(ready=not counts)
    assert "Meta's very words" in text or code in RECIPIENT
    assert wizard(*send, "--no-input")[0] == 0
    all_say(ready=True)
