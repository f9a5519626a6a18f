"""`templates …` as it is typed."""

import json
import shlex

import pytest

from wizard.context.settings import scenarios
from wizard.ui.words import Words

GOOD = """\
category: UTILITY
languages:
  en:
    components:
      - type: BODY
        text: "Hello {{1}}, your order is ready."
        variables: {1: Ann}
"""


def folder(tmp_path, **files):
    tmp_path.mkdir(exist_ok=True)
    for name, content in files.items():
        (tmp_path / f"{name}.yaml").write_text(content)
    return f"--dir={tmp_path}"


def test_lint_judges_every_file_and_names_the_line(wizard, tmp_path):
    where = folder(tmp_path, good=GOOD, edge=GOOD.replace("Hello ", ""), broken="name: [\n")
    code, out, _ = wizard("templates", "lint", where)
    assert code == 1
    assert "edge.yaml:6: en:" in out
    assert "[variables.edge]" in out
    assert "broken.yaml:2:" in out or "broken.yaml:1:" in out
    assert "good.yaml" not in out
    assert wizard("templates", "lint", folder(tmp_path / "good", good=GOOD))[0] == 0


def test_lint_in_every_format(wizard, told, tmp_path):
    where = folder(tmp_path, edge=GOOD.replace("Hello ", ""))
    code, data = told("templates", "lint", where)
    assert (code, data["errors"]) == (1, 1)
    line = wizard("templates", "lint", where)[1].splitlines()[0]
    assert line.endswith("[variables.edge]")
    assert json.loads(wizard("templates", "lint", where, "--format=json")[1]) == data
    code, out, _ = wizard("templates", "lint", where, "--format=sarif", "--lang=ru")
    (result,) = json.loads(out)["runs"][0]["results"]
    assert (code, result["ruleId"]) == (1, "variables.edge")
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 6}
    assert not result["message"]["text"].isascii()


def test_lint_asks_nobody(wizard, tmp_path, monkeypatch):
    monkeypatch.setenv("WA_WIZARD_GRAPH_URL", "http://127.0.0.1:9")
    assert wizard("templates", "lint", folder(tmp_path, good=GOOD))[0] == 0


def test_without_a_folder_it_says_what_to_do(wizard, tmp_path):
    code, _, err = wizard("templates", "lint", f"--dir={tmp_path / 'none'}")
    assert code == 2
    assert "templates pull" in err


NEW = GOOD.replace("order", "parcel")


def pulled(wizard, tmp_path, scenario="healthy"):
    where = f"--dir={tmp_path / 'files'}"
    assert wizard("templates", "pull", where, f"--sandbox={scenario}")[0] == 0
    return where, tmp_path / "files"


def test_pull_then_plan_is_no_change_for_templates_of_every_kind(wizard, told, tmp_path):
    where, folder = pulled(wizard, tmp_path, "template-shapes")
    code, data = told("templates", "plan", where, "--sandbox=template-shapes")
    assert (code, data["changes"]) == (0, [])
    assert data["unchanged"] == 8
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert "otp_type: COPY_CODE" in (folder / "code.yaml").read_text()
    pulled(wizard, tmp_path, "template-shapes")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_pull_takes_the_names_that_are_asked_for(wizard, tmp_path):
    where = f"--dir={tmp_path}"
    common = ("--sandbox=healthy", where)
    assert wizard("templates", "pull", "order_ready", *common)[0] == 0
    assert [path.name for path in tmp_path.glob("*.yaml")] == ["order_ready.yaml"]
    code, _, err = wizard("templates", "pull", "order_redy", *common)
    assert (code, "order_ready" in err) == (2, True)


