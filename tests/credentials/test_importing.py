"""What is found in files of somebody else's, and under which name it is kept."""

import json

import pytest

from tests.support.terminal import ENTER, Terminal
from wizard.commands.credentials.recognise import contents, find
from wizard.graph.consent import granted
from wizard.state.config import Config
from wizard.state.record import ProfileRecord
from wizard.text.secret import Secret
from wizard.vault.encrypted_file import EncryptedFile

TOKEN, SECRET = "EAAG" + "b" * 120, "0123456789abcdef0123456789abcdef"


def seen(text):
    return {(f.name, f.value or f.secret.reveal()) for f in find(text) if not f.why}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (json.dumps({"a": [{"b": {"pageAccessToken": TOKEN}}]}), {("token", TOKEN)}),
        (json.dumps([TOKEN]), {("token", TOKEN)}),
        (f"WHATSAPP_TOKEN={TOKEN}", {("token", TOKEN)}),
        (f"export META_SYSTEM_USER_TOKEN='{TOKEN}'  # ours", {("token", TOKEN)}),
        (f"  ACCESS_TOKEN: Bearer {TOKEN}", {("token", TOKEN)}),
        (f"X={TOKEN}\nY={TOKEN}", {("token", TOKEN)}),
        (f"FB_APP_SECRET={SECRET}", {("app_secret", SECRET)}),
        (json.dumps({"app": {"secret": {"value": SECRET}}}), {("app_secret", SECRET)}),
        (f"T=1029384756102938|{SECRET}", {("app_secret", SECRET), ("app_id", "1029384756102938")}),
        (f"DATABASE_HASH={SECRET}", set()),
        ("WHATSAPP_CLOUD_VERIFY_TOKEN=swordfish", {("verify_token", "swordfish")}),
        (json.dumps({"webhook_verify_token": "s"}), {("verify_token", "s")}),
        (json.dumps({"phone_number_id": 10654035224}), {("phone_number_id", "10654035224")}),
        ("PHONE_ID=106540352242922", {("phone_number_id", "106540352242922")}),
        ("WHATSAPP_BUSINESS_ACCOUNT_ID=102290129340398", {("waba_id", "102290129340398")}),
        (json.dumps({"businessAccountId": "102290129340398"}), {("waba_id", "102290129340398")}),
        (json.dumps({"waba": {"id": "102290129340398"}}), {("waba_id", "102290129340398")}),
        (json.dumps({"clientId": "1029384756102938"}), {("app_id", "1029384756102938")}),
        ("BUSINESS_ID=884422113355779", {("business_id", "884422113355779")}),
        ("TWO_STEP_PIN=271828", {("two_step_pin", "271828")}),
        ("SPINNING=271828\nPORT=8080\nPHONE=+79160000000", set()),
        ("VERIFY_TOKEN=your-verify-token\nACCESS_TOKEN=<paste here>", set()),
        ('VERIFY_TOKEN=""\nAPP_SECRET=\nX_VERIFY_TOKEN=\'  \'', set()),
        (json.dumps({"verify_token": ""}), set()),
        (f"$env:WHATSAPP_TOKEN = '{TOKEN}'", {("token", TOKEN)}),
        (f'set "WHATSAPP_TOKEN={TOKEN}"', {("token", TOKEN)}),
        (f"set -gx WHATSAPP_TOKEN {TOKEN}", {("token", TOKEN)}),
        (f'{{"token": "{TOKEN}",  // ours\n}}', {("token", TOKEN)}),
        (f"curl -H 'Authorization: Bearer {TOKEN}' https://graph.facebook.com", {("token", TOKEN)}),
        ("[" * 100_000, set()),
        ("{}", set()),
        ("", set()),
    ],
)  # fmt: skip
def test_secrets_are_known_by_their_shape_and_the_rest_by_their_names(text, found):
    assert seen(text) == found


