"""What `export` writes comes back the same: by `import`, and by the real readers of each format."""

import base64
import http.server
import io
import json
import os
import random
import shutil
import socketserver
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import dotenv
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wizard.commands.credentials import FORMATS
from wizard.commands.credentials.export import dressed, named
from wizard.commands.credentials.recognise import find
from wizard.text.errors import UsageError

GENERATOR = Path("/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator")
CLEAN = {"PATH": os.environ["PATH"]}

#: What readers treat specially, alone and together, among letters of several scripts.
SIGNS = "'\"\\$`#{}= ~!;&|<>()*?%^,:[]nHax1é漢ж😀①②③"
TOGETHER = str.maketrans({"①": "${HOME}", "②": " #", "③": "\\\\"})


def hundred(seed):
    """Printable values; lists of them drawn by hypothesis itself are mostly one value repeated."""
    chance = random.Random(seed)
    values = set()
    while len(values) < 100:
        letters = chance.choices(SIGNS, k=chance.randint(1, 12))
        letters.append(chr(chance.randint(0x20, 0x2FFF)))
        chance.shuffle(letters)
        value = "".join(letters[: chance.randint(1, 12)]).translate(TOGETHER)
        if value.isprintable() and value.strip():
            values.add(value)
    return sorted(values)


#: 500 values in each test, in a few processes.
MANY = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
BATCHES = st.integers(min_value=0, max_value=1 << 32).map(hundred)


def held(style, values):
    """The values that the format can hold, each tried on its own."""
    for value in values:
        with suppress(UsageError):
            dressed({"verify_token": value}, style)
            yield value


def written(style, values):
    """The text for all values that the format can hold, and what it has to give by variable."""
    by_name = {f"page_token:{n}": value for n, value in enumerate(held(style, values))}
    return dressed(by_name, style), named(by_name)


def of_environ(output):
    pairs = (line.partition("=") for line in output.split("\0"))
    return {name: value for name, _, value in pairs if name.startswith("WA_WIZARD_")}


def output_of(words, **more):
    how = {"env": CLEAN, "capture_output": True, "text": True, **more}
    return subprocess.run(words, check=True, **how).stdout


def shell(name):
    def read(text):
        return of_environ(output_of([name, "-c", f"set -a\n{text}\nenv -0"]))

    return read


def node(text):
    show = "process.stdout.write(JSON.stringify(process.env))"
    shown = output_of(["node", "--env-file=/dev/stdin", "-e", show], input=text)
    return {name: value for name, value in json.loads(shown).items() if name in text}


def python_dotenv(text):
    return dict(dotenv.dotenv_values(stream=io.StringIO(text)))


def systemd(text, folder):
    """EnvironmentFile= and environment.d are read by the same code; the latter expands $ after."""
    place = folder / "environment.d"
    place.mkdir(exist_ok=True)
    (place / "a.conf").write_text(text.replace("$", "$$").replace("~", "\u301c"))
    environ = {"XDG_CONFIG_HOME": str(folder), "HOME": str(folder), **CLEAN}
    # It writes ~ unquoted, which the shell that reads its output here would replace.
    shown = shell("bash")(output_of([GENERATOR], env=environ))
    return {name: value.replace("\u301c", "~") for name, value in shown.items()}


