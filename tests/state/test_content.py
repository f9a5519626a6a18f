"""The content of an installed program is that of the YAML it was built from."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from wizard.state import content, safe_yaml
from wizard.state.content import CHECKLISTS, MESSAGES, ContentError, names, read

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    pytest.importorskip("hatchling", reason="a wheel is built with hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", folder, ROOT], check=True
    )
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_content_as_json_and_no_yaml_of_it(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = archive.namelist()
        compiled = json.loads(archive.read("wizard/content.json"))
    assert not [name for name in held if "messages/" in name or "checklists" in name]
    expected = {
        folder.name: {
            path.stem: safe_yaml.parse(path.read_bytes()) for path in folder.glob("*.yaml")
        }
        for folder in (CHECKLISTS, MESSAGES)
    }
    assert compiled == expected


def test_a_build_leaves_nothing_in_the_source_tree(wheel):
    assert not content.COMPILED.exists()
    assert not (ROOT / "dist" / "content.json").exists()


def test_an_installed_program_reads_what_was_compiled_and_no_yaml(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    code = (
        "import sys\n"
        f"sys.path.insert(0, {str(tmp_path / 'installed')!r})\n"
        "from wizard.__main__ import main\n"
        "import wizard\n"
        "assert wizard.__file__.startswith(sys.path[0]), wizard.__file__\n"
        "sys.argv[1:] = ['status', '--lang', 'en']\n"
        "code = main()\n"
        "assert 'yaml' not in sys.modules\n"
        "sys.exit(code)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "WA_WIZARD_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (3, "")
    assert "wa-wizard setup" in run.stdout


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("a: 1\na: 2\n", "words.yaml, line 2: repeated_key"),
        ("a:\n  b: {ru: Раз}\n", "words.yaml, line 2: a.b: expected exactly the keys ru, en"),
        ("a: {ru: Раз, en: 10}\n", "line 1: a: every language needs a non-empty, quoted text"),
        ("a: {ru: Раз, en: ' '}\n", "line 1: a: every language needs a non-empty, quoted text"),
        ("a:\n- x\n- {ru: '{n}', en: One}\n", "line 3: a.1: the {placeholders} differ"),
    ],
)
def test_a_text_that_is_not_complete_is_refused(tmp_path, written, named):
    (tmp_path / "words.yaml").write_text(written, "utf-8")
    with pytest.raises(ContentError) as error:
        read(tmp_path, "words")
    assert named in str(error.value)


def test_every_file_of_a_folder_is_there(tmp_path):
    for name in ("b.yaml", "a.yaml", "c.txt"):
        (tmp_path / name).write_text("x: 1\n")
    assert names(tmp_path) == ("a", "b")
