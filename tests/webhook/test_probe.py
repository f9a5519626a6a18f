"""The probe against real servers, with TLS: every way a handshake can fail has its name."""

import base64
import contextlib
import hashlib
import hmac
import socket
import ssl
import threading
import time
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.authority import HOST, World
from wizard.net.connection import Outside
from wizard.text.secret import Secret
from wizard.webhook.payload import read
from wizard.webhook.probe import probe

TOKEN, APP_SECRET = Secret("my verify+token"), Secret("0123456789abcdef")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("authority"))


class Server:
    """Answers each connection by a function of the request's head; TLS when given a key file."""

    def __init__(self, answer, key="", wrap=None):
        self.answer, self.seen, self.opened = answer, [], []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.context = None
        if key:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(key)
            if wrap:
                wrap(self.context)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(5)

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                self.opened.append(1)
                with contextlib.suppress(OSError, ssl.SSLError):
                    self.one(connection)

    def one(self, connection):
        connection.settimeout(5)
        with connection:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                request = b""
                while b"\r\n\r\n" not in request:
                    if not (data := connection.recv(65536)):
                        return
                    request += data
                head, _, body = request.partition(b"\r\n\r\n")
                self.seen.append(request)
                answer = self.answer(parse(head, body))
                if callable(answer):
                    answer(connection)
                else:
                    connection.sendall(answer)


def parse(head, body):
    line, *rest = head.decode().split("\r\n")
    method, target, _ = line.split(" ")
    query = parse_qs(urlsplit(target).query)
    headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in rest)}
    return SimpleNamespace(
        method=method,
        path=urlsplit(target).path,
        headers=headers,
        body=body,
        challenge=query.get("hub.challenge", [""])[0],
        token=query.get("hub.verify_token", [""])[0],
        mode=query.get("hub.mode", [""])[0],
        query=query,
    )


