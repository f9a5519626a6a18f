"""The committed JSON Schemas are those of the types, and real files are valid against them."""

import jsonschema
import pytest

from tests.schemas import FOLDER, KINDS, schema, written
from tests.support.fake_store import full_record
from wizard.audit.checklist import NOT_SECTIONS
from wizard.audit.error_codes import FILE
from wizard.state import safe_yaml
from wizard.state.config import Config, find
from wizard.state.content import CHECKLISTS, names, read
from wizard.state.record import RecordFile
from wizard.templates.lint import FILE as RULES

ANSWERS = """\
goals: [sending, receiving]
ids: {app_id: "1", waba_id: "2", phone_number_id: "3"}
secrets: {access_token: {env: MY_TOKEN}, app_secret: {file: /run/secrets/app_secret}}
webhook: {callback_url: "https://a.example/hook", level: app}
consent: [number.registered, webhook.subscribed]
confirm: {app.published: "published on 3 May by the owner"}
test_message: {to: "+491701234567", template: hello_world}
"""


def check(content, name):
    jsonschema.Draft202012Validator(schema(name)).validate(content)


@pytest.mark.parametrize("name", KINDS)
def test_the_committed_schema_is_the_generated_one(name):
    assert (FOLDER / f"{name}.json").read_text("utf-8") == written(name), "run: make schemas"


@pytest.mark.parametrize("name", KINDS)
def test_it_is_a_valid_schema(name):
    jsonschema.Draft202012Validator.check_schema(schema(name))


def test_a_saved_status_file_is_valid(tmp_path):
    path = tmp_path / "shop" / "status.yaml"
    RecordFile(path).save(full_record())
    content = safe_yaml.parse(path.read_bytes())
    check(content, "status")
    content["verdicts"]["token.scopes"]["status"] = ["failed"]
    with pytest.raises(jsonschema.ValidationError):
        check(content, "status")


def test_a_saved_configuration_is_valid(tmp_path):
    home = find({"WA_WIZARD_HOME": str(tmp_path / "w")})
    home.save_config(Config("shop", extra={"later": 1}).with_profile("shop", lang="ru"))
    content = safe_yaml.parse(home.config_path.read_bytes())
    check(content, "config")
    with pytest.raises(jsonschema.ValidationError):
        check({**content, "profiles": {"shop": {"lang": ["ru"]}}}, "config")


@pytest.mark.parametrize("content", ["{}", "goals: sending", ANSWERS])
def test_the_sample_answers_are_valid(content):
    check(safe_yaml.parse(content.encode()), "answers")


@pytest.mark.parametrize("content", ["secret: x", "goals: selling", "secrets: {app_secret: EAAx}"])
def test_wrong_answers_are_not(content):
    with pytest.raises(jsonschema.ValidationError):
        check(safe_yaml.parse(content.encode()), "answers")


@pytest.mark.parametrize("name", sorted({*names(CHECKLISTS)} - NOT_SECTIONS))
def test_every_checklist_is_valid(name):
    content = read(CHECKLISTS, name)
    check(content, "checklist")
    with pytest.raises(jsonschema.ValidationError):
        check({**content, "odrer": 1}, "checklist")


def test_the_rules_of_templates_are_valid():
    table = read(CHECKLISTS, RULES)
    check(table, "template-rules")
    with pytest.raises(jsonschema.ValidationError):
        check({**table, "odrer": 1}, "template-rules")


def test_the_error_table_is_valid():
    table = read(CHECKLISTS, FILE)
    check(table, "error-table")
    with pytest.raises(jsonschema.ValidationError):
        check({"190": {**table["190"], "retry": "often"}}, "error-table")
