"""A secret is found in the vault and nowhere else: no output, no file, no command line."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

CANARY = "EAAcanary" + "c" * 150
PIN, WORD = "730294", "canary-verify-word"
SECRETS = (CANARY, PIN, WORD)


@pytest.fixture
def planted(open_shop):
    """Everything in order, with a token, an app secret, a PIN and a verify token worth finding."""
    shop = open_shop().settle("app_secret")
    shop.tokens()["system_user"]["value"] = CANARY
    shop.keep("access_token", CANARY)
    shop.keep("two_step_pin", PIN)
    shop.keep("verify_token", WORD)
    shop.secrets = (*SECRETS, shop.meta.app_secret)
    return shop


def files(shop):
    """Everything under the home, the lock files and temporary ones too."""
    return {p: p.read_bytes() for p in Path(os.environ["WA_WIZARD_HOME"]).rglob("*") if p.is_file()}


LINES = [
    (["list"], "", 0),
    (["list", "--json"], "", 0),
    (["set", "access_token", "--from-stdin", "--verbose"], CANARY, 0),
    (["set", "access_token", "--from-stdin", "--json"], CANARY, 0),
    (["set", "access_token", "--from-stdin"], CANARY + "x", 4),
    (["set", "app_secret", "--from-stdin"], CANARY, 4),
    (["set", "two_step_pin", "--from-stdin"], PIN, 0),
    (["set", "two_step_pin", "--from-stdin"], f"{PIN}1", 4),
    (["set", "verify_token", "--from-stdin"], WORD, 0),
    (["set", "user_token", "--from-stdin"], CANARY, 4),
    (["set", "page_token:17", "--from-stdin"], CANARY, 4),
    (["set", CANARY], "", 2),
    (["set", "access_token", "--from-file", f"/{CANARY[:30]}"], "", 2),
    (["rotate", "--if-expiring", "14d"], "", 0),
    (["rotate", "--from-stdin", "--verbose"], CANARY, 1),
    (["rotate", "--from-stdin"], CANARY[:-1], 4),
    (["remove", "page_token:17"], "", 0),
    (["move", "--to", "os-keyring"], "", 5),
    (["export", "access_token"], "", 2),
    (["run"], "", 2),
]


@pytest.mark.parametrize(("words", "given", "code"), LINES, ids=lambda value: str(value)[:48])
def test_no_command_says_or_writes_a_secret(planted, words, given, code):
    said = planted.run(*words, stdin=given, code=code)
    written = files(planted)
    for secret in planted.secrets:
        if secret not in " ".join(words):
            assert secret not in said.both
        for path, content in written.items():
            assert secret.encode() not in content, path
    assert len(written) >= 3  # config, status, vault


def test_an_import_says_and_leaves_nothing_but_the_file_it_read(planted):
    path = planted.folder / "theirs.env"
    lines = [f"TOKEN={CANARY}", f"APP_SECRET={planted.meta.app_secret}", f"PIN={PIN}"]
    path.write_text("\n".join([*lines, f"VERIFY_TOKEN={WORD}"]))
    said = planted.run("import", str(path), "--yes", "--remove-file")
    for secret in planted.secrets:
        assert secret not in said.both
        assert not [p for p, content in files(planted).items() if secret.encode() in content]


def test_an_export_to_a_file_says_nothing_of_what_is_in_it(planted):
    target = planted.folder / "out.json"
    said = planted.run("export", "--yes", "--format", "json", "--output", str(target))
    assert CANARY in target.read_text()
    for secret in planted.secrets:
        assert secret not in said.both


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
def test_nobody_can_read_the_process_that_holds_a_secret(planted):
    """Neither its command line, nor (but for root) its environment and memory."""
    call = [sys.executable, "-m", "wizard", "credentials", "run", "--", "/bin/sleep", "30"]
    environ = {**os.environ, "PYTHONPATH": os.getcwd()}
    child = subprocess.Popen(call, env=environ)
    try:
        seen = b""
        for _ in range(400):
            seen = Path(f"/proc/{child.pid}/cmdline").read_bytes()
            assert not any(secret.encode() in seen for secret in planted.secrets)
            if seen.startswith(b"/bin/sleep"):
                break
            time.sleep(0.02)
        assert seen.startswith(b"/bin/sleep")
        # The child has them, and no core dump will.
        assert CANARY.encode() in Path(f"/proc/{child.pid}/environ").read_bytes()
        limits = Path(f"/proc/{child.pid}/limits").read_text()
        line = next(line for line in limits.splitlines() if "core file" in line)
        assert line.split()[4] == "0"
    finally:
        child.kill()
        child.wait()


MOMENTS = int(os.environ.get("KILLS", "4"))
#: The helper program, with time to be killed while it writes.
SLOWLY = (
    "import sys, time, runpy; sys.argv.pop(0); time.sleep(0.1 * ('set' in sys.argv)); "
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)
WORK = {
    "set": ["set", "access_token", "--from-stdin"],
    "rotate": ["rotate", "--from-stdin"],
    "move": ["move", "--to", "command"],
    "import": ["import", "new.env", "--yes"],
}


@pytest.mark.timeout(60 + 10 * MOMENTS)
@pytest.mark.parametrize("what", WORK)
def test_sigkill_at_any_moment_leaves_a_whole_token(planted, what, monkeypatch):
    """A few moments of one run; KILLS=100 is a hundred of each."""
    new = "EAAnew" + "n" * 150
    planted.tokens()["new"] = {**planted.tokens()["system_user"], "value": new}
    place = planted.folder / "kept"
    place.mkdir()
    before = slow_store(planted, place, described=what == "move")
    environ = {**os.environ, "PYTHONPATH": os.getcwd()}
    call = [sys.executable, "-m", "wizard", "credentials", *WORK[what], "--no-input"]
    monkeypatch.chdir(planted.folder)
    if what == "import":  # a token that works is not replaced by one out of a file
        planted.keep("access_token", "EAAdead" + "d" * 150)
    held = {name: planted.kept(name) for name in planted.record.secret_names}
    (planted.folder / "new.env").write_text(f"WA_WIZARD_ACCESS_TOKEN={new}\n")
    started = time.monotonic()
    whole = subprocess.run(
        call, env=environ, input=new, capture_output=True, text=True, timeout=60, check=False
    )
    assert whole.returncode == 0, whole.stderr
    length = time.monotonic() - started
    for moment in range(MOMENTS):
        for name, value in held.items():
            planted.keep(name, value)
            (place / file_of(planted, name)).unlink(missing_ok=True)
        planted.home.save_config(before)
        child = subprocess.Popen(
            call, env=environ, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=-3
        )
        child.stdin.write(new.encode())
        child.stdin.close()
        time.sleep(length * (0.3 + 0.7 * moment / (MOMENTS - 1)))
        child.send_signal(signal.SIGKILL)
        child.wait()
        for name, value in held.items():
            _judge(planted, name, place / file_of(planted, name), {value, new})


def slow_store(shop, place, *, described):
    """The configuration, in which the helper program is described as a person would."""
    helper = Path(__file__).parents[1] / "vault" / "helper_program.py"
    program = [sys.executable, "-S", "-c", SLOWLY, str(helper), str(place)]
    calls = {action: [*program, action, "{name}"] for action in ("get", "set", "delete")}
    vault = {"store": "encrypted-file", **(calls if described else {})}
    config = shop.home.config().with_profile("default", vault=vault)
    shop.home.save_config(config)
    return config


def file_of(shop, name):
    """The file that the helper program keeps a secret in."""
    return shop.record.kept_as(name).replace(":", "+")


def _judge(shop, name, copy, whole):
    """Every copy is whole, and the store in use has one."""
    stored = copy.read_text() if copy.exists() else None
    assert {shop.kept(name), stored} - {None} <= whole, f"half of {name}"
    chosen = shop.home.config().of("default").vault["store"]
    assert (stored if chosen == "command" else shop.kept(name)) in whole, f"{name} is gone"
