"""What a person sees of an audit: golden pictures in both languages, at 40 and 80 columns."""

import io
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from tests.support.sample import BEFORE, CHECKLIST, FINE, NOW, OUTCOMES, verdicts
from wizard.audit.checklist import Checklist
from wizard.audit.results import (
    AuditResult,
    cautions,
    failed,
    passed,
    remembered,
    skipped,
    unknown,
    waiting,
)
from wizard.commands.status import Overview
from wizard.report.documents import audit_document
from wizard.state.record import Goal, ProfileRecord, SavedResult, SecretNote, Status, write_time
from wizard.text.localised import LANGUAGES
from wizard.ui import audit_view
from wizard.ui.audit_view import AuditView
from wizard.ui.screen import GLUE, Screen, cells
from wizard.ui.setup_view import Places, end_screen, welcome
from wizard.ui.words import Words

EN = Words("en").say
GOLDEN = Path(__file__).parents[1] / "golden"
PLACES = Places(
    status_file="~/.local/state/wa-wizard/default/status.yaml",
    secrets="os-keyring (SecretService)",
    inbox="~/.local/state/wa-wizard/default/inbox.sqlite3",
)
BOTH = (Goal.SENDING, Goal.RECEIVING)
PICTURES = {
    "report": lambda s, w: AuditView(s, w).show(verdicts(goals=BOTH, before=BEFORE)),
    "report_fine": lambda s, w: AuditView(s, w, sandbox=True).show(verdicts(FINE)),
    "end": lambda s, w: end_screen(s, w, verdicts(FINE, BOTH), PLACES, NOW),
    "end_unfinished": lambda s, w: end_screen(s, w, verdicts(), PLACES, NOW, sandbox=True),
    "welcome": lambda s, w: welcome(
        s, w, AuditResult(CHECKLIST, ProfileRecord(), []), sandbox=True
    ),
    "welcome_back": lambda s, w: welcome(s, w, remembered(CHECKLIST, verdicts().record)),
    "welcome_back_fine": lambda s, w: welcome(s, w, remembered(CHECKLIST, verdicts(FINE).record)),
}


