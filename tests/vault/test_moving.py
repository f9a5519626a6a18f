"""Moving secrets between stores."""

import pytest

from tests.support.fake_vault import MemoryVault
from wizard.text.secret import Secret
from wizard.vault import VaultError, VaultProblem
from wizard.vault.environment import EnvironmentFirst
from wizard.vault.stores import move

A, B = Secret("a"), Secret("b")


def stores(**kept):
    return MemoryVault(**kept), MemoryVault(store="encrypted-file")


class Forgetful(MemoryVault):
    def put(self, name, secret):
        if name != "app_secret":
            super().put(name, secret)


def test_what_is_there_is_moved_and_named():
    source, target = stores(access_token=A, app_secret=B)
    moved = move(("access_token", "two_step_pin", "app_secret"), source, target)
    assert moved == ("access_token", "app_secret")
    assert source.kept == {}
    assert target.kept == {"access_token": A, "app_secret": B}


def test_names_that_were_not_given_stay():
    source, target = stores(access_token=A, app_secret=B)
    move(("access_token",), source, target)
    assert source.kept == {"app_secret": B}


def test_the_choice_is_recorded_when_all_are_copied_and_none_is_removed():
    source, target = stores(access_token=A, app_secret=B)
    seen = []
    move(source.kept, source, target, lambda: seen.append((dict(source.kept), dict(target.kept))))
    assert seen == [({"access_token": A, "app_secret": B},) * 2]


def test_when_recording_the_choice_fails_the_source_is_whole():
    source, target = stores(access_token=A)

    def fail():
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        move(("access_token",), source, target, fail)
    assert source.kept == {"access_token": A}


def test_a_target_that_loses_one_leaves_the_source_whole():
    source, target = MemoryVault(access_token=A, app_secret=B), Forgetful(store="command")
    with pytest.raises(VaultError) as caught:
        move(("access_token", "app_secret"), source, target)
    assert (caught.value.closed, caught.value.store) == (VaultProblem.LOSING, "command")
    assert source.kept == {"access_token": A, "app_secret": B}


def test_the_environment_does_not_answer_for_the_target():
    source, target = MemoryVault(app_secret=B), Forgetful(store="command")
    given = {"WA_WIZARD_APP_SECRET": "b"}
    with pytest.raises(VaultError) as caught:
        move(("app_secret",), EnvironmentFirst(given, source), EnvironmentFirst(given, target))
    assert caught.value.closed is VaultProblem.LOSING
    assert source.kept == {"app_secret": B}


def test_the_environment_itself_is_neither_source_nor_target():
    for pair in ((None, MemoryVault()), (MemoryVault(access_token=A), None)):
        source, target = (EnvironmentFirst({"WA_WIZARD_ACCESS_TOKEN": "x"}, v) for v in pair)
        with pytest.raises(VaultError) as caught:
            move(("access_token",), source, target)
        assert caught.value.closed is VaultProblem.READ_ONLY


def test_moving_to_the_same_place_removes_nothing():
    source = MemoryVault(access_token=A)
    assert move(("access_token",), source, EnvironmentFirst({}, source)) == ()
    assert source.kept == {"access_token": A}
