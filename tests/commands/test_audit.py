"""`audit`: of one profile, of every one, of one item."""

import errno
import itertools
import json
import os
import stat

import pytest

from wizard.sandbox import start
from wizard.state.config import Config
from wizard.state.private_file import replace
from wizard.state.record import Goal, RecordFile

PLAY = ("audit", "--no-input", "--sandbox=healthy")


def test_only_an_item_is_looked_at_and_told(wizard):
    code, out, _ = wizard(*PLAY, "--json", "--only", "token.scopes")
    assert code == 0
    assert [row["id"] for row in json.loads(out)["items"]] == ["token.scopes"]


def test_what_to_do_next_rests_on_all_that_is_known(wizard):
    only = ("--only", "environment.clock", "--lang", "en")
    play = ("audit", "--no-input", "--sandbox=number-banned")
    assert "wa-wizard --sandbox=number-banned audit" in wizard(*play, *only)[1]  # nothing else is
    wizard(*play)
    out = wizard(*play, *only)[1]
    assert "Number connection" in out
    assert "number-banned send" not in out


def test_a_skipped_section_is_not_told(wizard):
    _, out, _ = wizard(*PLAY, "--json", "--skip", "webhook")
    assert not [row for row in json.loads(out)["items"] if row["id"].startswith("webhook.")]


@pytest.mark.parametrize(
    "words",
    [
        ("--only", "token.scopes,account.health", "--only", "number.health"),
        ("--only", "token, account,number", "--skip", "token.kind,token.expiry,account"),
    ],
)
def test_several_items_stand_in_one_word_or_in_several(words, wizard):
    listed = wizard("audit", "--list", *words)[1].split()
    told = json.loads(wizard(*PLAY, "--json", *words)[1])
    assert [row["id"] for row in told["items"]] == listed
    assert {"token.scopes", "number.health"} <= set(listed)
    assert "token.kind" not in listed


@pytest.mark.parametrize(
    ("words", "near"),
    [
        ("--only token.scoops", "token.scopes"),
        ("--skip token.kind,acount", "account"),
        ("--goal recieving", "receiving"),
        ("--only ,", ""),
        ("--only token.kind --skip token", ""),
        ("--goal sending,", None),
        ("--json --format text", ""),
        ("--fail-on often", ""),
    ],
)
@pytest.mark.parametrize("lang", ["ru", "en"])
def test_what_would_audit_something_else_is_a_wrong_command_line(words, near, lang, wizard):
    code, _, err = wizard("audit", "--list", "--lang", lang, *words.split())
    assert code == (2 if near is not None else 0)
    assert (near or "") in err


def test_the_goal_of_one_run_is_judged_and_not_kept(told, home, wizard):
    scenario = "--sandbox=webhook-none"
    store = RecordFile(home.sandbox("webhook-none").status_path("default"))
    assert told("audit", "--no-input", scenario, "--goal", "sending")[0] == 0
    kept = store.load()
    assert kept.goals == (Goal.SENDING, Goal.RECEIVING)
    code, data = told("audit", "--no-input", scenario, "--goal", "receiving,sending")
    assert code == 1
    assert next(r for r in data["items"] if r["id"] == "webhook.callback")["required"] is True
    assert kept.verdicts["webhook.callback"].required is True


@pytest.mark.parametrize(
    ("scenario", "words", "code"),
    [
        ("healthy", "--fail-on required", 0),
        ("healthy", "--fail-on advice", 1),  # no test message was sent yet
        ("healthy", "--fail-on advice --only access", 0),
        ("token-revoked", "--fail-on never", 0),
        ("meta-down", "--fail-on required", 3),
        ("meta-down", "--fail-on never", 0),
        ("healthy", "--fail-on never --only x", 2),
    ],
)
def test_what_an_audit_fails_on(scenario, words, code, wizard):
    assert wizard("audit", "--no-input", f"--sandbox={scenario}", *words.split())[0] == code


