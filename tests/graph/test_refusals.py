"""Graph's error codes become the few kinds of trouble that a person can act on."""

import pytest

from wizard.graph.errors import refusal
from wizard.text.errors import ErrorKind

NAMED = "(#100) Tried accessing nonexisting field (verified_name) on node type (Business)"
REQUIRED = "API calls from the server require an appsecret_proof argument"
WRONG = "Invalid appsecret_proof provided in the API argument"


def read(http=400, **error):
    return refusal(http, {"error": error})


@pytest.mark.parametrize(
    ("trouble", "codes"),
    [
        (ErrorKind.REFUSED, [0, 102, 104, 190]),
        (ErrorKind.PERMISSION, [3, 10, 15, 200, 250, 299, 131005]),
        (ErrorKind.NOT_VISIBLE, [33, 803]),
        (
            ErrorKind.BUSY,
            [1, 2, 4, 17, 32, 341, 613, 80007, 80008, 130429, 131000, 131016, 2494100],
        ),
        (ErrorKind.ODD, [100, 368, 506, 2200, 131030, 131042, 132001, 133005, 133010, 133016, 99]),
    ],
)
def test_the_code_decides(trouble, codes):
    assert {code: read(code=code).kind for code in codes} == dict.fromkeys(codes, trouble)


@pytest.mark.parametrize(
    ("http", "error", "trouble"),
    [
        (400, {"code": 100, "error_subcode": 33}, ErrorKind.NOT_VISIBLE),
        (400, {"code": 100, "error_subcode": "33"}, ErrorKind.NOT_VISIBLE),
        (400, {"code": "190"}, ErrorKind.REFUSED),
        (200, {"code": 190}, ErrorKind.REFUSED),
        (403, {"code": 131030}, ErrorKind.ODD),
        (500, {"code": 424242}, ErrorKind.BUSY),
        (503, {"message": "no code"}, ErrorKind.BUSY),
        (429, {"code": 424242}, ErrorKind.BUSY),
        (400, {"code": 424242, "is_transient": True}, ErrorKind.BUSY),
        (400, {"message": "no code"}, ErrorKind.ODD),
        (400, {"code": None}, ErrorKind.ODD),
        (400, {"code": "x"}, ErrorKind.ODD),
        (400, {"code": [1]}, ErrorKind.ODD),
    ],
)
def test_the_rest_decides_where_the_code_does_not(http, error, trouble):
    assert read(http, **error).kind is trouble


@pytest.mark.parametrize(
    ("code", "message", "proof"),
    [
        (100, REQUIRED, "required"),
        (1, REQUIRED, "required"),
        (100, WRONG, "wrong"),
        (1, WRONG, "wrong"),
    ],
)
def test_the_proof_of_the_app_secret_is_told_apart(code, message, proof):
    error = read(code=code, message=message)
    assert (error.kind, error.values["proof"]) == (ErrorKind.REFUSED, proof)


def test_a_field_of_another_kind_of_node_names_the_kind():
    assert read(code=100, message=NAMED).values["node_type"] == "Business"


@pytest.mark.parametrize(
    ("error", "details"),
    [
        ({"error_data": {"messaging_product": "whatsapp", "details": "Too long"}}, "Too long"),
        ({"error_data": '{"details": "Too long"}'}, "Too long"),
        ({"error_data": "Too long"}, "Too long"),
        ({"error_data": {"details": "A"}, "error_user_msg": "B"}, "A"),
        ({"error_user_title": "No code", "error_user_msg": "Wait"}, "No code: Wait"),
        ({"error_data": '{"blame": 1}', "error_user_msg": "Wait"}, "Wait"),
        ({"error_data": "[]"}, ""),
        ({"error_data": 7}, ""),
        ({}, ""),
    ],
)
def test_details_are_found_wherever_meta_puts_them(error, details):
    assert read(code=100, **error).details == details


@pytest.mark.parametrize("key", ["error_subcode", "subcode"])
def test_both_names_of_the_subcode_are_read(key):
    assert read(code=190, **{key: 463}).subcode == 463


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "invalid_grant", "error_description": "Code was used"},
        {"error": True},
        {"error": {}},
        {"error": []},
        {},
    ],
)
def test_an_envelope_of_another_shape_is_odd_and_complete(answer):
    error = refusal(400, answer)
    assert error.kind is ErrorKind.ODD
    assert set(error.values) == {"code", "subcode", "http", "message", "details", "trace"}


def test_control_bytes_of_meta_do_not_reach_the_terminal():
    error = read(code=100, message="a\x1b]52;c;eA==\x07b\u202e", fbtrace_id="A\x1b[2J")
    assert "\x1b" not in repr(error.values["message"]) + repr(error.values["trace"])


@pytest.mark.parametrize(
    "secret",
    [
        "EAAGm0PX4ZCpsBAKZCx2ZBZCZA",
        "1234567890|aBcDeF-_0123456789abcdef",
        "1234567890%7CaBcDeF0123456789",
        "0123456789abcdef0123456789abcdef",
        "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
    ],
)
def test_what_looks_like_a_secret_is_masked(secret):
    error = read(code=190, message=f"InvalidYaml access token {secret}", error_user_msg=secret)
    assert error.message == "InvalidYaml access token ••••"
    assert error.details == "••••"
