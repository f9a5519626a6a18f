"""What the desk signs with, and what it can do without."""

from unittest.mock import Mock

import pytest

from tests.support.fake_prompter import FakePrompter
from tests.support.fake_store import MemoryStore
from tests.support.fake_vault import MemoryVault
from wizard.actions.session import Session
from wizard.audit.checklist import Checklist
from wizard.state.record import ProfileRecord
from wizard.text.secret import Secret
from wizard.vault import VaultError
from wizard.vault.environment import EnvironmentFirst

TOKEN, SECRET = Secret("EAA" + "t" * 60), Secret("0" * 32)


def desk_of(vault, **ids):
    record = ProfileRecord(ids=ids)
    return Session(
        FakePrompter(),
        vault,
        MemoryStore(record),
        record,
        Checklist(()),
        Mock(),
        Mock(),
    )


@pytest.mark.parametrize(
    ("kept", "ids", "proves"),
    [
        ({"access_token": TOKEN, "app_secret": SECRET}, {"app_id": "1"}, True),
        ({"access_token": TOKEN, "app_secret": SECRET}, {}, False),
        ({"access_token": TOKEN}, {"app_id": "1"}, False),
        ({}, {"app_id": "1"}, False),
    ],
)
def test_a_proof_needs_token_secret_and_the_app_they_belong_to(kept, ids, proves):
    keys = desk_of(MemoryVault(**kept), **ids).keys()
    assert (keys.access_token, keys.app_secret) == (
        kept.get("access_token"),
        kept.get("app_secret"),
    )
    assert keys.proves is proves


def test_a_token_of_the_environment_needs_no_store():
    vault = EnvironmentFirst(
        {"WA_WIZARD_ACCESS_TOKEN": TOKEN.reveal()}, MemoryVault(closed="missing")
    )
    keys = desk_of(vault, app_id="1").keys()
    assert (keys.access_token, keys.app_secret, keys.proves) == (TOKEN, None, False)


def test_a_store_that_is_shut_is_said_where_the_token_is_in_it():
    with pytest.raises(VaultError):
        desk_of(MemoryVault(closed="locked")).keys()


def test_a_store_that_shuts_between_two_secrets_is_said():
    vault = MemoryVault(access_token=TOKEN)
    get = vault.get

    def shutting(name):
        if name == "app_secret":
            vault.closed = "locked"
        return get(name)

    vault.get = shutting
    with pytest.raises(VaultError):
        desk_of(vault).keys()
