"""From an added number to a registered one, as Meta lets it be climbed."""

import pytest


@pytest.fixture
def shop(open_scenario):
    return open_scenario("rehearsal")


def number(shop, *fields):
    return shop.get(shop.running.phone_number_id, fields=",".join(fields)).json()


def verify(shop):
    phone = shop.running.phone_number_id
    assert shop.post(f"{phone}/request_code", code_method="SMS", language="en_US").ok
    assert shop.post(f"{phone}/verify_code", code="123830").json()["success"] is True


def register(shop, pin="271828"):
    path = f"{shop.running.phone_number_id}/register"
    return shop.post(path, messaging_product="whatsapp", pin=pin)


def test_a_number_cannot_be_registered_before_its_code(shop, error):
    assert error(register(shop)) == (133006, 0)


def test_code_then_pin_connects_the_number(shop):
    verify(shop)
    assert number(shop, "code_verification_status", "status", "platform_type") == {
        "id": shop.running.phone_number_id,
        "code_verification_status": "VERIFIED",
        "status": "PENDING",
        "platform_type": "NOT_APPLICABLE",
    }
    assert register(shop).json() == {"success": True}
    seen = number(shop, "status", "platform_type", "is_pin_enabled", "name_status")
    assert (seen["status"], seen["platform_type"]) == ("CONNECTED", "CLOUD_API")
    assert seen["is_pin_enabled"] is True
    assert seen["name_status"] == "AVAILABLE_WITHOUT_REVIEW"


@pytest.mark.parametrize("code", ["123-830", "000000", ""])
def test_a_code_with_its_hyphen_or_a_wrong_one_is_refused(shop, error, code):
    phone = shop.running.phone_number_id
    shop.post(f"{phone}/request_code", code_method="VOICE", language="ru_RU")
    assert error(shop.post(f"{phone}/verify_code", code=code)) == (136025, 0)


def test_a_code_is_not_accepted_when_none_was_asked_for(shop, error):
    path = f"{shop.running.phone_number_id}/verify_code"
    assert error(shop.post(path, code="123830")) == (136025, 0)


def test_a_verified_number_gets_no_second_code(shop, error):
    verify(shop)
    path = f"{shop.running.phone_number_id}/request_code"
    assert error(shop.post(path, code_method="SMS", language="en_US"))[0] == 136024


def test_the_first_pin_sets_it_and_another_is_refused(shop, error):
    verify(shop)
    assert register(shop, "111111").ok
    assert error(register(shop, "222222")) == (133005, 0)
    assert register(shop, "111111").ok


def test_guessing_the_pin_is_stopped(shop, error):
    verify(shop)
    register(shop, "111111")
    codes = [error(register(shop, "222222"))[0] for _ in range(6)]
    assert codes == [133005] * 5 + [133008]


def test_the_eleventh_registration_is_refused_and_wrong_ones_count(shop, error):
    verify(shop)
    register(shop, "111111")
    for _ in range(4):
        register(shop, "222222")
    for _ in range(5):
        assert register(shop, "111111").ok
    assert error(register(shop, "111111")) == (133016, 0)


def test_the_pin_can_be_set_anew_without_the_old_one(shop):
    verify(shop)
    register(shop, "111111")
    assert shop.post(shop.running.phone_number_id, pin="333333").json() == {"success": True}
    assert register(shop, "333333").ok


def test_an_approved_name_needs_another_registration(shop):
    verify(shop)
    register(shop)
    phone = shop.running.phone_number_id
    shop.post(phone, new_display_name="Zarya Cafe")
    shop.control("change", numbers={phone: {"new_name_status": "APPROVED"}})
    assert number(shop, "verified_name")["verified_name"] == "Zarya Bakery"
    register(shop)
    seen = number(shop, "verified_name", "new_display_name", "name_status")
    assert (seen["verified_name"], seen["name_status"]) == ("Zarya Cafe", "APPROVED")
    assert "new_display_name" not in seen


def test_a_verification_lapses_after_two_weeks(shop, error):
    verify(shop)
    phone = shop.running.phone_number_id
    long_ago = shop.state()["numbers"][phone]["code_verified_at"] - 15 * 86400
    shop.control("change", numbers={phone: {"code_verified_at": long_ago}})
    seen = number(shop, "code_verification_status")
    assert seen["code_verification_status"] == "EXPIRED"
    assert error(register(shop)) == (133006, 0)


def test_register_refuses_what_v21_moved_to_settings(shop, error):
    verify(shop)
    path = f"{shop.running.phone_number_id}/register"
    more = {"messaging_product": "whatsapp", "pin": "111111", "data_localization_region": "DE"}
    assert error(shop.post(path, **more)) == (100, 0)


def test_deregistering_disconnects_and_cannot_be_done_twice(shop, error):
    verify(shop)
    register(shop)
    path = f"{shop.running.phone_number_id}/deregister"
    assert shop.post(path).json() == {"success": True}
    assert number(shop, "status")["status"] == "DISCONNECTED"
    assert error(shop.post(path)) == (100, 2207051)


def test_a_number_is_added_without_its_plus_up_to_the_cap(shop, error):
    path = f"{shop.running.waba_id}/phone_numbers"
    plus = {"cc": "44", "phone_number": "+447700900124", "verified_name": "Zarya"}
    assert error(shop.post(path, **plus)) == (100, 0)
    added = shop.post(path, cc="44", phone_number="7700900124", verified_name="Zarya").json()
    seen = shop.get(added["id"], fields="display_phone_number,code_verification_status").json()
    assert seen["display_phone_number"] == "+447700900124"
    assert seen["code_verification_status"] == "NOT_VERIFIED"
    again = {"cc": "44", "phone_number": "447700900124", "verified_name": "Zarya"}
    assert error(shop.post(path, **again)) == (100, 2388012)
    third = {"cc": "44", "phone_number": "7700900125", "verified_name": "Zarya"}
    assert error(shop.post(path, **third)) == (100, 0)
