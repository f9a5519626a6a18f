"""A system user and a lasting token, made through the API."""

import pytest

SCOPES = "business_management,whatsapp_business_management,whatsapp_business_messaging"


@pytest.fixture
def admin(open_scenario):
    return open_scenario("rehearsal")


def add(admin, role="EMPLOYEE"):
    path = f"{admin.running.business_id}/system_users"
    return admin.post(path, name="Robot", role=role).json()["id"]


def assign(admin, user):
    path = f"{admin.running.waba_id}/assigned_users"
    return admin.ask("POST", path, params={"user": user, "tasks": "['MANAGE']"})


def install(admin, user, **more):
    proof = {"appsecret_proof": admin.proof(), **more}
    return admin.post(f"{user}/applications", business_app=admin.running.app_id, **proof)


def make(admin, user, **more):
    body = {"business_app": admin.running.app_id, "scope": SCOPES, **more}
    return admin.post(f"{user}/access_tokens", appsecret_proof=admin.proof(), **body)


def test_user_asset_app_token_in_this_order_give_a_lasting_token(admin):
    user = add(admin)
    assert assign(admin, user).json() == {"success": True}
    assert install(admin, user).json() == {"success": True}
    robot = admin.become(make(admin, user).json()["access_token"])
    data = robot.get("debug_token", input_token=robot.token).json()["data"]
    assert (data["type"], data["expires_at"], data["user_id"]) == ("SYSTEM_USER", 0, user)
    assert {"scope": "whatsapp_business_messaging", "target_ids": [admin.running.waba_id]} in (
        data["granular_scopes"]
    )
    assert robot.get(admin.running.waba_id).ok
    listed = admin.get(f"{admin.running.business_id}/system_users").json()["data"]
    assert listed == [{"id": user, "name": "Robot", "role": "EMPLOYEE"}]


def test_without_the_asset_the_new_token_reaches_nothing(admin, error):
    user = add(admin)
    install(admin, user)
    robot = admin.become(make(admin, user).json()["access_token"])
    assert error(robot.get(admin.running.waba_id))[0] == 200


def test_without_the_app_there_is_no_token(admin, error):
    assert error(make(admin, add(admin)))[0] == 100


def test_installing_wants_the_proof(admin, error):
    user = add(admin)
    answer = admin.post(f"{user}/applications", business_app=admin.running.app_id)
    assert error(answer)[0] == 100
    assert "appsecret_proof" in answer.text


def test_scopes_that_the_app_lacks_are_refused(admin, error):
    user = add(admin)
    install(admin, user)
    assert error(make(admin, user, scope="ads_management"))[0] == 100


def test_some_businesses_get_only_tokens_that_end(admin, error):
    business = admin.running.business_id
    admin.control("change", businesses={business: {"expiring_tokens_only": True}})
    user = add(admin)
    install(admin, user)
    assert error(make(admin, user))[0] == 100
    short = admin.become(
        make(admin, user, set_token_expires_in_60_days=True).json()["access_token"]
    )
    data = short.get("debug_token", input_token=short.token).json()["data"]
    assert data["expires_at"] - data["issued_at"] == 60 * 86400


def test_an_employee_makes_nobody(open_scenario, error):
    owner = open_scenario("employee-system-user")
    path = f"{owner.running.business_id}/system_users"
    assert error(owner.post(path, name="Robot", role="ADMIN"))[0] == 200


def test_deleting_the_tokens_of_a_system_user_kills_them_all(admin, error):
    user = add(admin)
    install(admin, user)
    robot = admin.become(make(admin, user).json()["access_token"])
    assert admin.delete(f"{user}/access_tokens").json() == {"success": True}
    assert error(robot.get("me"))[0] == 190
    assert admin.get("me").ok