def http(status=200, body=b"", **headers):
    lines = [f"HTTP/1.1 {status} X"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def good(request):
    """A server as it should be, with signatures checked."""
    if request.method == "POST":
        signed = hmac.new(APP_SECRET.reveal().encode(), request.body, hashlib.sha256).hexdigest()
        right = request.headers["x-hub-signature-256"] == f"sha256={signed}"
        return http(200 if right else 403)
    right = (request.mode, request.token) == ("subscribe", TOKEN.reveal())
    return http(200, request.challenge.encode()) if right else http(403)


def ask(server, world=None, *, seconds=6.0, environ=None, path="/hook", secret=None, token=TOKEN):
    scheme = "https" if server.context else "http"
    outside = Outside(
        allow_local=True,
        trust=world.trust if world else "",
        seconds=seconds,
        environ=environ or {},
        resolve=lambda host, port, **how: socket.getaddrinfo("127.0.0.1", port, **how),
    )
    return probe(f"{scheme}://{HOST}:{server.port}{path}", token, outside, secret)


def test_a_callback_that_is_right_passes_every_step(world):
    with Server(good, world.server()) as server:
        found = ask(server, world, secret=APP_SECRET)
    assert (found.ok, found.reason) == (True, "")
    assert [step.name for step in found.steps] == [
        *("resolved", "connected", "certificate", "answered", "guarded", "signed"),
    ]
    assert len(found.challenges) == 2
    assert found.steps[2].values["issuer"] == "Test Between"


def test_it_asks_as_meta_asks(world):
    requests = []

    def keep(request):
        requests.append(request)
        return good(request)

    with Server(keep, world.server()) as server:
        assert ask(server, world, path="/a/b?shop=1").ok
    first, second = requests
    assert (first.method, first.path, first.mode) == ("GET", "/a/b", "subscribe")
    assert first.query["shop"] == ["1"]
    assert first.challenge.isdigit()
    assert first.token == TOKEN.reveal() != second.token
    assert first.headers["host"] == f"{HOST}:{server.port}"
    assert "facebookplatform" in first.headers["user-agent"]


CERTIFICATES = {
    "expired": "tls_expired",
    "early": "tls_early",
    "name": "tls_name",
    "self_signed": "tls_self_signed",
    "chain": "tls_chain",
    "private": "tls_untrusted",
}


@pytest.mark.parametrize(("fault", "reason"), CERTIFICATES.items())
def test_each_fault_of_a_certificate_has_its_name(world, fault, reason):
    with Server(good, world.server(fault)) as server:
        found = ask(server, world)
    assert (found.reason, found.unsure) == (reason, False)
    expected = {"name": "shop.example.org", "self_signed": HOST}.get(fault, HOST)
    assert found.values["names"] == expected
    assert server.seen == []  # nothing was asked of a server that is not known


def test_this_machines_own_authorities_do_not_count(world, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", world.trust)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", world.trust)
    with Server(good, world.server()) as server:
        assert ask(server, None).reason == "tls_untrusted"


def test_a_server_that_speaks_only_an_old_tls_is_named(world):
    def old(context):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AES128-SHA")

    with Server(good, world.server(), old) as server:
        assert ask(server, world).reason == "tls_other"


def page(text, status=200, **headers):
    return lambda request: http(status, text.encode(), **headers)


ANSWERS = [
    ("forbidden", page("", 403), {"http": 403, "body": "–"}),
    ("not_found", page("Cannot GET /hook", 404), {"http": 404, "body": "Cannot GET /hook"}),
    ("not_found", page("", 404, Server="Fly/1 (x)"), {"server": "Fly/1 (x)"}),
    ("server_error", page("<h1>oops</h1>", 500), {"http": 500, "body": "<h1>oops</h1>"}),
    *(("status", page("no", http), {"http": http}) for http in (202, 204, 400, 402, 418, 422)),
    ("redirect", page("", 301, Location="https://b.example/?x=1"), {"to": "b.example/"}),
    ("redirect", page("", 308, Location="/hook/"), {"to": "/hook/"}),
    # The same answer to our token and to a wrong one.
    ("same_answer", page("EVENT_RECEIVED"), {"body": "EVENT_RECEIVED"}),
    ("same_answer", page(""), {"body": ""}),
    ("same_answer", page("Error: wrong token"), {"body": "Error: wrong token"}),
    ("body", lambda r: http(200, b"OK" if r.token == TOKEN.reveal() else b"no"), {"body": "OK"}),
    ("body", lambda r: http(200 if r.token == TOKEN.reveal() else 403, b"OK"), {"body": "OK"}),
    ("page", page("<!doctype html><title>Shop</title>"), {}),
    ("padded", lambda r: http(200, f'"{r.challenge}"'.encode()), {}),
    ("padded", lambda r: http(200, f"{r.challenge}\n".encode()), {}),
    ("padded", lambda r: http(200, f"\ufeff{r.challenge}".encode()), {}),
    ("any_token", lambda r: http(200, r.challenge.encode()), {}),
    ("warning_page", page("", 200, ngrok_error_code="ERR_NGROK_6024"), {"service": "ngrok"}),
    ("tunnel_gone", page("ERR_NGROK_3200", 404), {"service": "ngrok"}),
    ("behind_tunnel", page("ERR_NGROK_8012", 502), {"service": "ngrok"}),
    ("warning_page", page("bypass-tunnel-reminder", 511), {"service": "localtunnel"}),
    ("tunnel_gone", page("", 530, Server="cloudflare"), {"service": "Cloudflare"}),
    ("behind_tunnel", page("", 502, Server="cloudflare"), {"service": "Cloudflare"}),
    ("bot_check", page("Just a moment", 403, cf_mitigated="challenge"), {"service": "Cloudflare"}),
    ("server_error", page("", 502, Server="nginx"), {"http": 502}),
    ("forbidden", page("", 403, Server="gunicorn"), {"wrong": 403, "server": "gunicorn"}),
    ("server_error", lambda r: http(500 if r.token == TOKEN.reveal() else 403), {"wrong": 403}),
    ("wrong_method", page("", 405), {"method": "GET", "http": 405}),
    # A firewall is known by its own page; a plain 403 is the server's word.
    (
        "firewall",
        page("error code: 1010", 403, Server="cloudflare"),
        {"service": "Cloudflare 1010"},
    ),
    (
        "firewall",
        page("error code: 1020", 403, Server="cloudflare"),
        {"service": "Cloudflare 1020"},
    ),
    ("firewall", page("Sorry, you have been blocked", 403), {"service": "Cloudflare"}),
    ("forbidden", page("", 403, Server="cloudflare"), {"http": 403}),
    ("forbidden", page("Forbidden", 403, Server="ddos-guard"), {"http": 403}),
    (
        "firewall",
        page("<b>Error</b>\n <i>1009</i> Access denied", 403, Server="cloudflare"),
        {"service": "Cloudflare 1009"},
    ),
    ("too_many", page("error code: 1015", 429, Server="cloudflare"), {}),
    (
        "platform_page",
        page("error code: 1101", 500, Server="cloudflare"),
        {"service": "Cloudflare 1101, 500"},
    ),
    (
        "platform_page",
        page("error code: 1016", 530, Server="cloudflare"),
        {"service": "Cloudflare 1016, 530"},
    ),
    ("tunnel_gone", page("error code: 1033", 530, Server="cloudflare"), {}),
    ("bot_check", page("<title>Just a moment...</title>", 503), {"service": "Cloudflare"}),
    ("bot_check", page("", 202, SG_Captcha="challenge"), {"service": "SiteGround"}),
    *(
        ("firewall", page(text, 403), {"service": name})
        for name, text in (
            ("Akamai", "You don't have permission to access <P>https://errors.edgesuite.net/18"),
            ("Azure Front Door", "<h2>The request is blocked.</h2>"),
            ("HAProxy", "Request forbidden by administrative rules."),
            ("LiteSpeed", "Access to this resource on the server is denied!"),
            ("Varnish", "<h1>Error 403</h1><p>Varnish cache server</p>"),
            ("Envoy", "RBAC: access denied"),
            ("IIS", "<h2>403 - Forbidden: Access is denied.</h2>"),
            ("tengine", "<hr><center>tengine</center>"),
            ("StackPath", "<title>StackPath</title> Sorry, you have been blocked"),
            ("FortiWeb", "<title>Web Page Blocked!</title> Attack ID: 20000051"),
        )
    ),
    ("firewall", page("Application Firewall Block Page"), {"service": "Citrix"}),
    ("firewall", page("", 403, x_amzn_ErrorType="AccessDeniedException"), {"service": "AWS"}),
    # A protection that goes by the name of who asks lets a browser through.
    (
        "firewall",
        lambda r: good(r) if "Firefox" in r.headers["user-agent"] else http(403),
        {"service": "User-Agent"},
    ),
    (
        "firewall",
        page("<H1>403 ERROR</H1><H2>The request could not be satisfied.</H2>", 403),
        {"service": "CloudFront / AWS WAF"},
    ),
    ("firewall", page("<h1>403 Forbidden</h1>", 403, Server="awselb/2.0"), {"service": "AWS WAF"}),
    ("firewall", page("Not Acceptable! ... Mod_Security.", 406), {"service": "ModSecurity"}),
    (
        "firewall",
        page("<h1>403 Forbidden</h1></center><hr><center>nginx/1.24</center>", 403),
        {"service": "nginx"},
    ),
    ("firewall", page("Access Denied", 403, Server="AkamaiGHost"), {"service": "Akamai"}),
    # A login stands before it.
    ("login_wall", page("", 401), {"service": "HTTP 401"}),
    (
        "login_wall",
        page("", 401, WWW_Authenticate='Basic realm="x"'),
        {"service": "HTTP 401 Basic"},
    ),
    (
        "login_wall",
        page("", 302, Location="https://team.cloudflareaccess.com/cdn-cgi/access/login/x?kid=1"),
        {"service": "Cloudflare Access", "to": "team.cloudflareaccess.com/cdn-cgi/access/login/x"},
    ),
    (
        "login_wall",
        page("", 302, Location="https://x.github.dev/pf"),
        {"service": "GitHub Codespaces"},
    ),
    ("login_wall", page("", 302, Location="/accounts/login/?next=/hook"), {}),
    ("login_wall", page("", 307, Location="/users/sign_in"), {"service": "/users/sign_in"}),
    *(
        ("login_wall", page("", 302, Location=location), {})
        for location in (
            *("https://cas.example.edu/cas?service=x", "/session/new", "/account?next=/hook"),
            *("https://auth.example.com/?rd=https%3A%2F%2F", "https://idp.example/?SAMLRequest=x"),
            *("/outpost.goauthentik.io/start", "https://gateway.zscaler.net/auD"),
        )
    ),
    ("login_wall", page("<form><input name=p type='password'></form>"), {"service": "HTML"}),
    ("login_wall", page("<meta content='0; url=/login'>"), {"service": "/login"}),
    ("login_wall", page("<script>location.href = '/login'</script>"), {"service": "/login"}),
    ("page", page("<meta content='0; url=/shop'>"), {}),
    (
        "login_wall",
        page('{"code":401,"message":"Missing authorization header"}', 401),
        {"service": "Supabase: verify_jwt"},
    ),
    ("redirect", page("", 302, Location="/blog/logins-explained"), {}),
    ("redirect", page("", 301, Location="https://www.example.com/hook?next"), {}),
    ("redirect", page("", 302, Location="https://[bad/"), {"to": ""}),
    # A platform answers for a server that is not there.
    ("platform_page", page("404 page not found\n", 404), {"service": "Traefik / Go, 404"}),
    (
        "platform_page",
        page("<iframe src='//www.herokucdn.com/error-pages/no-such-app.html'>", 404),
        {"service": "Heroku: no such app, 404"},
    ),
    (
        "platform_page",
        page("<h1>502 Bad Gateway</h1></center><hr><center>nginx</center>", 502),
        {"service": "nginx, 502"},
    ),
    ("platform_page", page("<center>nginx</center>", 504), {"service": "nginx, 504"}),
    ("platform_page", page("Bad Gateway", 502), {"service": "Traefik, 502"}),
    *(
        ("platform_page", page(text, http), {"service": f"{name}, {http}"})
        for name, http, text in (
            ("nginx", 404, "<h1>404 Not Found</h1></center><hr><center>nginx</center>"),
            ("Apache", 404, "<address>Apache/2.4 Server</address>"),
            ("AWS API Gateway", 403, '{"message":"Missing Authentication Token"}'),
            ("Deno Deploy", 404, "404: DEPLOYMENT_NOT_FOUND"),
            ("Kong", 404, '{"message":"no Route matched with those values"}'),
            ("n8n: workflow not active", 404, 'The requested webhook "GET x" is not registered.'),
            ("Make: scenario off", 410, "There is no scenario listening for this webhook."),
            ("HAProxy", 503, "No server is available to handle this request."),
            ("Traefik", 503, "no available server"),
            ("Azure: web app stopped", 403, "Error 403 - This web app is stopped."),
            ("Supabase", 404, "Requested function was not found"),
            ("Google", 502, "The server encountered a temporary error and could not"),
        )
    ),
    ("platform_page", page("", 503, x_render_routing="suspend"), {"service": "Render, 503"}),
    ("platform_page", page("", 403, Server="AmazonS3"), {"service": "Amazon S3, 403"}),
    *(
        ("tunnel_gone", page(text, http), {"service": name})
        for text, http, name in (
            ("no tunnel here :(", 503, "localhost.run"),
            ("Sorry. Faithfully yours, frp.", 404, "frp"),
            ("<h1>Tunnel not found</h1>", 404, "HTTP 404"),
            ("This serveo.net subdomain is not in use", 502, "HTTP 502"),
        )
    ),
    ("tunnel_gone", page("", 404, x_localtunnel_status="Tunnel Unavailable"), {}),
    ("behind_tunnel", page("", 502, ngrok_error_code="ERR_NGROK_3004"), {"service": "ngrok"}),
    ("tunnel_limit", page("", 429, ngrok_error_code="ERR_NGROK_734"), {"service": "ngrok"}),
    ("tunnel_limit", page("ERR_NGROK_725", 402), {"service": "ngrok"}),
    ("warning_page", page("You are about to connect to a developer tunnel at"), {}),
    *(
        ("misdirected", page(text, http), {})
        for text, http in (
            ('Blocked request. This host ("x") is not allowed.', 403),
            ("<h1>Blocked hosts: x.example</h1>", 403),
            ("Invalid Host header", 403),
            ("<h2>Bad Request - Invalid Hostname</h2>", 400),
            ("DisallowedHost at /hook", 400),
        )
    ),
    ("csrf", page("The change you wanted was rejected.", 422), {}),
    *(
        ("platform_page", page("", http, Server="cloudflare"), {"service": f"Cloudflare, {http}"})
        for http in (520, 524, 525, 526)
    ),
    ("too_many", page("", 429), {}),
    ("misdirected", page("", 421), {}),
    ("csrf", page("<p>CSRF verification failed. Request aborted.</p>", 403), {}),
]


@pytest.mark.parametrize(("reason", "answer", "values"), ANSWERS)
def test_each_wrong_answer_has_its_name(reason, answer, values):
    with Server(answer) as server:
        found = ask(server)
    assert found.reason == reason
    assert values.items() <= found.values.items()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (good, "no_token"),
        (page("", 404), "not_found"),
        (page("", 502), "server_error"),
        (page("", 302, Location="/login"), "login_wall"),
        (page("", 302, Location="/hook/"), "redirect"),
        (page("", 401), "no_token"),  # perhaps its word for a wrong token
        (page("", 401, WWW_Authenticate="Basic"), "login_wall"),
        (page("error code: 1010", 403, Server="cloudflare"), "firewall"),
        (lambda r: http(200, r.challenge.encode()), "any_token"),
        (page("ERR_NGROK_3200", 404), "tunnel_gone"),
    ],
)
def test_without_a_verify_token_everything_but_the_token_is_looked_at(answer, reason):
    with Server(answer) as server:
        found = ask(server, token=None)
    assert (found.reason, found.unsure) == (reason, reason == "no_token")


