"""Everything people paste into the wrong field, or with too much around it."""

import pytest

from wizard.text.localised import LANGUAGES, Phrase
from wizard.text.paste import (
    parse_code,
    parse_id,
    parse_pin,
    parse_secret,
    parse_token,
)
from wizard.ui.words import messages

TOKEN = "EAAG" + "m0PX4ZCpsBA" * 14
OTHER = "EAAB" + "9ZBqQwErTyU" * 14
SECRET = "0123456789abcdef0123456789ABCDEF"
ID = "102290129340398"

CURL = f"""curl -i -X POST \\
  https://graph.facebook.com/v26.0/{ID}/messages \\
  -H 'Authorization: Bearer {TOKEN}' \\
  -H 'Content-Type: application/json' \\
  -d '{{ "messaging_product": "whatsapp", "to": "79161234567" }}'"""


def key_of(parsed):
    assert isinstance(parsed, Phrase), parsed
    assert all(messages()[parsed.key].in_language(lang, **parsed.values) for lang in LANGUAGES)
    return parsed.key.removeprefix("paste.")


@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "  {}\n",
        '"{}"',
        "'{}',",
        "«{}»",
        "\ufeff\u200b{}\u200b\u00a0",
        "Bearer {}",
        "bearer  {}",
        "Authorization: Bearer {}",
        "access_token={}",
        "WHATSAPP_TOKEN={}",
        'export WA_TOKEN="{}"',
        '"access_token": "{}",',
        '{{"access_token": "{}", "token_type": "bearer"}}',
        "access_token: {}  # the long one",
        f"https://graph.facebook.com/v26.0/{ID}/messages?access_token={{}}&debug=all",
        "Мой токен: {}",
        "{} {}",  # the same, pasted twice
    ],
)
def test_a_token_is_taken_out_of_whatever_surrounds_it(around):
    assert parse_token(around.format(TOKEN, TOKEN)) == TOKEN


def test_a_token_is_taken_out_of_the_curl_command_of_api_setup():
    assert parse_token(CURL) == TOKEN


@pytest.mark.parametrize("width", [40, 60, 79])
@pytest.mark.parametrize("edge", ["\n", "\r\n", " \n  "])
def test_a_token_that_a_narrow_window_wrapped_is_one_again(width, edge):
    pieces = [TOKEN[start : start + width] for start in range(0, len(TOKEN), width)]
    assert parse_token(edge.join(pieces)) == TOKEN


@pytest.mark.parametrize("below", [ID, "hello", "Hello", "WABA", "a1\nb2", "my shop", "(24 h)"])
def test_what_stands_below_a_token_is_not_part_of_it(below):
    assert parse_token(f"{TOKEN}\n{below}") == TOKEN


def test_a_token_of_a_form_that_nobody_has_seen_yet_is_left_to_meta():
    novel = "META2-" + "abcDEF123_" * 8
    assert parse_token(f" {novel} ") == novel


@pytest.mark.parametrize(
    ("pasted", "key"),
    [
        ("", "token_empty"),
        (" \u200b\n", "token_empty"),
        (f"{TOKEN} {OTHER}", "token_two"),
        (f"{TOKEN}\n{OTHER}", "token_two"),
        (TOKEN[:80] + "…", "token_cut"),
        (TOKEN[:80] + "...", "token_cut"),
        (TOKEN[:30], "token_cut"),
        (f"{TOKEN[:20]}...{TOKEN[-20:]}", "token_cut"),
        ("<ACCESS_TOKEN>", "token_placeholder"),
        ("Bearer <access token>", "token_placeholder"),
        ("YOUR_ACCESS_TOKEN", "token_placeholder"),
        ("$ACCESS_TOKEN", "token_placeholder"),
        ("{{User-Access-Token}}", "token_placeholder"),
        ("ACCESS_TOKEN=your-token-here", "token_placeholder"),
        (f"1029384756102938|{SECRET}", "token_is_app_token"),
        ("1029384756102938|aBcDeFgHiJkLmNoPqRsTuVwXyZ0", "token_is_app_token"),
        (SECRET, "token_is_secret"),
        (f"APP_SECRET={SECRET}", "token_is_secret"),
        ("+7 916 123-45-67", "token_is_phone"),
        ("79161234567", "token_is_phone"),
        ("8 (916) 123-45-67", "token_is_phone"),
        (ID, "token_is_id"),
        (f"waba_id: {ID}", "token_is_id"),
        ("https://developers.facebook.com/apps", "token_is_link"),
        ("hello", "token_wrong"),
        ("я не знаю, что сюда вставить, помогите мне пожалуйста с этим токеном", "token_wrong"),
    ],
)
def test_what_is_no_token_is_named(pasted, key):
    assert key_of(parse_token(pasted)) == key


