"""A password manager of few lines, run by the tests as an external program.

helper_program.py FOLDER get|set|delete|list [NAME]
"""

import sys
from pathlib import Path


def main(folder, action, name=""):
    path = Path(folder) / name.replace(":", "+")
    if action == "list":
        print(*sorted(entry.name.replace("+", ":") for entry in Path(folder).iterdir()), sep="\n")
    elif action == "set":
        path.write_bytes(sys.stdin.buffer.read())
    elif not path.exists():
        return 44
    elif action == "get":
        sys.stdout.buffer.write(path.read_bytes() + b"\n")
    elif action == "delete":
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