def test_apply_does_what_plan_said_once_and_wait_follows(wizard, told, tmp_path):
    world = "--sandbox=template-review"
    where, folder = pulled(wizard, tmp_path, "template-review")
    (folder / "greeting.yaml").write_text(NEW)
    (folder / "promo.yaml").write_text(NEW.replace("parcel", "cake"))
    (folder / "long.yaml").write_text(NEW.replace("parcel", "long"))
    code, data = told("templates", "plan", where, world)
    assert code == 1
    assert [(one["action"], one["name"]) for one in data["changes"]] == [
        ("create", "greeting"),
        ("create", "long"),
        ("create", "promo"),
    ]
    code, done = told("templates", "apply", where, "--yes", world)
    assert (code, [one["result"] for one in done["changes"]]) == (0, ["done"] * 3)
    assert told("templates", "plan", where, world)[0] == 0
    code, done = told("templates", "apply", where, "--yes", world)
    assert (code, done["changes"]) == (0, [])
    assert wizard("templates", "wait", "greeting", "--timeout=20", world)[0] == 0
    code, out, _ = wizard("templates", "wait", "promo", "--timeout=20", "--lang=ru", world)
    assert (code, "MARKETING" in out) == (1, True)
    assert wizard("templates", "wait", "long", "--timeout=0", world)[0] == 3
    assert wizard("templates", "wait", "nobody", world)[0] == 2
    assert wizard("templates", "wait", "long", "--language=de", world)[0] == 2


def test_a_template_that_was_created_though_an_error_came_is_found(wizard, told, tmp_path):
    world, where = "--sandbox=template-created-with-error", folder(tmp_path, greeting=NEW)
    code, done = told("templates", "apply", where, "--yes", world)
    assert (code, [one["result"] for one in done["changes"]]) == (0, ["alreadyso"])
    assert told("templates", "plan", where, world)[0] == 0


def test_apply_deletes_only_when_it_is_asked_to(wizard, told, tmp_path):
    world, where = "--sandbox=healthy", folder(tmp_path, greeting=NEW)
    code, done = told("templates", "apply", where, "--yes", world)
    assert (code, len(done["changes"]), len(done["unnamed"])) == (0, 1, 3)
    code, data = told("templates", "plan", where, "--delete", world)
    assert {one["action"] for one in data["changes"]} == {"delete"}
    assert told("templates", "apply", where, "--yes", "--delete", world)[0] == 0
    code, data = told("templates", "list", world)
    assert [one["name"] for one in data["templates"]] == ["greeting"]


def test_apply_sends_nothing_that_breaks_a_rule(wizard, told, tmp_path):
    world, where = "--sandbox=healthy", folder(tmp_path, edge=GOOD.replace("Hello ", ""))
    code, out, _ = wizard("templates", "apply", where, "--yes", world)
    assert (code, "variables.edge" in out) == (1, True)
    assert "edge" not in {one["name"] for one in told("templates", "list", world)[1]["templates"]}


def test_what_is_at_meta_already_may_break_a_rule(wizard, tmp_path):
    where, folder = pulled(wizard, tmp_path)
    assert wizard("templates", "lint", where)[0] == 1
    (folder / "greeting.yaml").write_text(NEW)
    assert wizard("templates", "apply", where, "--yes", "--sandbox=healthy")[0] == 0


def test_a_broken_file_ends_what_would_act_on_it(wizard, tmp_path):
    where = folder(tmp_path, broken="name: x\nlanguages: [en]\n")
    for words in (("plan",), ("apply", "--yes"), ("pull",)):
        code, _, err = wizard("templates", *words, where, "--sandbox=healthy")
        assert code == 6
        assert "broken.yaml" in err
        assert "2: languages" in err


def test_delete_takes_one_language_or_all(wizard, told, tmp_path):
    world = "--sandbox=healthy"
    assert wizard("templates", "delete", "order_received", "--language=ru", "--yes", world)[0] == 0
    left = [
        (one["name"], one["language"]) for one in told("templates", "list", world)[1]["templates"]
    ]
    assert ("order_received", "ru") not in left
    assert ("order_received", "en_US") in left
    assert wizard("templates", "delete", "order_received", "--yes", world)[0] == 0
    assert wizard("templates", "delete", "order_received", "--yes", world)[0] == 2