FOREIGN = {
    "OpenAI": "sk-proj-" + "a1B2" * 12,
    "Anthropic": "sk-ant-api03-" + "a1B2" * 12,
    "Slack": "xoxb-123456789012-abcdefABCDEF",
    "GitHub": "ghp_" + "a1B2" * 9,
    "GitLab": "glpat-" + "a1B2" * 5,
    "AWS": "AKIAIOSFODNN7EXAMPLE",
    "Telegram": "123456789:AA" + "Ab1_" * 8 + "x",
    "Twilio": "SK" + "0123456789abcdef" * 2,
    "Stripe": "sk_live_" + "a1B2" * 6,
    "Google": "AIza" + "a1B2-" * 7,
    "SendGrid": "SG." + "a1B2" * 5 + "." + "a1B2" * 10,
    "Shopify": "shpat_" + "0123456789abcdef" * 2,
    "Instagram": "IGAA" + "a1B2" * 9,
    "npm": "npm_" + "a1B2" * 9,
    "Hugging Face": "hf_" + "a1B2" * 8,
    "JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "SSH/TLS": "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----",
}


@pytest.mark.parametrize("around", ["{}", '"{}"', "Bearer {}", "MY_KEY={}"])
@pytest.mark.parametrize("parse", [parse_token, parse_secret, parse_id])
@pytest.mark.parametrize("service", FOREIGN)
def test_a_key_of_another_service_is_named_and_not_repeated(service, parse, around):
    parsed = parse(around.format(FOREIGN[service]))
    assert key_of(parsed) == "foreign"
    assert parsed.values == {"service": service}


@pytest.mark.parametrize(
    "pasted",
    [
        ID,
        f" {ID}\n",
        f'"{ID}"',
        f"Phone number ID: {ID}",
        f"WABA_ID={ID}",
        f'"waba_id": "{ID}",',
        f"ID {ID}",
        f"\u200e{ID}\u200f",
    ],
)
def test_an_id_is_taken_out_of_its_label(pasted):
    assert parse_id(pasted) == ID


def test_an_id_that_happens_to_be_somebodys_number_too_is_an_id():
    assert parse_id("434274024916545") == "434274024916545"


@pytest.mark.parametrize(
    ("pasted", "key"),
    [
        ("", "id_empty"),
        ("+7 916 123-45-67", "id_is_phone"),
        ("+79161234567", "id_is_phone"),
        ("79161234567", "id_is_phone"),
        ("8 (916) 123-45-67", "id_is_phone"),
        ("+1 555-078-3881", "id_is_phone"),
        (TOKEN, "id_is_token"),
        (f"{ID}|{SECRET}", "id_is_token"),
        (SECRET, "id_is_secret"),
        (f"https://business.facebook.com/settings?business_id={ID}", "id_is_link"),
        ("my shop", "id_wrong"),
        ("123", "id_wrong"),
        ("1" * 21, "id_wrong"),
        (f"{ID} or {ID[::-1]}", "id_wrong"),
        (f"{ID[:8]}…", "id_wrong"),
    ],
)
def test_what_is_no_id_is_named(pasted, key):
    assert key_of(parse_id(pasted)) == key


@pytest.mark.parametrize(
    "pasted",
    [SECRET, f" {SECRET.lower()} ", f'"{SECRET}"', f"APP_SECRET={SECRET}", f"{ID}|{SECRET}"],
)
def test_a_secret_is_32_hexadecimal_digits_wherever_they_stand(pasted):
    assert parse_secret(pasted) == SECRET.lower()


@pytest.mark.parametrize(
    ("pasted", "key"),
    [
        ("", "secret_empty"),
        ("••••••••", "secret_masked"),
        ("********", "secret_masked"),
        (TOKEN, "secret_is_token"),
        (ID, "secret_is_id"),
        (SECRET[:-1], "secret_wrong"),
        (SECRET + "0", "secret_wrong"),
        (f"{SECRET} {SECRET[::-1]}", "secret_wrong"),
    ],
)
def test_what_is_no_secret_is_named(pasted, key):
    assert key_of(parse_secret(pasted)) == key


@pytest.mark.parametrize(
    "pasted",
    [
        "123830",
        "123-830",
        "123 830",
        " 123–830\n",
        "Your WhatsApp code: 123-830. Don't share it.",
        "Код WhatsApp: 123-830. Никому его не сообщайте. 4sgLq1p5sV6",
    ],
)
def test_a_code_is_six_digits_however_it_came(pasted):
    assert parse_code(pasted) == "123830"


@pytest.mark.parametrize(
    ("pasted", "key"),
    [("", "code_empty"), ("12383", "code_wrong"), ("1238301", "code_wrong"), ("abc", "code_wrong")],
)
def test_what_is_no_code_is_named(pasted, key):
    assert key_of(parse_code(pasted)) == key


@pytest.mark.parametrize("pasted", ["049217", " 049-217 ", "049 217", '"049217"'])
def test_a_pin_is_six_digits_and_keeps_its_zero(pasted):
    assert parse_pin(pasted) == "049217"


@pytest.mark.parametrize("pasted", ["", "04921", "0492177", "abcdef", "٠٤٩٢١٧"])
def test_what_is_no_pin_is_named(pasted):
    assert key_of(parse_pin(pasted)) == "pin_wrong"
