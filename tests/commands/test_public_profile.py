"""`number profile` and `number qr`: what customers see of a number."""

import json
import struct
import zlib

import pytest

from wizard.actions import public_profile

PLAY = ("--sandbox=healthy", "--no-input")
SET = ("number", "profile", "set", *PLAY)
QR = ("number", "qr", *PLAY)


def png(width, height):
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + head + struct.pack(">I", zlib.crc32(head))


def jpeg(width, height):
    table = b"\xff\xc4\x00\x04ab"  # a table of codes, whose mark lies among those of frames
    frame = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + b"\x03" + b"\0" * 9
    return b"\xff\xd8\xff\xe0\x00\x04JF" + table + b"\xff" + frame + b"\xff\xd9"


def test_what_is_set_is_shown_and_what_is_not_named_stays(told):
    before = told("number", "profile", *PLAY)[1]["profile"]
    words = ("--about=Open", "--email=shop@zarya.example", "--vertical=prof-services")
    code, data = told(*SET, *words, "--website=https://a.example", "--website=https://b.example")
    assert (code, data["exit_code"]) == (0, 0)
    after = told("number", "profile", *PLAY)[1]["profile"]
    assert after["websites"] == ["https://a.example", "https://b.example"]
    assert (after["about"], after["vertical"]) == ("Open", "PROF_SERVICES")
    assert (after["address"], after["picture"]) == (before["address"], before["picture"])
    told(*SET, "--website=", "--email=")
    after = told("number", "profile", *PLAY)[1]["profile"]
    assert (after["websites"], after["email"]) == ([], "")


@pytest.mark.parametrize("picture", [png(640, 640), jpeg(640, 640)], ids=["png", "jpeg"])
def test_a_picture_is_uploaded_and_the_item_passes(told, wizard, tmp_path, picture):
    (tmp_path / "logo").write_bytes(picture)
    world = ("--sandbox=profile-partly", "--no-input")
    words = ("--email=shop@zarya.example", f"--picture={tmp_path / 'logo'}")
    code, out, _ = wizard("number", "profile", "set", *words, *world)
    assert code == 0
    assert "/uploads" in out
    (item,) = told("audit", "--only=number.profile", *world)[1]["items"]
    assert item["status"] == "passed"


#: What is typed → the key of what is wrong with it.
WRONG = {
    ("--about", ""): "number.profile_about_empty",
    ("--about", "x" * 140): "number.profile_long",
    ("--description", "x" * 513): "number.profile_long",
    ("--address", "x" * 257): "number.profile_long",
    ("--email", "shop at example"): "number.profile_email_form",
    ("--email", "a@b"): "number.profile_email_form",
    ("--website", "zarya.example"): "number.profile_site",
    ("--website", "javascript://zarya.example"): "number.profile_site",
    ("--website", "https://a.example/" + "x" * 250): "number.profile_long",
    ("--vertical", "RETAL"): "number.no_such_vertical_close",
    ("--vertical", "UNDEFINED"): "number.no_such_vertical",
    ("--description", f"Secret: {'0123456789abcdef' * 2}"): "number.profile_secret",
    ("--picture", "/nowhere/at/all.png"): "number.picture_unreadable",
}


@pytest.mark.parametrize(("option", "value"), WRONG)
def test_what_meta_would_refuse_is_refused_before_anything_is_sent(told, sent, option, value):
    code, data = told(*SET, f"{option}={value}")
    assert (code, data["error"]["key"]) == (2, WRONG[option, value])
    assert sent == []
    assert not value or len(value) < 20 or value not in json.dumps(data)


PICTURES = {
    "number.picture_kind": b"GIF89a" + b"\0" * 100,
    "number.picture_small": png(191, 640),
    "number.picture_large": png(640, 640) + b"\0" * public_profile.LARGEST_PICTURE,
}


@pytest.mark.parametrize("key", PICTURES)
def test_a_picture_that_whatsapp_would_not_show_is_refused(told, sent, tmp_path, key):
    (tmp_path / "logo.png").write_bytes(PICTURES[key])
    code, data = told(*SET, f"--picture={tmp_path / 'logo.png'}")
    assert (code, data["error"]["key"], sent) == (2, key, [])


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (("set",), "number.profile_nothing"),
        (("show", "--about=Open"), "number.profile_shows"),
        (("set", *["--website=https://a.example"] * 3), "number.profile_sites"),
    ],
)
def test_a_line_that_makes_no_sense_is_2(told, sent, words, key):
    code, data = told("number", "profile", *words, *PLAY)
    assert (code, data["error"]["key"], sent) == (2, key, [])


def test_a_qr_code_is_made_shown_written_and_removed(told, wizard, tmp_path):
    code, data = told(*QR, "add", "Hello, shop!", f"--output={tmp_path / 'a.svg'}")
    (made,) = data["codes"]
    assert (code, made["text"]) == (0, "Hello, shop!")
    assert b"<svg" in (tmp_path / "a.svg").read_bytes()
    assert told(*QR)[1]["codes"] == [made]
    assert made["link"] in wizard(*QR, "list")[1]
    assert wizard(*QR, "list", made["link"], f"--output={tmp_path / 'a.png'}")[0] == 0
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert told(*QR, "remove", made["code"].lower())[0] == 0
    assert told(*QR)[1]["codes"] == []
    code, data = told(*QR, "list", made["code"])
    assert (code, data["error"]["key"]) == (2, "number.qr_no_such")
    code, data = told(*QR, "remove", made["code"])
    assert (code, data["error"]["key"]) == (1, "number.qr_gone")
    assert "QR code not found" in data["error"]["meta"]["message"]


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (("add",), "number.qr_add_what"),
        (("remove",), "number.qr_remove_what"),
        (("add", "x" * 141), "number.profile_long"),
        (("add", "  "), "number.qr_empty"),
        (("add", f"Secret: {'0123456789abcdef' * 2}"), "number.profile_secret"),
        (("remove", "short"), "number.qr_code_form"),
        (("remove", "ABCDEFGHIJKL/../me"), "number.qr_code_form"),
        (("list", "--output=a.svg"), "number.qr_which"),
        (("add", "Hello", "--output=a.gif"), "number.qr_image"),
    ],
)
def test_a_qr_line_that_makes_no_sense_is_2(told, sent, words, key):
    code, data = told(*QR, *words)
    assert (code, data["error"]["key"], sent) == (2, key, [])


def test_an_output_that_cannot_be_written_says_so(told, tmp_path):
    code, data = told(*QR, "add", "Hello", f"--output={tmp_path / 'none' / 'a.svg'}")
    assert (code, data["error"]["key"]) == (6, "audit.not_written")
