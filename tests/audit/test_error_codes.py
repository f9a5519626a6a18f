"""Every error code that the facts name is explained, in both languages, with one next thing."""

import re

import pytest

from wizard.audit.error_codes import (
    FILE,
    Retry,
    entries,
    explain,
    find,
    related,
    variant_of,
)
from wizard.state.content import ContentError

#: What Meta's pages and the field name; each must have words of its own.
# fmt: off
CODES = [
    0, 1, 2, 3, 4, 5, 10, 15, 17, 32, 33, 100, 101, 102, 104, 190, 200, 299, 341, 368, 506, 613,
    803, 2200, 2500, 80007, 80008, 130403, 130429, 130472, 130497, 131000, 131005, 131008, 131009,
    131016, 131021, 131026, 131030, 131031, 131037, 131042, 131044, 131045, 131047, 131048,
    131049, 131050, 131051, 131052, 131053, 131055, 131056, 131057, 131058, 131059, 131060,
    131062, 131063, 131064, 132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016,
    132018, 132068, 132069, 133000, 133004, 133005, 133006, 133008, 133009, 133010, 133015,
    133016, 134011, 134100, 134101, 134102, 135000, 136024, 136025, 137000, 138024, 138025,
    141002, 141006, 141010, 141014, 147001, 147005, 1752203, 2207051, 2388001, 2388012, 2388019,
    2388023, 2388024, 2388039, 2388040, 2388043, 2388046, 2388072, 2388073, 2388091, 2388093,
    1349174, 1349175, 1349176, 2446080, 2388103, 2388155, 2388293, 2388299, 2388367, 2446079,
    2494002, 2494055, 2494100, 2494160,
    2593107, 2593108, 2593109, 3095008, 130501, 131061, 131065, 141000, 147002, 147003, 147004,
    200000,
]
# fmt: on


@pytest.mark.parametrize("code", CODES)
def test_every_known_code_is_explained(code):
    found = explain(code)
    assert found is not None
    for words in (found.means, found.do):
        for language in ("ru", "en"):
            assert words.in_language(language)  # nothing left to fill


@pytest.mark.parametrize("subcode", [458, 459, 460, 463, 464, 467, 492])
def test_every_way_for_a_token_to_die_has_its_own_words(subcode):
    assert explain(190, subcode).key == f"190/{subcode}"


@pytest.mark.parametrize(
    ("code", "subcode", "key"),
    [
        (190, 0, "190"),
        (190, 999, "190"),
        (100, 33, "100/33"),
        (33, 0, "33"),
        (200, 0, "200-299"),
        (294, 5, "200-299"),
        (80007, 0, "80007"),
        (80004, 0, "80000-80014"),
        # Meta's long numbers come as a code or as a subcode of any code.
        (2388091, 0, "2388091"),
        (136024, 2388091, "136024/2388091"),
        (100, 2207051, "2207051"),
        (10, 1752203, "1752203"),
        (424242, 2388012, "2388012"),
        (100, 7654321, "100"),
    ],
)
def test_the_most_exact_words_are_found(code, subcode, key):
    assert explain(code, subcode).key == key


