"""number.*: the ladder of a phone number, and its good standing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.healthy import (
    ACCOUNT,
    IDS,
    KEPT,
    NOT_VISIBLE,
    NOW,
    NUMBER,
    PROFILE,
    SILENT,
    TEST_NUMBER,
    entity,
    facts,
    health,
    record,
    unusable,
    without,
)
from wizard.audit.checks import CHECKS
from wizard.audit.checks.number import LIMITS, STATES
from wizard.audit.checks.registry import CODES
from wizard.audit.results import (
    failed,
    passed,
    unknown,
    waiting,
)
from wizard.facts.models import Health, PublicProfile
from wizard.state.record import Closed, write_time
from wizard.text.errors import ErrorKind, Unavailable

ID = IDS["phone_number_id"]
SIP = (138025, "SIP is not configured")


def number(**changes):
    return facts(number=replace(NUMBER, **changes))


def chosen(phone_number_id, *numbers):
    """This id on record, these numbers in the account."""
    ids = {**IDS, "phone_number_id": phone_number_id}
    return facts(record=record(ids=ids), numbers=numbers)


def unregistered(status="PENDING", platform="NOT_APPLICABLE", hours_ago=()):
    """A number that is not registered; each attempt was so many hours ago."""
    times = [write_time(NOW - timedelta(hours=hours)) for hours in hours_ago]
    return facts(
        number=replace(NUMBER, status=status, platform=platform),
        record=record(attempts={f"register:{ID}": times, "register:42": times * 9}),
    )


def closed(act, until, hours_ago=(), **changes):
    """A number for which Meta refuses an act until a moment, relative to now."""
    there = unregistered(hours_ago=hours_ago)
    there.record.closed = {f"{act}:{ID}": Closed(later(until)), f"{act}:42": Closed(later(99))}
    return there if not changes else facts(number=replace(NUMBER, **changes), record=there.record)


def later(hours):
    return write_time(NOW + timedelta(hours=hours))


def named(**changes):
    return number(new_name_status="", **changes)


def renamed(state, **changes):
    return number(new_display_name="Romashka & Co", new_name_status=state, **changes)


def limited(account_tier, number_tier=""):
    return facts(
        account=replace(ACCOUNT, messaging_limit=account_tier),
        number=replace(NUMBER, messaging_limit=number_tier),
    )


def sick(*entities):
    return facts(number_health=health(*entities))


def phone_app(**changes):
    """A number of the WhatsApp Business app, as seven public runbooks show it."""
    shown = {"platform": "ON_PREMISE", "status": "DISCONNECTED", "on_phone_app": True}
    return number(**shown | {"code_verification": "NOT_VERIFIED"} | changes)


COEXISTENCE = number(
    on_phone_app=True,
    code_verification="NOT_VERIFIED",
    name_status="NON_EXISTS",
    pin_enabled=False,
)
OTHER = replace(NUMBER, id="42", display="+7 913 000-00-00")

CASES = [
    ("number.added", facts(), passed()),
    ("number.added", facts(numbers=(OTHER, NUMBER)), passed()),
    (
        "number.added",
        facts(record=record(ids=without("phone_number_id")), numbers=()),
        failed("none"),
    ),
    (
        "number.added",
        facts(record=record(ids=without("phone_number_id")), numbers=(OTHER, NUMBER)),
        failed("not_chosen", count=2),
    ),
    (
        "number.added",
        chosen(ID, OTHER),
        failed("elsewhere", phone_number_id=ID, count=1),
    ),
    (
        "number.added",
        chosen(IDS["waba_id"], NUMBER),
        failed("is_account", phone_number_id=IDS["waba_id"]),
    ),
    *(
        (
            "number.added",
            chosen(typed, NUMBER),
            failed("is_phone", phone=NUMBER.display, phone_number_id=ID),
        )
        for typed in ("79123456789", "+79123456789")
    ),
    ("number.code_verified", facts(), passed()),
    # What registering needed once may lapse afterwards.
    ("number.code_verified", number(code_verification="EXPIRED"), passed()),
    ("number.code_verified", number(platform="NOT_APPLICABLE", status="PENDING"), passed()),
    *(
        ("number.code_verified", number(platform="NOT_APPLICABLE", code_verification=state), seen)
        for state, seen in {
            "NOT_VERIFIED": failed("not_verified"),
            "UNVERIFIED": failed("not_verified"),
            "EXPIRED": failed("expired"),
            "PONDERED": unknown("other", state="PONDERED"),
            "": unknown("not_shown"),
        }.items()
    ),
    ("number.registered", facts(), passed()),
    # Without a platform its being connected says as much.
    ("number.registered", number(platform=""), passed()),
    # What Meta does not show, or writes in a word of its own, is not "no".
    *(
        ("number.registered", number(platform=platform), passed())
        for platform in ("UNKNOWN", "SATELLITE")
    ),
    *(
        ("number.registered", number(platform=platform, status=status), unknown("not_shown"))
        for platform, status in (
            *(("", ""), ("", "UNKNOWN"), ("UNKNOWN", "PENDING")),
            *(("SATELLITE", ""), ("SATELLITE", "PENDING")),
        )
    ),
    *(
        ("number.registered", phone_app(platform=platform), failed("phone_app"))
        for platform in ("ON_PREMISE", "NOT_APPLICABLE", "")
    ),
    ("number.code_verified", phone_app(), passed("not_asked")),
    ("number.registered", COEXISTENCE, passed()),
    ("number.code_verified", COEXISTENCE, passed()),
    ("number.pin", COEXISTENCE, passed("coexistence")),
    ("number.name", COEXISTENCE, passed("coexistence")),
    ("number.kind", facts(), passed("own")),
    ("number.kind", facts(number=TEST_NUMBER), passed("test")),
    ("number.kind", COEXISTENCE, passed("coexistence")),
    *(
        ("number.kind", phone_app(platform=platform), failed("phone_app"))
        for platform in ("ON_PREMISE", "NOT_APPLICABLE", "")
    ),
    ("number.kind", phone_app(platform="UNKNOWN"), unknown("not_shown")),
    ("number.kind", phone_app(platform="", status=""), unknown("not_shown")),
    ("number.kind", number(on_phone_app=None), unknown("not_shown")),
    # Meta gives +1 555 … to businesses for good too, and writes SANDBOX of unverified trials.
    ("number.kind", number(display="+1 555-234-5678"), passed("own")),
    ("number.kind", number(account_mode="SANDBOX"), passed("own")),
    ("number.kind", number(display="+1 555-234-5678", account_mode="SANDBOX"), passed("test")),
    ("number.kind", number(verified_name="Test Number"), passed("own")),
    *(
        ("number.name", number(platform="NOT_APPLICABLE", name_status=state), passed("not_yet"))
        for state in ("", "NONE", "NON_EXISTS")
    ),
    ("number.registered", unregistered(), failed("not_registered", left=10)),
    ("number.registered", unregistered(platform=""), failed("not_registered", left=10)),
    (
        "number.registered",
        unregistered(hours_ago=(1, 2, 71, 73, 100)),
        failed("not_registered", left=7),
    ),
    (
        "number.registered",
        unregistered(hours_ago=range(1, 11)),
        failed("out_of_tries", tries=10, until=later(62)),
    ),
    # What Meta said outweighs what was counted here, until its time is over.
    ("number.registered", closed("register", 48, [1]), failed("closed", left=0, until=later(48))),
    ("number.registered", closed("register", -1, [1]), failed("not_registered", left=9)),
    *(
        (
            "number.code_verified",
            closed("request_code", until, platform="NOT_APPLICABLE", code_verification=state),
            failed(reason, **more),
        )
        for state in ("NOT_VERIFIED", "EXPIRED")
        for until, reason, more in (
            (1, "codes_closed", {"until": later(1)}),
            (-1, {"EXPIRED": "expired"}.get(state, "not_verified"), {}),
        )
    ),
    ("number.registered", unregistered(platform="ON_PREMISE"), failed("on_premises")),
    ("number.registered", unregistered(status="BANNED"), failed("gone", state="BANNED")),
    ("number.connected", facts(), passed()),
    *(
        ("number.connected", number(status=state), failed(state.lower()))
        for state in sorted(STATES)
    ),
    ("number.connected", number(status="LINKED"), unknown("other", state="LINKED")),
    ("number.connected", number(status="UNKNOWN"), unknown("not_shown")),
    ("number.connected", number(status=""), unknown("not_shown")),
    ("number.name", facts(), passed()),
    ("number.name", named(name_status="AVAILABLE_WITHOUT_REVIEW"), passed()),
    ("number.name", named(name_status="PENDING_REVIEW"), waiting("pending", name="Romashka")),
    ("number.name", named(name_status="DECLINED"), failed("declined", name="Romashka")),
    ("number.name", named(name_status="EXPIRED"), failed("expired", name="Romashka")),
    ("number.name", named(name_status="NONE"), failed("none")),
    ("number.name", named(name_status="ODD"), unknown("other", state="ODD")),
    ("number.name", named(name_status=""), unknown("not_shown")),
    ("number.name", facts(number=replace(TEST_NUMBER, name_status="NONE")), passed("test_number")),
    # +1 555 numbers of a business of its own are reviewed like all others.
    (
        "number.name",
        facts(number=replace(TEST_NUMBER, name_status="DECLINED")),
        failed("declined", name="Test Number"),
    ),
    ("number.name", renamed("APPROVED"), failed("register_again", name="Romashka & Co")),
    (
        "number.name",
        renamed("APPROVED", name_status="DECLINED"),
        failed("register_again", name="Romashka & Co"),
    ),
    ("number.name", renamed("APPROVED", verified_name="Romashka & Co"), passed()),
    ("number.name", renamed("PENDING_REVIEW"), passed("change_pending", name="Romashka & Co")),
    ("number.name", renamed("DECLINED"), passed("change_declined", name="Romashka & Co")),
    ("number.name", renamed("EXPIRED"), passed()),
    (
        "number.name",
        renamed("PENDING_REVIEW", name_status="DECLINED"),
        failed("declined", name="Romashka"),
    ),
    ("number.profile", facts(), passed()),
    ("number.profile", facts(number=TEST_NUMBER), passed("test_number")),
    (
        "number.profile",
        facts(profile=PublicProfile(about="Open", vertical="UNDEFINED")),
        failed(
            "empty",
            options="--picture FILE --description TEXT --vertical NAME --email ADDRESS",
        ),
    ),
    (
        "number.profile",
        facts(profile=replace(PROFILE, picture="", websites=())),
        failed("partly", options="--picture FILE --email ADDRESS"),
    ),
    # What this version of Graph does not know may be filled in all the same.
    (
        "number.profile",
        facts(profile=replace(PROFILE, websites=(), unknown=frozenset({"websites"}))),
        passed(),
    ),
    (
        "number.profile",
        facts(profile=replace(PROFILE, vertical="", unknown=frozenset({"vertical"}))),
        passed(),
    ),
    ("number.pin", facts(), passed()),
    ("number.pin", number(pin_enabled=False), passed("off")),
    ("number.pin", number(pin_enabled=None), unknown("not_shown")),
    ("number.pin", facts(origins={"access_token": KEPT}), failed("not_kept")),
    ("number.pin", unusable("two_step_pin"), failed("unusable", source="VARIABLE")),
    (
        "number.pin",
        facts(number=TEST_NUMBER, origins={"access_token": KEPT}),
        passed("test_number"),
    ),
    ("number.quality", facts(), passed()),
    ("number.quality", number(quality="YELLOW"), failed("yellow")),
    ("number.quality", number(quality="RED"), failed("red")),
    *(
        ("number.quality", number(quality=state), passed("not_rated"))
        for state in ("UNKNOWN", "NA")
    ),
    ("number.quality", number(quality=""), unknown("not_shown")),
    ("number.quality", number(quality="BLUE"), unknown("other", state="BLUE")),
    ("number.limit", facts(), passed("tier", people=2000)),
    *(
        (
            "number.limit",
            limited(tier),
            passed("small" if people in (50, 250) else "tier", people=people),
        )
        for tier, people in LIMITS.items()
    ),
    ("number.limit", limited("TIER_UNLIMITED"), passed("unlimited")),
    ("number.limit", limited("TIER_NOT_SET"), passed("not_set")),
    ("number.limit", limited("", "TIER_10K"), passed("tier", people=10000)),
    ("number.limit", limited("TIER_1M"), unknown("other", tier="TIER_1M")),
    ("number.limit", limited(""), unknown("not_shown")),
    # An account that cannot be read leaves what the number says.
    (
        "number.limit",
        facts(account=NOT_VISIBLE, number=replace(NUMBER, messaging_limit="TIER_250")),
        passed("small", people=250),
    ),
    ("number.health", facts(), passed()),
    ("number.health", sick(entity("PHONE_NUMBER", "BLOCKED", SIP)), passed()),
    (
        "number.health",
        sick(entity("PHONE_NUMBER", "LIMITED", (141010, "Not verified"))),
        passed("limited_unverified", text="Not verified"),
    ),
    *(
        (
            "number.health",
            sick(entity("PHONE_NUMBER", "BLOCKED", SIP, (code, "…", "Do that"))),
            failed(reason, code=code, entity="PHONE_NUMBER", text="…", remedy="Do that"),
        )
        for code, reason in CODES.items()
    ),
    (
        "number.health",
        sick(entity("PHONE_NUMBER", "BLOCKED", (141000, "Not ready"))),
        failed("blocked", code=141000, entity="PHONE_NUMBER", text="Not ready", remedy=""),
    ),
    (
        "number.health",
        sick(entity("PHONE_NUMBER", "BLOCKED")),
        failed("blocked_silently", entity="PHONE_NUMBER"),
    ),
    (
        "number.health",
        sick(entity("PHONE_NUMBER", "LIMITED", (0, "The display name is not approved"))),
        passed("limited", text="The display name is not approved"),
    ),
    # The account has an item of its own.
    ("number.health", sick(entity("WABA", "BLOCKED", (141014, "Banned"))), passed()),
    ("number.health", facts(number_health=Health(())), unknown("not_shown", **SILENT)),
    (
        "number.health",
        facts(number_health=Unavailable(ErrorKind.ODD, details="health_status")),
        unknown("not_shown", **{**SILENT, "details": "health_status"}),
    ),
    (
        "number.health",
        sick(entity("PHONE_NUMBER", "PONDERED")),
        unknown("other", state="PONDERED", entity="PHONE_NUMBER"),
    ),
]


@pytest.mark.parametrize(("item", "given", "expected"), CASES)
def test_number(item, given, expected):
    assert CHECKS[item](given) == expected


def test_a_list_of_numbers_that_cannot_be_had_is_no_missing_number():
    with pytest.raises(Unavailable) as raised:
        CHECKS["number.added"](facts(numbers=Unavailable(ErrorKind.BUSY)))
    assert raised.value.kind is ErrorKind.BUSY
