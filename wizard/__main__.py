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
    from wizard.cli.main import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