@pytest.mark.parametrize("code", [-1, 7, 300, 199, 424242])
def test_what_is_not_known_is_not_made_up(code):
    assert explain(code) is None


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("190", "190"),
        ("190/463", "190/463"),
        ("(#131030)", "131030"),
        ("#2200", "2200"),
        (" 133005 ", "133005"),
        ("100/proof_wrong", "100/proof_wrong"),
        ("250", "200-299"),
        ("463", "190/463"),
        ("490", "190/490"),
        (
            "(#200) You do not have the necessary permissions to send messages on behalf of this "
            "WhatsApp Business Account",
            "200-299/messaging_elsewhere",
        ),
        ("(#100) Tried accessing nonexisting field (x) on node type (Y)", "100/unknown_field"),
        # Meta's words go before the subcode: one that is used for two refusals contradicts neither.
        (
            '{"error": {"code": 100, "error_subcode": 2388012, "error_user_msg": '
            '"This number is registered to an existing WhatsApp account."}}',
            "100/number_elsewhere",
        ),
        ("code 100, subcode 2388012: already in your list of phone numbers", "2388012"),
        (
            '{"error": {"code": 100, "error_subcode": 2388019, "error_user_title": '
            '"Phone number limit reached"}}',
            "100/number_limit",
        ),
        (
            '{"error": {"code": 1, "message": "Error validating client secret."}}',
            "100/proof_secret",
        ),
        ("(#803) QR code not found", "803/qr_code"),
        ("(#131030) Recipient phone number not in allowed list", "131030"),
        ("Error: (#133005) Two step verification PIN Mismatch.", "133005"),
        ('{"error": {"message": "x", "code": 190, "error_subcode": 463}}', "190/463"),
        ("code 136024, subcode 2388367", "136024/2388367"),
        ("error_subcode: 460", "190/460"),
        ("100/1349174", "1349174"),
        # Other ways to write a code and its subcode.
        *(
            (asked, "190/463")
            for asked in ("190 463", "190:463", "190 / 463", "(#190/463)", "463.")
        ),
        *(
            (asked, "131047")
            for asked in ("Error 131047", "ошибка 131047", "131047 - Re-engagement")
        ),
        ("200-299", "200-299"),
        ('"error_code": 190', "190"),
        ("OAuthException 190", "190"),
        # A message without its code.
        ("API access blocked.", "190/app_restricted"),
        ("Register endpoint is not available for SMB businesses.", "100/phone_app"),
    ],
)
def test_codes_are_found_as_people_write_them(asked, key):
    assert find(asked).key == key


@pytest.mark.parametrize("asked", ["", "x", "190/", "190-463-1", "1e3", "٣", "9" * 5000])
def test_what_is_no_code_is_not_found(asked):
    assert find(asked) is None


@pytest.mark.parametrize(
    ("code", "message", "proof", "variant"),
    [
        (100, "Invalid appsecret_proof", "wrong", "proof_wrong"),
        (1, "requires appsecret_proof", "required", "proof_required"),
        (100, "(#100) Tried accessing nonexisting field (x)", "", "unknown_field"),
        (100, "Before override …, your app must be subscribed to", "", "subscribe_first"),
        (100, "Invalid parameter", "", ""),
        (190, "must be subscribed", "", ""),
        (190, "Error validating application. Application has been deleted.", "", "app_deleted"),
        (200, "API access blocked.", "", "app_restricted"),
        (
            200,
            "API access deactivated. To reactivate, go to the app dashboard.",
            "",
            "app_restricted",
        ),
        (200, "Provide valid app ID", "", "no_token"),
        (200, "(#200) … to send messages on behalf of this WhatsApp …", "", "messaging_elsewhere"),
        (131005, "WhatsApp Payments Terms of Service acceptance pending", "", "terms"),
        (100, "Register endpoint is not available for SMB businesses.", "", "phone_app"),
        (136025, "Registration is not available for SMB accounts", "", "phone_app"),
        (136025, "Verify code error", "", ""),
        (100, "Cannot Create Certificate: Your display name could not …", "", "display_name"),
        (100, "Cannot Create Certificate: turn off two-factor …", "", "two_step"),
        (100, "(#100) The parameter partner_ids is required.", "", "partner_account"),
        (100, "(#100) The App_id … did not match the Viewing App", "", "another_app"),
        (100, "(#100) Missing Permission", "", "missing_permission"),
        (200, "(#200) Requires business_management permission", "", "cannot_list"),
        (2500, "Unknown path components: /x", "", "no_such_path"),
        (2500, "An active access token must be used", "", ""),
    ],
)
def test_messages_of_one_code_are_told_apart(code, message, proof, variant):
    assert variant_of(code, message, proof) == variant
    if variant:
        assert explain(code, variant=variant).key.endswith(f"/{variant}")


def test_related_codes_are_listed():
    assert related(190)[0].key == "190/458"
    assert related(131030) == ()
    assert related(424242) == ()