OTHER = "EAAH" + "c" * 120
BLANK = {"name": "WhatsApp Cloud API", "values": [{"key": "User-Access-Token", "value": TOKEN}]}
TAKEN = {("token", TOKEN)}
APP = {("app_id", "1029384756102938"), ("app_secret", SECRET)}
SEVERAL = {("verify_token", "sword"), ("app_secret", SECRET)}
BOTH = {("token", TOKEN), ("waba_id", "102290129340398")}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$Env:VERIFY_TOKEN = 'it''s'", {("verify_token", "it's")}),
        ('${env:VERIFY_TOKEN}="a`"b"', {("verify_token", 'a"b')}),
        (
            f"[Environment]::SetEnvironmentVariable('APP_SECRET', '{SECRET}', 'User')",
            {("app_secret", SECRET)},
        ),
        (
            f'@echo off\r\nset "T={TOKEN}"\r\nset VERIFY_TOKEN=a"b',
            {("token", TOKEN), ("verify_token", 'a"b')},
        ),
        ("setx WABA_ID 102290129340398 /M", {("waba_id", "102290129340398")}),
        ('setx VERIFY_TOKEN "sword"', {("verify_token", "sword")}),
        ("set -gx VERIFY_TOKEN 'it\\'s'", {("verify_token", "it's")}),
        ("set --export --global VERIFY_TOKEN sword", {("verify_token", "sword")}),
        (f"setenv T {TOKEN}", {("token", TOKEN)}),
        (
            f'{{ // ours, not "theirs"\n "t": "{TOKEN}", /* , */ "verify_token": "a//b,}}",}}',
            {("token", TOKEN), ("verify_token", "a//b,}")},
        ),
        (f"{{'t': '{TOKEN}', 'waba_id': '102290129340398', }}", BOTH),
        (f"waba_id: 102290129340398\nnested:\n  - token: {TOKEN}\n", BOTH),
        ("bot:\n  two_step_pin: 012345\n", {("two_step_pin", "012345")}),
        ("bot:\n  environment:\n    - VERIFY_TOKEN=sword\n", {("verify_token", "sword")}),
        ("env:\n- name: VERIFY_TOKEN\n  value: sword\n", {("verify_token", "sword")}),
        (f'[bot]\naccess_token = "{TOKEN}"\nwaba_id = 102290129340398\n', BOTH),
        (f"[bot]\n; ours\naccess_token = {TOKEN}\nwaba_id: 102290129340398\n", BOTH),
        (f"name,value\nACCESS_TOKEN,{TOKEN}\nWABA_ID,102290129340398\n", BOTH),
        (f"client;token;waba_id\nacme;{TOKEN};102290129340398\n", BOTH),
        (json.dumps(BLANK), {("token", TOKEN)}),
        (
            f"curl -X POST \\\n 'https://graph.facebook.com/v25.0/106540352242922/messages' \\\n"
            f" -H 'Authorization: Bearer {TOKEN}'",
            {("token", TOKEN), ("phone_number_id", "106540352242922")},
        ),
        (
            f"curl 'https://graph.facebook.com/oauth/access_token?client_id=1029384756102938"
            f"&client_secret={SECRET}'",
            {("app_id", "1029384756102938"), ("app_secret", SECRET)},
        ),
        (
            f'ACCESS_TOKEN="{TOKEN}"\nAPP_ID=""\nAPP_SECRET=\nRECIPIENT_WAID=""\nVERSION="v18.0"\n'
            'PHONE_NUMBER_ID=""\nVERIFY_TOKEN="sword"\n',
            {("token", TOKEN), ("verify_token", "sword")},
        ),
        ("VERIFY_TOKEN=`it's`", {("verify_token", "it's")}),
        ("VERIFY_TOKEN='it'\\''s'", {("verify_token", "it's")}),
        (
            f"{{ access_token: '{TOKEN}', verify_token: 'it\\'s \"//',\n # ours\n}}",
            {("token", TOKEN)},
        ),
        (
            f"bot = {{'t': '{TOKEN}', 'verify_token': 'a//b', 'x': None}}",
            TAKEN | {("verify_token", "a//b")},
        ),
        (f"// ours\n{{waba_id: '102290129340398', t: '{TOKEN}'}}", BOTH),
        (
            "kind: Secret\ndata:\n  VERIFY_TOKEN: c3dvcmRmaXNoCg==\n  N: 5\n  X: '???'\n",
            {("verify_token", "swordfish")},
        ),
        (f"curl 'https://x/?access_token=1029384756102938|{SECRET}'", APP),
        (f"https://x/me?access_token=1029384756102938%7C{SECRET}", APP),
        (f"docker run -e VERIFY_TOKEN=sword --env=APP_SECRET={SECRET} bot", SEVERAL),
        (f"ENV VERIFY_TOKEN=sword APP_SECRET={SECRET}", SEVERAL),
        (f"ENV T {TOKEN}", TAKEN),
        (f'[Service]\nEnvironment=VERIFY_TOKEN=sword "APP_SECRET={SECRET}"', SEVERAL),
        (f"export VERIFY_TOKEN='sword' APP_SECRET={SECRET}", SEVERAL),
        (f"VERIFY_TOKEN=sword APP_SECRET={SECRET} node bot.js", SEVERAL),
        (f"Access token: {TOKEN}\nApp secret: {SECRET}", TAKEN | {("app_secret", SECRET)}),
        (f"- App ID: 1029384756102938\n- App secret: {SECRET}", APP),
        (f"| what | value |\n|---|---|\n| App secret | `{SECRET}` |", {("app_secret", SECRET)}),
        (f"VERIFY_TOKEN=sword\rAPP_SECRET={SECRET}\r", SEVERAL),
        ("VERIFY_TOKEN=$'it\\'s'", {("verify_token", "it's")}),
        ("VERIFY_TOKEN=$'a\\x41'", set()),
        ("VERIFY_TOKEN='never closed", set()),
        ("export VERIFY_TOKEN=$(pass show x)", set()),
        ("- &a [*a]\n- b:\n", set()),
        ("A." * 30_000 + "a = 1\n[x]\n", set()),
    ],
)
def test_the_shapes_people_have_are_understood(text, found):
    assert seen(text) == found


