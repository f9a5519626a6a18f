"""The encrypted file: what it hides, whom it trusts, and what it survives."""

import json
import os
import stat
import subprocess
import sys
import unicodedata
from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from tests.support.programs import child_environ
from tests.support.vault_contract import VaultContract
from wizard.text.errors import InputRequired, UserAbort
from wizard.text.secret import Secret
from wizard.vault import VaultError, VaultProblem, encrypted_file
from wizard.vault.encrypted_file import COST, EncryptedFile
from wizard.vault.stores import Person, open_vault

CHEAP = 10
PHRASE = "correct horse"


class Asked:
    """Gives a passphrase and counts how often it was asked, and whether for a new one."""

    def __init__(self, phrase=PHRASE):
        self.phrase, self.times = phrase, []

    def __call__(self, new):
        self.times.append(new)
        return None if self.phrase is None else Secret(self.phrase)


def over(path, phrase=PHRASE, profile="shop", cost=CHEAP):
    return EncryptedFile(Path(path), profile, Asked(phrase), cost)


def closed_by(act):
    with pytest.raises(VaultError) as caught:
        act()
    assert caught.value.store == "encrypted-file"
    return caught.value


@pytest.fixture
def path(tmp_path):
    return tmp_path / "shop" / "secrets.json"


@pytest.fixture
def kept(path):
    over(path).put("access_token", Secret("kept"))
    return path


def change(path, edit):
    tree = json.loads(path.read_text())
    edit(tree)
    path.write_text(json.dumps(tree))


class TestContract(VaultContract):
    @pytest.fixture
    def vault(self, path):
        return over(path)


class TestHiding:
    def test_ten_megabytes_come_back_as_they_were(self, path):
        value = Secret("0123456789" * (1 << 20))
        over(path).put("access_token", value)
        assert over(path).get("access_token").secret == value

    def test_no_value_stands_in_the_file(self, path):
        over(path).put("access_token", Secret("canary-in-a-file"))
        content = path.read_bytes()
        assert b"canary" not in content
        assert b64encode(b"canary-in-a-file")[:12] not in content
        assert PHRASE.encode() not in content

    def test_equal_values_do_not_look_equal(self, path):
        vault = over(path)
        vault.put("access_token", Secret("same"))
        vault.put("user_token", Secret("same"))
        entries = json.loads(path.read_text())["secrets"]
        assert entries["access_token"] != entries["user_token"]

    def test_file_and_folder_are_private(self, kept):
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700

    def test_an_entry_under_another_name_does_not_open(self, kept):
        change(kept, lambda t: t["secrets"].update(app_secret=t["secrets"]["access_token"]))
        assert closed_by(lambda: over(kept).get("app_secret")).closed is VaultProblem.BROKEN

    def test_a_file_of_another_profile_does_not_open(self, kept):
        assert closed_by(lambda: over(kept, profile="other").get("access_token"))
        change(kept, lambda tree: tree.update(profile="other"))
        trouble = closed_by(lambda: over(kept, profile="other").get("access_token"))
        assert trouble.closed is VaultProblem.PASSPHRASE

    def test_one_changed_bit_is_noticed(self, kept):
        def flip(tree):
            sealed = bytearray(b64decode(tree["secrets"]["access_token"]))
            sealed[-1] ^= 1
            tree["secrets"]["access_token"] = b64encode(sealed).decode()

        change(kept, flip)
        trouble = closed_by(lambda: over(kept).get("access_token"))
        assert trouble.closed is VaultProblem.BROKEN
        assert trouble.detail.startswith("access_token: ")

    def test_the_usual_cost_is_that_of_half_a_second_and_128_mib(self, path):
        over(path, cost=COST).put("access_token", Secret("a"))
        kdf = json.loads(path.read_text())["kdf"]
        assert (kdf["name"], kdf["log2n"], kdf["r"], kdf["p"]) == ("scrypt", 17, 8, 1)
        assert len(b64decode(kdf["salt"])) == 16


