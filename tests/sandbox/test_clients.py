"""Other people's clients against the sandbox over real HTTP: pywa, and Meta's own Python SDK.

Every call is understood, or refused as "not played". None gets an answer that sends a developer
after permissions or ids that are in order.
"""

import importlib
import inspect
import io
import queue
import warnings

import pytest

from tests.support.pywa_server import serving

pywa = pytest.importorskip("pywa")
from pywa import errors, types  # noqa: E402
from pywa.types import others  # noqa: E402
from pywa.types import templates as t  # noqa: E402

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    sdk = pytest.importorskip("facebook_business.api")
    exceptions = importlib.import_module("facebook_business.exceptions")

PERSON = "+447700900456"
PLAYED, NOT = "understood", "not played"
BODY = t.BodyText("Hello {{1}}, all is well.", "Ann")


@pytest.fixture
def owner(open_scenario):
    return open_scenario("healthy")


@pytest.fixture
def client(owner):
    running = owner.running
    found = pywa.WhatsApp(
        token=running.access_token,
        phone_id=running.phone_number_id,
        waba_id=running.waba_id,
        business_portfolio_id=running.business_id,
        app_id=int(running.app_id),
        app_secret=running.app_secret,
        server=None,
    )
    found.api._session.base_url = f"{running.graph_url}/v26.0"
    running.write("Hello")
    yield found
    found.api._session.close()


def template(name="order_new", **more):
    return t.Template(
        name=name,
        language=t.TemplateLanguage.ENGLISH_US,
        category=t.TemplateCategory.UTILITY,
        components=[BODY],
        **more,
    )


def first_template(wa):
    return next(one for one in wa.get_templates() if one.status == t.TemplateStatus.APPROVED).id


def last_message(wa):
    return wa.owner.running.write("And?")


