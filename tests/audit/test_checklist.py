"""The loading of the checklist: what is malformed is refused with its file, line and key."""

import pytest

from wizard.audit.checklist import load
from wizard.state.content import ContentError

GOOD = """\
order: 1
title: {ru: Раз, en: One}
items:
- id: a.one
  title: {ru: Раз, en: One}
  why: {ru: Раз, en: One}
  needed_for: sending
  reasons:
    odd:
      says: {ru: Раз, en: One}
- id: a.two
  title: {ru: Раз, en: One}
  why: {ru: Раз, en: One}
  requires: [a.one]
"""


@pytest.mark.parametrize(
    ("was", "becomes", "named"),
    [
        ("order: 1", "order: first", "line 1: order: Expected `int`"),
        ("order: 1", "odrer: 1", "line 1: odrer: unknown key"),
        ("needed_for", "neded_for", "line 7: items.0.neded_for: unknown key"),
        ("sending", "selling", "line 7: items.0.needed_for: one of sending, receiving"),
        ("says", "say", "line 10: items.0.reasons.odd.say: unknown key"),
        ("  why: {ru: Раз, en: One}\n", "", "line 4: items.0: Object missing required field `why`"),
        ("en: One}\nitems", "en: 1}\nitems", "line 2: title: every language"),
        ("a.two", "b.two", "line 11: items.1.id: an id starts with the name of its file"),
        ("a.two", "a.one", "a.one: this id is used twice"),
        ("[a.one]", "[a.none]", "a.two: requires a.none, which does not come before"),
        ("[a.one]", "a.one", "line 14: items.1.requires: Expected `array`"),
    ],
)
def test_a_malformed_checklist_is_refused_by_name(tmp_path, was, becomes, named):
    path = tmp_path / "a.yaml"
    path.write_text(GOOD, "utf-8")
    assert [item.id for item in load(tmp_path).items] == ["a.one", "a.two"]
    load.cache_clear()
    assert was in GOOD
    path.write_text(GOOD.replace(was, becomes), "utf-8")
    with pytest.raises(ContentError) as error:
        load(tmp_path)
    assert named in str(error.value)
