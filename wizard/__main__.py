"""`wa-wizard` and `python -m wizard`. Answers `--version` before anything else is imported."""

from __future__ import annotations

import os
import sys

from wizard import __version__


def main(argv: list[str] | None = None) -> int:
    """Runs one command line (this process's own by default); returns the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    _open_what_is_closed()
    if arguments == ["--version"]:
        try:
            sys.stdout.write(f"wa-wizard {__version__}\n")
            sys.stdout.flush()
        except OSError:
            pass  # a full disk, a closed pipe: below it gets its words and its exit code
        else:
            return 0
    from wizard.cli.main import run

    return run(arguments)


def _open_what_is_closed() -> None:
    """Descriptors that the caller closed (`>&-`): the next file opened would take their place.

    Writing to standard output then fails, as it did before; error output goes nowhere, for nothing
    could say that it failed.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is not None:
            continue
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if number < 2 else os.O_WRONLY)
            os.set_inheritable(number, True)  # programs started from here need them as well
            mode = "w" if number else "r"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


if __name__ == "__main__":
    sys.exit(main())