def test_a_command_that_is_printed_carries_the_folder(wizard, tmp_path):
    where = folder(tmp_path / "my files", greeting=NEW)
    _, out, _ = wizard("templates", "plan", where, "--sandbox=healthy")
    named = out.replace("\n", " ").partition("wa-wizard ")[2].strip()
    assert named == f"--sandbox=healthy templates pull --dir='{tmp_path / 'my files'}'"
    assert wizard(*shlex.split(named))[0] == 0


def test_show_prints_what_a_file_would_hold(wizard, told):
    code, out, _ = wizard("templates", "show", "order_ready", "--sandbox=healthy")
    assert (code, "variables:" in out) == (0, True)
    _, data = told("templates", "show", "order_ready", "--sandbox=healthy")
    assert data["templates"][0]["content"]["components"][0]["type"] == "BODY"


def test_remember_names_the_folder_to_the_audit(wizard, home, tmp_path):
    where = f"--dir={tmp_path}"
    assert wizard("templates", "pull", where, "--remember", "--sandbox=healthy")[0] == 0
    assert home.sandbox("healthy").config().of("default").templates == str(tmp_path)
    assert wizard("templates", "plan", "--sandbox=healthy")[0] == 0


def changed_at_meta(home, **changes):
    """Somebody, or Meta itself, changes a template of the healthy world."""
    path = home.sandbox("healthy").state_folder / "healthy.json"
    world = json.loads(path.read_text())
    (account,) = world["accounts"].values()
    account["templates"]["order_received_en"] |= changes
    path.write_text(json.dumps(world))


def drift(told):
    _, data = told("audit", "--only=message.template_drift", "--sandbox=healthy")
    (item,) = [one for one in data["items"] if one["id"] == "message.template_drift"]
    return item["status"], item["reason"], item["required"]


def test_a_template_that_changed_at_meta_turns_the_audit(wizard, told, home, tmp_path):
    assert drift(told) == ("skipped", "no_files", False)
    where = f"--dir={tmp_path}"
    assert wizard("templates", "pull", where, "--remember", "--sandbox=healthy")[0] == 0
    assert drift(told) == ("passed", "agrees", False)
    changed_at_meta(home, components=[{"type": "BODY", "text": "Something else."}])
    assert drift(told) == ("failed", "differs", False)
    assert wizard("templates", "pull", "--sandbox=healthy")[0] == 0
    assert drift(told) == ("passed", "agrees", False)
    changed_at_meta(home, category="MARKETING", previous_category="UTILITY")
    assert drift(told) == ("failed", "category", False)
    code, out, _ = wizard("templates", "plan", "--sandbox=healthy", "--lang=ru")
    assert (code, "MARKETING → UTILITY" in out) == (1, True)
    (tmp_path / "order_received.yaml").write_text("name: [")
    assert drift(told) == ("unknown", "broken", False)
    (tmp_path / "order_received.yaml").unlink()
    (tmp_path / "greeting.yaml").write_text(NEW)
    assert drift(told) == ("failed", "missing", False)


ODD = ["ids-that-are-no-numbers", "template-answers-cut-off", "templates-broken", "answer-cut"]
ODD += ["templates-without-end", "refusal-in-russian", "answer-not-json", "fields-newer-than-this"]


@pytest.mark.parametrize("world", [name for name in ODD if name in scenarios()])
@pytest.mark.parametrize("words", [("list",), ("pull",), ("plan",), ("show", "order_received")])
def test_whatever_meta_answers_it_is_no_defect_of_ours(wizard, tmp_path, world, words):
    where = [folder(tmp_path, greeting=NEW)] if words[0] in ("pull", "plan") else []
    code, out, err = wizard("templates", *words, *where, f"--sandbox={world}", "--no-input")
    assert code in (0, 1, 2, 3, 4)
    assert "Traceback" not in out + err