class TestOutput:
    """The answer in a file."""

    @pytest.mark.parametrize("form", ["text", "json", "jsonl"])
    def test_the_answer_is_in_the_file_and_nowhere_else(self, form, wizard, tmp_path):
        path = tmp_path / "verdict"
        path.write_text("the one before")
        path.chmod(0o664)
        words = ("--sandbox=token-revoked", "--no-input", "--format", form)
        code, out, _ = wizard("audit", *words, "--output", path)
        assert (code, out) == (1, "")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        written = path.read_text()
        if form != "text":
            assert json.loads(written)["items"]
        assert (written.count("\n") == 1) is (form == "jsonl")
        assert [each.name for each in tmp_path.iterdir() if each.name != "w"] == ["verdict"]

    def test_the_list_goes_there_too(self, wizard, tmp_path):
        path = tmp_path / "items"
        assert wizard("audit", "--list", "--output", path)[:2] == (0, "")
        assert "token.kind" in path.read_text().split()

    @pytest.mark.parametrize("kind", ["no folder", "folder", "link", "pipe", "empty"])
    @pytest.mark.parametrize("lang", ["ru", "en"])
    def test_a_file_that_cannot_be_written_costs_the_file_alone(
        self, kind, lang, wizard, home, tmp_path
    ):
        path = tmp_path / "out"
        other = tmp_path / "other"
        make = {
            "no folder": lambda: None,
            "folder": path.mkdir,
            "link": lambda: (other.write_text("kept"), path.symlink_to(other)),
            "pipe": lambda: os.mkfifo(path),
            "empty": lambda: None,
        }
        make[kind]()
        given = {"no folder": path / "x", "empty": ""}.get(kind, path)
        code, out, err = wizard(*PLAY, "--json", "--lang", lang, "--output", given)
        assert code == json.loads(out)["error"]["exit_code"] == 6
        assert str(given) in "".join(err.split())
        assert kind != "link" or other.read_text() == "kept"
        assert RecordFile(home.sandbox("healthy").status_path("default")).load().checked_at

    def test_every_profile_is_a_line_of_it(self, wizard, saved, monkeypatch, tmp_path):
        monkeypatch.setenv("WA_WIZARD_GRAPH_URL", "http://127.0.0.1:9")
        for name in ("alpha", "beta"):
            monkeypatch.setenv(f"WA_WIZARD_ACCESS_TOKEN__{name.upper()}", "EAA" + "x" * 150)
            saved(name)
        path = tmp_path / "all"
        code, out, _ = wizard("audit", "--all", "--json", "--no-input", "--output", path)
        assert (code, out) == (3, "")
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert [line.get("profile") for line in lines] == ["alpha", "beta", None]

    def test_a_wrong_command_line_leaves_the_file_alone(self, wizard, tmp_path):
        path = tmp_path / "verdict"
        path.write_text("the one before")
        assert wizard("audit", "--only", "x", "--output", path)[0] == 2
        assert path.read_text() == "the one before"


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("lang", ["ru", "en"])
def test_a_verdict_that_cannot_be_kept_is_shown_all_the_same(form, lang, wizard, monkeypatch):
    wizard(*PLAY)

    def refuse(path, *args, **more):
        if path.name == "status.yaml":
            raise OSError(errno.EROFS, "Read-only file system")
        replace(path, *args, **more)

    monkeypatch.setattr("wizard.state.private_file.replace", refuse)
    code, out, err = wizard(*PLAY, "--format", form, "--lang", lang)
    assert code == 6
    assert "status.yaml" in err
    if form == "json":
        assert json.loads(out)["ready"]["sending"] is True
    else:
        assert out.count("✓") > 20


def test_the_list_needs_no_network(wizard):
    code, out, _ = wizard("audit", "--list", "--only", "token")
    assert code == 0
    assert "token.kind" in out.split()


def test_a_broken_profile_stops_none_of_the_others(wizard, home, saved, monkeypatch):
    monkeypatch.setenv("WA_WIZARD_GRAPH_URL", "http://127.0.0.1:9")
    for name in ("alpha", "beta", "gamma"):
        monkeypatch.setenv(f"WA_WIZARD_ACCESS_TOKEN__{name.upper()}", "EAA" + "x" * 150)
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


BAD = {
    "url": "graph_url: http://x.example",
    "version": "graph_version: 26",
    "seconds": "vault: {store: command, get: [x], seconds: abc}",
    "mapping": "vault: {store: command, get: [x], seconds: {a: 1}}",
    "preset": "vault: {store: command, preset: []}",
    "path": "vault: {store: encrypted-file, path: 5}",
    "pin": "expect: {wba_id: 17}",
    "shape": "[a]",
}


@pytest.mark.parametrize("bad", BAD)
def test_one_bad_profile_is_named_and_stops_none(bad, wizard, home, saved, monkeypatch):
    monkeypatch.delenv("WA_WIZARD_GRAPH_URL", raising=False)
    for name in ("alpha", "beta", "gamma"):
        saved(name)
        monkeypatch.setenv(f"WA_WIZARD_ACCESS_TOKEN__{name.upper()}", "EAA" + "x" * 150)
    good = "{graph_url: 'http://127.0.0.1:9'}"
    row = BAD[bad] if bad == "shape" else f"{{{BAD[bad]}}}"
    text = f"profiles:\n  alpha: {good}\n  beta: {row}\n  gamma: {good}\n"
    home.config_path.write_text(text)
    home.config_path.chmod(0o600)
    code, out, err = wizard("audit", "--all", "--json", "--no-input")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line.get("profile") for line in lines] == ["alpha", "beta", "gamma", None]
    assert ["items" in line for line in lines] == [True, False, True, False]
    expected = 2 if bad in ("url", "version") else 6
    assert code == lines[1]["error"]["exit_code"] == expected
    assert "beta" in err
    if expected == 6:
        assert lines[1]["error"]["values"]["detail"].startswith("3: profiles.beta")
    code, out, _ = wizard("audit", "--profile", "gamma", "--json", "--no-input")
    assert json.loads(out)["items"]


