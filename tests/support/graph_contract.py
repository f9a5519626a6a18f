"""What holds of every Graph, the real one and the fake.

A test class inherits this and gives `graph(answers, **options)`; `answers` is what Meta would
say to "GET 10" and so on, `options` are keys= and unknown_fields=.
"""

from dataclasses import replace

import pytest

from tests.support.fake_graph import envelope
from wizard.graph import DEFAULT_VERSION, Credentials, GraphError, Upload
from wizard.graph.consent import granted
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.secret import Secret

SHOP = {"id": "10", "name": "Shop", "status": "ACTIVE", "owner": {"id": "9", "name": "Ann"}}
REGISTER = granted("number.registered", ["POST /20/register  {…}"])
REMOVE = granted("x", ["DELETE /20"])
FILE = Upload("a.png", "image/png", b"\x89PNG\r\n\x1a\n and more")
KEYS = Credentials(Secret("EAAcontract"), "100", Secret("contract secret"), proves=True)


class GraphContract:
    @pytest.fixture
    def graph(self):
        raise NotImplementedError

    def test_a_read_gives_what_graph_says(self, graph):
        assert graph({"GET 10": SHOP}).get("10") == SHOP

    def test_a_read_gives_the_fields_that_were_asked_for(self, graph):
        asked = graph({"GET 10": SHOP}).get("10", fields=["id", "name", "owner{id,name}"])
        assert asked == {"id": "10", "name": "Shop", "owner": {"id": "9", "name": "Ann"}}

    def test_fields_that_graph_does_not_know_are_left_out(self, graph):
        shop = graph({"GET 10": SHOP}, unknown_fields=["tomorrow", "later"])
        asked = shop.get("10", fields=["tomorrow", "name", "later{id}"])
        assert asked == {"id": "10", "name": "Shop"}

    def test_when_graph_knows_none_of_the_fields_the_refusal_stands(self, graph):
        shop = graph({"GET 10": SHOP}, unknown_fields=["tomorrow", "later"])
        with pytest.raises(GraphError) as caught:
            shop.get("10", fields=["tomorrow", "later"])
        assert (caught.value.kind, caught.value.code) == (ErrorKind.ODD, 100)
        assert caught.value.values["node_type"] == "Fake"

    def test_a_refusal_says_what_graph_said(self, graph):
        said = envelope(190, "Expired", subcode=463, http=401, error_user_msg="Log in again")
        with pytest.raises(GraphError) as caught:
            graph({"GET 10": said}).get("10")
        error = caught.value
        assert error.kind is ErrorKind.REFUSED
        assert (error.code, error.subcode, error.message) == (190, 463, "Expired")
        assert error.details == "Log in again"
        assert (error.values["http"], error.values["trace"]) == (401, "Atrace")

    def test_what_is_not_there_is_not_visible(self, graph):
        with pytest.raises(GraphError) as caught:
            graph({}).get("404")
        assert caught.value.kind is ErrorKind.NOT_VISIBLE

    def test_every_page_is_read(self, graph):
        rows = [{"id": str(number)} for number in range(7)]
        assert list(graph({"GET 10/rows": {"data": rows}}).pages("10/rows", limit=3)) == rows

    def test_no_more_than_wanted_is_given(self, graph):
        rows = [{"id": str(number)} for number in range(7)]
        found = graph({"GET 10/rows": {"data": rows}}).pages("10/rows", limit=3, most=4)
        assert list(found) == rows[:4]

    def test_pages_leave_out_unknown_fields(self, graph):
        rows = [{"id": str(number), "name": "x", "other": 1} for number in range(4)]
        shop = graph({"GET 10/rows": {"data": rows}}, unknown_fields=["tomorrow"])
        found = shop.pages("10/rows", fields=["id", "tomorrow", "name"], limit=3)
        assert list(found) == [{"id": row["id"], "name": "x"} for row in rows]

    def test_changes_are_answered(self, graph):
        shop = graph({"POST 20/register": {"success": True}, "DELETE 20": {"success": "true"}})
        assert shop.post("20/register", {"pin": Secret("123456")}, REGISTER) == {"success": True}
        assert shop.delete("20", REMOVE, object="x") == {"success": "true"}

    def test_changes_are_refused(self, graph):
        shop = graph({"POST 20/register": envelope(133005, "PIN mismatch")})
        with pytest.raises(GraphError) as caught:
            shop.post("20/register", {"pin": Secret("123456")}, REGISTER)
        assert (caught.value.kind, caught.value.code) == (ErrorKind.ODD, 133005)

    @pytest.mark.parametrize("missing", ["access_token", "app_id", "app_secret"])
    def test_a_missing_key_is_named_before_anything_is_asked(self, graph, missing):
        less = replace(KEYS, **{missing: "" if missing == "app_id" else None})
        shop = graph({"GET 10": SHOP}, keys=less)
        as_app, change = missing != "access_token", granted("x", ["POST /10", "DELETE /10"])
        for act in (
            lambda: shop.get("10", as_app=as_app),
            lambda: shop.pages("10", as_app=as_app),
            lambda: shop.post("10", {}, change, as_app=as_app),
            lambda: shop.delete("10", change, as_app=as_app),
        ):
            with pytest.raises(Unavailable) as caught:
                act()
            assert caught.value.kind is ErrorKind.NOT_GIVEN
            assert caught.value.values == {"name": missing}
        assert shop.exchanges == ()

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda shop: shop.post("20/register", {}),
            lambda shop: shop.delete("20"),
            lambda shop: shop.oauth("oauth/revoke"),
            lambda shop: shop.upload("100", FILE, REGISTER),
            lambda shop: shop.request("POST", "20/register", {}),
            lambda shop: shop.request("DELETE", "20", {}, consent=REGISTER),
            lambda shop: shop.request("GET", "oauth/revoke", {}),
            lambda shop: shop.request("GET", "20", {"Method": "delete"}),
            lambda shop: shop.post("20/register", {}, None),
            lambda shop: shop.post("20/register", {}, True),
            lambda shop: shop.post("21/register", {}, REGISTER),
            lambda shop: shop.delete("20/register", REGISTER),
            lambda shop: shop.oauth("oauth/revoke", REGISTER),
            lambda shop: shop.get("oauth/revoke", revoke_token="x"),
            lambda shop: shop.get("/oauth/access_token/"),
        ],
    )
    def test_nothing_is_changed_without_a_consent_that_shows_it(self, graph, wrong):
        shop = graph({})
        with pytest.raises(TypeError):
            wrong(shop)
        assert shop.exchanges == ()

    def test_a_raw_call_goes_as_it_was_written(self, graph):
        answers = {"GET 10": SHOP, "POST 20/register": {"success": True}}
        shop = graph(answers | {"DELETE 20": {"success": True}})
        assert shop.request("GET", "10", {"fields": "id,name"})["name"] == "Shop"
        body = {"pin": Secret("123456")}
        assert shop.request("POST", "20/register", {}, body, REGISTER) == {"success": True}
        assert shop.request("DELETE", "20", {"name": "x"}, consent=REMOVE) == {"success": True}
        with pytest.raises(GraphError):
            shop.request("GET", "404", {})

    def test_what_changes_by_get_goes_with_a_consent(self, graph):
        keys = replace(KEYS, app_secret=Secret("c0ffee"))
        shop = graph({"GET oauth/revoke": {"success": True}}, keys=keys)
        consent = granted("x", ["GET /oauth/revoke"])
        assert shop.oauth("oauth/revoke", consent, revoke_token=Secret("EAA")) == {"success": True}

    def test_the_log_of_exchanges_has_paths_and_codes_alone(self, graph):
        shop = graph({"GET 10": SHOP, "POST 20/register": envelope(133005, "PIN mismatch")})
        shop.get("10", fields=["name"], other="secret-ish")
        with pytest.raises(GraphError):
            shop.post("20/register", {"pin": Secret("123456")}, REGISTER)
        told = [(e.method, e.path, e.http, e.code, e.trace) for e in shop.exchanges]
        assert told == [
            ("GET", f"/{DEFAULT_VERSION}/10", 200, 0, ""),
            ("POST", f"/{DEFAULT_VERSION}/20/register", 400, 133005, "Atrace"),
        ]

    def test_a_probe_needs_no_key(self, graph):
        shop = graph({}, keys=Credentials())
        reach = shop.probe()
        assert (reach.url, reach.asked_version) == (shop.url, DEFAULT_VERSION)
        assert reach.version == DEFAULT_VERSION
        assert abs((reach.seen_at - reach.served_at).total_seconds()) < 5

    def test_it_says_what_it_was_given(self, graph):
        shop = graph({}, keys=KEYS)
        assert (shop.keys, shop.version) == (KEYS, DEFAULT_VERSION)