def written(shop, content, name="credentials.json"):
    path = shop.folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def token_of(shop, kind, letter, **more):
    """Another living token of the same person and app."""
    value = "EAA" + letter * 150
    shop.tokens()[kind + letter] = {
        **shop.tokens()["system_user"],
        "value": value,
        "kind": kind,
        **more,
    }
    return value


def test_the_file_of_the_document_is_taken_over_whole(open_shop):
    """A page token, as its variant A has it, beside a better one; named for what they are."""
    shop = open_shop()
    page = token_of(shop, "PAGE", "b", page="110220330440550")
    path = written(
        shop,
        {
            "facebook": {"pages": [{"access_token": page}]},
            "whatsapp": {
                "user_access_token": shop.meta.access_token,
                "phone_number_id": shop.meta.phone_number_id,
                "waba": {"id": shop.meta.waba_id},
            },
            "app": {"client_secret": shop.meta.app_secret},
        },
    )
    said = shop.run("import", str(path), "--yes")
    # Meta says what it is, whatever the file calls it.
    assert shop.kept("access_token") == shop.meta.access_token
    assert shop.kept("page_token:110220330440550") == page
    assert shop.kept("app_secret") == shop.meta.app_secret
    ids = shop.record.ids
    assert (ids["waba_id"], ids["app_id"]) == (shop.meta.waba_id, shop.meta.app_id)
    assert str(path) in " ".join(said.out.split())
    assert path.exists()
    for value in (page, shop.meta.access_token, shop.meta.app_secret):
        assert value not in said.both


def test_a_page_token_alone_is_asked_about_the_account_and_a_better_way_is_shown(open_shop):
    shop = open_shop("token-page")
    path = written(shop, {"t": shop.meta.access_token, "waba_id": shop.meta.waba_id})
    data = shop.data("import", str(path), "--yes")
    token = next(row for row in data["found"] if row["name"] == "token")
    assert token["kind"] == "PAGE"
    assert token["reaches_account"] is False
    assert token["place"] == "page_token:110220330440550"
    assert shop.kept("access_token") is None


def test_a_token_of_sixty_days_is_taken_and_the_way_to_a_system_user_shown(open_shop):
    shop = open_shop("token-user-sixty-days")
    path = written(shop, {"t": shop.meta.access_token, "waba_id": shop.meta.waba_id})
    said = shop.run("import", str(path), "--yes")
    assert shop.kept("access_token") == shop.meta.access_token
    assert shop.record.secrets["access_token"].kind == "USER"
    assert "wa-wizard setup" in said.out


def test_a_token_of_hours_is_exchanged_where_the_app_secret_is_known(open_shop):
    shop = open_shop("rehearsal")
    content = f"A={shop.meta.access_token}\nAPP_SECRET={shop.meta.app_secret}\n"
    shop.run("import", str(written(shop, content, ".env")), "--yes")
    assert shop.kept("access_token") not in (None, shop.meta.access_token)
    assert shop.record.secrets["access_token"].expires_at > "2026-12"