def test_a_token_for_all_belongs_to_one(wizard, saved, home, monkeypatch, tmp_path):
    saved("shop-a")
    home.save_config(Config().with_profile("bakery"))
    monkeypatch.setenv("WA_WIZARD_GRAPH_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WA_WIZARD_ACCESS_TOKEN__BAKERY", "EAA" + "b" * 150)
    file = tmp_path / "wa-wizard-access_token"
    file.write_text("EAA" + "x" * 150)
    ways = {
        "WA_WIZARD_ACCESS_TOKEN": "EAA" + "x" * 150,
        "WA_WIZARD_ACCESS_TOKEN_FILE": str(file),
        "CREDENTIALS_DIRECTORY": str(tmp_path),
    }
    for name, value in ways.items():
        with monkeypatch.context() as here:
            here.setenv(name, value)
            code, out, err = wizard("audit", "--all", "--no-input")
            assert (code, out) == (2, "")
            assert "WA_WIZARD_ACCESS_TOKEN__SHOP_A" in err
            here.setenv("WA_WIZARD_ACCESS_TOKEN_FILE__SHOP_A", str(file))
            assert wizard("audit", "--all", "--no-input")[0] == 3


@pytest.mark.parametrize("lang", ["ru", "en"])
@pytest.mark.parametrize("command", ["audit", "status", "credentials list"])
def test_a_variable_that_two_profiles_would_take(lang, command, wizard, saved, monkeypatch):
    saved("shop-a")
    saved("shop_a")
    words = [*command.split(), "--profile=shop-a", "--no-input", "--lang", lang]
    monkeypatch.setenv("WA_WIZARD_ACCESS_TOKEN__SHOP_A", "EAA" + "x" * 150)
    code, _, err = wizard(*words)
    assert code == 2
    assert "shop_a" in err
    assert "WA_WIZARD_ACCESS_TOKEN__SHOP_A" in err


class TestPins:
    """What a profile must lead to, with a token of the environment."""

    @pytest.fixture
    def served(self, monkeypatch, tmp_path):
        def serve(scenario):
            running = start(scenario, state_dir=tmp_path / scenario)
            monkeypatch.setenv("WA_WIZARD_GRAPH_URL", running.graph_url)
            monkeypatch.setenv("WA_WIZARD_ACCESS_TOKEN", running.profile.secrets["access_token"])
            closing.append(running.close)

        closing = []
        yield serve
        for close in closing:
            close()

    @pytest.fixture
    def judged(self, told):
        def judge(command="audit"):
            code, data = told(command, "--profile", "shop", "--no-input")
            rows = [row for row in data["items"] if row["id"] == "access.expected"]
            return code, rows[0]["status"], data["ids"]

        return judge

    @pytest.mark.parametrize("scenario", ["healthy", "two-accounts-none-chosen"])
    @pytest.mark.parametrize("pin", ["app-id", "waba-id", "phone-number-id"])
    @pytest.mark.parametrize("command", ["audit", "setup"])
    def test_a_token_that_leads_elsewhere(self, scenario, pin, command, wizard, judged, served):
        served(scenario)
        assert wizard("profiles", "add", "shop", f"--{pin}", "999999999999999")[0] == 0
        assert judged(command)[:2] == (1, "failed")

    def test_the_pinned_account_is_no_choice_any_more(self, wizard, judged, served):
        served("two-accounts-none-chosen")
        wizard("profiles", "add", "shop", "--waba-id", "102290129340398")
        code, status, ids = judged()
        assert (code, status, ids["waba_id"]) == (0, "passed", "102290129340398")

    def test_the_right_token_puts_right_what_a_wrong_one_left(self, wizard, judged, served, home):
        served("healthy")
        wizard("profiles", "add", "shop", "--phone-number-id", "999999999999999")
        assert judged()[0] == 1
        config = home.config_path.read_text()
        home.config_path.write_text(config.replace("999999999999999", "106540352242922"))
        assert judged()[:2] == (0, "passed")


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
