"""What Meta says about a token, to whom, and what it accepts."""

import pytest

OTHER_APP = "5647382910564738"


def debug(caller, token=None):
    return caller.get("debug_token", input_token=token or caller.running.access_token)


def test_a_system_users_token_never_expires_and_covers_everything(open_scenario):
    answer = debug(open_scenario("healthy").as_app())
    data = answer.json()["data"]
    assert answer.status_code == 200
    assert data["is_valid"] is True
    assert (data["type"], data["expires_at"], data["data_access_expires_at"]) == (
        "SYSTEM_USER",
        0,
        0,
    )
    assert {"scope": "whatsapp_business_management"} in data["granular_scopes"]


def test_a_limited_grant_names_its_targets(open_scenario):
    owner = open_scenario("rehearsal")
    data = debug(owner).json()["data"]
    assert data["type"] == "USER"
    limited = {row["scope"]: row.get("target_ids") for row in data["granular_scopes"]}
    assert limited["whatsapp_business_management"] == [owner.running.waba_id]
    assert limited["business_management"] is None


DEATHS = [
    ("token-expired", 463),
    ("token-app-removed", 458),
    ("token-checkpoint", 459),
    ("token-password-changed", 460),
    ("token-unconfirmed", 464),
    ("token-revoked", 467),
    ("token-role-lost", 492),
    ("token-dead", 0),
]


@pytest.mark.parametrize(("scenario", "subcode"), DEATHS)
def test_a_dead_token_is_refused_with_its_subcode(open_scenario, error, scenario, subcode):
    owner = open_scenario(scenario)
    answer = owner.get("me")
    assert answer.status_code == 401
    assert error(answer) == (190, subcode)


@pytest.mark.parametrize(("scenario", "subcode"), DEATHS)
def test_the_app_is_told_of_a_dead_token_with_http_200(open_scenario, scenario, subcode):
    answer = debug(open_scenario(scenario).as_app())
    data = answer.json()["data"]
    assert answer.status_code == 200
    assert data["is_valid"] is False
    assert data["error"]["code"] == 190
    # The key is `subcode` here, not `error_subcode`.
    assert data["error"].get("subcode", 0) == subcode


def test_nobody_knows_a_made_up_token(open_scenario, error):
    owner = open_scenario("healthy")
    assert debug(owner.as_app(), "EAAnonsense").json()["data"]["is_valid"] is False
    assert error(owner.become("EAAnonsense").get("me")) == (190, 0)


def test_a_token_may_look_at_itself(open_scenario):
    assert debug(open_scenario("healthy")).json()["data"]["is_valid"] is True


def test_an_app_may_not_look_at_the_tokens_of_another(open_scenario):
    owner = open_scenario("healthy")
    secret = owner.state()["apps"][OTHER_APP]["secret"]
    answer = debug(owner.become(f"{OTHER_APP}|{secret}"))
    assert answer.status_code == 200
    assert answer.json()["data"]["error"]["code"] == 100
    assert "did not match the Viewing App" in answer.json()["data"]["error"]["message"]


def test_the_secret_of_another_app_makes_no_app_token(open_scenario, error):
    owner = open_scenario("app-secret-of-another-app")
    assert error(debug(owner.as_app())) == (190, 0)


def test_an_app_token_shows_as_app_without_scopes(open_scenario):
    app = open_scenario("healthy").as_app()
    data = debug(app, app.token).json()["data"]
    assert data["type"] == "APP"
    assert "scopes" not in data


def test_a_proof_is_checked_whenever_it_is_sent(open_scenario, error):
    owner = open_scenario("healthy")
    assert owner.get("me", appsecret_proof=owner.proof()).ok
    answer = owner.get("me", appsecret_proof=owner.proof("another secret"))
    assert error(answer) == (100, 0)
    assert "Invalid appsecret_proof" in answer.json()["error"]["message"]


def test_an_app_may_demand_the_proof(open_scenario, error):
    owner = open_scenario("proof-required")
    answer = owner.get("me")
    assert error(answer) == (100, 0)
    assert "require an appsecret_proof" in answer.json()["error"]["message"]
    assert owner.get("me", appsecret_proof=owner.proof()).ok
    assert debug(owner.as_app()).ok


@pytest.mark.parametrize(("path", "code"), [("me", 2500), ("102290129340398", 104), ("", 100)])
def test_without_a_token_nothing_is_said(open_scenario, error, path, code):
    assert error(open_scenario("healthy").become("").get(path))[0] == code


def test_client_credentials_give_the_app_token(open_scenario):
    owner = open_scenario("healthy")
    made = owner.become("").get(
        "oauth/access_token",
        client_id=owner.running.app_id,
        client_secret=owner.running.app_secret,
        grant_type="client_credentials",
    )
    token = made.json()["access_token"]
    assert owner.become(token).get(f"{owner.running.app_id}/subscriptions").json() == {"data": []}


def test_a_wrong_client_secret_is_code_1(open_scenario, error):
    owner = open_scenario("healthy")
    answer = owner.get(
        "oauth/access_token",
        client_id=owner.running.app_id,
        client_secret="0" * 32,
        grant_type="client_credentials",
    )
    assert error(answer)[0] == 1


def test_an_exchanged_token_lives_sixty_days_and_the_old_one_goes_on(open_scenario):
    owner = open_scenario("rehearsal")
    made = owner.get(
        "oauth/access_token",
        grant_type="fb_exchange_token",
        client_id=owner.running.app_id,
        client_secret=owner.running.app_secret,
        fb_exchange_token=owner.token,
    ).json()
    assert made["expires_in"] == 60 * 86400
    assert owner.become(made["access_token"]).get("me").ok
    assert owner.get("me").ok


def test_a_revoked_token_is_dead(open_scenario, error):
    owner = open_scenario("healthy")
    known = {"client_id": owner.running.app_id, "client_secret": owner.running.app_secret}
    assert owner.get("oauth/revoke", revoke_token=owner.token, **known).ok
    assert error(owner.get("me")) == (190, 467)