UPLOADED = io.BytesIO(b"GIF89a")
SDP = types.calls.SessionDescription(sdp_type="offer", sdp="v=0")
CARDS = [
    types.callback.ImageCarouselCard(
        image=f"https://a.example/{n}.jpg",
        body="Bread",
        buttons=types.callback.URLButton("Go", "https://a.example"),
    )
    for n in (1, 2)
]
#: pywa's method → (what comes of it, the call).
PYWA = {
    "get_business_account": (PLAYED, lambda wa: wa.get_business_account()),
    "get_business_phone_number": (PLAYED, lambda wa: wa.get_business_phone_number()),
    "get_business_phone_numbers": (PLAYED, lambda wa: list(wa.get_business_phone_numbers())),
    "get_business_phone_number_settings": (
        PLAYED,
        lambda wa: wa.get_business_phone_number_settings(),
    ),
    "get_owned_business_accounts": (PLAYED, lambda wa: list(wa.get_owned_business_accounts())),
    "get_shared_business_accounts": (PLAYED, lambda wa: list(wa.get_shared_business_accounts())),
    "get_app_access_token": (
        PLAYED,
        lambda wa: wa.get_app_access_token(wa.owner.running.app_id, wa.owner.running.app_secret),
    ),
    "get_templates": (PLAYED, lambda wa: list(wa.get_templates(name_or_content="order"))),
    "get_template": (PLAYED, lambda wa: wa.get_template(first_template(wa))),
    "create_template": (PLAYED, lambda wa: wa.create_template(template())),
    "update_template": (
        PLAYED,
        lambda wa: wa.update_template(first_template(wa), new_components=[BODY]),
    ),
    "delete_template": (PLAYED, lambda wa: wa.delete_template("order_received")),
    "send_template": (
        PLAYED,
        lambda wa: wa.send_template(PERSON, "order_received", t.TemplateLanguage.ENGLISH_US, []),
    ),
    "compare_templates": (
        NOT,
        lambda wa: wa.compare_templates(
            first_template(wa), ["1"], start=1790000000, end=1791000000
        ),
    ),
    "unpause_template": (NOT, lambda wa: wa.unpause_template(first_template(wa))),
    "archive_templates": (NOT, lambda wa: at_graph(wa).archive_templates(["1"])),
    "unarchive_templates": (NOT, lambda wa: at_graph(wa).unarchive_templates(["1"])),
    "migrate_templates": (NOT, lambda wa: wa.migrate_templates("307270387770611")),
    "upsert_authentication_template": (
        NOT,
        lambda wa: wa.upsert_authentication_template(
            name="code",
            languages=[t.TemplateLanguage.ENGLISH_US],
            otp_button=t.CopyCodeOTPButton(),
        ),
    ),
    "upload_media": (
        NOT,
        lambda wa: wa.upload_media(UPLOADED, mime_type="image/gif", filename="a.gif"),
    ),
    "get_media_url": (NOT, lambda wa: wa.get_media_url("1")),
    "delete_media": (NOT, lambda wa: wa.delete_media("1")),
    "set_business_public_key": (NOT, lambda wa: wa.set_business_public_key("key")),
    "get_commerce_settings": (NOT, lambda wa: wa.get_commerce_settings()),
    "update_commerce_settings": (
        NOT,
        lambda wa: wa.update_commerce_settings(is_catalog_visible=True),
    ),
    "update_conversational_automation": (
        NOT,
        lambda wa: wa.update_conversational_automation(ice_breakers=["Hi"]),
    ),
    "update_business_account_settings": (
        NOT,
        lambda wa: wa.update_business_account_settings(
            disable_marketing_messages_on_cloud_api=True
        ),
    ),
    "update_business_phone_number_settings": (
        NOT,
        lambda wa: wa.update_business_phone_number_settings(
            user_identity_change=others.UserIdentityChangeSettings(enable_identity_key_check=True)
        ),
    ),
    "update_display_name": (PLAYED, lambda wa: wa.update_display_name("Zarya")),
    # Meta's own SDK and specification call it cc: whether Meta takes this too is not known.
    "create_phone_number": (
        NOT,
        lambda wa: wa.create_phone_number(
            country_calling_code="44", phone_number="7700900555", verified_name="Zarya"
        ),
    ),
    "request_verification_code": (
        "136024",
        lambda wa: wa.request_verification_code(code_method="SMS", language_code="en_US"),
    ),
    "verify_phone_number": ("136025", lambda wa: wa.verify_phone_number("123456")),
    "register_phone_number": (PLAYED, lambda wa: wa.register_phone_number("314159")),
    "deregister_phone_number": (PLAYED, lambda wa: wa.deregister_phone_number()),
    "set_app_callback_url": (
        PLAYED,
        lambda wa: wa.set_app_callback_url(
            int(wa.owner.running.app_id),
            f"{wa.owner.running.app_id}|{wa.owner.running.app_secret}",
            f"{wa.owner.running.graph_url}/_sandbox/callback/good",
            "zarya-verify-token",
            ["messages"],
        ),
    ),
    "override_waba_callback_url": (
        PLAYED,
        lambda wa: wa.override_waba_callback_url(
            f"{wa.owner.running.graph_url}/_sandbox/callback/good", "zarya-verify-token"
        ),
    ),
    "override_phone_callback_url": (
        PLAYED,
        lambda wa: wa.override_phone_callback_url(
            f"{wa.owner.running.graph_url}/_sandbox/callback/good", "zarya-verify-token"
        ),
    ),
    "delete_waba_callback_url": (PLAYED, lambda wa: wa.delete_waba_callback_url()),
    "delete_phone_callback_url": (PLAYED, lambda wa: wa.delete_phone_callback_url()),
    "send_message": (PLAYED, lambda wa: wa.send_message(PERSON, "Hello")),
    "send_text": (PLAYED, lambda wa: wa.send_text("US.4477009004560001", "By user ID")),
    "send_contact": (
        PLAYED,
        lambda wa: wa.send_contact(
            PERSON, others.Contact(name=others.Contact.Name(formatted_name="Ann", first_name="Ann"))
        ),
    ),
    "send_location": (PLAYED, lambda wa: wa.send_location(PERSON, 1.5, 2.5)),
    "request_location": (PLAYED, lambda wa: wa.request_location(PERSON, "Where?")),
    "request_contact_info": (PLAYED, lambda wa: wa.request_contact_info(PERSON, "Who?")),
    "send_image": (PLAYED, lambda wa: wa.send_image(PERSON, "https://a.example/1.jpg")),
    "send_video": (PLAYED, lambda wa: wa.send_video(PERSON, "https://a.example/1.mp4")),
    "send_audio": (PLAYED, lambda wa: wa.send_audio(PERSON, "https://a.example/1.mp3")),
    "send_voice": (PLAYED, lambda wa: wa.send_voice(PERSON, "https://a.example/1.ogg")),
    "send_document": (
        PLAYED,
        lambda wa: wa.send_document(PERSON, "https://a.example/1.pdf", "1.pdf"),
    ),
    "send_sticker": (PLAYED, lambda wa: wa.send_sticker(PERSON, "https://a.example/1.webp")),
    "send_catalog": (PLAYED, lambda wa: wa.send_catalog(PERSON, "All of it")),
    "send_product": (PLAYED, lambda wa: wa.send_product(PERSON, "1", "A1")),
    "send_products": (
        PLAYED,
        lambda wa: wa.send_products(
            PERSON, "1", [others.ProductsSection(title="All", skus=["A1"])], "Bread", "Today"
        ),
    ),
    "send_reaction": (PLAYED, lambda wa: wa.send_reaction(PERSON, "👍", last_message(wa))),
    "remove_reaction": (PLAYED, lambda wa: wa.remove_reaction(PERSON, last_message(wa))),
    "mark_message_as_read": (PLAYED, lambda wa: wa.mark_message_as_read(last_message(wa))),
    "indicate_typing": (PLAYED, lambda wa: wa.indicate_typing(last_message(wa))),
    "pin_message": (NOT, lambda wa: wa.pin_message("G1", last_message(wa), expiration_days=7)),
    "unpin_message": (NOT, lambda wa: wa.unpin_message("G1", last_message(wa))),
    "block_users": (NOT, lambda wa: wa.block_users([PERSON])),
    "unblock_users": (NOT, lambda wa: wa.unblock_users([PERSON])),
    "get_blocked_users": (NOT, lambda wa: list(wa.get_blocked_users())),
    "create_flow": (NOT, lambda wa: wa.create_flow("Order", ["OTHER"])),
    "get_flows": (NOT, lambda wa: list(wa.get_flows())),
    "get_flow": (NOT, lambda wa: wa.get_flow("1")),
    "get_flow_assets": (NOT, lambda wa: list(wa.get_flow_assets("1"))),
    "get_flow_metrics": (
        NOT,
        lambda wa: wa.get_flow_metrics(
            "1",
            types.flows.FlowMetricName("ENDPOINT_REQUEST_COUNT"),
            types.flows.FlowMetricGranularity("DAY"),
        ),
    ),
    "publish_flow": (NOT, lambda wa: wa.publish_flow("1")),
    "deprecate_flow": (NOT, lambda wa: wa.deprecate_flow("1")),
    "delete_flow": (NOT, lambda wa: wa.delete_flow("1")),
    "update_flow_json": (NOT, lambda wa: wa.update_flow_json("1", "{}")),
    "update_flow_metadata": (NOT, lambda wa: wa.update_flow_metadata("1", name="Order")),
    "migrate_flows": (NOT, lambda wa: wa.migrate_flows("307270387770611", ["Order"])),
    "initiate_call": (NOT, lambda wa: wa.initiate_call(PERSON, SDP)),
    "pre_accept_call": (NOT, lambda wa: wa.pre_accept_call("c", SDP)),
    "accept_call": (NOT, lambda wa: wa.accept_call("c", SDP)),
    "reject_call": (NOT, lambda wa: wa.reject_call("c")),
    "terminate_call": (NOT, lambda wa: wa.terminate_call("c")),
    # The method of 4.5.0 fails in itself: what it would ask is asked here.
    "get_call_permissions": (
        NOT,
        lambda wa: wa.api._request(
            "GET",
            f"/{wa.owner.running.phone_number_id}/call_permissions",
            params={"user_wa_id": PERSON},
        ),
    ),
    "create_group": (NOT, lambda wa: wa.create_group(subject="Bread")),
    "get_groups": (NOT, lambda wa: list(wa.get_groups())),
    "get_group": (NOT, lambda wa: wa.get_group("1")),
    "delete_group": (NOT, lambda wa: wa.delete_group("1")),
    "update_group_settings": (
        NOT,
        lambda wa: wa.update_group_settings("1", subject="A", profile_picture=None),
    ),
    "get_group_invite_link": (NOT, lambda wa: wa.get_group_invite_link("1")),
    "reset_group_invite_link": (NOT, lambda wa: wa.reset_group_invite_link("1")),
    "get_group_join_requests": (NOT, lambda wa: list(wa.get_group_join_requests("1"))),
    "approve_group_join_requests": (NOT, lambda wa: wa.approve_group_join_requests("1", ["2"])),
    "reject_group_join_requests": (NOT, lambda wa: wa.reject_group_join_requests("1", ["2"])),
    "remove_group_participants": (NOT, lambda wa: wa.remove_group_participants("1", ["2"])),
    "get_current_username": (NOT, lambda wa: wa.get_current_username()),
    "get_reserved_usernames": (NOT, lambda wa: wa.get_reserved_usernames()),
    "set_username": (NOT, lambda wa: wa.set_username("zarya")),
    "delete_username": (NOT, lambda wa: wa.delete_username()),
    "create_signup": (NOT, lambda wa: wa.create_signup("a", "b", "https://zarya.example/p")),
    "get_signups": (NOT, lambda wa: list(wa.get_signups())),
    "get_signup": (NOT, lambda wa: wa.get_signup("1")),
    "update_signup": (NOT, lambda wa: wa.update_signup("1", message="a")),
    "send_carousel": (PLAYED, lambda wa: wa.send_carousel(PERSON, body="Look", cards=CARDS)),
    "get_business_profile": (PLAYED, lambda wa: wa.get_business_profile()),
    "update_business_profile": (PLAYED, lambda wa: wa.update_business_profile(about="Bread")),
    "create_qr_code": (PLAYED, lambda wa: wa.create_qr_code("Hello", "PNG")),
    "get_qr_codes": (PLAYED, lambda wa: list(wa.get_qr_codes())),
    "get_qr_code": (PLAYED, lambda wa: wa.get_qr_code(wa.create_qr_code("Hello", "PNG").code)),
    "update_qr_code": (
        PLAYED,
        lambda wa: wa.update_qr_code(wa.create_qr_code("Hello", "PNG").code, "Goodbye"),
    ),
    "delete_qr_code": (
        PLAYED,
        lambda wa: wa.delete_qr_code(wa.create_qr_code("Hello", "PNG").code),
    ),
}
#: pywa's methods that ask Graph nothing.
LOCAL = {
    *("add_flow_request_handler", "add_handlers", "download_media", "get_flow_request_handler"),
    *("get_media_bytes", "listen", "load_handlers_modules", "remove_callbacks", "remove_handlers"),
    *("run", "stop_listening", "stream_media", "webhook_challenge_handler"),
    *("webhook_update_handler", "webhook_update_validator"),
}


