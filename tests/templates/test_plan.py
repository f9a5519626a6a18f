"""What a plan says of files and of what Meta shows; pulled files never differ."""

import copy
import json

import pytest
import requests
from hypothesis import given

from tests.support.template_shapes import SHAPES, SLOW, row, rows
from wizard import sandbox
from wizard.templates.compare import differences
from wizard.templates.files import SourceFile, read_file, rendered, write_over
from wizard.templates.model import authored, from_rows
from wizard.templates.plan import Plan, plan, pulled

BODY = {"type": "BODY", "text": "Hello."}
OTHER = {"type": "BODY", "text": "Good evening."}


def at_meta(parts=(BODY,), status="APPROVED", **more):
    return row(list(parts), id="77", status=status, parameter_format="POSITIONAL", **more)


def reread(path):
    file = read_file(path)
    assert isinstance(file, SourceFile)
    return file


def file_of(folder, *given, text=""):
    path = folder / "order_ready.yaml"
    path.write_bytes(
        text.encode() if text else rendered(from_rows([authored(one) for one in given]))
    )
    return reread(path)


def one_change(folder, ours, theirs, **more):
    (change,) = plan([file_of(folder, ours)], [theirs], **more).changes
    return change


@pytest.mark.parametrize(("category", "parts"), SHAPES, ids=lambda value: str(value)[:60])
def test_pull_then_plan_is_no_change(tmp_path, category, parts):
    shown = row(parts, category, id="1", status="APPROVED")
    assert plan([file_of(tmp_path, shown)], [shown]) == Plan(unchanged=1)


@given(rows())
@SLOW
def test_pull_then_plan_is_no_change_whatever_the_texts_are(tmp_path_factory, one):
    shown = one | {"id": "1", "status": "APPROVED"}
    folder = tmp_path_factory.mktemp("pulled")
    assert plan([file_of(folder, shown)], [shown]) == Plan(unchanged=1)


@given(rows(), rows())
@SLOW
def test_a_file_of_anything_pulled_over_does_not_differ(tmp_path_factory, before, after):
    folder, shown = tmp_path_factory.mktemp("over"), after | {"id": "1", "status": "APPROVED"}
    file = file_of(folder, before)
    write_over(file, pulled(file, [shown]))
    assert plan([reread(file.path)], [shown]).changes == ()


SAME = [
    ({"type": "body", "text": "Hi {{1}}.", "example": {"body_text": ["A"]}},
     {"type": "BODY", "text": "Hi {{1}}.", "example": {"body_text": [["A"]]}}),
    ({"type": "HEADER", "format": "image", "example": {"header_handle": ["4::a"]}},
     {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://scontent/x"]}}),
    ({"type": "BUTTONS", "buttons": [{"type": "PHONE_NUMBER", "text": "C", "phone_number": "155"}]},
     {"type": "BUTTONS", "buttons": [
         {"type": "PHONE_NUMBER", "text": "C", "phone_number": "+155"}]}),
    ({"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "example": "A"}]},
     {"type": "BUTTONS", "buttons": [
         {"type": "COPY_CODE", "text": "Copy offer code", "example": ["A"]}]}),
    ({"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "F", "flow_name": "x"}]},
     {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "F", "flow_id": 7}]}),
    ({"type": "FOOTER", "text": "Shop\n"}, {"type": "FOOTER", "text": "Shop"}),
]  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs"), SAME)
def test_what_meta_writes_otherwise_is_no_difference(ours, theirs):
    assert differences(row([BODY, ours]), row([BODY, theirs])) == []


def test_a_one_time_password_is_the_same_as_the_link_that_meta_shows():
    ours = [
        {"type": "BODY", "add_security_recommendation": True},
        {"type": "FOOTER", "code_expiration_minutes": 5},
        {"type": "BUTTONS", "buttons": [{"type": "otp", "otp_type": "copy_code"}]},
    ]
    link = "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp"
    button = {"type": "URL", "text": "Copy", "url": link + "{{1}}", "example": [link + "1"]}
    theirs = [
        {"type": "BODY", "text": "*{{1}}* is your code.", "add_security_recommendation": True},
        {"type": "FOOTER", "text": "Expires in 5 minutes.", "code_expiration_minutes": 5},
        {"type": "BUTTONS", "buttons": [button]},
    ]
    shown = row(theirs, "AUTHENTICATION")
    assert differences(row(ours, "AUTHENTICATION"), shown) == []
    sent = copy.deepcopy(authored(shown)["components"])
    assert sent[2]["buttons"] == [{"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy"}]
    other = [ours[0], {"type": "FOOTER", "code_expiration_minutes": 9}, ours[2]]
    (found,) = differences(row(other, "AUTHENTICATION"), shown)
    assert (found.at, found.file, found.meta) == ("footer.code_expiration_minutes", "9", "5")


DIFFERENT = [
    ([OTHER], [BODY], ["body.text"]),
    ([BODY], [BODY, {"type": "FOOTER", "text": "x"}], ["footer"]),
    ([BODY, {"type": "HEADER", "format": "IMAGE"}], [BODY, {"type": "HEADER", "text": "x"}],
     ["header.format", "header.text"]),
    ([BODY, {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Yes"}]}],
     [BODY, {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "No"}]}],
     ["buttons.1.text"]),
    ([BODY, {"type": "BUTTONS", "buttons": []}],
     [BODY, {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "No"}]}],
     ["buttons.1"]),
    ([{"type": "BODY", "text": "Hi {{1}}.", "example": {"body_text": [["A"]]}}],
     [{"type": "BODY", "text": "Hi {{1}}.", "example": {"body_text": [["B"]]}}],
     ["body.variables.1"]),
    ([{"type": "BODY", "add_security_recommendation": True}], [{"type": "BODY"}],
     ["body.add_security_recommendation"]),
]  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs", "places"), DIFFERENT)
def test_what_differs_is_named_by_its_place(ours, theirs, places):
    assert [one.at for one in differences(row(ours), row(theirs))] == places


