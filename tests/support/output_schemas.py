"""docs/schemas/output-*.json, made from the shapes in wizard.report.outputs.

    python -m tests.support.output_schemas

writes them; `tests/report/test_schemas.py` holds them against the types.
"""

import json
from pathlib import Path

import msgspec

from wizard.report.documents import ErrorDocument
from wizard.report.outputs import OUTPUTS, schema_file

ROOT = Path(__file__).parents[2]


def schema_of(command):
    """The JSON Schema of one document (or line) that the command prints in success."""
    return _schema(OUTPUTS[command].kinds, f"wa-wizard {command} --json")


def error_schema():
    return _schema((ErrorDocument,), "wa-wizard … --json, in failure")


def _schema(kinds, title):
    shown, definitions = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    base = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    body = shown[0] if len(shown) == 1 else {"anyOf": list(shown)}
    return base | body | {"$defs": definitions}


def schemas():
    """File → text, for every command and for failure."""
    found = {schema_file(name): schema_of(name) for name, out in OUTPUTS.items() if out.kinds}
    found[schema_file("error")] = error_schema()
    return {
        name: json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
        for name, schema in found.items()
    }


if __name__ == "__main__":
    for name, written in schemas().items():
        (ROOT / name).write_text(written, encoding="utf-8")
