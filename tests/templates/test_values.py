"""What a message of each kind of template needs, and the components it is sent with."""

import pytest

from tests.support.template_shapes import SHAPES, row
from wizard.templates.values import components, filled, slots, structured

LINK = "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}"
TWO = {"type": "BODY", "text": "Hi {{2}} and {{1}}.", "example": {"body_text": [["A", "B"]]}}
NAMED = {"type": "BODY", "text": "Hi {{name}}, {{name}}."}
HEADER = {"type": "HEADER", "format": "TEXT", "text": "For {{1}}"}
VIDEO = {"type": "HEADER", "format": "VIDEO"}
BUTTONS = {
    "type": "BUTTONS",
    "buttons": [
        {"type": "QUICK_REPLY", "text": "Yes"},
        {"type": "URL", "text": "Go", "url": "https://a.example/{{1}}", "example": ["x"]},
        {"type": "COPY_CODE", "example": ["250FF"]},
    ],
}
OTP = [
    {"type": "BODY", "text": "*{{1}}* is your code."},
    {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Copy", "url": LINK}]},
]


def said(*texts, **more):
    return [{"type": "text", "text": text, **more} for text in texts]


CASES = [
    ([{"type": "BODY", "text": "Hello."}], {}, [], []),
    ([TWO], {}, ["2", "1"], [{"type": "body", "parameters": said("<2>", "<1>")}]),
    ([HEADER, TWO], {}, ["header.1", "2", "1"], [
        {"type": "header", "parameters": said("<header.1>")},
        {"type": "body", "parameters": said("<2>", "<1>")},
    ]),
    ([NAMED], {"parameter_format": "NAMED"}, ["name"], [
        {"type": "body", "parameters": said("<name>", parameter_name="name")},
    ]),
    ([VIDEO, BUTTONS], {}, ["header", "button.2", "button.3"], [
        {"type": "header", "parameters": [{"type": "video", "video": {"link": "<header>"}}]},
        {"type": "button", "sub_type": "url", "index": "1", "parameters": said("<button.2>")},
        {"type": "button", "sub_type": "copy_code", "index": "2",
         "parameters": [{"type": "coupon_code", "coupon_code": "<button.3>"}]},
    ]),
    (OTP, {"category": "AUTHENTICATION"}, ["code"], [
        {"type": "body", "parameters": said("<code>")},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": said("<code>")},
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "more", "names", "sent"), CASES)
def test_each_value_goes_where_it_belongs(parts, more, names, sent):
    template = row(parts) | more
    wanted = slots(template)
    assert [slot.name for slot in wanted] == names
    assert components(wanted, {name: f"<{name}>" for name in names}) == sent


def test_a_file_is_a_link_or_an_id():
    wanted = slots(row([VIDEO]))
    ((part),) = components(wanted, {"header": "1234567890"})
    assert part["parameters"][0]["video"] == {"id": "1234567890"}


def test_the_text_is_shown_with_its_values():
    template = row([TWO])
    assert filled(template, slots(template), {"1": "Bo", "2": "Al"}) == "Hi Al and Bo."
    code = row(OTP, "AUTHENTICATION")
    assert filled(code, slots(code), {"code": "77"}) == "*77* is your code."


@pytest.mark.parametrize(("category", "parts"), SHAPES, ids=lambda value: str(value)[:60])
def test_every_shape_can_be_filled_or_says_why_not(category, parts):
    template = row(parts, category)
    needs = structured(template) or [slot.name for slot in slots(template)]
    special = ("CAROUSEL", "LIMITED", "FLOW", "MPM", "SPM", "CATALOG", "LOCATION")
    assert (isinstance(needs, str)) is any(word in str(parts).upper() for word in special)
