"""Commands run in this process, against a home of their own."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_store import full_record
from wizard.__main__ import main
from wizard.graph.client import GraphClient
from wizard.state.config import Home, find
from wizard.state.record import ProfileRecord, RecordFile


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("WA_WIZARD_HOME", str(tmp_path / "w"))
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    return find(os.environ)


@pytest.fixture
def saved(home: Home) -> Callable[..., ProfileRecord]:
    """Saves a record as a profile's."""

    def save(profile: str = "default", **fields: Any) -> ProfileRecord:
        record: ProfileRecord = full_record()
        record.profile = profile
        for name, value in fields.items():
            setattr(record, name, value)
        RecordFile(home.status_path(profile)).save(record)
        return record

    return save


@pytest.fixture
def wizard(home: Home, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs a command line; returns its exit code and what it wrote."""

    def run(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return code, out, err

    return run


@pytest.fixture
def told(wizard: Callable[..., tuple[int, str, str]]) -> Callable[..., tuple[int, Any]]:
    """Runs a command line with --json; returns the exit code and the document."""

    def run(*words: object) -> tuple[int, Any]:
        code, out, _ = wizard(*words, "--json")
        return code, json.loads(out)

    return run


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of all changes that were asked of Graph."""
    paths: list[str] = []
    post = GraphClient.post

    def noted(self: GraphClient, path: str, body: Any, consent: Any, **more: Any) -> Any:
        paths.append(path.rpartition("/")[2])
        return post(self, path, body, consent, **more)

    monkeypatch.setattr(GraphClient, "post", noted)
    return paths
