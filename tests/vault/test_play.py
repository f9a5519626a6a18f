"""The store of the sandbox."""

import stat

import pytest

from tests.support.vault_contract import VaultContract
from wizard.text.secret import Secret
from wizard.vault import VaultError, VaultProblem
from wizard.vault.sandbox_store import SandboxVault


class TestContract(VaultContract):
    @pytest.fixture
    def vault(self, tmp_path):
        return SandboxVault(tmp_path / "sandbox" / "play.json")


def test_its_file_and_folder_are_private(tmp_path):
    path = tmp_path / "sandbox" / "play.json"
    SandboxVault(path).put("access_token", Secret("play"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_another_opening_finds_what_was_kept(tmp_path):
    SandboxVault(tmp_path / "play.json").put("access_token", Secret("play"))
    assert SandboxVault(tmp_path / "play.json").get("access_token").secret == Secret("play")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o444])
def test_a_file_that_others_may_read_is_refused(tmp_path, mode):
    vault = SandboxVault(tmp_path / "play.json")
    vault.put("access_token", Secret("play"))
    (tmp_path / "play.json").chmod(mode)
    with pytest.raises(VaultError) as caught:
        vault.get("access_token")
    assert caught.value.closed is VaultProblem.READABLE


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[[1, 2, 3]]", b"7"])
def test_a_file_that_is_not_ours_is_said(tmp_path, content):
    path = tmp_path / "play.json"
    path.write_bytes(content)
    path.chmod(0o600)
    vault = SandboxVault(path)
    if content in (b"", b"[]"):
        assert vault.get("access_token") is None
        return
    with pytest.raises(VaultError) as caught:
        vault.get("access_token")
    assert (caught.value.closed, caught.value.store) == (VaultProblem.BROKEN, "sandbox")