def at_graph(wa):
    """pywa asks another host for the archive; here it is led to the sandbox too."""
    inner = wa.api._session.request
    wa.api._session.request = lambda method, url, **more: inner(
        method=method, url=url.replace("https://api.facebook.com", ""), **more
    )
    return wa


def test_a_code_that_is_not_there_is_refused(client):
    assert outcome(lambda: client.get_qr_code("ABC")) == "803"


def outcome(call):
    """What came of a call of pywa's: understood, not played, or the code of the refusal."""
    try:
        call()
    except errors.WhatsAppError as refused:
        body = refused.raw_response.json()["error"]
        own = (refused.raw_response.status_code, body["type"]) == (501, "SandboxException")
        said = own and "Not played by the sandbox" in body["message"]
        return NOT if said or "sandbox" in body else str(body["code"])
    return PLAYED


def test_every_method_of_pywa_has_a_row():
    methods = {
        name
        for name, _ in inspect.getmembers(pywa.WhatsApp, inspect.isfunction)
        if not name.startswith(("_", "on_"))
    }
    assert methods == {*PYWA, *LOCAL}


@pytest.mark.parametrize("name", PYWA)
def test_pywa_is_understood_or_told_what_is_not_played(client, owner, name):
    expected, call = PYWA[name]
    client.owner = owner
    assert outcome(lambda: call(client)) == expected


