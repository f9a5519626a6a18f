"""What the commands of templates print for programs: findings, rows of Meta's, and a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wizard import __version__
from wizard.templates.lint import Finding, Severity, table
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