def test_what_costs_attempts_is_not_to_be_repeated():
    assert explain(133005).retry is Retry.NO
    assert explain(133016).retry is Retry.LATER
    assert explain(2).retry is Retry.YES
    # A subcode takes over what its code says.
    assert explain(190, 463).retry is Retry.NO
    assert explain(190, 463).link == explain(190).link != ""


def all_explanations():
    for entry in entries():
        yield entry.own
        yield from entry.details.values()


@pytest.mark.parametrize("found", list(all_explanations()), ids=lambda found: found.key)
def test_words_are_short_and_russian_is_russian(found):
    for words in (found.means, found.do):
        assert len(words.ru) <= 220
        assert len(words.en) <= 220
        assert re.search("[а-я]{3}", words.ru)
        assert not re.search("[а-яё]", words.en)
        # Both name the same commands and the same places.
        commands = (
            r"wa-wizard [a-z]+(?: (?:set \w+|register|pin|list|request-code|probe|subscribe))?"
        )
        assert re.findall(commands, words.ru) == re.findall(commands, words.en)


GOOD = """
"1":
  means: {ru: "а", en: "a"}
  do: {ru: "б", en: "b"}
  retry: "no"
"""


@pytest.mark.parametrize(
    ("was", "becomes", "names"),
    [
        ('en: "a"', "", "line 3: 1.means: expected exactly"),
        ('{ru: "б", en: "b"}', '{ru: "б"}', "line 4: 1.do: expected exactly"),
        ("means:", "menas:", "line 3: 1.menas: unknown key"),
        ('  do: {ru: "б", en: "b"}\n', "", "line 2: 1: Object missing required field `do`"),
        ('retry: "no"', 'retry: "often"', "line 5: 1.retry: one of no, later, yes"),
        ('retry: "no"', "retry: false", "line 5: 1.retry: one of no, later, yes"),
        ('  retry: "no"', "", "line 2: 1: Object missing required field `retry`"),
        ('retry: "no"', 'retry: "no"\n  link: http://plain.example', "line 2: 1: a link begins"),
        ('retry: "no"', 'retry: "no"\n  help: me', "line 6: 1.help: unknown key"),
        ('"1":', '"x":', "line 2: x: a key is a code"),
        ('"1":', '"9-1":', "line 2: 9-1: a key is a code, or a range"),
        ('ru: "а", en: "a"', 'ru: "{а}", en: "{а}"', "placeholders"),
        (
            'retry: "no"',
            'retry: "no"\n  subcodes: {"2": {means: {ru: "а", en: "a"}}}',
            "1.subcodes.2: Object missing required field `do`",
        ),
        ('retry: "no"', 'retry: "no"\n  subcodes: {"2": 3}', "1.subcodes.2: Expected"),
        ('retry: "no"', 'retry: "no"\n  subcodes: {2: {}}', "1.subcodes.2"),
        ('retry: "no"', 'retry: "no"\n  variants: {"2": {}}', "1.variants.2"),
        (
            'retry: "no"',
            'retry: "no"\n  variants: {"2": {means: {ru: "а", en: "a"}, do: {ru: "а", en: "a"}}}',
            "1.variants.2: not a name",
        ),
        (GOOD, GOOD + GOOD, "line 7: repeated"),
        (GOOD, GOOD + GOOD.replace('"1"', '"1-1"'), "same"),
    ],
)
def test_a_malformed_file_is_refused_by_name(tmp_path, was, becomes, names):
    assert was in GOOD
    path = tmp_path / f"{FILE}.yaml"
    path.write_text(GOOD, "utf-8")
    assert len(entries(tmp_path)) == 1
    entries.cache_clear()
    path.write_text(GOOD.replace(was, becomes), "utf-8")
    with pytest.raises(ContentError, match=re.escape(names)):
        entries(tmp_path)


def test_an_unquoted_code_and_an_unquoted_no_are_what_stands_there(tmp_path):
    """YAML 1.1 makes a number and a truth value of them; our reader does not."""
    (tmp_path / f"{FILE}.yaml").write_text(GOOD.replace('"1"', "1").replace('"no"', "no"), "utf-8")
    (entry,) = entries(tmp_path)
    assert (entry.own.key, entry.own.retry) == ("1", Retry.NO)