@pytest.fixture
def shop(owner):
    """A shop of pywa's on Flask: its URL, and what its own handlers made of each delivery."""
    running, got = owner.running, queue.Queue()
    handlers = (
        pywa.handlers.MessageHandler(lambda _, message: got.put(message)),
        pywa.handlers.MessageStatusHandler(lambda _, status: got.put(status)),
    )
    with serving(
        *handlers,
        token=running.access_token,
        phone_id=running.phone_number_id,
        verify_token="shop-token",
        app_secret=running.app_secret,
    ) as url:
        yield url, got


def test_pywas_server_is_set_and_reads_what_the_sandbox_delivers(owner, client, shop):
    """The handshake, messages with the signature of the app, and the statuses of an answer."""
    url, got = shop
    owner.control("change", person={"writes_by_herself": False})
    body = {"object": "whatsapp_business_account", "fields": "messages", "callback_url": url}
    path = f"{owner.running.app_id}/subscriptions"
    assert owner.as_app().post(path, **body, verify_token="another").json()["error"]["code"] == 2200
    assert owner.as_app().post(path, **body, verify_token="shop-token").json()["success"]
    owner.post(f"{owner.running.waba_id}/subscribed_apps")
    wamid = owner.running.write("Хлеб 🥖 https://zarya.example/")
    message = got.get(timeout=10)
    assert (message.id, message.text) == (wamid, "Хлеб 🥖 https://zarya.example/")
    assert "+" + message.from_user.wa_id == PERSON
    owner.running.write("It is me", hides_number=True)
    hidden = got.get(timeout=10)
    assert (hidden.text, bool(hidden.from_user.wa_id)) == ("It is me", False)
    sent = client.send_message(PERSON, "We open at 9")
    statuses = [got.get(timeout=10) for _ in range(2)]
    assert {one.id for one in statuses} == {sent.id}
    assert [one.status.value for one in statuses] == ["sent", "delivered"]