class TestPassphrase:
    def test_the_wrong_one_is_said_and_changes_nothing(self, kept):
        before = kept.read_bytes()
        vault = over(kept, "wrong horse")
        for act in (
            lambda: vault.get("access_token"),
            lambda: vault.put("app_secret", Secret("new")),
            vault.probe,
        ):
            trouble = closed_by(act)
            assert (trouble.closed, trouble.detail) == (VaultProblem.PASSPHRASE, "wrong")
        assert kept.read_bytes() == before

    def test_after_the_wrong_one_it_is_asked_again(self, kept):
        """In place, as long as another one comes; the same once more has no better end."""
        typed, times = iter(["wrong horse", "no better", PHRASE]), []

        def ask(new):
            times.append(new)
            return Secret(next(typed))

        vault = EncryptedFile(kept, "shop", ask, CHEAP)
        assert vault.get("access_token").secret == Secret("kept")
        assert times == [False, False, False]
        again = Asked("wrong horse")
        closed_by(lambda: EncryptedFile(kept, "shop", again, CHEAP).get("access_token"))
        assert again.times == [False, False]

    @pytest.mark.parametrize("phrase", [None, ""])
    def test_none_is_said(self, kept, phrase):
        trouble = closed_by(lambda: over(kept, phrase).get("access_token"))
        assert (trouble.closed, trouble.detail) == (VaultProblem.PASSPHRASE, "none")

    def test_nobody_there_is_none_and_leaving_is_leaving(self, kept):
        def raising(error):
            def ask(new):
                raise error

            return EncryptedFile(kept, "shop", ask, CHEAP)

        nobody = raising(InputRequired("passphrase", "--passphrase-file"))
        assert closed_by(lambda: nobody.get("access_token")).detail == "none"
        for error in (UserAbort, KeyboardInterrupt):
            with pytest.raises(error):
                raising(error).get("access_token")

    def test_a_new_one_must_not_be_short(self, path):
        assert closed_by(lambda: over(path, "7 chars").put("a", Secret("b"))).detail == "< 8"
        assert not path.exists()

    def test_it_is_asked_once_for_all_calls(self, path):
        ask = Asked()
        vault = EncryptedFile(path, "shop", ask, CHEAP)
        for name in ("access_token", "app_secret", "access_token"):
            vault.put(name, Secret("x"))
            vault.get(name)
        assert ask.times == [True]

    def test_it_is_not_asked_for_what_is_not_there(self, kept):
        ask = Asked(None)
        vault = EncryptedFile(kept, "shop", ask, CHEAP)
        assert vault.get("app_secret") is None
        vault.remove("app_secret")
        vault.describe()
        assert ask.times == []

    def test_removing_needs_none(self, kept):
        over(kept, None).remove("access_token")
        assert over(kept).get("access_token") is None


class TestSources:
    """A file that was named goes before a person; an argument and a plain variable never."""

    @pytest.fixture
    def opened(self, tmp_path):
        def opening(environ, **person):
            choice = {"store": "encrypted-file"}
            return open_vault("shop", choice, environ, folder=tmp_path, person=Person(**person))

        return opening

    def phrase_in(self, path, phrase):
        path.parent.mkdir(exist_ok=True)
        path.write_text(phrase + "\n")
        path.chmod(0o600)
        return path

    def test_each_source_in_its_turn(self, opened, tmp_path):
        credentials = self.phrase_in(tmp_path / "creds" / "wa-wizard-passphrase", "from systemd")
        named = self.phrase_in(tmp_path / "named", "from variable")
        option = self.phrase_in(tmp_path / "option", "from option")
        environ = {"CREDENTIALS_DIRECTORY": str(credentials.parent)}
        over(tmp_path / "secrets.json", "from option").put("access_token", Secret("x"))
        vault = opened(environ, passphrase_file=option, passphrase=Asked())
        assert vault.get("access_token").secret == Secret("x")
        environ["WA_WIZARD_PASSPHRASE_FILE"] = str(named)
        # What the option says opens it: the others do not, and say so in their turn.
        for vault in (
            opened({}, passphrase=Asked("from a person")),
            opened({"CREDENTIALS_DIRECTORY": str(credentials.parent)}, passphrase=Asked()),
            opened(environ, passphrase=Asked("from option")),
        ):
            assert closed_by(lambda vault=vault: vault.get("access_token")).detail == "wrong"
        named.write_text("from option\r\n")
        assert opened(environ, passphrase=Asked()).get("access_token").secret == Secret("x")

    @pytest.mark.parametrize("way", ["option", "variable"])
    @pytest.mark.parametrize(
        ("mode", "owner", "taken"),
        [
            (0o600, None, True),
            (0o400, None, True),
            (0o640, None, False),
            (0o644, None, False),
            (0o622, None, False),
            (0o440, 65534, True),  # of another user, for a group
            (0o444, 65534, False),
        ],
    )
    def test_a_passphrase_that_others_can_read_is_none(
        self, opened, tmp_path, mode, owner, taken, way
    ):
        path = self.phrase_in(tmp_path / "named", PHRASE)
        over(tmp_path / "secrets.json").put("access_token", Secret("x"))
        if owner:
            if os.geteuid():
                pytest.skip("only root can give files away")
            os.chown(path, owner, -1)
        path.chmod(mode)
        link = tmp_path / "link"
        link.symlink_to(path)  # Kubernetes mounts secrets so
        given = {"passphrase_file": link} if way == "option" else {}
        vault = opened({} if given else {"WA_WIZARD_PASSPHRASE_FILE": str(link)}, **given)
        if taken:
            assert vault.get("access_token").secret == Secret("x")
        else:
            trouble = closed_by(lambda: vault.get("access_token"))
            assert trouble.closed is VaultProblem.READABLE
            assert f"{mode:04o}" in trouble.detail

    def test_a_passphrase_file_that_is_missing_is_said(self, opened, tmp_path):
        over(tmp_path / "secrets.json").put("access_token", Secret("x"))
        with pytest.raises(VaultError) as caught:
            opened({}, passphrase_file=tmp_path / "none", passphrase=Asked()).get("access_token")
        assert "--passphrase-file" in caught.value.detail

    def test_nobody_to_ask(self, opened):
        assert closed_by(lambda: opened({}).put("a", Secret("x"))).closed is VaultProblem.PASSPHRASE


