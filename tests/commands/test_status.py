"""The last verdict: what is shown first, what its exit code is, what it never touches."""

import pytest
from msgspec.structs import replace

from wizard.audit import checklist
from wizard.state.record import Change, Goal, SavedResult, SecretNote, Status

NOON = "2026-11-22T12:00:00Z"
BEFORE = "2026-11-21T12:00:00Z"


def verdicts(**wrong):
    """Everything in order, but for these (dots written as two underscores)."""
    seen = {item.id: SavedResult(Status.PASSED, since=BEFORE) for item in checklist.load().items}
    for name, verdict in wrong.items():
        seen[name.replace("__", ".")] = verdict
    return seen


def test_the_three_things_come_first(wizard, saved):
    saved(verdicts=verdicts())
    lines = wizard("status")[1].splitlines()
    assert [line.split("  ")[0] for line in lines[1:4]] == [
        "WABA ID",
        "Phone number ID",
        "Access token",
    ]
    assert "0102290129340398" in lines[1]


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


def test_the_sandbox_has_a_status_of_its_own(wizard, saved):
    saved(verdicts=verdicts())
    code, out, _ = wizard("status", "--sandbox")
    assert code == 3
    assert "SANDBOX" in out
    assert "0102290129340398" not in out


def test_it_says_where_things_are_kept(wizard, home, saved):
    saved()
    _, out, _ = wizard("status")
    assert "".join(str(home.status_path("default")).split()) in "".join(out.split())