def test_an_exchange_that_is_declined_leaves_the_token_as_it_was(open_shop, monkeypatch):
    def agreed(context, name, text, *requests, **how):
        return granted(name, requests) if name == "import" else None

    monkeypatch.setattr("wizard.commands.credentials.import_file.agreed", agreed)
    shop = open_shop("rehearsal")
    content = f"A={shop.meta.access_token}\nAPP_SECRET={shop.meta.app_secret}\n"
    shop.run("import", str(written(shop, content, ".env")))
    assert shop.kept("access_token") == shop.meta.access_token


@pytest.mark.parametrize(
    "content",
    [
        "VERIFY_TOKEN=my_verify_token",
        "ACCESS_TOKEN=your-access-token",
        "APP_SECRET=xxxxxxxx",
        "TWO_STEP_PIN=<six digits>",
        "WABA_ID={{waba}}",
        "VERIFY_TOKEN='two words'",
        "VERIFY_TOKEN=changeme",
        "ACCESS_TOKEN=EAAxxxxxxxx",
    ],
)
def test_what_looks_like_a_placeholder_is_named_and_keeps_its_file(open_shop, content):
    shop = open_shop()
    key, _, value = content.partition("=")
    path = written(shop, f"{content}\nX_VERIFY_TOKEN=swordfish\n", ".env")
    said = shop.run("import", str(path), "--yes", "--remove-file")
    assert f"{key}:" in said.out
    assert value.strip("'") not in said.both
    assert shop.kept("verify_token") == "swordfish"
    assert path.exists()


def test_a_link_is_not_removed_in_place_of_the_file(open_shop):
    shop = open_shop()
    path, link = written(shop, {"verify_token": "swordfish"}), shop.folder / "link"
    link.symlink_to(path)
    shop.run("import", str(link), "--yes", "--remove-file", code=2)
    assert path.exists()
    assert link.is_symlink()
    assert shop.kept("verify_token") is None
    shop.run("import", str(link), "--yes")


def test_an_id_is_kept_as_what_meta_says_it_is(open_shop):
    """Evolution API calls the WABA businessId; others take the portfolio for the WABA."""
    shop = open_shop()
    ids = {"businessId": shop.meta.waba_id, "waba_id": shop.meta.phone_number_id}
    path = written(shop, {"token": shop.meta.access_token, **ids})
    shop.run("import", str(path), "--yes")
    assert shop.record.ids["waba_id"] == shop.meta.waba_id
    assert shop.record.ids["phone_number_id"] == shop.meta.phone_number_id
    assert "business_id" not in shop.record.ids


@pytest.mark.parametrize(
    ("style", "value"),
    [
        *[("env", value) for value in ("it's\"5$a\\b#c", "${HOME}", "my_verify_token", "a'")],
        *[("dotenv", value) for value in ("it's", "`x`$HOME", "a#b;c,d", "<x>")],
        *[("json", value) for value in (" two words ", "your-token", "EAAG" + "x" * 60)],
        *[("github", value) for value in ("a'b", "{x}", "null")],
        *[("docker", value) for value in ('"abc"', "a #b", "'", " x ", "$HOME")],
    ],
)
def test_a_value_full_of_signs_comes_back_as_it_left(shop, style, value):
    shop.keep("verify_token", value)
    target = shop.folder / "move"
    shop.run("export", "verify_token", "--yes", "--format", style, "--output", str(target))
    shop.run("remove", "verify_token")
    shop.run("import", str(target), "--yes", "--remove-file")
    assert shop.kept("verify_token") == value


def test_the_dead_the_foreign_and_the_second_are_named_and_left(shop):
    dead, theirs = "EAA" + "d" * 150, token_of(shop, "SYSTEM_USER", "a", app="5647382910564738")
    second = token_of(shop, "SYSTEM_USER", "c")
    content = {"d": dead, "t": theirs, "s": second, "waba_id": "999999999999", "verify_token": "x"}
    shop.keep("verify_token", "y")
    data = shop.data("import", str(written(shop, content)), "--yes", code=4)
    assert {row["keys"][0]: row["reason"] for row in data["found"]} == {
        "d": "dead",
        "t": "other_app",
        "s": "second",
        "waba_id": "other_id",
        "verify_token": "kept_another",
    }
    assert shop.kept() == shop.meta.access_token
    assert shop.kept("verify_token") == "y"


def test_a_secret_of_another_app_is_left(open_shop):
    shop = open_shop("app-secret-of-another-app").settle("access_token")
    path = written(shop, {"app_secret": shop.meta.app_secret})
    assert shop.data("import", str(path), "--yes", code=4)["found"][0]["reason"] == "other_secret"


