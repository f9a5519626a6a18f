"""What the commands of templates print for programs: findings, rows of Meta's, and a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from wizard import __version__
from wizard.graph import Json
from wizard.templates.lint import Finding, Severity, table
from wizard.templates.plan import Change, Plan
from wizard.templates.values import CHARGED
from wizard.text.localised import Text

_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def count(findings: Sequence[Finding], severity: Severity) -> int:
    """How many findings are of a severity."""
    return sum(one.severity is severity for one in findings)


def lint_document(findings: Sequence[Finding]) -> dict[str, Any]:
    """Every finding, and how many there are of each severity."""
    return {
        "schema": 1,
        **{f"{one.value}s": count(findings, one) for one in Severity},
        "findings": [
            {
                "rule": one.rule,
                "severity": one.severity.value,
                "file": one.path.as_posix(),
                "line": one.line,
                "language": one.language,
                "values": {name: str(value) for name, value in one.values.items()},
                "source": table()[one.rule].source,
            }
            for one in findings
        ],
    }


def said(finding: Finding, language: str) -> str:
    """A finding in words."""
    says: Text = table()[finding.rule].says
    return says.in_language(language, **finding.values)


def sarif(findings: Sequence[Finding], language: str) -> dict[str, Any]:
    """The findings as SARIF 2.1.0, which code hosts show at their lines."""
    used = dict.fromkeys(one.rule for one in findings)
    rules = [
        {
            "id": name,
            "helpUri": table()[name].source,
            "defaultConfiguration": {"level": table()[name].severity.value},
        }
        for name in used
    ]
    results = [
        {
            "ruleId": one.rule,
            "level": one.severity.value,
            "message": {"text": said(one, language)},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": one.path.as_posix()},
                        "region": {"startLine": one.line},
                    }
                }
            ],
        }
        for one in findings
    ]
    driver = {"name": "wa-wizard", "version": __version__, "rules": rules}
    return {
        "$schema": _SARIF,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }


def row_document(row: Json) -> dict[str, Any]:
    """What a list shows of one template; `charged` is None for a category that is not known."""
    quality = row.get("quality_score")
    score = quality.get("score") if isinstance(quality, Mapping) else quality
    shown = {name: str(row.get(name) or "") for name in ROW}
    charged = True if shown["category"].upper() in CHARGED else None
    return shown | {"quality": str(score or ""), "charged": charged}


#: Keys of a template in a list, beside its quality.
ROW = ("id", "name", "language", "status", "category", "previous_category", "rejected_reason")


def plan_document(plan: Plan) -> dict[str, Any]:
    """Every change, with what is sent for it; `unnamed` are names at Meta without a file."""
    return {
        "schema": 1,
        "changes": [change_document(one) for one in plan.changes],
        "unchanged": plan.unchanged,
        "unnamed": list(plan.unnamed),
    }


def change_document(change: Change) -> dict[str, Any]:
    """One change."""
    keys = ("action", "reason", "name", "language", "id", "status", "category")
    return {
        **{key: getattr(change, key) for key in keys},
        "differences": [asdict(one) for one in change.differences],
        "body": dict(change.body),
    }


def apply_document(applied: Sequence[tuple[Change, str]], plan: Plan) -> dict[str, Any]:
    """What became of each change: done, already, declined or refused."""
    rows = [change_document(change) | {"result": result} for change, result in applied]
    return plan_document(plan) | {"changes": rows}
