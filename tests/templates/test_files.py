"""Template files: nothing is lost on the way to Graph and back; comments and order stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.template_shapes import SHAPES, SLOW, row, rows
from wizard.state.safe_yaml import parse
from wizard.state.yaml_file import StateFileError
from wizard.templates.files import (
    BrokenFile,
    look_into,
    read_file,
    read_folder,
    rendered,
    write_new,
    write_over,
)
from wizard.templates.model import from_rows, to_rows
from wizard.text.errors import UsageError

BY_A_PERSON = """\
# Sent by the shop when an order is packed.
category: UTILITY   # agreed with Meta's support
name: order_ready
languages:
  de:
    components:
      - type: BODY
        # The first variable is the customer.
        text: "Hallo {{1}}, fertig."
        variables: {1: Anna}
      - {type: FOOTER, text: Laden}
"""


def through_a_file(given_rows):
    return list(to_rows(parse(rendered(from_rows(given_rows)))))


@pytest.mark.parametrize(("category", "parts"), SHAPES, ids=lambda value: str(value)[:60])
def test_every_shape_of_meta_comes_back_as_it_was(category, parts):
    assert through_a_file([row(parts, category)]) == [row(parts, category)]


@given(rows())
@SLOW
def test_nothing_is_lost_whatever_the_texts_are(one):
    assert through_a_file([one]) == [one]


@given(st.lists(rows(), min_size=2, max_size=3))
@SLOW
def test_languages_that_differ_in_anything_come_back_apart(several):
    several = [
        one | {"language": code} for one, code in zip(several, ("en", "ru", "de"), strict=False)
    ]
    assert through_a_file(several) == several


def test_what_only_meta_can_say_is_in_no_file():
    shown = row([{"type": "BODY", "text": "x"}], id="1", status="APPROVED", quality_score={})
    assert through_a_file([shown]) == [row([{"type": "BODY", "text": "x"}])]


def test_examples_are_written_beside_their_variables():
    (_, parts), *_ = [shape for shape in SHAPES if "body_text" in str(shape)]
    node = from_rows([row(parts)])
    assert node["languages"]["en_US"]["components"][0]["variables"]


def test_a_person_may_write_what_yaml_lets_them(tmp_path):
    path = tmp_path / "order_ready.yaml"
    path.write_text(BY_A_PERSON)
    file = read_file(path)
    (only,) = file.rows
    assert only["components"][0]["example"] == {"body_text": [["Anna"]]}
    assert file.template.languages["de"].components[0].variables == {"1": "Anna"}


def test_a_number_where_graph_wants_a_text_is_sent_as_one(tmp_path):
    path = tmp_path / "call_us.yaml"
    path.write_text(
        "languages:\n  de:\n    components:\n"
        "      - {type: FOOTER, text: 24}\n      - type: BUTTONS\n"
        "        buttons: [{type: PHONE_NUMBER, text: Call, phone_number: 4915112345678}]\n"
    )
    footer, buttons = read_file(path).rows[0]["components"]
    assert footer["text"] == "24"
    assert buttons["buttons"][0]["phone_number"] == "4915112345678"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("name: x\nlanguages:\n  de:\n    components:\n      - type: [BODY]\n", 5),
        ("name: x\nlanguages: [de]\n", 2),
        ("name: x\nname: y\n", 2),
        ("name: x\n  bad: y\n", 2),
        ("name: &anchor x\n", 1),
        ("", 1),
    ],
)
def test_a_mistake_names_its_line(tmp_path, content, line):
    path = tmp_path / "x.yaml"
    path.write_text(content)
    broken = read_file(path)
    assert isinstance(broken, BrokenFile)
    assert (broken.line, bool(broken.why)) == (line, True)
    with pytest.raises(StateFileError) as error:
        read_folder(tmp_path)
    assert error.value.detail.startswith(f"{line}: ")


def test_no_folder_and_two_files_of_one_name(tmp_path):
    with pytest.raises(UsageError):
        look_into(tmp_path / "none")
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("name: same\nlanguages: {de: {}}\n")
    with pytest.raises(StateFileError):
        read_folder(tmp_path)


def test_a_change_leaves_comments_and_order(tmp_path):
    path = tmp_path / "order_ready.yaml"
    path.write_text(BY_A_PERSON)
    file = read_file(path)
    node = parse(BY_A_PERSON.encode())
    node["languages"]["de"]["components"][0]["text"] = "Hallo {{1}}, bereit."
    assert write_over(file, node)
    assert path.read_text() == BY_A_PERSON.replace("fertig", "bereit")


def test_no_change_leaves_the_file_byte_for_byte(tmp_path):
    path = tmp_path / "order_ready.yaml"
    odd = BY_A_PERSON.replace("\n", "\r\n")
    path.write_bytes(odd.encode())
    file = read_file(path)
    assert not write_over(file, dict(file.node))
    assert path.read_bytes() == odd.encode()


@given(rows(), rows())
@SLOW
def test_a_file_can_be_brought_to_anything(tmp_path, before, after):
    path = tmp_path / "order_ready.yaml"
    path.write_bytes(rendered(from_rows([before])))
    file = read_file(path)
    write_over(file, from_rows([after]))
    assert list(to_rows(parse(path.read_bytes()))) == [after]


@pytest.mark.parametrize("name", ["../escape", "a/b", "", ".hidden", "x" * 600])
def test_a_name_of_metas_leads_to_no_other_folder(tmp_path, name):
    assert write_new(tmp_path, name, [row([])]) is None
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_too_long_for_a_file_is_kept_inside(tmp_path):
    name = "x" * 300
    path = write_new(tmp_path, name, [row([], name=name)])
    assert read_file(path).name == name