class TestTrust:
    def unsafe(self, path, kind, closed=VaultProblem.UNSAFE):
        before = path.read_bytes() if path.exists() else None
        for act in (
            lambda: over(path).get("access_token"),
            lambda: over(path).put("access_token", Secret("new")),
        ):
            trouble = closed_by(act)
            assert trouble.closed is closed
            assert kind in trouble.detail
        assert (path.read_bytes() if path.exists() else None) == before

    def test_a_link_in_its_place(self, kept, tmp_path):
        victim = tmp_path / "victim"
        kept.rename(victim)
        kept.symlink_to(victim)
        self.unsafe(kept, "link")

    def test_a_link_to_nowhere(self, path):
        path.parent.mkdir(mode=0o700)
        path.symlink_to(path.parent / "planted")
        self.unsafe(path, "link")
        assert not (path.parent / "planted").exists()

    @pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
    def test_a_file_that_others_may_write(self, kept, mode):
        kept.chmod(mode)
        self.unsafe(kept, "mode")

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o444, 0o440, 0o610])
    def test_a_file_that_others_may_read(self, kept, mode):
        kept.chmod(mode)
        self.unsafe(kept, str(kept), VaultProblem.READABLE)
        assert closed_by(lambda: over(kept).remove("access_token")).closed is VaultProblem.READABLE
        for private in (0o400, 0o600):
            kept.chmod(private)
            assert over(kept).get("access_token")

    @pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
    def test_a_folder_that_others_may_write(self, kept, mode):
        kept.parent.chmod(mode)
        self.unsafe(kept, "mode")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
    def test_a_file_of_somebody_else(self, kept):
        os.chown(kept, 65534, -1)
        self.unsafe(kept, "owner")

    def test_a_pipe_in_its_place_is_not_waited_for(self, path):
        path.parent.mkdir(mode=0o700)
        os.mkfifo(path, 0o600)
        assert closed_by(lambda: over(path).get("access_token")).closed is VaultProblem.UNSAFE

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\xff\xfe",
            b"[]",
            b"7",
            b"{}",
            b'{"format": 2, "profile": "shop"}',
            b'{"format": 1, "profile": "shop", "kdf": {}}',
            b'{"format": 1, "profile": "shop", "kdf": {"log2n": 40, "salt": ""}}',
            b'{"format": 1, "profile": "shop", "kdf": {"log2n": 1, "salt": ""}}',
            b"[" * 100_000,
        ],
    )
    def test_a_file_that_is_not_ours_is_left_alone(self, kept, content):
        kept.write_bytes(content)
        for act in (
            lambda: over(kept).get("access_token"),
            lambda: over(kept).put("access_token", Secret("x")),
            lambda: over(kept).remove("access_token"),
        ):
            assert closed_by(act).closed is VaultProblem.BROKEN
        assert kept.read_bytes() == content

    def test_a_file_whose_check_was_taken_out(self, kept):
        change(kept, lambda tree: tree.update(check=""))
        assert closed_by(lambda: over(kept, "any phrase").put("a", Secret("x"))).detail == "check"