def test_of_a_redirect_only_the_place_is_shown():
    with Server(page("", 302, Location="https://a.example/login?token=abc")) as server:
        assert ask(server).values["to"] == "a.example/login"


def test_a_plus_in_the_path_is_asked_as_meta_asks_for_it():
    """Meta writes a space for it: a server that knows the plus alone looks right from here."""

    def only(path):
        return lambda request: good(request) if request.path == path else http(401)

    for server_knows, reason in (
        ("/hook/+49", "plus_sign"),
        ("/hook/%2049", ""),
        ("/other", "login_wall"),
    ):
        with Server(only(server_knows)) as server:
            assert ask(server, path="/hook/+49").reason == reason
    with Server(only("/hook/%2B49")) as server:
        assert ask(server, path="/hook/%2B49").ok


def test_letters_of_other_alphabets_are_sent_as_meta_sends_them():
    with Server(good) as server:
        assert ask(server, path="/крючок?магазин=1").ok
    line = server.seen[0].split(b" ")[1]
    assert line.startswith(b"/%D0%BA%D1%80%D1%8E%D1%87%D0%BE%D0%BA?")
    assert line.isascii()


def test_a_host_of_another_alphabet_is_shown_as_it_is_written():
    found = probe("https://ромашка.рф/hook", TOKEN, outside(resolve=unknown_name))
    assert (found.reason, found.values["host"]) == ("dns", "ромашка.рф")


