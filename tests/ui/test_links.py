"""Links lead as deep as the known ids allow, and nowhere else."""

import pytest

from wizard.ui.item_view import deep, deep_links

APPS = "https://developers.facebook.com/apps/"
APP = APPS + "{app_id}/dashboard/"
USERS = "https://business.facebook.com/latest/settings/system_users"
HELP = "https://www.facebook.com/business/help"


@pytest.mark.parametrize(
    ("links", "ids", "shown"),
    [
        ((APP, APPS), {"app_id": "1"}, [APPS + "1/dashboard/"]),
        ((APP, APPS), {}, [APPS]),
        ((APP, APPS), {"app_id": ""}, [APPS]),
        (
            (USERS + "?business_id={business_id}", USERS, HELP),
            {"business_id": "2"},
            [USERS + "?business_id=2", HELP],
        ),
        ((HELP, HELP), {}, [HELP]),
        ((APPS, APPS + "docs/"), {}, [APPS, APPS + "docs/"]),
    ],
    ids=["deep", "general", "empty id", "query", "once", "two general ones"],
)
def test_the_deepest_known_page(links, ids, shown):
    assert deep_links(links, ids) == shown


@pytest.mark.parametrize("value", ["evil.example/#", "1/../2", "1?x=y", "١", "", " 1"])
def test_an_id_cannot_turn_a_link_into_another_address(value):
    assert deep("https://www.facebook.com/{app_id}", {"app_id": value}) == ""