def test_a_card_of_a_carousel_differs_too():
    (_, parts), *_ = [shape for shape in SHAPES if "cards" in str(shape)]
    other = json.loads(json.dumps(parts))
    other[1]["cards"][1]["components"][2]["buttons"][0]["text"] = "Less"
    (found,) = differences(row(parts), row(other))
    assert found.at == "cards.2.buttons.1.text"


def test_what_is_not_there_is_created(tmp_path):
    (change,) = plan([file_of(tmp_path, row([BODY]))], []).changes
    assert (change.action, dict(change.body)) == ("create", row([BODY]))


@pytest.mark.parametrize("status", ["APPROVED", "REJECTED", "PAUSED"])
def test_what_may_be_edited_is_edited_with_what_differs_alone(tmp_path, status):
    change = one_change(tmp_path, row([OTHER]), at_meta(status=status))
    assert (change.action, change.id) == ("edit", "77")
    assert dict(change.body) == {"components": [OTHER]}


@pytest.mark.parametrize("status", ["PENDING", "IN_APPEAL", "DISABLED", "ARCHIVED", "NEW_WORD"])
def test_what_may_not_be_edited_waits(tmp_path, status):
    change = one_change(tmp_path, row([OTHER]), at_meta(status=status))
    assert (change.action, change.reason) == ("blocked", "status")


@pytest.mark.parametrize(
    ("status", "before", "ended"),
    [
        ("APPROVED", None, ("blocked", "category")),
        ("APPROVED", "UTILITY", ("blocked", "category_by_meta")),
        ("PENDING", None, ("blocked", "category")),
        ("REJECTED", None, ("edit", "")),
        ("PAUSED", "UTILITY", ("edit", "")),
    ],
)
def test_a_category_is_changed_where_meta_allows_it(tmp_path, status, before, ended):
    more = {"previous_category": before} if before else {}
    change = one_change(tmp_path, row([BODY]), at_meta(status=status, category="MARKETING", **more))
    assert (change.action, change.reason) == ended
    assert dict(change.body) == ({"category": "UTILITY"} if ended[0] == "edit" else {})


def test_a_category_that_stays_does_not_hold_up_the_text(tmp_path):
    shown = at_meta(category="MARKETING")
    changes = plan([file_of(tmp_path, row([OTHER]))], [shown]).changes
    assert [(one.action, one.reason) for one in changes] == [("blocked", "category"), ("edit", "")]


def test_another_format_of_variables_needs_another_name(tmp_path):
    ours = row([{"type": "BODY", "text": "Hi {{name}}."}], parameter_format="NAMED")
    shown = at_meta([{"type": "BODY", "text": "Hi {{1}}."}])
    assert one_change(tmp_path, ours, shown).reason == "parameter_format"
    plain = row([BODY], parameter_format="NAMED")
    assert plan([file_of(tmp_path, plain)], [at_meta()]).changes == ()