@pytest.mark.parametrize(
    ("around", "unsure", "shown"),
    [("{}\n", True, "\\n"), ("{}\r\n", True, "\\r\\n"), ('"{}"', False, '"'), ("{} ", True, "")],
)
def test_of_a_line_break_after_the_number_nothing_is_known(around, unsure, shown):
    with Server(lambda r: http(200, around.format(r.challenge).encode())) as server:
        found = ask(server)
    assert (found.reason, found.unsure) == ("padded", unsure)
    assert shown in found.values["body"]


def test_the_delivery_is_whole_and_a_guard_against_forms_is_named():
    """An empty list of entries makes usual handlers fail; Django's own guard answers 403."""
    bodies = []

    def answer(request):
        if request.method == "GET":
            return good(request)
        bodies.append(request.body)
        return http(403, b"<h1>CSRF verification failed.</h1>")

    with Server(answer) as server:
        assert ask(server, secret=APP_SECRET).reason == "csrf"
    (status,) = read(bodies[0]).statuses
    assert (status.test, status.state) == (True, "delivered")


def drip(connection):
    with contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100):
            connection.sendall(b"X-A: b\r\n")
            time.sleep(0.05)


def drip_body(connection):
    with contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(100):
            connection.sendall(b"1")
            time.sleep(0.05)


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("slow", [drip, drip_body, lambda connection: time.sleep(2)])
def test_slowness_of_every_kind_ends_at_the_deadline(world, slow, secure):
    key = world.server() if secure else ""
    with Server(lambda request: slow, key) as server:
        began = time.monotonic()
        found = ask(server, world, seconds=0.5)
        took = time.monotonic() - began
    assert found.reason == "timeout"
    assert took < 1.5


