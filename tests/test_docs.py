"""What the documents name exists: files, and functions by their dotted names."""

import importlib
import re
from pathlib import Path

import pytest

from tests import reasons

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

FILE = re.compile(r"`((?:wizard|tests|checklists|docs)/[\w./-]*)`")
DOTTED = re.compile(r"`(wizard(?:\.\w+)+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


def names(pattern):
    return sorted(
        {(page.name, name) for page in PAGES for name in pattern.findall(page.read_text("utf-8"))}
    )


@pytest.mark.parametrize(("page", "name"), names(FILE))
def test_files_exist(page, name):
    assert (ROOT / name).exists(), page


@pytest.mark.parametrize(("page", "name"), names(DOTTED))
def test_functions_exist(page, name):
    words = name.split(".")
    for end in range(len(words), 0, -1):
        try:
            found = importlib.import_module(".".join(words[:end]))
        except ModuleNotFoundError:
            continue
        for word in words[end:]:
            found = getattr(found, word)
        return
    pytest.fail(f"{page}: {name}")


@pytest.mark.parametrize("page", [*PAGES, *sorted(ROOT.glob("README*.md"))], ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    for target in LINK.findall(page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("language", reasons.PAGES)
def test_the_pages_of_reasons_are_the_generated_ones(language):
    assert reasons.PAGES[language].read_text("utf-8") == reasons.page(language), "make reasons"


def test_every_decision_is_in_the_list():
    folder = ROOT / "docs/adr"
    listed = set(LINK.findall((folder / "README.md").read_text("utf-8")))
    assert listed == {path.name for path in folder.glob("0*.md")}