def test_a_time_to_live_is_edited_unless_this_version_does_not_show_it(tmp_path):
    ours = row([BODY], message_send_ttl_seconds=60)
    assert dict(one_change(tmp_path, ours, at_meta()).body) == {"message_send_ttl_seconds": 60}
    unknown = frozenset({"message_send_ttl_seconds"})
    assert plan([file_of(tmp_path, ours)], [at_meta()], unknown=unknown).changes == ()
    assert plan([file_of(tmp_path, row([BODY]))], [at_meta(message_send_ttl_seconds=9)]) == Plan(
        unchanged=1
    )


def test_a_sample_that_is_metas_link_cannot_be_sent(tmp_path):
    header = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://x/y"]}}
    assert plan([file_of(tmp_path, row([header, BODY]))], []).changes[0].reason == "sample"
    change = one_change(tmp_path, row([header, OTHER]), at_meta([header, BODY]))
    assert (change.action, change.reason) == ("blocked", "sample")


def test_what_no_file_names_stays_unless_it_is_asked_for(tmp_path):
    shown = [at_meta(), at_meta(name="old", language="ru"), at_meta(name="hello_world")]
    file = file_of(tmp_path, row([BODY]))
    assert plan([file], shown) == Plan(unchanged=1, unnamed=("old",))
    (change,) = plan([file], shown, delete=True).changes
    assert (change.action, change.name, change.id) == ("delete", "old", "77")
    shown[1]["status"] = "DISABLED"
    assert plan([file], shown, delete=True).changes[0].reason == "disabled"
    shown[1]["status"] = "PENDING_DELETION"
    assert plan([file], shown, delete=True).changes == ()


def test_what_is_being_deleted_cannot_be_edited(tmp_path):
    assert one_change(tmp_path, row([OTHER]), at_meta(status="PENDING_DELETION")).reason == (
        "deleting"
    )


def test_a_pull_keeps_what_does_not_differ_and_languages_that_meta_lacks(tmp_path):
    text = (
        "# Ours.\ncategory: UTILITY\nlanguages:\n  en_US:\n    components:\n"
        "      - {type: header, format: image, example: {header_handle: ['4::mine']}}\n"
        "      - {type: BODY, text: Hello.}  # polite\n"
        "  de:\n    components: [{type: BODY, text: Hallo.}]\n"
    )
    file = file_of(tmp_path, text=text)
    header = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://x/y"]}}
    write_over(file, pulled(file, [at_meta([header, OTHER], category="MARKETING")]))
    after = file.path.read_text()
    assert "4::mine" in after
    assert "# polite" in after
    assert "Good evening." in after
    assert "Hallo." in after
    assert after.startswith("# Ours.\n")
    assert (
        plan([reread(file.path)], [at_meta([header, OTHER], category="MARKETING")])
        .changes[0]
        .language
        == "de"
    )


def test_what_was_said_once_for_all_languages_stays_said_once(tmp_path):
    text = "category: UTILITY\nlanguages:\n" + "".join(
        f"  {code}:\n    components: [{{type: BODY, text: Hello.}}]\n" for code in ("en", "ru")
    )
    file = file_of(tmp_path, text=text)
    shown = [at_meta(language=code, category="MARKETING") for code in ("en", "ru")]
    assert write_over(file, pulled(file, shown))
    assert file.path.read_text() == text.replace("UTILITY", "MARKETING")
    file = file_of(tmp_path, text=text)
    shown[0]["category"] = "UTILITY"
    assert write_over(file, pulled(file, shown))
    assert file.path.read_text() == text + "    category: MARKETING\n"


def test_what_was_created_does_not_differ_from_what_is_shown_then(tmp_path):
    with sandbox.start("healthy") as play, requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {play.access_token}"
        url = f"{play.graph_url}/v26.0/{play.waba_id}/message_templates"
        files = []
        for place, (category, parts) in enumerate(SHAPES):
            given = row(parts, category, name=f"shape_{place}")
            answer = session.post(url, json=given, timeout=20)
            assert answer.ok, (given, answer.text)
            files.append(file_of(tmp_path, given))
        shown = session.get(url, params={"limit": 100}, timeout=20).json()["data"]
    found = plan(files, [one | {"status": "APPROVED"} for one in shown])
    assert found.changes == ()
    assert found.unchanged == len(SHAPES)
