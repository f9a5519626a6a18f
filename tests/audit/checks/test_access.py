"""access.*: a token that is there, alive, and of this app."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.healthy import DEAD, IDS, KEPT, NOW, TOKEN, facts, record, unusable, without
from wizard.audit.checks import CHECKS
from wizard.audit.checks.access import INVALID_REASONS
from wizard.audit.results import failed, passed, unknown
from wizard.facts.models import Origin
from wizard.facts.parsers import undescribed_token


def kept(source, detail=""):
    return facts(origins={"access_token": Origin(source, detail)})


def dead(**changes):
    return facts(token=replace(DEAD, **changes))


def invalid(reason, **changes):
    """Failed, with the words that Meta has for a dead token."""
    said = {"code": 190, "subcode": 0, "message": DEAD.error_message}
    return failed(reason, **{**said, **changes})


PINS = {name: IDS[name] for name in ("app_id", "waba_id", "phone_number_id")}
REQUIRED = "API calls from the server require an appsecret_proof argument"
WRONG = "Invalid appsecret_proof provided in the API argument"

REFUSED: Any = {"code": 100, "message": "You must provide an app access token"}
SAID = {**REFUSED, "subcode": 0}
MISMATCH = "(#100) The App_id in the input_token did not match the Viewing App"

CASES = [
    ("access.present", facts(), passed("from_keyring", source="os-keyring")),
    ("access.present", kept("encrypted-file"), passed("from_file", source="encrypted-file")),
    ("access.present", kept("command"), passed("from_command", source="command")),
    ("access.present", kept("sandbox"), passed("from_sandbox", source="sandbox")),
    ("access.present", kept("elsewhere"), passed("from_elsewhere", source="elsewhere")),
    (
        "access.present",
        kept("environment", "WA_WIZARD_ACCESS_TOKEN_FILE"),
        passed("from_environment", name="WA_WIZARD_ACCESS_TOKEN_FILE"),
    ),
    ("access.present", facts(origins={"app_secret": KEPT}), failed("not_given")),
    ("access.present", unusable("access_token"), failed("unusable", source="VARIABLE")),
    ("access.valid", facts(), passed()),
    ("access.valid", dead(), invalid("dead")),
    # Some answers say `is_valid: false` and nothing else.
    (
        "access.valid",
        dead(error_code=0, error_message=""),
        failed("dead", code=0, subcode=0, message=""),
    ),
    *(
        ("access.valid", dead(error_subcode=subcode), invalid(reason, subcode=subcode))
        for subcode, reason in INVALID_REASONS.items()
    ),
    ("access.valid", dead(expires_at=NOW - timedelta(hours=1)), invalid("expired")),
    (
        "access.valid",
        dead(error_code=100, error_message=REQUIRED),
        invalid("proof_required", code=100, message=REQUIRED),
    ),
    (
        "access.valid",
        dead(error_code=1, error_message=WRONG),
        invalid("wrong_proof", code=1, message=WRONG),
    ),
    (
        "access.valid",
        dead(error_code=368, error_message="Blocked for a while"),
        invalid("other", code=368, message="Blocked for a while"),
    ),
    # The token may be good: it is the app that Meta has stopped, and its words say so.
    (
        "access.valid",
        dead(error_message="API access blocked."),
        invalid("other", message="API access blocked."),
    ),
    ("access.app", facts(), passed("made_by", app="Romashka")),
    (
        "access.app",
        facts(token=replace(TOKEN, app_name="")),
        passed("made_by", app=IDS["app_id"]),
    ),
    # Before the app was chosen there is nothing that the token could contradict.
    ("access.app", facts(record=record(ids=without("app_id"))), passed("made_by", app="Romashka")),
    (
        "access.app",
        facts(token=replace(TOKEN, app_id="42", app_name="Lantern")),
        failed("other_app", app_id=IDS["app_id"], token_app_id="42", token_app="Lantern"),
    ),
    (
        "access.app",
        facts(token=replace(TOKEN, app_id="")),
        unknown("not_said", code=0, subcode=0, message=""),
    ),
    ("access.app", facts(token=undescribed_token(**REFUSED)), unknown("not_said", **SAID)),
    (
        "access.app",
        facts(token=undescribed_token(100, 0, MISMATCH)),
        failed("mismatch", app_id=IDS["app_id"], code=100, subcode=0, message=MISMATCH),
    ),
    # Before the app was chosen there is nothing to differ from.
    (
        "access.app",
        facts(token=undescribed_token(100, 0, MISMATCH), record=record(ids=without("app_id"))),
        unknown("not_said", code=100, subcode=0, message=MISMATCH),
    ),
    ("access.valid", facts(token=undescribed_token(**REFUSED)), passed("by_use")),
    # Graph took the proof by the app's secret.
    (
        "access.app",
        facts(token=undescribed_token(**REFUSED, app_id=IDS["app_id"])),
        passed("by_proof", app=IDS["app_id"]),
    ),
    ("access.expected", facts(), passed("not_pinned")),
    ("access.expected", facts(expected=PINS), passed()),
    ("access.expected", facts(expected={"waba_id": ""}), passed("not_pinned")),
    (
        "access.expected",
        facts(expected=PINS, token=replace(TOKEN, app_id="42")),
        failed("other_app", expected=IDS["app_id"], actual="42"),
    ),
    (
        "access.expected",
        facts(expected={**PINS, "waba_id": "42"}),
        failed("other_account", expected="42", actual=IDS["waba_id"]),
    ),
    (
        "access.expected",
        facts(expected={**PINS, "phone_number_id": "42"}),
        failed("other_number", expected="42", actual=IDS["phone_number_id"]),
    ),
    (
        "access.expected",
        facts(expected=PINS, token=undescribed_token(**REFUSED)),
        unknown("not_shown", names="app_id"),
    ),
    # What is known to differ counts more than what is not known.
    (
        "access.expected",
        facts(expected={**PINS, "waba_id": "42"}, token=undescribed_token(**REFUSED)),
        failed("other_account", expected="42", actual=IDS["waba_id"]),
    ),
    (
        "access.expected",
        facts(expected=PINS, record=record(ids=without("phone_number_id"))),
        unknown("not_shown", names="phone_number_id"),
    ),
]


@pytest.mark.parametrize(("item", "given", "expected"), CASES)
def test_access(item, given, expected):
    assert CHECKS[item](given) == expected
