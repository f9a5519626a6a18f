"""`templates …` as it is typed."""

import json

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