def test_a_tls_handshake_that_never_ends_is_ended():
    def silent(request):
        raise AssertionError("nothing is asked")

    with Server(silent) as plain:
        found = probe(
            f"https://{HOST}:{plain.port}/",
            TOKEN,
            Outside(
                allow_local=True,
                seconds=0.5,
                environ={},
                resolve=lambda host, port, **how: socket.getaddrinfo("127.0.0.1", port, **how),
            ),
        )
    assert found.reason in ("timeout", "tls_other")


BROKEN = {
    "not_http": lambda connection: connection.sendall(b"220 mail.example.com ESMTP\r\n\r\n"),
    "reset": lambda connection: connection.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
    ),
}


@pytest.mark.parametrize(("reason", "answer"), BROKEN.items())
def test_what_is_no_web_server_is_named(reason, answer):
    with Server(lambda request: answer) as server:
        assert ask(server).reason == reason


def test_a_closed_port_is_named():
    with Server(good) as server:
        pass
    found = ask(server)
    assert (found.reason, found.values["port"]) == ("refused", server.port)


def outside(**how):
    return Outside(environ={}, **how)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "bad_url"),
        ("example.com/hook", "bad_url"),
        ("https://", "bad_url"),
        ("https://example.com/ho ok", "bad_url"),
        ("https://example.com/hook ", "bad_url"),
        ("https://user@example.com/", "bad_url"),
        ("https://example.com:port/", "bad_url"),
        ("https://example.com/#hook", "bad_url"),
        ("https://[::1/", "bad_url"),
        ("http://example.com/hook", "not_https"),
        ("ftp://example.com/hook", "not_https"),
        ("https://localhost/hook", "local_address"),
        ("https://127.0.0.1/hook", "local_address"),
        ("https://192.168.1.5:8443/hook", "local_address"),
        ("https://[::1]/hook", "local_address"),
        ("https://169.254.169.254/", "local_address"),
        ("https://100.64.0.1/", "local_address"),
        ("https://[64:ff9b::127.0.0.1]/", "local_address"),
        ("https://[2002:7f00:1::1]/", "local_address"),
        ("https://[::ffff:10.0.0.1]/", "local_address"),
    ],
)
def test_addresses_that_meta_cannot_use_are_refused_before_anything_is_sent(url, reason):
    assert probe(url, TOKEN, outside()).reason == reason