class TestForms:
    """é and ﬁ are written in several ways; a person cannot see which."""

    TYPED = "café ﬁre ひらがなが"

    @pytest.mark.parametrize("kept_in", ["NFC", "NFD", "NFKC", "NFKD"])
    @pytest.mark.parametrize("typed_in", ["NFC", "NFD", "NFKC", "NFKD"])
    def test_the_same_passphrase_in_another_form_opens(self, path, kept_in, typed_in):
        kept, typed = (unicodedata.normalize(form, self.TYPED) for form in (kept_in, typed_in))
        over(path, kept).put("access_token", Secret("x"))
        assert over(path, typed).get("access_token").secret == Secret("x")
        over(path, typed).put("app_secret", Secret("y"))
        assert over(path, kept).get("app_secret").secret == Secret("y")

    @pytest.mark.parametrize("form", ["NFC", "NFD"])
    def test_a_file_of_before_opens_with_what_was_typed_and_its_canonical_twin(
        self, path, form, monkeypatch
    ):
        phrase = unicodedata.normalize(form, "café horse")
        with monkeypatch.context() as patch:
            patch.setattr(encrypted_file, "_forms", lambda given, new: [given])
            over(path, phrase).put("access_token", Secret("x"))
        for other in ("NFC", "NFD"):
            vault = over(path, unicodedata.normalize(other, phrase))
            assert vault.get("access_token").secret == Secret("x")

    def test_another_passphrase_is_still_another(self, path):
        over(path, "café horse").put("access_token", Secret("x"))
        trouble = closed_by(lambda: over(path, "cafe horse").get("access_token"))
        assert (trouble.closed, trouble.detail) == (VaultProblem.PASSPHRASE, "wrong")


class TestRollback:
    """What was written once is not taken for what was written last."""

    @pytest.fixture
    def twice(self, path):
        """The file after the first and after the second value, and its entries."""
        over(path).put("access_token", Secret("revoked"))
        over(path).put("app_secret", Secret("s"))
        before = path.read_bytes()
        over(path).put("access_token", Secret("new"))
        return before

    def test_an_older_entry_in_its_place_does_not_open(self, path, twice):
        old = json.loads(twice)["secrets"]["access_token"]
        change(path, lambda tree: tree["secrets"].update(access_token=old))
        trouble = closed_by(lambda: over(path).get("access_token"))
        assert (trouble.closed, "access_token" in trouble.detail) == (VaultProblem.BROKEN, True)
        assert over(path).get("app_secret").secret == Secret("s")
        # Nor after something else was written.
        over(path).put("app_secret", Secret("t"))
        assert closed_by(lambda: over(path).get("access_token")).closed is VaultProblem.BROKEN

    def test_an_older_entry_with_its_older_check_is_an_older_file(self, path, twice):
        old = json.loads(twice)
        change(path, lambda tree: tree.update(check=old["check"], secrets=old["secrets"]))
        assert closed_by(lambda: over(path).get("app_secret")).closed is VaultProblem.OLDER

    @pytest.mark.parametrize("act", ["get", "put", "probe"])
    def test_an_older_file_is_said_until_a_person_takes_it(self, path, twice, act):
        path.write_bytes(twice)
        vault = over(path)
        calls = {
            "get": lambda: vault.get("access_token"),
            "put": lambda: vault.put("access_token", Secret("x")),
            "probe": vault.probe,
        }
        trouble = closed_by(calls[act])
        assert trouble.closed is VaultProblem.OLDER
        assert path.read_bytes() == twice
        Path(trouble.detail).unlink()
        assert over(path).get("access_token").secret == Secret("revoked")

    def test_another_machine_may_write_to_the_same_file(self, path, tmp_path):
        here, there = (
            EncryptedFile(path, "shop", Asked(), CHEAP, seen=tmp_path / name) for name in "ab"
        )
        for number in range(3):
            here.put("access_token", Secret(f"here {number}"))
            assert there.get("access_token").secret == Secret(f"here {number}")
            there.put("access_token", Secret(f"there {number}"))
            assert here.get("access_token").secret == Secret(f"there {number}")

    def test_a_file_that_was_deleted_begins_anew(self, path, twice):
        path.unlink()
        over(path).put("access_token", Secret("x"))
        assert over(path).get("access_token").secret == Secret("x")
        assert over(path).get("app_secret") is None
        path.write_bytes(twice)
        assert closed_by(lambda: over(path).get("access_token")).closed is VaultProblem.OLDER

    def test_a_file_of_before_opens_and_is_guarded_from_its_next_write(self, path, monkeypatch):
        vault = over(path)
        with monkeypatch.context() as patch:
            patch.setattr(
                EncryptedFile,
                "_seal_check",
                lambda self, doc: setattr(doc, "check", self._seal(doc, "check", "shop")),
            )
            patch.setattr(EncryptedFile, "_remember", lambda *_: None)
            vault.put("access_token", Secret("old"))
            vault.put("app_secret", Secret("s"))
        old = json.loads(path.read_text())["secrets"]["access_token"]
        assert over(path).get("access_token").secret == Secret("old")
        over(path).put("access_token", Secret("new"))
        assert over(path).get("app_secret").secret == Secret("s")
        change(path, lambda tree: tree["secrets"].update(access_token=old))
        assert closed_by(lambda: over(path).get("access_token")).closed is VaultProblem.BROKEN

    def test_a_removed_entry_stays_removed_after_the_next_write(self, path, twice):
        entry = json.loads(path.read_text())["secrets"]["access_token"]
        over(path, None).remove("access_token")
        over(path).put("app_secret", Secret("t"))
        change(path, lambda tree: tree["secrets"].update(access_token=entry))
        assert closed_by(lambda: over(path).get("access_token")).closed is VaultProblem.BROKEN


