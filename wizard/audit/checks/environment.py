"""Does this machine work: the store for secrets, the connection to Meta, clock and version?"""

from __future__ import annotations

from datetime import date, timedelta

from wizard.audit.checks.registry import check, error_of
from wizard.audit.results import (
    CheckResult,
    failed,
    passed,
    unknown,
)
from wizard.facts.facts import Facts
from wizard.net.address import META_URL
from wizard.text.errors import ErrorKind

#: The last day on which Meta serves a version; None: not announced. Versions that are newer than
#: this table are simply not in it. Source: developers.facebook.com/docs/graph-api/changelog,
#: as of 2026-11.
LAST_DAYS: dict[str, date | None] = {
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
    "v26.0": None,
}

#: Every way to fail to reach Meta that has a text of its own.
CAUSES = frozenset(
    {
        "dns",
        "refused",
        "reset",
        "timeout",
        "tls_untrusted",
        "tls_expired",
        "tls_name",
        "tls_other",
        "proxy",
        "proxy_auth",
        "portal",
        "html_error",
        "cut",
        "too_big",
        "redirect",
        "not_json",
    }
)

CLOCK_TOLERANCE = timedelta(minutes=5)


@check("environment.vault")
def vault(facts: Facts) -> CheckResult:
    """Secrets can be kept, or none needs to be."""
    state = facts.vault
    if state.closed is None:
        # Of a store that others share an audit sees that it can be read, and no more.
        return passed("read", store=state.backend) if state.store == "command" else passed()
    # A profile whose secrets all come from the environment (CI, a container) needs no store.
    in_use = {"access_token", *facts.record.secret_names}
    if in_use <= state.from_environment:
        return passed("environment_only", names=", ".join(sorted(in_use)))
    return failed(state.closed.value, store=state.store, detail=state.detail)


@check("environment.reachable")
def reachable(facts: Facts) -> CheckResult:
    """Meta answers. No answer is UNKNOWN: it shows nothing about the account."""
    if error := error_of(lambda: facts.reach, ErrorKind.UNREACHABLE):
        cause = str(error.values.get("cause", ""))
        if cause == "not_graph":
            return unknown(cause, host=error.values["host"], source=error.values["source"])
        return unknown(cause if cause in CAUSES else "other")
    if facts.reach.url != META_URL:
        return passed("not_meta", url=facts.reach.url)
    return passed()


@check("environment.clock")
def clock(facts: Facts) -> CheckResult:
    """This clock agrees with Meta's."""
    reach = facts.reach
    if reach.served_at is None:
        return unknown("no_date")
    ahead = reach.seen_at - reach.served_at
    minutes = round(abs(ahead).total_seconds() / 60)
    if ahead > CLOCK_TOLERANCE:
        return failed("ahead", minutes=minutes)
    if ahead < -CLOCK_TOLERANCE:
        return failed("behind", minutes=minutes)
    return passed()


@check("environment.version")
def version(facts: Facts) -> CheckResult:
    """The Graph version that is asked for is the one that answers.

    Meta serves a call to an expired version from the oldest one that lives, without an error.
    """
    reach = facts.reach
    if not reach.version:
        return unknown("no_header", version=reach.asked_version)
    if reach.version != reach.asked_version:
        return failed("moved", asked=reach.asked_version, served=reach.version)
    last_day = LAST_DAYS.get(reach.version)
    # A date that has passed while Meta still serves the version is our table's mistake.
    if last_day is None or last_day < facts.now.date():
        return passed()
    days = (last_day - facts.now.date()).days
    return passed("ends", version=reach.version, date=last_day.isoformat(), days=days)