def unknown_name(host, port, **how):
    raise socket.gaierror(socket.EAI_NONAME, "unknown")


def no_resolver(host, port, **how):
    raise socket.gaierror(socket.EAI_AGAIN, "try again")


@pytest.mark.parametrize(("resolve", "unsure"), [(unknown_name, False), (no_resolver, True)])
def test_a_name_that_does_not_exist_is_told_from_a_resolver_that_fails(resolve, unsure):
    found = probe("https://nowhere.example/", TOKEN, outside(resolve=resolve))
    assert (found.reason, found.unsure) == ("dns", unsure)


def test_a_resolver_that_never_answers_is_left_behind():
    over = threading.Event()
    slow = outside(seconds=0.3, resolve=lambda *a, **k: over.wait(10) and [])
    began = time.monotonic()
    found = probe("https://nowhere.example/", TOKEN, slow)
    took = time.monotonic() - began
    over.set()
    assert (found.reason, found.unsure) == ("dns", True)
    assert took < 2


def test_one_private_address_among_public_ones_is_said():
    def mixed(host, port, **how):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("93.184.216.34", "10.0.0.7")
        ]

    found = probe("https://shop.example/", TOKEN, outside(resolve=mixed))
    assert (found.reason, found.values["address"]) == ("local_address", "10.0.0.7")