@pytest.fixture(autouse=True)
def _clock_on_the_wall(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def plain(said):
    return said.replace(GLUE, " ")


def shown(show, language="en", width=80, colour=False):
    out = io.StringIO()
    show(Screen(out, colour=colour, width=width), Words(language))
    return out.getvalue()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("name", PICTURES)
def test_the_picture(name, width, language, request):
    text = shown(PICTURES[name], language, width)
    path = GOLDEN / f"{name}.{language}.{width}.txt"
    if request.config.getoption("--update-golden"):
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")
    too_long = [line for line in text.splitlines() if cells(line) > width]
    assert all("/" in line for line in too_long), "only an address may be longer than the screen"


@pytest.mark.parametrize("language", LANGUAGES)
def test_ready_to_receive_here_is_said_with_what_keeps_it_so(language):
    """The receiver ends with its window: the last screen says how to keep it running."""
    audit = verdicts(FINE, BOTH)
    assert "webhook listen" not in shown(
        lambda s, w: end_screen(s, w, audit, PLACES, NOW), language
    )
    audit.record.webhook = {"callback_url": "https://x.example/", "level": "app", "kept_by": "here"}
    said = shown(lambda s, w: end_screen(s, w, audit, PLACES, NOW), language, width=300)
    caution = plain(Words(language).say("report.caution_here"))
    assert all(line in said for line in caution.splitlines())
    after = said[said.index(Words(language).say("ending.next")) :]
    assert "wa-wizard webhook listen" in after
    assert "webhook listen" in shown(lambda s, w: AuditView(s, w).show(audit), language)


def soon(days):
    """The verdict on a token that ends so many days after NOW."""
    return SavedResult(Status.FAILED, "soon", {"ends": write_time(NOW + timedelta(days=days))})


NO_TEMPLATE = SavedResult(Status.FAILED, "none")
CAUTIONS = [
    ("token.expiry", soon(0.5), "today"),
    ("token.expiry", soon(1.5), "soon"),
    ("token.expiry", soon(13.9), "soon"),
    # Seen days ago, when there was still time.
    ("token.expiry", soon(-1), "ended"),
    ("token.expiry", soon(14), None),
    ("token.expiry", SavedResult(Status.PASSED), None),
    ("message.template", NO_TEMPLATE, "template"),
    ("message.template", SavedResult(Status.UNKNOWN, "not_shown"), None),
    ("message.template", SavedResult(Status.PASSED, "ready"), None),
    ("number.kind", SavedResult(Status.PASSED, "test"), "test_number"),
    ("number.kind", SavedResult(Status.PASSED, "own"), None),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("item", "seen", "key"), CAUTIONS)
def test_beside_ready_stands_what_must_not_be_missed(item, seen, key, language):
    """On every screen with a verdict, and by the same words."""
    audit, words = verdicts(FINE), Words(language)
    audit.record.verdicts[item] = seen
    audit.record.secrets.clear()
    found = cautions(audit.record, NOW)
    assert [one.key for one in found] == ([f"report.caution_{key}"] if key else [])
    screens = [
        shown(lambda s, w: AuditView(s, w).ready(audit, NOW), language, 300),
        shown(lambda s, w: end_screen(s, w, audit, PLACES, NOW), language, 300),
        shown(lambda s, w: Overview(s, w, NOW).show(audit.record, CHECKLIST), language, 300),
    ]
    for screen in screens:
        lines = screen.splitlines()
        at = next(i for i, line in enumerate(lines) if words.say("report.sending_passed") in line)
        for number, caution in enumerate(found, 1):
            assert plain(words.phrase(caution)) in lines[at + number]


def test_a_warning_beside_not_ready_would_only_distract():
    audit = verdicts()
    audit.record.verdicts["message.template"] = NO_TEMPLATE
    text = shown(lambda s, w: AuditView(s, w).ready(audit, NOW), width=300)
    assert EN("report.caution_template") not in text


def test_a_token_put_in_after_the_last_look_is_warned_of_by_itself():
    record = verdicts(FINE).record
    record.verdicts["token.expiry"] = structs.replace(soon(1.5), checked_at="2026-11-22T20:00:00Z")
    note = record.secrets["access_token"]
    for until, keys in (
        ("never", []),
        (write_time(NOW + timedelta(hours=3)), ["report.caution_today"]),
    ):
        record.secrets["access_token"] = structs.replace(
            note, set_at="2026-11-22T20:30:00Z", expires_at=until
        )
        assert [one.key for one in cautions(record, NOW)] == keys


def test_what_is_wrong_is_begun_with_before_what_waits():
    """An item that waits for a person stood first though another had failed."""
    outcomes = {"app.published": waiting(), "token.scopes": failed("missing", scopes="x")}
    said = shown(lambda s, w: AuditView(s, w).closing(verdicts(outcomes, BOTH)), width=300)
    title = CHECKLIST.item("token.scopes").title.en
    assert title in said


def test_the_pictures_have_a_finding_of_every_kind():
    assert {check_result.status for check_result in OUTCOMES.values()} == set(Status)


@pytest.mark.parametrize("language", LANGUAGES)
def test_unknown_looks_unlike_failed_even_without_colour(language):
    def one(check_result):
        found = verdicts({"token.scopes": check_result})
        return shown(lambda s, w: AuditView(s, w).show(found), language).splitlines()

    bad, unseen = one(failed("missing", scopes="x")), one(unknown("missing", scopes="x"))
    assert bad[2][2] != unseen[2][2], "the sign"
    assert len(unseen[2]) > len(bad[2]), "and words that say so"


def test_advice_is_no_failure():
    found = verdicts({**FINE, "token.expiry": failed("late", at="x", days=7)})
    text = shown(lambda s, w: AuditView(s, w).show(found))
    assert f"! {EN('ui.state_advice', item='The token lasts')}" in text
    assert "✗" not in text
    assert "wa-wizard send" in text


def test_what_changed_stands_first_and_only_when_there_was_a_last_time():
    changed = shown(lambda s, w: AuditView(s, w).show(verdicts(before=BEFORE)))
    new = EN("report.new", item="The token has its permissions")
    assert changed.index(f"▲ {new}") < changed.index("This computer")
    assert f"✓ {EN('report.fixed', item='The clock is right')}" in changed
    assert "▲" not in shown(lambda s, w: AuditView(s, w).show(verdicts()))


def test_an_item_names_the_deep_link_of_its_reason():
    assert "system_users?business_id=2222" in shown(lambda s, w: AuditView(s, w).show(verdicts()))


@pytest.mark.parametrize(
    ("outcomes", "command"),
    [
        (FINE, "wa-wizard send"),
        ({**FINE, "token.scopes": failed("missing", scopes="x")}, "wa-wizard setup"),
        ({**FINE, "token.assets": unknown("unreachable", cause="dns")}, "wa-wizard audit"),
    ],
    ids=["fine", "failed", "not looked"],
)
def test_what_to_run_stands_before_the_result_and_the_ids(outcomes, command):
    """One next thing; the result and the ids stand last, above the prompt of the shell."""
    text = shown(lambda s, w: AuditView(s, w).show(verdicts(outcomes)))
    *_, following, last = text.split("\n\n")
    assert following.count("wa-wizard") == 1
    assert command in following
    labels = [line.split("  ")[0] for line in last.splitlines()]
    assert labels[1:4] == ["WABA ID", "Phone number ID", "Access token"]


@pytest.mark.parametrize("name", ["report_fine", "end_unfinished", "welcome"])
def test_the_sandbox_says_so_first(name):
    assert shown(PICTURES[name]).split()[0] == "SANDBOX"


# --- the token in a few words


def token(expires="never", kind="SYSTEM_USER", store="os-keyring", backend="", **more):
    record = ProfileRecord(
        secrets={"access_token": SecretNote(store, backend, kind, expires_at=expires)}
    )
    text = shown(lambda s, w: audit_view.show_identity(s, w, record, NOW, **more), width=200)
    return text.splitlines()[-1].removeprefix("Access token").strip()


@pytest.mark.parametrize(
    ("expires", "said"),
    [
        ("never", EN("essentials.never")),
        ("2026-12-22T20:00:00Z", EN("essentials.days", days=30, day="2026-12-22")),
        ("2026-11-23T08:30:00Z", EN("essentials.hours", hours=13)),
        ("2026-11-22T20:00:00Z", EN("essentials.expired", day="2026-11-22")),
        ("", ""),
        ("soon", ""),
    ],
)
def test_how_long_the_token_lives(expires, said):
    kept = EN("essentials.kept", place=EN("essentials.store_os_keyring"))
    parts = [EN("essentials.kind_system_user"), said, kept]
    assert token(expires) == ", ".join(part for part in parts if part)


def test_a_kind_or_store_we_have_no_words_for_is_shown_clean():
    line = token(kind="NEW\x1b[31mKIND", store="my-store", backend="x[/]")
    assert line.startswith("NEW[31mKIND, ")
    assert line.endswith("my-store (x[/])")


def test_a_token_from_the_environment_says_so():
    said = EN("essentials.from_environment", name="WA_WIZARD_ACCESS_TOKEN")
    assert token(token_from="WA_WIZARD_ACCESS_TOKEN").endswith(said)


def test_what_is_not_there_yet_is_said():
    text = shown(lambda s, w: audit_view.show_identity(s, w, ProfileRecord(), NOW))
    assert text.count(EN("essentials.none")) == 3


# --- for machines


def test_the_object_for_machines():
    found = audit_document(verdicts(goals=BOTH, before=BEFORE))
    keys = "schema tool profile checked_at graph_version ready ids items"
    assert list(found) == keys.split()
    assert found["ready"] == {"sending": False, "receiving": False}
    assert found["ids"]["waba_id"] == "102290129340398"
    rows = {row["id"]: row for row in found["items"]}
    assert rows["token.scopes"] == {
        "id": "token.scopes",
        "status": "failed",
        "reason": "missing",
        "required": True,
        "values": {"scopes": "whatsapp_business_management"},
        "since": "2026-11-22T20:00:00Z",
        "checked_at": "2026-11-22T20:00:00Z",
        "change": "new",
        "meta": None,
    }
    assert rows["environment.clock"]["change"] == "fixed"
    assert rows["environment.vault"]["change"] == "same"
    assert rows["environment.vault"]["since"] == "2026-11-20T20:00:00Z"
    assert rows["token.expiry"]["required"] is False


def test_every_key_is_there_for_a_fresh_profile():
    fresh = audit_document(AuditResult(CHECKLIST, ProfileRecord(), []))
    assert fresh["ids"] == dict.fromkeys(
        ("app_id", "business_id", "waba_id", "phone_number_id", "display_phone_number"), ""
    )
    assert (fresh["items"], fresh["checked_at"]) == ([], "")


def test_status_tells_what_the_audit_told():
    audited = verdicts(goals=BOTH, before=BEFORE)
    told, again = map(audit_document, (audited, remembered(CHECKLIST, audited.record)))
    assert again == told


@pytest.mark.parametrize(
    ("outcomes", "goals", "ready"),
    [
        (FINE, BOTH, {"sending": True, "receiving": True}),
        ({**FINE, "app.published": failed("x")}, BOTH, {"sending": True, "receiving": False}),
        ({**FINE, "token.expiry": failed("late")}, BOTH, {"sending": True, "receiving": True}),
        ({**FINE, "token.assets": unknown("x")}, BOTH, {"sending": False, "receiving": False}),
        ({"token.scopes": passed()}, BOTH, {"sending": False, "receiving": False}),
    ],
)
def test_ready_means_that_all_it_needs_has_passed(outcomes, goals, ready):
    assert audit_document(verdicts(outcomes, goals))["ready"] == ready


def test_an_empty_checklist_is_never_ready():
    empty = AuditResult(Checklist(()), ProfileRecord(), [])
    assert empty.stands(Goal.SENDING) is Status.UNKNOWN
    assert audit_document(empty)["ready"] == {"sending": False, "receiving": False}


def test_a_verdict_of_another_version_is_still_told():
    record = verdicts().record
    record.verdicts["token.scopes"] = SavedResult(Status.FAILED, "bent")
    record.verdicts["token.expiry"] = SavedResult(Status.FAILED, "late")
    record.verdicts["gone.item"] = SavedResult(Status.FAILED, "bent")
    text = shown(lambda s, w: AuditView(s, w).show(remembered(CHECKLIST, record)))
    assert EN("report.reason_unworded", reason="bent") in text
    assert "expires on –" in text


def test_items_of_another_goal_are_counted_and_shown_on_request():
    found = verdicts({**FINE, "app.published": waiting()})
    plain = shown(lambda s, w: AuditView(s, w).show(found))
    assert "The app is published" not in plain
    assert "wa-wizard audit --verbose" in plain
    full = shown(lambda s, w: AuditView(s, w, full=True).show(found))
    assert "The app is published" in full


def test_what_could_not_be_looked_at_is_not_called_not_ready():
    text = shown(
        lambda s, w: AuditView(s, w).show(verdicts({**FINE, "token.assets": unknown("x")}))
    )
    assert EN("report.sending_failed") not in text
    assert f"? {EN('report.sending_unknown')}" in text


def test_the_reports_cost_no_heavy_import():
    heavy = {"rich", "questionary", "prompt_toolkit", "requests", "keyring", "asyncio"}
    code = (
        "import sys, wizard.ui.audit_view, wizard.ui.setup_view, wizard.ui.console_prompter\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not heavy & set(done.stdout.split())


def test_only_what_was_looked_at_is_told():
    found = verdicts()
    part = AuditResult(CHECKLIST, found.record, found.results[:2], found.changes)
    assert [row["id"] for row in audit_document(part)["items"]] == list(OUTCOMES)[:2]


def test_the_status_screen():
    def show(screen, words):
        Overview(screen, words, NOW).show(verdicts(goals=BOTH).record, CHECKLIST)

    text = shown(show)
    assert text.index("WABA ID") < text.index("Phone number ID") < text.index("Access token")
    assert text.index("Access token") < text.index("✗"), "the three things to have come first"
    assert text.count("102290129340398") == 1
    assert text.splitlines()[-1] == f"✗ {Words('en').say('report.receiving_failed')}"
    assert "The token lasts" in text
    assert "The clock is right" not in text, "what is in order is no news"


def test_a_section_that_nothing_was_looked_at_in_takes_one_line():
    """Of an expired token thirty lines said that they were not checked."""
    title = CHECKLIST.item("token.assets").title.en
    section = next(one for one in CHECKLIST.sections if one.id == "token")
    nothing = {one.id: skipped("access.valid") for one in CHECKLIST.items if one.section == "token"}
    found = verdicts({**FINE, **nothing}, BOTH)
    folded = shown(lambda s, w: AuditView(s, w).show(found))
    assert title not in folded
    assert EN("report.section_skipped", count=len(nothing)) in folded
    assert section.title.en in folded
    assert title in shown(lambda s, w: AuditView(s, w, full=True).show(found)), "--verbose"


def test_the_status_of_a_fresh_profile_says_where_to_begin():
    text = shown(lambda s, w: Overview(s, w, NOW).show(ProfileRecord(), CHECKLIST))
    assert "wa-wizard setup" in text


def test_every_command_that_is_named_means_the_same_profile():
    out = io.StringIO()
    words = Words("en", "--profile=shop --sandbox=rehearsal")
    end_screen(Screen(out, colour=False, width=100), words, verdicts(), PLACES, NOW)
    named = out.getvalue().split("wa-wizard ")[1:]
    # The path of a file is no command.
    named = [rest for rest in named if not rest.startswith("/")]
    assert len(named) > 3
    assert all(rest.startswith("--profile=shop --sandbox=rehearsal ") for rest in named)


def test_long_commands_on_a_narrow_screen_leave_room_for_what_they_do():
    out = io.StringIO()
    words = Words("en", "--sandbox=rehearsal")
    end_screen(Screen(out, colour=False, width=40), words, verdicts(FINE), PLACES, NOW)
    said = words.say("ending.command_status")
    assert said in " ".join(out.getvalue().split())
    # Only the last line of a text may be a single word of it.
    alone = [line for line in out.getvalue().splitlines() if line.strip() in said.split()]
    assert len(alone) <= 1