class Service(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """As much of Docker's daemon and of GitHub as their programs need; keeps what it was sent."""

    request_queue_size = 200  # gh sends everything at once

    def __init__(self, path, answers):
        self.answers, self.sent = answers, {}
        super().__init__(str(path), self.RequestHandlerClass)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    class RequestHandlerClass(http.server.BaseHTTPRequestHandler):
        server: Any

        def answer(self):
            if length := int(self.headers["Content-Length"] or 0):
                self.server.sent[self.path.rpartition("/")[2]] = json.loads(self.rfile.read(length))
            last = self.path.partition("?")[0].rpartition("/")[2]
            body = json.dumps(self.server.answers.get(last, {})).encode()
            self.send_response(201 if length else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def __getattr__(self, name):
            if name.startswith("do_"):
                return self.answer
            raise AttributeError(name)

        def address_string(self):
            return "local"

        def log_message(self, *_):
            pass


def docker(text, folder):
    path, file = folder / "docker.sock", folder / "docker.env"
    path.unlink(missing_ok=True)
    file.write_text(text)
    with Service(path, {"create": {"Id": "a" * 64, "Warnings": []}}) as daemon:
        output_of(["docker", "-H", f"unix://{path}", "create", "--env-file", str(file), "x"])
    return of_environ("\0".join(daemon.sent["create"]["Env"]))


def gh(text, folder):
    """GitHub's own program seals each value for the key it is given; it is opened here again."""
    public = pytest.importorskip("nacl.public", reason="PyNaCl is not here")
    path, key = folder / "gh.sock", public.PrivateKey.generate()
    path.unlink(missing_ok=True)
    (folder / "config.yml").write_text(f"http_unix_socket: {path}\n")
    shown = base64.b64encode(bytes(key.public_key)).decode()
    environ = {"GH_CONFIG_DIR": str(folder), "GH_TOKEN": "x", "HOME": str(folder), **CLEAN}
    words = ["gh", "secret", "set", "--env-file", "-", "--repo", "github.com/o/r"]
    with Service(path, {"public-key": {"key_id": "1", "key": shown}}) as github:
        output_of(words, env=environ, input=text)
    box = public.SealedBox(key)
    return {
        name: box.decrypt(base64.b64decode(sent["encrypted_value"])).decode()
        for name, sent in github.sent.items()
    }


def node_json(text):
    script = "process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(0))))"
    return json.loads(output_of(["node", "-e", script], input=text))


READERS = {
    "env-bash": ("env", "bash", shell("bash")),
    "env-dash": ("env", "dash", shell("dash")),
    "dotenv-bash": ("dotenv", "bash", shell("bash")),
    "dotenv-dash": ("dotenv", "dash", shell("dash")),
    "dotenv-python": ("dotenv", "", python_dotenv),
    "dotenv-node": ("dotenv", "node", node),
    "dotenv-systemd": ("dotenv", str(GENERATOR), systemd),
    "docker-docker": ("docker", "docker", docker),
    "github-gh": ("github", "gh", gh),
    "json-node": ("json", "node", node_json),
}


@pytest.mark.parametrize("reader", READERS)
def test_the_reader_of_a_format_gets_every_value_as_it_is(reader, tmp_path):
    style, program, read = READERS[reader]
    if program and not shutil.which(program):
        pytest.skip(f"{program} is not here")
    more = (tmp_path,) if read in (docker, gh, systemd) else ()

    @MANY
    @given(BATCHES)
    def check(values):
        text, wanted = written(style, values)
        assert read(text, *more) == wanted

    check()


@pytest.mark.parametrize("style", FORMATS)
def test_our_own_import_gets_every_value_as_it_is(style):
    @MANY
    @given(BATCHES)
    def check(values):
        for value in held(style, values):
            text = dressed({"verify_token": value, "waba_id": "102290129340398"}, style)
            found = {f.name: f.value or f.secret.reveal() for f in find(text) if not f.why}
            assert found == {"verify_token": value, "waba_id": "102290129340398"}

    check()


@pytest.mark.parametrize("style", FORMATS)
@pytest.mark.parametrize(
    ("value", "refusing"),
    [
        ("plain-1.2_3~x", ()),
        ("it's", ()),
        ("two words", ()),
        ("a$b", ("github",)),
        ("a#b", ("github",)),
        ('"q"', ("github",)),
        (" x ", ("github",)),
        ("a\\b", ()),
        ("a\\", ("dotenv",)),
        ("${HOME}", ("dotenv", "github")),
        ('it\'s "it"', ("dotenv",)),
        ("a\nb", ("env", "dotenv", "github", "docker")),
        ("a\x00b", ("env", "dotenv", "github", "docker")),
    ],
)
def test_a_format_refuses_what_its_readers_misread_and_nothing_else(style, value, refusing):
    assert list(held(style, [value])) == ([] if style in refusing else [value])


def test_nothing_is_written_where_one_value_cannot_be(shop):
    shop.keep("verify_token", "${HOME}")
    target = shop.folder / "out.env"
    said = shop.run("export", "--yes", "--format", "dotenv", "--output", str(target), code=2)
    assert not target.exists()
    assert "WA_WIZARD_VERIFY_TOKEN" in said.err
    assert "${HOME}" not in said.both
    assert shop.run("export", "--yes", "--format", "dotenv", code=2).out == ""
    shop.run("export", "--yes", "--format", "json", "--output", str(target))