def test_our_own_receiver_must_take_what_is_signed_and_refuse_what_is_not(world):
    def checks(signed, unsigned):
        def answer(request):
            if request.method == "GET":
                return good(request)
            right = good(request).startswith(b"HTTP/1.1 200")
            return http(signed if right else unsigned)

        return answer

    for signed, unsigned, reason in (
        (200, 403, ""),
        (200, 200, "post_unchecked"),
        (403, 403, "post_refused"),
        (401, 401, "post_refused"),
        (500, 500, "post_failed"),
        (502, 502, "post_failed"),
        (404, 404, "wrong_method"),
        (405, 405, "wrong_method"),
        (429, 429, "too_many"),
    ):
        with Server(checks(signed, unsigned)) as server:
            assert ask(server, secret=APP_SECRET).reason == reason


class Proxy(Server):
    """An HTTP proxy that knows CONNECT; `port_of` says where a host really is."""

    def __init__(self, target, status=200):
        self.target, self.status = target, status
        super().__init__(None)

    def one(self, connection):
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(4096)
            self.seen.append(head)
            connection.sendall(f"HTTP/1.1 {self.status} X\r\n\r\n".encode())
            if self.status != 200:
                return
            with socket.create_connection(("127.0.0.1", self.target)) as onward:
                back = threading.Thread(target=copy, args=(onward, connection), daemon=True)
                back.start()
                copy(connection, onward)
                back.join(5)


def copy(one, other):
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)


def through(proxy, **more):
    return {"HTTPS_PROXY": f"http://anna:p%40ss@127.0.0.1:{proxy.port}", **more}


def test_a_proxy_of_the_environment_is_used_and_resolves_the_name_itself(world):
    with Server(good, world.server()) as server, Proxy(server.port) as proxy:
        here = Outside(trust=world.trust, environ=through(proxy), resolve=unknown_name)
        found = probe(f"https://{HOST}/hook", TOKEN, here)
        assert (found.reason, found.steps[0].name) == ("", "proxied")
        head = proxy.seen[0].decode()
    assert head.startswith(f"CONNECT {HOST}:443 HTTP/1.1\r\n")
    assert base64.b64encode(b"anna:p@ss").decode() in head
    assert TOKEN.reveal() not in head


def test_a_certificate_that_a_proxy_may_have_made_is_not_held_against_the_server(world):
    with Server(good, world.server("private")) as server, Proxy(server.port) as proxy:
        here = Outside(trust=world.trust, environ=through(proxy))
        found = probe(f"https://{HOST}/hook", TOKEN, here)
    assert (found.reason, found.unsure) == ("tls_untrusted", True)


@pytest.mark.parametrize(
    ("status", "reason"), [(407, "proxy_auth"), (403, "proxy"), (503, "proxy")]
)
def test_a_proxy_that_refuses_is_named(status, reason):
    with Proxy(1, status) as proxy:
        found = probe(f"https://{HOST}/hook", TOKEN, Outside(environ=through(proxy)))
    assert (found.reason, found.unsure, found.values["cause"]) == (reason, True, str(status))


@pytest.mark.parametrize(
    "bad",
    ["http://127.0.0.1:port", "http://[::1:3128", "http://anna:p/w@127.0.0.1:1", "127.0.0.1:99999"],
)
def test_a_proxy_whose_address_cannot_be_read_is_named(bad):
    found = probe(f"https://{HOST}/hook", TOKEN, Outside(environ={"HTTPS_PROXY": bad}))
    assert (found.reason, found.unsure) == ("proxy_bad", True)


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "127.0.0.1", "localhost", "a.localhost", "127.1", "[::1]"]
)
def test_a_private_address_is_refused_through_a_proxy_too(host):
    with Proxy(1) as proxy:
        found = probe(f"https://{host}/hook", TOKEN, Outside(environ=through(proxy)))
        assert (found.reason, proxy.seen) == ("local_address", [])


def test_no_proxy_is_honoured(world):
    with Server(good, world.server()) as server, Proxy(server.port) as proxy:
        environ = through(proxy, no_proxy="example.com")
        assert ask(server, world, environ=environ).ok
        assert proxy.seen == []


def test_no_secret_is_in_what_a_probe_reports(world):
    for server_key in ("", world.server(), world.server("expired")):
        with Server(page("wrong"), server_key) as server:
            told = repr(ask(server, world, secret=APP_SECRET))
        assert TOKEN.reveal() not in told
        assert APP_SECRET.reveal() not in told
