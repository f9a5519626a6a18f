"""Commands run in this process, against a home of their own."""

import json
import os

import pytest

from tests.support.fake_store import full_record
from wizard.__main__ import main
from wizard.state.config import find
from wizard.state.status_file import RecordFile


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("WA_WIZARD_HOME", str(tmp_path / "w"))
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    return find(os.environ)


@pytest.fixture
def saved(home):
    """Saves a record as a profile's."""

    def save(profile="default", **fields):
        record = full_record()
        record.profile = profile
        for name, value in fields.items():
            setattr(record, name, value)
        RecordFile(home.status_path(profile)).save(record)
        return record

    return save


@pytest.fixture
def wizard(home, capfd):
    """Runs a command line; returns its exit code and what it wrote."""

    def run(*words):
        code = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return code, out, err

    return run


@pytest.fixture
def told(wizard):
    """Runs a command line with --json; returns the exit code and the document."""

    def run(*words):
        code, out, _ = wizard(*words, "--json")
        return code, json.loads(out)

    return run
