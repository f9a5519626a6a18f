"""`audit`: of one profile, of every one, of one item."""

import itertools
import json

import pytest

PLAY = ("audit", "--no-input", "--sandbox=healthy")


def test_only_an_item_is_looked_at_and_told(wizard):
    code, out, _ = wizard(*PLAY, "--json", "--only", "token.scopes")
    assert code == 0
    assert [row["id"] for row in json.loads(out)["items"]] == ["token.scopes"]


def test_a_skipped_section_is_not_told(wizard):
    _, out, _ = wizard(*PLAY, "--json", "--skip", "webhook")
    assert not [row for row in json.loads(out)["items"] if row["id"].startswith("webhook.")]


def test_a_misspelt_item_is_a_wrong_command_line(wizard):
    assert wizard("audit", "--only", "token.scoops")[0] == 2


def test_the_list_needs_no_network(wizard):
    code, out, _ = wizard("audit", "--list", "--only", "token")
    assert code == 0
    assert "token.kind" in out.split()


def test_a_broken_profile_stops_none_of_the_others(wizard, home, saved, monkeypatch):
    monkeypatch.setenv("WA_WIZARD_GRAPH_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WA_WIZARD_ACCESS_TOKEN", "EAA" + "x" * 150)
    for name in ("alpha", "beta", "gamma"):
        saved(name)
    home.status_path("beta").write_text("- not a record")
    code, out, error = wizard("audit", "--all", "--no-input")
    assert code == 6
    assert [name for name in ("alpha", "beta", "gamma") if name in out] == [
        "alpha",
        "beta",
        "gamma",
    ]
    assert "beta" in error


def test_the_second_audit_tells_what_stayed_the_same(wizard):
    wizard(*PLAY, "--json")
    _, out, _ = wizard(*PLAY, "--json")
    assert {row["change"] for row in json.loads(out)["items"]} == {"same"}


#: Of several exit codes the first of these stands for all.
DOCUMENTED = (70, 6, 5, 4, 2, 1, 3, 0)


@pytest.mark.parametrize(("worse", "better"), list(itertools.pairwise(DOCUMENTED)))
def test_the_most_severe_code_stands_for_all_profiles(worse, better, wizard, saved, monkeypatch):
    codes = {"alpha": better, "beta": worse, "gamma": 0}
    for name in codes:
        saved(name)
    monkeypatch.setattr("wizard.commands.audit.audit_profile", lambda chosen: codes[chosen.profile])
    assert wizard("audit", "--all")[0] == worse


def test_all_without_any_profile_is_a_wrong_command_line(wizard):
    assert wizard("audit", "--all")[0] == 2
