"""A shop with a real store and a stand-in for Meta over real HTTP, and the command line on top."""

import io
import json
import os
import signal
import sys
from types import SimpleNamespace

import pytest

from wizard import sandbox
from wizard.cli import main as cli
from wizard.state.config import Config, find
from wizard.state.record import ProfileRecord, RecordFile, SecretNote
from wizard.text.secret import Secret, fingerprint
from wizard.vault.encrypted_file import EncryptedFile

PHRASE = "correct horse battery"
NOON = "2026-11-22T12:00:00Z"


class Shop:
    """One profile; `run` is a command line, `meta` its stand-in for Meta."""

    def __init__(self, meta, folder, capsys):
        self.meta, self.home, self._capsys = meta, find(os.environ), capsys
        self.folder = folder
        self.store = RecordFile(self.home.status_path("default"))

    @property
    def vault(self):
        path = self.home.folder("default") / "secrets.json"
        return EncryptedFile(path, "default", lambda new: Secret(PHRASE), 10)

    @property
    def record(self):
        return self.store.load()

    def kept(self, name="access_token"):
        kept = self.vault.get(self.record.kept_as(name))
        return kept.secret.reveal() if kept else None

    def keep(self, name, value, **note):
        secret = Secret(value)
        record = self.record
        self.vault.put(record.kept_as(name), secret)
        given = {"set_at": NOON, "fingerprint": fingerprint(secret, name), **note}
        record.secrets[record.kept_as(name)] = SecretNote(
            "encrypted-file", "scrypt + AES-256-GCM", **given
        )
        self.store.save(record)

    def settle(self, *secrets, ids=True):
        """What the owner of the scenario has already: these secrets, and the ids."""
        held = self.meta.profile
        record = ProfileRecord(ids=dict(held.ids) if ids else {})
        if "display_phone_number" not in record.ids and ids:
            record.ids["display_phone_number"] = "+44 7700 900123"
        self.store.save(record)
        for name in secrets:
            self.keep(name, self.meta.suggestions.get(name) or held.secrets[name])
        return self

    def tokens(self):
        return self.meta._world["tokens"]

    def run(self, *words, stdin="", code=0):
        """One command line in this process; what it printed, after its exit code was right."""
        before = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP)}
        standard, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(stdin.encode()))
        try:
            ended = cli.run(["credentials", "--lang", "en", "--no-input", *words])
        finally:
            sys.stdin = standard
            for number, how in before.items():
                signal.signal(number, how)
        out, err = self._capsys.readouterr()
        assert ended == code, f"{words}: {ended}\n{out}\n{err}"
        return SimpleNamespace(out=out, err=err, both=out + err)

    def data(self, *words, **how):
        return json.loads(self.run(*words, "--json", **how).out)


@pytest.fixture
def open_shop(tmp_path, monkeypatch, capsys):
    running = []

    def make(scenario="healthy"):
        meta = sandbox.start(scenario)
        running.append(meta)
        folder = tmp_path / "w"
        folder.mkdir(mode=0o700)
        phrase = tmp_path / "phrase"
        phrase.write_text(PHRASE)
        phrase.chmod(0o600)
        monkeypatch.setenv("WA_WIZARD_HOME", str(folder))
        monkeypatch.setenv("WA_WIZARD_GRAPH_URL", meta.graph_url)
        monkeypatch.setenv("WA_WIZARD_PASSPHRASE_FILE", str(phrase))
        # The cost of a guess is the matter of the vault's own tests.
        monkeypatch.setattr(EncryptedFile.__init__, "__defaults__", (10, None))
        shop = Shop(meta, tmp_path, capsys)
        config = Config().with_profile("default", vault={"store": "encrypted-file"})
        shop.home.save_config(config)
        return shop

    yield make
    for meta in running:
        meta.close()


@pytest.fixture
def shop(open_shop):
    """Everything in order: a system user's token, the app secret, every id."""
    return open_shop().settle("access_token", "app_secret")
