"""`wa-wizard` and `python -m wizard`. Answers `--version` before anything else is imported."""

from __future__ import annotations

import sys

from wizard import __version__


def main(argv: list[str] | None = None) -> int:
    """Runs one command line (this process's own by default); returns the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments == ["--version"]:
        try:
            sys.stdout.write(f"wa-wizard {__version__}\n")
            sys.stdout.flush()
        except OSError:
            pass  # a full disk, a closed pipe: below it gets its words and its exit code
        else:
            return 0
    import gc

    # A short life makes little rubbish; looking for it costs a tenth of the start-up.
    gc.set_threshold(50_000)
    from wizard.cli.main import run

    code = run(arguments)
    if argv is None:
        _leave(code)
    return code


def _leave(code: int) -> None:
    """Ends a process that nothing runs beside: taking every object apart takes its time too."""
    import atexit

    if "threading" not in sys.modules and not atexit._ncallbacks():
        import os

        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