@pytest.mark.parametrize(
    ("place", "name", "value"),
    [("kdf", "r", 1), ("kdf", "p", 99), ("kdf", "name", "md5"), ("", "cipher", "none")],
)
def test_what_is_written_of_the_method_is_checked(kept, place, name, value):
    change(kept, lambda tree: (tree[place] if place else tree).update({name: value}))
    for act in (
        lambda: over(kept).get("access_token"),
        lambda: over(kept).put("access_token", Secret("x")),
    ):
        trouble = closed_by(act)
        assert (trouble.closed, trouble.detail) == (VaultProblem.BROKEN, f"{name} {value}")


class TestFull:
    def test_a_full_disk_keeps_the_old_file_and_leaves_nothing(self, kept):
        before = kept.read_bytes()
        script = (
            "import resource, sys; from pathlib import Path; from wizard.text.secret import Secret;"
            "from wizard.vault import VaultError;"
            "from wizard.vault.encrypted_file import EncryptedFile;"
            "vault = EncryptedFile(Path(sys.argv[1]), 'shop', lambda new: Secret(sys.argv[2]), 10);"
            "vault.get('access_token');"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
            "try: vault.put('app_secret', Secret('x' * 5000))\n"
            "except VaultError as trouble: print(trouble.closed)"
        )
        ran = subprocess.run(
            [sys.executable, "-c", script, kept, PHRASE],
            env=child_environ(),
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stdout.strip() == "full"
        assert kept.read_bytes() == before
        left = {path.name for path in kept.parent.iterdir()}
        assert left == {"secrets.json", ".secrets.json.lock", "secrets.json.revision"}


def test_six_processes_lose_nothing(path):
    script = (
        "import sys; from pathlib import Path; from wizard.text.secret import Secret;"
        "from wizard.vault.encrypted_file import EncryptedFile;"
        "vault = EncryptedFile(Path(sys.argv[1]), 'shop', lambda new: Secret(sys.argv[2]), 10);"
        "[vault.put(f'page_token:{sys.argv[3]}{n}', Secret('v' * 99)) for n in range(5)]"
    )
    environ = child_environ()
    workers = [
        subprocess.Popen([sys.executable, "-c", script, path, PHRASE, str(n)], env=environ)
        for n in range(6)
    ]
    assert [worker.wait(60) for worker in workers] == [0] * 6
    assert len(json.loads(path.read_text())["secrets"]) == 30
    assert over(path).get("page_token:54").secret == Secret("v" * 99)
