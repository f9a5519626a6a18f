"""access.*: a token that is there, alive, and of this app."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.healthy import DEAD, IDS, KEPT, NOW, TOKEN, facts, record, without
from wizard.audit.checks import CHECKS
from wizard.audit.checks.access import INVALID_REASONS
from wizard.audit.results import failed, passed, unknown
from wizard.facts.models import Origin
from wizard.facts.parsers import undescribed_token


def kept(source, detail=""):
    return facts(origins={"access_token": Origin(source, detail)})


def dead(**changes):
    return facts(token=replace(DEAD, **changes))


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
    ("access.valid", facts(), passed()),
    ("access.valid", dead(), failed("dead")),
    # Some answers say `is_valid: false` and nothing else.
    ("access.valid", dead(error_code=0, error_message=""), failed("dead")),
    *(
        ("access.valid", dead(error_subcode=subcode), failed(reason))
        for subcode, reason in INVALID_REASONS.items()
    ),
    (
        "access.valid",
        dead(expires_at=NOW - timedelta(hours=1)),
        failed("expired"),
    ),
    ("access.valid", dead(error_code=100, error_message=REQUIRED), failed("proof_required")),
    ("access.valid", dead(error_code=1, error_message=WRONG), failed("wrong_proof")),
    (
        "access.valid",
        dead(error_code=368, error_message="Blocked for a while"),
        failed("other", code=368, message="Blocked for a while"),
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
    ("access.valid", facts(token=undescribed_token(**REFUSED)), passed("by_reads")),
]


@pytest.mark.parametrize(("item", "given", "expected"), CASES)
def test_access(item, given, expected):
    assert CHECKS[item](given) == expected