def test_nothing_is_kept_without_consent(open_shop):
    shop = open_shop()
    path = written(shop, {"t": shop.meta.access_token})
    shop.run("import", str(path), code=2)
    assert shop.kept() is None


def test_the_file_goes_on_request_once_everything_in_it_is_kept(open_shop):
    shop = open_shop()
    path = written(shop, {"t": shop.meta.access_token, "d": "EAA" + "d" * 150})
    shop.run("import", str(path), "--yes", "--remove-file")
    assert path.exists()  # one of them was not kept
    whole = written(shop, {"verify_token": "swordfish"}, "whole.json")
    assert shop.data("import", str(whole), "--yes", "--remove-file")["file_remains"] is False
    assert not whole.exists()


@pytest.mark.parametrize("style", ["env", "dotenv", "json", "github", "docker"])
def test_what_one_machine_exports_another_imports(shop, style):
    shop.keep("verify_token", "swordfish")
    shop.keep("two_step_pin", "271828")
    before = {name: shop.kept(name) for name in shop.record.secrets}
    target = shop.folder / "move"
    shop.run("export", "--yes", "--format", style, "--output", str(target))
    shop.run("remove", "--all", "--yes")
    shop.store.save(ProfileRecord())
    data = shop.data("import", str(target), "--yes", "--remove-file")
    assert data["file_remains"] is False
    assert {name: shop.kept(name) for name in before} == before
    assert shop.record.ids["phone_number_id"] == shop.meta.phone_number_id


def test_an_app_that_wants_a_proof_is_no_dead_token(open_shop):
    shop = open_shop("proof-required")
    path = written(shop, {"t": shop.meta.access_token})
    assert shop.data("import", str(path), "--yes", code=4)["found"][0]["reason"] == "needs_secret"


AB = ["acme", "beta"]
A, B = "102290129340398", "102290129340399"
PAIR = [
    {"name": "Acme", "token": TOKEN, "waba_id": A},
    {"name": "Beta", "token": OTHER, "waba_id": B},
]


@pytest.mark.parametrize(
    ("text", "clients"),
    [
        (json.dumps(PAIR), ["Acme", "Beta"]),
        ("\n".join(json.dumps(one) for one in PAIR), ["Acme", "Beta"]),
        (json.dumps({"clients": PAIR}), ["Acme", "Beta"]),
        (json.dumps({"acme": {"t": TOKEN, "waba": {"id": A}}, "b": PAIR[1]}), ["acme", "Beta"]),
        (f"client,token,waba_id\nAcme,{TOKEN},{A}\nBeta,{OTHER},{B}\n", ["Acme", "Beta"]),
        (f"client,token\nAcme,{TOKEN}\nBeta,{OTHER}\n", ["Acme", "Beta"]),
        (f"[acme]\ntoken = {TOKEN}\nwaba_id = {A}\n[beta]\ntoken: {OTHER}\nwaba_id={B}\n", AB),
        (f"acme:\n  token: {TOKEN}\n  waba_id: {A}\nbeta:\n  token: {OTHER}\n  waba_id: {B}\n", AB),
        (f"ACME_TOKEN={TOKEN}\nACME_WABA_ID={A}\nBETA_TOKEN={OTHER}\nBETA_WABA_ID={B}\n", AB),
        (f"ACCESS_TOKEN={TOKEN}\nWABA_ID={A}\n\nACCESS_TOKEN={OTHER}\nWABA_ID={B}\n", ["1", "2"]),
        (f"TOKEN_1={TOKEN}\nPHONE_ID_1={A}\nTOKEN_2={OTHER}\nPHONE_ID_2={B}\n", ["1", "2"]),
        (json.dumps({"t": TOKEN, "wabas": [{"waba_id": A}, {"waba_id": B}]}), [""]),
        (json.dumps({"pages": [{"name": "a", "t": TOKEN}, {"name": "b", "t": OTHER}]}), [""]),
        (json.dumps({"waba_id": A, "t": TOKEN, "n": [{"phone_id": B}, {"phone_id": A}]}), [""]),
        (f"TOKEN={TOKEN}\nTOKEN={OTHER}\n", [""]),
        (json.dumps([{"name": TOKEN, **PAIR[0]} | {"name": TOKEN}, PAIR[1]]), ["••••", "Beta"]),
    ],
)  # fmt: skip
def test_several_clients_are_told_apart_by_what_each_has_of_its_own(text, clients):
    assert list(contents(text).clients) == clients