def test_what_meta_does_not_show_is_no_difference(wizard, told, home, tmp_path):
    where = f"--dir={tmp_path}"
    assert wizard("templates", "pull", where, "--sandbox=healthy")[0] == 0
    before = {path: path.read_bytes() for path in tmp_path.glob("*.yaml")}
    changed_at_meta(home, components=None)
    assert told("templates", "plan", where, "--sandbox=healthy")[0] == 0
    assert wizard("templates", "pull", where, "--sandbox=healthy")[0] == 0
    assert {path: path.read_bytes() for path in tmp_path.glob("*.yaml")} == before


WITH_SAMPLE = GOOD.replace(
    "    components:\n",
    "    components:\n      - {type: HEADER, format: IMAGE, file: logo.png}  # ours\n",
)


def test_a_header_given_as_a_file_is_sent_and_after_a_pull_there_is_no_change(
    wizard, told, tmp_path
):
    where, sandbox = folder(tmp_path, parcel=WITH_SAMPLE), "--sandbox=healthy"
    code, data = told("templates", "lint", where)
    assert (code, data["findings"][0]["rule"]) == (1, "header.file_missing")
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n and more")
    assert told("templates", "plan", where, sandbox)[0] == 1
    assert wizard("templates", "apply", where, sandbox, "--yes", "--no-input")[0] == 0
    assert wizard("templates", "wait", "parcel", sandbox, "--timeout=20")[0] == 0
    wizard("templates", "pull", "parcel", where, sandbox)
    assert "file: logo.png}  # ours" in (tmp_path / "parcel.yaml").read_text()
    code, data = told("templates", "plan", where, sandbox)
    assert (code, data["changes"]) == (0, [])


def test_lists_say_what_is_charged_and_a_send_says_it_too(wizard, told):
    rows = told("templates", "list", "--sandbox=healthy")[1]["templates"]
    assert {(one["category"], one["charged"]) for one in rows} == {
        ("UTILITY", True),
        ("MARKETING", True),
    }
    words = ("--to=+447700900456", "--template=order_received", "--yes", "--no-input")
    code, data = told("send", *words, "--sandbox=healthy")
    charge = {"category": "UTILITY", "charged": True, "reason": "utility", "services": None}
    assert (code, data["charge"]) == (0, charge)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_from_no_template_setup_makes_one_sends_it_and_plan_says_no_change(
    wizard, told, tmp_path, language
):
    world, where = "--sandbox=template-none", f"--dir={tmp_path / 'files'}"
    assert wizard("setup", world, "--no-input", "--lang", language)[0] == 0
    (made,) = told("templates", "list", world)[1]["templates"]
    assert (made["name"], made["status"]) == ("order_ready", "APPROVED")
    items = {one["id"]: one for one in told("status", world)[1]["items"]}
    assert items["message.sent"]["status"] == items["message.template"]["status"] == "passed"
    wizard("templates", "pull", where, "--remember", world)
    code, data = told("templates", "plan", where, world)
    assert (code, data["changes"], data["unchanged"]) == (0, [], 1)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("templates", "plan", "--dir=nowhere"), "templates pull"),
        (("number", "qr", "list", "ABCDEFGHIJKLMN"), "number qr list"),
    ],
)
def test_what_an_error_says_to_type_is_for_the_same_profile(wizard, words, named):
    _, _, err = wizard(*words, "--sandbox=healthy")
    assert f"wa-wizard --sandbox=healthy {named}" in " ".join(err.split())
    assert f"wa-wizard {words[0]} {words[1]} --help" in err


@pytest.mark.parametrize("language", ["ru", "en"])
def test_what_is_marketing_already_is_not_advised_to_become_it(wizard, language):
    play = ("--sandbox=healthy", "--no-input", "--lang", language)
    code, out, _ = wizard("templates", "show", "autumn_sale", *play)
    usual = Words(language).say("templates.rejected_PROMOTIONAL").split("wa-wizard")[0]
    own = Words(language).say("templates.rejected_PROMOTIONAL_marketing").split("wa-wizard")[0]
    assert code == 0
    assert own.strip() in " ".join(out.split())
    assert usual.strip() not in " ".join(out.split())
