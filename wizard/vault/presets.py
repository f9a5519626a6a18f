"""How widespread password managers are called: arguments, never a shell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ENTRY = "wa-wizard/{profile}/{name}"

#: `absent` is what the program writes to stderr when there is no such entry, with any exit code
#: but 0. Everything else it may fail with is taken for a failure, not for absence.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    # https://www.passwordstore.org
    "pass": {
        "get": ["pass", "show", _ENTRY],
        "set": ["pass", "insert", "--multiline", "--force", _ENTRY],
        "delete": ["pass", "rm", "--force", _ENTRY],
        "absent": "is not in the password store",
    },
    # https://developer.1password.com/docs/cli/reference/management-commands/document: documents
    # take their content from stdin; fields of items take it from arguments, which others can read.
    "op": {
        "get": ["op", "document", "get", _ENTRY],
        "create": [
            *["op", "document", "create", "-"],
            *["--title", _ENTRY, "--file-name", "{name}"],
        ],
        "set": ["op", "document", "edit", _ENTRY, "-"],
        "delete": ["op", "document", "delete", _ENTRY],
        "absent": "isn't an item",
    },
    # https://developer.hashicorp.com/vault/docs/commands/kv: `value=-` reads stdin; without
    # `metadata`, version 2 would keep what is deleted.
    "vault": {
        "get": ["vault", "kv", "get", "-mount=secret", "-field=value", _ENTRY],
        "set": ["vault", "kv", "put", "-mount=secret", _ENTRY, "value=-"],
        "delete": ["vault", "kv", "metadata", "delete", "-mount=secret", _ENTRY],
        "absent": "No value found at",
    },
}
