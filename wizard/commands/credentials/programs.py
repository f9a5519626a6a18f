"""The names under which other programs look for these secrets and ids.

Hermes Agent: its page "WhatsApp Business Cloud API Setup". PyWa: the arguments of its `WhatsApp`.
Chatwoot: `provider_config` of a WhatsApp Cloud inbox. n8n: the fields of its credentials
`whatsAppApi` and `whatsAppTriggerApi`, as CREDENTIALS_OVERWRITE_DATA takes them. Typebot: its
configuration page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wizard.vault.environment import variable

#: Ids that a program may be given beside the secrets.
IDS = ("app_id", "business_id", "waba_id", "phone_number_id")


@dataclass(frozen=True)
class Program:
    """A program: its variables, and the JSON it takes (the keys of which may be dotted)."""

    variables: Mapping[str, str]
    json: Mapping[str, str]
    usual: str = "dotenv"


_PYWA = {
    "access_token": "token",
    "phone_number_id": "phone_id",
    "waba_id": "business_account_id",
    "app_id": "app_id",
    "app_secret": "app_secret",
    "verify_token": "verify_token",
}
_CHATWOOT = {
    "access_token": "api_key",
    "phone_number_id": "phone_number_id",
    "waba_id": "business_account_id",
    "verify_token": "webhook_verify_token",
}
_HERMES = {
    "access_token": "WHATSAPP_CLOUD_ACCESS_TOKEN",
    "phone_number_id": "WHATSAPP_CLOUD_PHONE_NUMBER_ID",
    "app_secret": "WHATSAPP_CLOUD_APP_SECRET",
    "verify_token": "WHATSAPP_CLOUD_VERIFY_TOKEN",
}
_TYPEBOT = {
    "access_token": "META_SYSTEM_USER_TOKEN",
    "phone_number_id": "WHATSAPP_PREVIEW_FROM_PHONE_NUMBER_ID",
}
_N8N = {
    "access_token": "whatsAppApi.accessToken",
    "waba_id": "whatsAppApi.businessAccountId",
    "app_id": "whatsAppTriggerApi.clientId",
    "app_secret": "whatsAppTriggerApi.clientSecret",
}


def _in_capitals(prefix: str, names: Mapping[str, str]) -> dict[str, str]:
    return {ours: f"{prefix}_{theirs}".upper() for ours, theirs in names.items()}


PROGRAMS: Mapping[str, Program] = {
    "hermes": Program(_HERMES, _HERMES),
    "pywa": Program(_in_capitals("PYWA", _PYWA), _PYWA),
    "chatwoot": Program(_in_capitals("CHATWOOT_WHATSAPP", _CHATWOOT), _CHATWOOT, "json"),
    "n8n": Program(_N8N, _N8N, "json"),
    "typebot": Program(_TYPEBOT, _TYPEBOT),
}
#: n8n reads one variable that holds the JSON of all.
N8N_VARIABLE = "CREDENTIALS_OVERWRITE_DATA"


def ours(name: str) -> str:
    """Our own variable of a secret or an id."""
    return variable(name)
