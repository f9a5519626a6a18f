"""The commands of the READMEs, run as they stand there in a clean folder: no desktop, no bus."""

import json
import re
import shlex
import subprocess
import sys

import pytest
import yaml

from tests.support.programs import ROOT
from wizard import sandbox

PAGES = ["README.md", "README.ru.md"]
TITLES = {
    "server": ("On a server", "На сервере"),
    "ci": ("In CI", "В CI"),
    "container": ("In a container", "В контейнере"),
    "moving": ("Moving to another machine", "Переезд на другой компьютер"),
}
#: Absolute folders of the text, which here lie in the clean one.
ROOTS = ("/etc/wa-wizard", "/run/secrets", "/var/lib/wa", "/data")


def blocks(page, section, kind="sh"):
    """The code of one section, each block as it stands there."""
    title = TITLES[section][PAGES.index(page)]
    text = (ROOT / page).read_text("utf-8")
    within = text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    found = re.findall(rf"```{kind}\n(.*?)```", within, re.DOTALL)
    assert found, title
    return found


class Machine:
    """A folder with a home, a PATH of its own and nothing else of this machine."""

    def __init__(self, folder, meta):
        self.folder, self.meta = folder, meta
        self.work = folder / "work"
        self.home("home")
        self.program("wa-wizard", f'exec {sys.executable} -m wizard "$@"')
        self.program("python3", f'exec {sys.executable} "$@"')
        self.work.mkdir()
        for name in ROOTS:
            (folder / name[1:]).mkdir(parents=True, mode=0o700)

    def home(self, name):
        self.place = self.folder / name
        self.place.mkdir(mode=0o700)

    def program(self, name, script):
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o700)

    def run(self, script, **more):
        for name in ROOTS:
            script = re.sub(rf"(?<![\w/]){re.escape(name)}\b", f"{self.folder}{name}", script)
        environ = {
            "HOME": str(self.place),
            "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "WA_WIZARD_GRAPH_URL": self.meta.graph_url,
            "LANG": "C.UTF-8",
            **more,
        }
        clean = ["env", "-i", *(f"{name}={value}" for name, value in environ.items())]
        done = subprocess.run(
            [*clean, "bash", "-euo", "pipefail", "-c", script],
            cwd=self.work,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}"
        shown = done.stdout + done.stderr
        assert self.meta.access_token not in shown
        return done.stdout

    def files(self):
        """What stands in its home and under its absolute folders, by the last part of its name."""
        return {p.name: p.read_bytes() for p in self.folder.rglob("*") if p.is_file()}


@pytest.fixture
def machine(tmp_path):
    meta, folder = sandbox.start("healthy"), tmp_path / "machine"
    folder.mkdir()
    yield Machine(folder, meta)
    meta.close()


def noting(name):
    """A program that notes which of our variables it was started with."""
    return (
        "import json, os; json.dump({k: v for k, v in os.environ.items() if 'WHATSAPP' in k or "
        f"'PYWA' in k or 'WA_WIZARD' in k}}, open('{name}.json', 'w'))"
    )


@pytest.mark.parametrize("page", PAGES)
def test_on_a_server(machine, page):
    first, second, third = blocks(page, "server")
    token = machine.meta.access_token
    (machine.work / "token.txt").write_text(token)
    export = 'export WA_WIZARD_PASSPHRASE_FILE="$PHRASE"\n'
    phrase = str(machine.folder / "etc/wa-wizard/passphrase")
    machine.run(first)
    assert not (machine.work / "token.txt").exists()
    assert token.encode() not in b"".join(machine.files().values())
    assert "AES-256-GCM" in machine.files()["secrets.json"].decode()
    machine.program("hermes", f"exec {sys.executable} -c {shlex.quote(noting('hermes'))}")
    machine.run(export + second, PHRASE=phrase)
    handed = json.loads((machine.work / "hermes.json").read_text())
    assert handed["WHATSAPP_CLOUD_ACCESS_TOKEN"] == token
    (cron,) = blocks(page, "server", "crontab")
    machine.run(export + cron.split(maxsplit=5)[5], PHRASE=phrase)
    machine.run(export + third, PHRASE=phrase, TOKEN=token)
    rows = [json.loads(line) for line in machine.files()["verdicts.jsonl"].splitlines()]
    assert [row.get("profile") for row in rows] == ["bakery", "default", None]
    assert rows[-1]["summary"]["exit_code"] == 0


@pytest.mark.parametrize("page", PAGES)
def test_in_ci(machine, page):
    (text,) = blocks(page, "ci", "yaml")
    text = text.replace("${{ secrets.WA_WIZARD_ACCESS_TOKEN }}", machine.meta.access_token)
    for step in yaml.safe_load(text.replace("${{ runner.temp }}", str(machine.folder))):
        machine.run(step["run"], **step["env"])
    verdict = json.loads((machine.work / "verdict.json").read_text())
    assert verdict["ready"]["sending"] is True
    assert machine.meta.access_token.encode() not in b"".join(machine.files().values())


@pytest.mark.parametrize("page", PAGES)
def test_in_a_container(machine, page):
    (text,) = blocks(page, "container")
    secrets = {"access_token": machine.meta.access_token, "app_secret": machine.meta.app_secret}
    for name, value in secrets.items():
        (machine.folder / "run/secrets" / name).write_text(f"{value}\n")
    (machine.work / "bot.py").write_text(noting("bot"))
    machine.run(text)
    handed = json.loads((machine.work / "bot.json").read_text())
    assert handed["PYWA_TOKEN"] == secrets["access_token"]
    data = {p.name: p.read_text("utf-8", "replace") for p in (machine.folder / "data").rglob("*.*")}
    assert json.loads(data["audit.json"])["ready"]["sending"] is True
    assert not any(value in text for text in data.values() for value in secrets.values())
    assert not any(machine.place.iterdir())


@pytest.mark.parametrize("page", PAGES)
def test_moving_to_another_machine(machine, page):
    (text,) = blocks(page, "moving")
    there, here = text.splitlines()
    phrase = machine.folder / "phrase"
    phrase.write_text("correct horse battery")
    phrase.chmod(0o600)
    given = {"WA_WIZARD_PASSPHRASE_FILE": str(phrase)}
    store = "wa-wizard credentials move --to encrypted-file"
    (machine.work / "token").write_text(machine.meta.access_token)
    (machine.work / "secret").write_text(machine.meta.app_secret)
    sets = "wa-wizard credentials set access_token --from-file token; rm token; "
    sets += "wa-wizard credentials set app_secret --from-file secret; rm secret"
    machine.run(f"{store}; {sets}; wa-wizard setup --no-input; {there}", **given)
    machine.home("other")
    machine.run(f"{store}; {here}", **given)
    assert not (machine.work / "move.env").exists()
    listed = json.loads(machine.run("wa-wizard credentials list --json", **given))
    assert {"access_token", "app_secret"} <= {row["name"] for row in listed["credentials"]}
    assert listed["ids"]["waba_id"]
    machine.run("wa-wizard audit --no-input", **given)
