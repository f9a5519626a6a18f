"""The shape of everything `--json` prints, by command.

`docs/schemas/output-*.json` is generated from here (`make schemas`), and one test holds what every
command really prints against it. Keys are always there unless NotRequired; ids and times are
strings; keys are only ever added. No secret is in any document (`credentials export` and the play
secrets of `sandbox` apart), and no prose of ours but the script of `completion` and the words of
`explain`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, NotRequired, TypedDict

from wizard.report.documents import AuditDocument, ErrorContent, Outcome, Ready, Values
from wizard.report.template_documents import ROW


class Output(NamedTuple):
    """What a command prints in success; `lines` for JSON Lines, where no line at all is fine."""

    kinds: tuple[Any, ...]
    lines: bool = False


def _shape(name: str, /, **keys: Any) -> Any:
    return TypedDict(name, keys)  # type: ignore[operator]


def _document(name: str, /, **keys: Any) -> Output:
    return Output((_shape(name, schema=int, **keys),))


def _list(shape: Any) -> Any:
    return list.__class_getitem__(shape)


_STRINGS = dict[str, str]
_CREDENTIAL_KEYS = ("name", "store", "backend", "kind", "expires_at", "fingerprint", "set_at")
_CREDENTIAL = _shape(
    "Credential",
    **dict.fromkeys((*_CREDENTIAL_KEYS, "shadowed_by"), str),
    source=NotRequired[str],
    changed=NotRequired[str],
    present=NotRequired[bool | None],
)
_IMPORTED = _shape(
    "ImportedValue",
    **dict.fromkeys(("name", "kind", "place", "reason"), str),
    keys=list[str],
    reaches_account=bool | None,
    kept=bool,
)
_CASE_KEYS = dict.fromkeys(("name", "expects", "look"), str)
_CASE = _shape("RehearsalCase", **_CASE_KEYS)
_REHEARSED = _shape(
    "RehearsedCase",
    **_CASE_KEYS,
    **dict.fromkeys(("outcome", "reason", "cause"), str),
    **dict.fromkeys(("http", "milliseconds", "attempts"), int),
)
_NUMBER = _shape(
    "Number",
    **dict.fromkeys(("id", "display", "verified_name", "status", "code_verification"), str),
    **dict.fromkeys(("platform", "quality", "name_status", "account_mode"), str),
    pin_enabled=bool | None,
    selected=bool,
)
_PUBLIC_KEYS = ("about", "address", "description", "email", "vertical", "picture")
_PUBLIC = _shape("PublicProfile", **dict.fromkeys(_PUBLIC_KEYS, str), websites=list[str])
_QR_CODE = _shape("QrCode", **dict.fromkeys(("code", "text", "link"), str))
_TEMPLATE_KEYS = {**dict.fromkeys((*ROW, "quality"), str), "charged": bool | None}
_TEMPLATE = _shape("Template", **_TEMPLATE_KEYS)
_CHANGE_KEYS = {
    **dict.fromkeys(("action", "reason", "name", "language", "id", "status", "category"), str),
    "differences": _list(_shape("Difference", **dict.fromkeys(("at", "file", "meta"), str))),
    "body": dict[str, Any],
}
_CHANGE = _shape("Change", **_CHANGE_KEYS)
_PLANNED: Mapping[str, Any] = {"unchanged": int, "unnamed": list[str]}
_LEVEL = _shape("Level", level=str, url=str)
_SUBSCRIBER = _shape("Subscriber", app_id=str, app_name=str, override=str, ours=bool)
_STEP = _shape("Step", name=str, values=Values)
_DELIVERED_KEYS = (
    *("id", "about", "from", "from_user_id", "username", "name", "timestamp", "type"),
    *("text", "phone_number_id", "waba_id", "group_id", "received_at"),
)
_META_ERROR = _shape("MetaError", code=int, title=str, details=str)
_DELIVERED = {
    **dict.fromkeys(_DELIVERED_KEYS, str),
    "contact": dict[str, Any],
    "errors": _list(_META_ERROR),
    "test": bool,
    "raw": Any,
}
_MESSAGE = _shape("Message", **_DELIVERED)
_EVENT_KEYS = ("kind", "event", "reason", "field", "to", "to_user_id", "entry_time")
_EVENT = _shape("DeliveredEvent", **_DELIVERED, **dict.fromkeys(_EVENT_KEYS, str))
_EXPORTED = _shape("Exported", schema=int, exported=int)
_PROFILE_KEYS = ("name", "waba_id", "phone_number_id", "display_phone_number", "checked_at")
_PREFERENCE_KEYS = ("name", "value", "source")
_LISTED = _shape("ListedItem", id=str, needed_for=str | None, requires=list[str])
_ITEMS = _shape("ItemList", schema=int, items=_list(_LISTED))
_MACHINE = _shape(
    "Machine",
    **dict.fromkeys(("python", "system", "terminal", "encoding"), str),
    set=list[str],
    libraries=_STRINGS,
)
_REPORT = _shape(
    "BugReport",
    **AuditDocument.__annotations__ | {"ready": Ready},
    machine=_MACHINE,
    goals=list[str],
    secrets=dict[str, _STRINGS],
    confirmed=_STRINGS,
    attempts=dict[str, list[str]],
    test_message=dict[str, Any],
    history=list[_STRINGS],
)
_ROTATED = _shape(
    "Rotated", schema=int, profile=str, rotated=bool, credential=NotRequired[_CREDENTIAL]
)
_CHANGED = Output((Outcome,))
_VERDICT = Output((AuditDocument,))
_SUMMARY = _shape(
    "SummaryLine",
    schema=int,
    summary=_shape("Summary", exit_code=int, profiles=dict[str, int]),
)

#: Command → what it prints in success. In failure each prints an ErrorDocument.
OUTPUTS: Mapping[str, Output] = {
    "setup": _VERDICT,
    "login": _CHANGED,
    "audit": Output((AuditDocument, _ITEMS)),
    "audit --all": Output((AuditDocument, _SUMMARY, _ITEMS), lines=True),
    "status": _VERDICT,
    "status --all": Output((AuditDocument, _SUMMARY), lines=True),
    "credentials list": _document("CredentialList", credentials=_list(_CREDENTIAL), ids=_STRINGS),
    # The one document that holds a secret beside the export: it was asked for by name.
    "credentials get": _document("CredentialValue", name=str, value=str),
    "credentials set": _document("CredentialSet", credential=_CREDENTIAL),
    "credentials remove": _document("CredentialsRemoved", removed=list[str]),
    "credentials import": _document(
        "Imported", found=_list(_IMPORTED), unread_lines=list[int], file_remains=bool
    ),
    # What other programs read: their names, or ours.
    "credentials export": Output((dict[str, Any], Outcome)),
    # Standard output belongs to the program that is run.
    "credentials run": Output((), lines=True),
    # … and here to the protocol of the program that asks: AWS, or docker (get, then list).
    "credentials helper": Output(
        (
            _shape(
                "AwsCredential",
                Version=int,
                AccessKeyId=str,
                SecretAccessKey=str,
                Expiration=NotRequired[str],
            ),
            _shape("DockerCredential", **dict.fromkeys(("ServerURL", "Username", "Secret"), str)),
            _STRINGS,
        ),
        lines=True,
    ),
    "credentials move": _document("Moved", store=str, moved=list[str]),
    "credentials rotate": Output((_ROTATED,)),
    "credentials rotate --all": Output((_ROTATED, _SUMMARY), lines=True),
    "number list": _document("NumberList", numbers=_list(_NUMBER)),
    **{f"number {w}": _CHANGED for w in ("add", "request-code", "verify", "register", "pin")},
    "number profile": Output(
        (_shape("ProfileShown", schema=int, phone_number_id=str, profile=_PUBLIC), Outcome)
    ),
    "number qr": Output((_shape("QrCodes", schema=int, codes=_list(_QR_CODE)), Outcome)),
    "templates list": _document("TemplateList", templates=_list(_TEMPLATE)),
    "templates wait": _document("TemplateStates", templates=_list(_TEMPLATE)),
    "templates show": _document(
        "TemplateContents",
        templates=_list(_shape("TemplateContent", **_TEMPLATE_KEYS, content=dict[str, Any])),
    ),
    "templates pull": _document(
        "Pulled",
        folder=str,
        **dict.fromkeys(("created", "changed", "skipped"), list[str]),
        unchanged=int,
    ),
    "templates plan": _document("Plan", changes=_list(_CHANGE), **_PLANNED),
    "templates apply": _document(
        "Applied",
        changes=_list(_shape("AppliedChange", **_CHANGE_KEYS, result=str)),
        **_PLANNED,
    ),
    "templates delete": _CHANGED,
    "templates lint": _document(
        "Linted",
        **dict.fromkeys(("errors", "warnings", "notes"), int),
        findings=_list(
            _shape(
                "Finding",
                **dict.fromkeys(("rule", "severity", "file", "language", "source"), str),
                line=int,
                values=_STRINGS,
            )
        ),
    ),
    "webhook show": _document(
        "WebhookRoute",
        ids=_STRINGS,
        levels=_list(_shape("SetLevel", level=str, url=str, wins=bool)) | None,
        effective=_LEVEL,
        expected=_LEVEL,
        as_expected=bool | None,
        fields=list[str] | None,
        active=bool | None,
        subscribed=bool | None,
        subscribers=_list(_SUBSCRIBER) | None,
        missing=_STRINGS,
    ),
    "webhook probe": _document(
        "Probe",
        **dict.fromkeys(("url", "reason"), str),
        **dict.fromkeys(("ok", "unsure"), bool),
        values=Values,
        milliseconds=int,
        steps=_list(_STEP),
    ),
    # `result` of a wanted route: done, alreadyso, declined, refused; "" where it was not tried.
    "webhook routes": _document(
        "NumberRoutes",
        routes=_list(
            _shape(
                "NumberRoute",
                **dict.fromkeys(
                    ("waba_id", "phone_number_id", "display_phone_number", "wanted", "result"), str
                ),
                subscribed=bool | None,
                effective=_shape("EffectiveRoute", level=str, url=str),
                arrives=bool | None,  # null where Meta does not show it
            )
        ),
    ),
    "webhook rehearse": Output(
        (
            _shape(
                "Rehearsal",
                **dict.fromkeys(("schema", "passed", "failed", "skipped"), int),
                ok=bool,
                cases=_list(_REHEARSED),
            ),
            _shape("RehearsalCases", schema=int, cases=_list(_CASE)),
        )
    ),
    "webhook set": _CHANGED,
    "webhook subscribe": _CHANGED,
    # First where it listens, then (with a tunnel) where the internet finds it, then what arrives.
    "webhook listen": Output(
        (
            _shape("Listening", listening=str, health=NotRequired[str]),
            _shape("Public", public=str),
            _shape("Event", event=str),
        ),
        lines=True,
    ),
    "webhook test": _document(
        "Received", received=bool, message=NotRequired[_MESSAGE], reason=NotRequired[str]
    ),
    "send": _document(
        "Sent",
        **dict.fromkeys(("id", "to", "state", "phone_number_id", "at"), str),
        code=int,
        charge=_shape("Charge", category=str, charged=bool | None, reason=str, services=int | None),
    ),
    "messages": Output(
        (
            _MESSAGE,
            _shape("Purged", schema=int, purged=int),
            _EXPORTED,
        ),
        lines=True,
    ),
    "events": Output((_EVENT, _EXPORTED), lines=True),
    # What Meta says, or what --select takes of it; an outcome where the person did not agree.
    "api": Output((Any,)),
    "explain": Output(
        (
            _shape(
                "ErrorCode",
                schema=int,
                code=str,
                link=str,
                **dict.fromkeys(("means", "do", "retry"), NotRequired[str]),
                more=NotRequired[list[str]],
            ),
            _shape("Item", schema=int, id=str, needed_for=str | None, requires=list[str]),
        )
    ),
    "profiles list": _document(
        "ProfileList",
        current=str,
        profiles=_list(
            _shape("Profile", **dict.fromkeys(_PROFILE_KEYS, str), error=ErrorContent | None)
        ),
    ),
    "profiles use": _CHANGED,
    "profiles add": _CHANGED,
    "profiles remove": _CHANGED,
    "config list": _document(
        "Preferences",
        preferences=_list(_shape("Preference", **dict.fromkeys(_PREFERENCE_KEYS, str))),
    ),
    "config get": _document("OnePreference", **dict.fromkeys(_PREFERENCE_KEYS, str)),
    "config set": _CHANGED,
    "config unset": _CHANGED,
    "bugreport": Output((_REPORT, Outcome)),
    "sandbox": Output(
        (
            _shape(
                "Serving",
                **dict.fromkeys(("graph_url", "access_token", "app_id", "app_secret"), str),
                **dict.fromkeys(("business_id", "waba_id", "phone_number_id", "scenario"), str),
            ),
            _shape("Scenarios", schema=int, scenarios=list[str]),
        ),
        lines=True,
    ),
    "completion": _document("Completion", shell=str, script=str),
    "help": Output(
        (
            _shape(
                "CommandList",
                schema=int,
                commands=_list(_shape("Command", name=str, options=list[str])),
            ),
            _shape("ExitCodes", schema=int, exit_codes=dict[str, int]),
            _shape("Variables", schema=int, variables=list[str]),
            _ITEMS,
            _shape("Reasons", schema=int, items=dict[str, list[str]], any=list[str]),
            _shape(
                "Outputs",
                schema=int,
                outputs=_list(_shape("OutputRow", command=str, schema=str, lines=bool)),
            ),
            _shape("Version", schema=int, tool=str),
        )
    ),
}


def schema_file(command: str) -> str:
    """Where the schema of a command's output stands in the repository; `error`: of failures."""
    return f"docs/schemas/output-{command.replace(' --', ' ').replace(' ', '-')}.json"