@pytest.fixture
def meta(owner, monkeypatch):
    """Meta's SDK with the sandbox in the place of graph.facebook.com: its root is changed alone."""
    monkeypatch.setattr("facebook_business.session.FacebookSession.GRAPH", owner.running.graph_url)
    running = owner.running
    api = sdk.FacebookAdsApi.init(
        running.app_id, running.app_secret, running.access_token, api_version="v26.0"
    )
    api._session.requests.trust_env = False
    yield api
    api._session.requests.close()


def sdk_class(module, name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(importlib.import_module(f"facebook_business.adobjects.{module}"), name)


def calls_of(kind, word=""):
    return [
        name
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if name.startswith(("api_", "get_", "create_", "delete_")) and word in name
        if "pending" in inspect.signature(method).parameters
    ]


ACCOUNT = sdk_class("whatsappbusinessaccount", "WhatsAppBusinessAccount")
#: Node → where its class stands, and the calls of it that are about WhatsApp or templates.
SDK = [
    *((ACCOUNT, "waba_id", name) for name in calls_of(ACCOUNT)),
    *(
        (sdk_class(module, kind), node, name)
        for module, kind, node in (
            ("business", "Business", "business_id"),
            ("application", "Application", "app_id"),
            ("user", "User", "me"),
            ("systemuser", "SystemUser", "me"),
            ("whatsappbusinessprofile", "WhatsAppBusinessProfile", "phone_number_id"),
        )
        for name in [*calls_of(sdk_class(module, kind), "whats_app"), "api_get"]
    ),
]
#: What a played call needs, as the sandbox asks for it in Meta's words.
GIVEN = {
    "create_message_template": {
        "name": "order_new",
        "language": "en_US",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Hello."}],
    },
    "delete_message_templates": {"name": "order_received"},
    "create_phone_number": {"cc": "44", "phone_number": "7700900555", "verified_name": "Zarya"},
    "get_assigned_users": {"business": "884422113355779"},
    "create_assigned_user": {"user": "122101122101122", "tasks": ["MANAGE"]},
    "delete_assigned_users": {"user": "122101122101122"},
    "api_update": {"is_enabled_for_insights": True},
}
#: Refused for a reason of Meta's: an admin alone sees the accounts of clients.
SDK_PLAYED = {
    *GIVEN,
    *("api_get", "get_message_templates", "get_phone_numbers", "get_subscribed_apps"),
    *("create_subscribed_app", "delete_subscribed_apps"),
    *("get_owned_whats_app_business_accounts", "get_client_whats_app_business_accounts"),
    "get_assigned_whats_app_business_accounts",
} - {"api_update"}


def run_through(found):
    """A list of the SDK asks for its pages when it is read."""
    return list(found) if hasattr(found, "load_next_page") else found


def sdk_outcome(call):
    """What came of a call of the SDK's: understood, not played, or what was said."""
    try:
        call()
    except exceptions.FacebookRequestError as refused:
        said = refused.api_error_message()
        own = refused.http_status() == 501 and "Not played by the sandbox" in said
        return NOT if own else said
    return PLAYED


@pytest.mark.parametrize(("kind", "node", "name"), SDK)
def test_metas_own_sdk_is_understood_or_told_what_is_not_played(meta, owner, kind, node, name):
    made = kind("me" if node == "me" else getattr(owner.running, node), api=meta)
    # The SDK hides what it cannot send: everything is given to it as a plain parameter.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        came = sdk_outcome(lambda: run_through(getattr(made, name)(params=GIVEN.get(name, {}))))
    assert came == (PLAYED if name in SDK_PLAYED else NOT)


FIELDS = [
    (kind, node, field)
    for kind, node in ((ACCOUNT, "waba_id"),)
    for field in sorted(
        value for name, value in vars(kind.Field).items() if not name.startswith("_")
    )
]


@pytest.mark.parametrize(("kind", "node", "field"), FIELDS)
def test_every_field_of_metas_sdk_is_read_or_not_played(meta, owner, kind, node, field):
    made = kind(getattr(owner.running, node), api=meta)
    assert sdk_outcome(lambda: made.api_get(fields=[field])) in (PLAYED, NOT)
