"""What every store promises. A test class inherits this and gives the fixture `vault`."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from wizard.text.secret import Secret

HARD_VALUES = {
    "token": "EAAG" + "x" * 300,
    "six digits": "049217",
    "several lines": "-----BEGIN KEY-----\nabc\ndef\n-----END KEY-----",
    "other scripts": "пароль-密码-🔑",
    "quotes and shell": "'\"`$(reboot)`\"'; --help %s {name} \\n",
    "a page of it": "0123456789abcdef" * 4096,
}


class VaultContract:
    """Thirteen promises."""

    threads = 8

    @pytest.fixture
    def vault(self):
        raise NotImplementedError

    def test_what_was_never_kept_is_none(self, vault):
        assert vault.get("access_token") is None

    @pytest.mark.parametrize("value", HARD_VALUES.values(), ids=HARD_VALUES)
    def test_what_is_kept_comes_back_as_it_was(self, vault, value):
        vault.put("access_token", Secret(value))
        assert vault.get("access_token").secret == Secret(value)

    def test_the_source_is_the_name_of_the_store(self, vault):
        vault.put("app_secret", Secret("s"))
        assert vault.get("app_secret").source == vault.describe().store

    def test_where_a_secret_would_come_from_is_where_it_comes_from(self, vault):
        would = vault.source_of("app_secret")
        vault.put("app_secret", Secret("s"))
        kept = vault.get("app_secret")
        assert (would.store, would.detail) == (kept.source, kept.detail)

    def test_a_newer_value_replaces_the_older(self, vault):
        for value in ("first", "second, longer", "3rd"):
            vault.put("access_token", Secret(value))
        assert vault.get("access_token").secret == Secret("3rd")

    def test_names_are_kept_apart(self, vault):
        names = ("access_token", "user_token", "page_token:1", "page_token:11")
        for name in names:
            vault.put(name, Secret(f"of {name}"))
        assert [vault.get(name).secret for name in names] == [Secret(f"of {n}") for n in names]

    def test_what_is_removed_is_gone_and_the_rest_stays(self, vault):
        vault.put("access_token", Secret("a"))
        vault.put("app_secret", Secret("b"))
        vault.remove("access_token")
        assert vault.get("access_token") is None
        assert vault.get("app_secret").secret == Secret("b")

    def test_removing_what_is_not_there_is_fine(self, vault):
        vault.remove("verify_token")
        assert vault.get("verify_token") is None

    def test_what_was_removed_can_be_kept_again(self, vault):
        vault.put("access_token", Secret("a"))
        vault.remove("access_token")
        vault.put("access_token", Secret("a"))
        assert vault.get("access_token").secret == Secret("a")

    def test_a_probe_passes_and_leaves_what_is_kept(self, vault):
        vault.put("access_token", Secret("a"))
        vault.probe()
        assert vault.get("access_token").secret == Secret("a")

    def test_a_description_shows_no_secret(self, vault):
        vault.put("access_token", Secret("canary-7f3a"))
        assert "canary" not in repr(vault.describe())

    def test_what_is_kept_prints_as_dots(self, vault):
        vault.put("access_token", Secret("canary-7f3a"))
        assert "canary" not in repr(vault.get("access_token"))

    def test_threads_neither_lose_nor_mix(self, vault):
        def work(number):
            name, secret = f"page_token:{number}", Secret(f"{number}-" + "y" * number * 40)
            vault.put(name, secret)
            return vault.get(name).secret == secret

        with ThreadPoolExecutor(self.threads) as pool:
            assert all(pool.map(work, range(self.threads)))
        assert all(vault.get(f"page_token:{number}") for number in range(self.threads))
