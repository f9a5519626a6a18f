"""The parts of a run: where its requests go, and that a rehearsal touches nothing real."""

import json
import re
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace

import pytest

from tests.support import loopback
from tests.support.fake_vault import MemoryVault
from tests.support.loopback import Reply
from wizard.audit.results import ItemResult
from wizard.audit.runner import look
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.facts.facts import Facts
from wizard.graph import Credentials
from wizard.net.address import InvalidAddress
from wizard.state.config import Config
from wizard.state.record import Goal, ProfileRecord
from wizard.text.errors import InputRequired, UserAbort
from wizard.text.localised import LANGUAGES
from wizard.text.secret import Secret
from wizard.ui.words import Words, reason_of
from wizard.vault.environment import Environment


def chosen(**options):
    made = Arguments()
    made.command, made.language = "audit", "en"
    for name, value in options.items():
        setattr(made, name, value)
    return made


@pytest.fixture
def listening():
    """A server that answers every read, and notes what it was asked with."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, self.headers.get("Authorization")))
            body = json.dumps({"id": "1"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_address_that_is_not_metas_is_announced_before_a_secret_goes_there(
    home, listening, capfd
):
    url, seen = listening
    with Context(
        chosen(), {"WA_WIZARD_HOME": str(home.config_folder), "WA_WIZARD_GRAPH_URL": url}
    ) as p:
        open_graph = p.open_graph
        assert url in capfd.readouterr().err
        assert seen == []
        open_graph(Credentials(access_token=Secret("EAAx"))).get("1")
    assert seen == [("/v26.0/1", "Bearer EAAx")]


def kept_token(home, url):
    """A profile whose configuration names an address, and whose token is not the environment's."""
    home.save_config(Config().with_profile("default", graph_url=url))
    return Credentials(access_token=Secret("EAAkept"))


def test_a_kept_token_goes_in_plain_http_only_where_the_run_names_the_address(
    home, listening, capfd
):
    url, seen = listening
    keys = kept_token(home, url)
    environ = {"WA_WIZARD_HOME": str(home.config_folder)}
    with Context(chosen(no_input=True), environ) as context:
        context.vault = MemoryVault()
        with pytest.raises(InputRequired) as caught:
            context.open_graph(keys)
    assert caught.value.option == f"WA_WIZARD_GRAPH_URL={url}"
    assert seen == []
    assert url in capfd.readouterr().err
    with Context(chosen(no_input=True), {**environ, "WA_WIZARD_GRAPH_URL": url}) as context:
        context.open_graph(keys).get("1")
    assert seen == [("/v26.0/1", "Bearer EAAkept")]


@pytest.mark.parametrize(("answer", "asked"), [("yes", 2), ("no", 0)])
def test_a_person_is_asked_once_about_plain_http(home, listening, answer, asked):
    url, seen = listening
    keys = kept_token(home, url)
    with Context(chosen(), {"WA_WIZARD_HOME": str(home.config_folder)}) as context:
        context.vault, context.attended = MemoryVault(), True
        questions = []
        context.prompter = SimpleNamespace(
            choose=lambda question, _: questions.append(question) or answer
        )
        with suppress(UserAbort):
            for _ in range(2):
                context.open_graph(keys).get("1")
    assert len(seen) == asked
    assert [question.name for question in questions] == ["graph_url"]


def test_a_token_of_the_environment_was_meant_for_this_run(home, listening):
    url, seen = listening
    keys = kept_token(home, url)
    environ = {
        "WA_WIZARD_HOME": str(home.config_folder),
        "WA_WIZARD_ACCESS_TOKEN": "EAA" + "x" * 60,
    }
    with Context(chosen(no_input=True), environ) as context:
        context.open_graph(keys).get("1")
    assert len(seen) == 1


