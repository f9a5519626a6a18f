"""A small checklist with a finding of every kind, and the record they were judged into."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from wizard.audit.checklist import (
    Checklist,
    Item,
    Reason,
    Section,
)
from wizard.audit.results import (
    AuditResult,
    CheckResult,
    ItemResult,
    failed,
    keep_results,
    passed,
    skipped,
    unknown,
    waiting,
)
from wizard.state.record import Goal, ProfileRecord, SecretNote
from wizard.text.localised import Text

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
WHY = Text("Без этого ничего не отправится.", "Nothing can be sent without it.")


def item(item_id: str, ru: str, en: str, goal: Goal | None = Goal.SENDING, **more: Any) -> Item:
    return Item(item_id, Text(ru, en), WHY, goal, **more)


LATE = Reason(
    Text(
        "Токен истечёт {at}, осталось {days} {days:день|дня|дней}.",
        "The token expires on {at}, {days} {days:day|days} left.",
    ),
    Text(
        "Замените его: `wa-wizard credentials rotate`", "Replace it: `wa-wizard credentials rotate`"
    ),
)
MISSING = Reason(
    Text("У токена нет прав: {scopes}.", "The token lacks permissions: {scopes}."),
    Text(
        "Создайте новый токен и отметьте оба права:",
        "Make a new token and tick both permissions:",
    ),
    "https://business.facebook.com/latest/settings/system_users?business_id={business_id}",
)
SILENT = Reason(
    Text("Meta не ответила вовремя.", "Meta did not answer in time."),
    Text(
        "Повторите или укажите прокси: `export HTTPS_PROXY=http://proxy:8080`",
        "Try again, or name a proxy: `export HTTPS_PROXY=http://proxy:8080`",
    ),
)
BY_HAND = Reason(Text("Подтвердить можете только вы.", "Only you can confirm it."))
CHECKLIST = Checklist(
    (
        Section(
            "environment",
            Text("Этот компьютер", "This computer"),
            (
                item(
                    "environment.vault", "Секреты есть где хранить", "There is a place for secrets"
                ),
                item(
                    "environment.reachable",
                    "Meta отвечает",
                    "Meta answers",
                    reasons={"silent": SILENT},
                ),
                item("environment.clock", "Часы идут верно", "The clock is right", None),
            ),
        ),
        Section(
            "token",
            Text("Токен доступа", "Access token"),
            (
                item(
                    "token.scopes",
                    "У токена есть нужные права",
                    "The token has its permissions",
                    reasons={"missing": MISSING},
                ),
                item("token.assets", "Токен видит ваш номер", "The token reaches your number"),
                item(
                    "token.expiry",
                    "Токен ещё долго действует",
                    "The token lasts",
                    None,
                    reasons={"late": LATE},
                ),
            ),
        ),
        Section(
            "app",
            Text("Приложение", "The app"),
            (
                item(
                    "app.published",
                    "Приложение опубликовано",
                    "The app is published",
                    Goal.RECEIVING,
                    reasons={"confirm": BY_HAND},
                ),
            ),
        ),
        Section("empty", Text("Пусто", "Empty"), ()),
    )
)
OUTCOMES = {
    "environment.vault": passed(),
    "environment.reachable": unknown("silent"),
    "environment.clock": passed(),
    "token.scopes": failed("missing", scopes="whatsapp_business_management"),
    "token.assets": skipped("token.scopes"),
    "token.expiry": failed("late", at="2026-11-30", days=7),
    "app.published": waiting(),
}


def verdicts(
    outcomes: Mapping[str, CheckResult] = OUTCOMES,
    goals: tuple[Goal, ...] = (Goal.SENDING,),
    before: Mapping[str, CheckResult] | None = None,
) -> AuditResult:
    """What an audit with these outcomes leaves; `before` are those of the audit before it."""
    record = ProfileRecord(
        goals=goals,
        ids={
            "app_id": "1111",
            "business_id": "2222",
            "waba_id": "102290129340398",
            "phone_number_id": "106540352242922",
            "display_phone_number": "+49 1512 3456789",
        },
        secrets={
            "access_token": SecretNote(
                "os-keyring", "SecretService", "SYSTEM_USER", expires_at="2027-01-21T20:00:00Z"
            )
        },
        graph_version="v26.0",
    )
    changes: dict[str, str] = {}
    for looked, at in ((before, "2026-11-20T20:00:00Z"), (outcomes, "2026-11-22T20:00:00Z")):
        if looked is not None:
            results = [ItemResult(CHECKLIST.item(name), seen) for name, seen in looked.items()]
            changes = keep_results(record, results, at)
    return AuditResult(CHECKLIST, record, results, changes)


FINE = {name: passed() for name in OUTCOMES}
BEFORE = {**OUTCOMES, "environment.clock": failed("off"), "token.scopes": passed()}