def test_what_all_clients_share_goes_to_each():
    text = f"A_TOKEN={TOKEN}\nA_WABA_ID={A}\nB_TOKEN={OTHER}\nB_WABA_ID={B}\nVERIFY_TOKEN=x\n"
    for label, token in (("a", TOKEN), ("b", OTHER)):
        theirs = {f.name: f.value or f.secret.reveal() for f in contents(text).clients[label]}
        assert theirs["token"] == token
        assert theirs["verify_token"] == "x"


def of_two(shop):
    """Two clients with a living token each; their file."""
    theirs = token_of(shop, "SYSTEM_USER", "c")
    acme = {
        "name": "Acme",
        "token": shop.meta.access_token,
        "phone_number_id": shop.meta.phone_number_id,
    }
    return written(shop, [acme, {"name": "Beta", "token": theirs, "phone_number_id": B}])


def test_nobody_is_asked_so_nothing_is_taken_and_the_clients_are_named(open_shop):
    shop = open_shop()
    path = of_two(shop)
    said = shop.run("import", str(path), "--yes", "--remove-file", code=2)
    assert "Acme" in said.err
    assert "Beta" in said.err
    assert shop.kept() is None
    assert path.exists()


def test_a_profile_that_is_named_takes_the_client_it_is_of(open_shop):
    shop = open_shop()
    shop.store.save(ProfileRecord(ids={"phone_number_id": B}))
    path = of_two(shop)
    shop.run("import", str(path), "--yes", code=2)
    data = shop.data("import", str(path), "--yes", "--remove-file", "--profile", "default")
    assert shop.kept() == "EAA" + "c" * 150
    assert data["file_remains"]  # the other one's stays behind


def test_a_person_says_where_each_client_goes(open_shop):
    shop = open_shop()
    store = {"store": "encrypted-file"}
    both = Config().with_profile("acme", vault=store).with_profile("two", vault=store)
    shop.home.save_config(both)
    path = of_two(shop)
    words = ["-m", "wizard", "credentials", "import", str(path), "--lang", "en", "--yes"]
    terminal = Terminal([*words, "--remove-file"], columns=200)
    terminal.until("Acme").send(ENTER)
    terminal.until("Beta").send("acme" + ENTER)
    terminal.until("already").send("two" + ENTER)
    assert terminal.end() == 0
    for profile, number in (("acme", shop.meta.phone_number_id), ("two", B)):
        record = type(shop.store)(shop.home.status_path(profile)).load()
        assert record.ids["phone_number_id"] == number
        assert "access_token" in record.secrets
    assert not path.exists()


@pytest.mark.parametrize(("answer", "kept"), [("y", "my_verify_token"), ("n", None)])
def test_a_person_is_asked_about_what_looks_like_a_placeholder(open_shop, answer, kept):
    shop = open_shop()
    path = written(shop, f"VERIFY_TOKEN=my_verify_token\nWABA_ID={shop.meta.waba_id}\n", ".env")
    words = ["-m", "wizard", "credentials", "import", str(path), "--lang", "en", "--remove-file"]
    terminal = Terminal(words, columns=200)
    terminal.until("placeholder").send(answer + ENTER)
    terminal.until("waba_id?").send("y" + ENTER)
    assert terminal.end() == 0
    assert shop.kept("verify_token") == kept
    assert path.exists() is (kept is None)


def test_lines_that_are_not_understood_are_named_by_number_and_keep_their_file(open_shop):
    shop = open_shop()
    lines = ["VERIFY_TOKEN=swordfish", "", "# a comment", "what is this", "X_SECRET='ajar"]
    path = written(shop, "\n".join(lines), ".env")
    data = shop.data("import", str(path), "--yes", "--remove-file")
    assert data["unread_lines"] == [4, 5]
    assert path.exists()
    said = shop.run("import", str(path), "--yes")
    assert "4, 5" in " ".join(said.out.split())
    assert "what is" not in said.both
    assert "ajar" not in said.both


def test_a_file_stays_where_the_store_gives_back_something_else(open_shop, monkeypatch):
    shop = open_shop()
    put = EncryptedFile.put
    monkeypatch.setattr(EncryptedFile, "put", lambda self, name, _: put(self, name, Secret("x")))
    path = written(shop, "VERIFY_TOKEN=swordfish", ".env")
    assert shop.data("import", str(path), "--yes", "--remove-file")["file_remains"]