@pytest.mark.parametrize("named", ["WA_WIZARD_GRAPH_URL", "config.yaml"])
@pytest.mark.parametrize("answer", [b"<html>log in", b"hello", b'["list"]'])
def test_an_answer_that_is_not_graphs_names_the_setting_of_the_address(home, named, answer):
    with loopback.web(lambda _: Reply(answer)) as server:
        environ = {"WA_WIZARD_HOME": str(home.config_folder)}
        if named == "config.yaml":
            home.save_config(Config().with_profile("default", graph_url=server.url))
        else:
            environ[named] = server.url
        with Context(chosen(no_input=True), environ) as context:
            facts = Facts(
                context.open_graph(Credentials()), ProfileRecord("default"), MemoryVault()
            )
            found = look(context.checklist.item("environment.reachable"), facts)
            for language in LANGUAGES:
                words = Words(language)
                reason = reason_of(
                    ItemResult(context.checklist.item("environment.reachable"), found)
                )
                told = words.text(reason.says, **found.values)
                assert named in told
                assert not re.search("Wi-Fi|VPN", told)
    assert found.reason == "not_graph"


def test_metas_own_address_needs_no_announcement(home, capfd):
    with Context(chosen()) as context:
        assert context.open_graph(Credentials()).url == "https://graph.facebook.com"
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("url", ["http://graph.example", "ftp://127.0.0.1", "graph.facebook.com"])
def test_an_address_without_encryption_is_refused(url, home, wizard, monkeypatch):
    monkeypatch.setenv("WA_WIZARD_GRAPH_URL", url)
    with Context(chosen()) as context, pytest.raises(InvalidAddress):
        _ = context.open_graph
    assert wizard("audit")[0] == 2


def test_the_environment_goes_before_the_profile_and_that_before_our_own_choice(home):
    def version(environ):
        with Context(chosen(), {"WA_WIZARD_HOME": str(home.config_folder), **environ}) as context:
            return context.open_graph(Credentials()).version

    assert version({}) == "v26.0"
    home.save_config(Config().with_profile("default", graph_version="v24.0"))
    assert version({}) == "v24.0"
    assert version({"WA_WIZARD_GRAPH_VERSION": "v25.0"}) == "v25.0"


def test_verbose_shows_requests_without_their_query(home, listening, capfd):
    url, _ = listening
    environ = {"WA_WIZARD_HOME": str(home.config_folder), "WA_WIZARD_GRAPH_URL": url}
    with Context(chosen(verbose=True), environ) as context:
        keys = Credentials(access_token=Secret("EAAcanary"))
        context.open_graph(keys).get("debug_token", input_token=Secret("EAAcanary"))
    err = capfd.readouterr().err
    assert "GET /debug_token 200" in err.replace("/v26.0", "")
    assert "canary" not in err


def test_a_rehearsal_uses_nothing_of_the_real_profile(home, saved, monkeypatch):
    saved(ids={"waba_id": "REAL"})
    home.save_config(Config().with_profile("default", graph_url="https://real.example"))
    environ = {
        "WA_WIZARD_HOME": str(home.config_folder),
        "WA_WIZARD_ACCESS_TOKEN": "EAAreal",
        "WA_WIZARD_GRAPH_URL": "https://real.example",
    }
    assert Environment(environ).get("access_token") is not None
    with Context(chosen(sandbox="healthy", no_input=True), environ) as context:
        session = context.session
        assert session.graph().url == context.running.graph_url
        assert session.record.ids["waba_id"] == context.running.waba_id
        assert session.vault.get("access_token").secret == Secret(context.running.access_token)
        assert session.record.goals == (Goal.SENDING,)
        assert context.same == "--sandbox=healthy"
    assert home.status_path("default").read_text().count("REAL") == 1


def test_a_rehearsal_that_begins_with_the_setup_brings_nothing(home):
    with Context(chosen(sandbox="healthy", no_input=True), seeded=False) as context:
        assert context.session.record.ids == {}
        assert context.session.vault.get("access_token") is None


def test_a_rehearsal_goes_on_where_it_stopped(home):
    with Context(chosen(sandbox="healthy", no_input=True)) as context:
        context.session.record.ids["waba_id"] = "another"
        context.session.vault.remove("access_token")
        context.session.save()
    with Context(chosen(sandbox="healthy", no_input=True)) as context:
        assert context.session.record.ids["waba_id"] == "another"
        assert context.session.vault.get("access_token") is None


def test_nothing_heavy_is_built_before_it_is_asked_for(home):
    context = Context(chosen(sandbox="healthy"))
    assert context.record.ids == {}
    context.close()
    assert "running" not in context.__dict__
