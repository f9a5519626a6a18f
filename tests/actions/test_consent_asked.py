"""Nothing goes to Meta before the person agreed to it, write by write."""

import pytest

from tests.support.fake_prompter import FakePrompter
from wizard.actions import message, number, set_callback
from wizard.actions.access import ADD
from wizard.actions.callback_target import Target
from wizard.actions.results import Declined
from wizard.actions.system_user import Place, make_token
from wizard.facts.webhook_route import read_number_routes
from wizard.text.errors import Exit
from wizard.text.secret import Secret

APP, WABA, NUMBER = "1029384756102938", "102290129340398", "106540352242922"
THERE = "https://old-provider.example/hook"


def make_system_user(session, play):
    place = Place(play.business_id, play.app_id, play.waba_id)
    return make_token(session, session.graph(), place) or Declined()


def send_template(session, play):
    return message.send_test(session, session.facts())


def send_text(session, play):
    return message.send_text(session, session.facts().number, "hello")


def add_number(session, play):
    return number.add(session, session.facts())


def request_code(session, play):
    return number.request_code(session, session.facts().number)


def register(session, play):
    return number.register(session, session.facts())


def replace_pin(session, play):
    return number.replace_pin(session, session.facts().number)


def add_field(session, play):
    return set_callback.add_field(session)


def subscribe(session, play):
    play._world.tree["accounts"][WABA]["subscribed"] = {}
    return set_callback.subscribe(session)


def set_address(session, play):
    return set_callback.set_callback(session, Target(THERE, "app", False), Secret("verify"))


def remove_override(session, play):
    override = {"override_callback_uri": THERE, "verify_token": "x"}
    play._world.tree["numbers"][NUMBER]["overrides"] = {APP: override}
    return set_callback.remove(session, session.facts(), "number")


def lead(session, play):
    play._world.tree["accounts"][WABA]["subscribed"] = {}
    (route,) = read_number_routes(session.graph(), session.facts())
    return set_callback.lead_number(session, route, f"{play.graph_url}/_sandbox/callback/good")


TO = {"test_message.to": "+447700900999"}
#: Lists of which the first is taken, where they are offered at all.
FIRST = dict.fromkeys(("system_user", "test_message.template", "test_message.language"), "")
PIN = {"two_step_pin": "314159"}
#: What is done → the scenario, the answers, the item of the consent, whether it spends something.
WRITES = {
    make_system_user: ("healthy", {}, "token.kind", False),
    send_template: ("healthy", TO, "message.sent", False),
    send_text: ("healthy", TO, "message.sent", False),
    add_number: (
        "healthy",
        {"phone_number_id": ADD, "phone_number": "+447700900124", "display_name": "Zarya"},
        "number.added",
        False,
    ),
    request_code: (
        "number-unverified",
        {"code_method": "sms", "code_language": "en_US"},
        "number.code_verified",
        False,
    ),
    register: ("number-unregistered", PIN, "number.registered", False),
    replace_pin: ("healthy", PIN, "number.pin", False),
    add_field: ("receiving", {}, "webhook.fields", False),
    subscribe: ("receiving", {}, "webhook.subscribed", False),
    set_address: ("webhook-none", {}, "webhook.callback", False),
    lead: ("receiving", {}, "webhook.effective", False),
    remove_override: ("receiving", {}, "webhook.effective", True),
}


@pytest.mark.parametrize("act", WRITES, ids=lambda act: act.__name__)
def test_a_no_sends_nothing(open_session, act):
    scenario, answers, item, spends = WRITES[act]
    prompter = FakePrompter(answers, consents={item: False}, suggestions=FIRST)
    with open_session(scenario, prompter, knows=True) as (session, play):
        opened, open_graph = [], session.open_graph
        session.open_graph = lambda keys: opened.append(open_graph(keys)) or opened[-1]
        result = act(session, play)
        sent = [one.method for graph in opened for one in graph.exchanges]
    assert isinstance(result, Declined)
    assert result.exit_code is Exit.NOT_IN_ORDER
    assert set(sent) <= {"GET"}
    ((asked, _, shown, spent),) = prompter.consents_asked
    assert (asked, spent) == (item, spends)
    assert shown
    assert all(request.startswith("POST /") for request in shown)


def at_the_post(session, look):
    """What `look` sees at the moment each POST goes out."""
    seen, open_graph = [], session.open_graph

    def opened(keys):
        graph = open_graph(keys)
        post = graph.post

        def watched(path, *given, **how):
            seen.append((path.rpartition("/")[2], look()))
            return post(path, *given, **how)

        graph.post = watched
        return graph

    session.open_graph = opened
    return seen


@pytest.mark.parametrize(
    ("scenario", "way", "act"),
    [
        ("number-unregistered", {}, register),
        ("pin-wrong", {"two_step_pin_way": "known"}, register),
        ("pin-unknown", {}, replace_pin),
    ],
    ids=["new", "known", "replaced"],
)
def test_a_pin_is_in_the_vault_before_it_goes_to_meta(open_session, scenario, way, act):
    item = "number.pin" if act is replace_pin else "number.registered"
    prompter = FakePrompter({**PIN, **way}, consents={item: True})
    with open_session(scenario, prompter, knows=True) as (session, play):
        session.vault.remove("two_step_pin")
        seen = at_the_post(session, lambda: session.vault.get("two_step_pin"))
        act(session, play)
    ((_, kept),) = seen
    assert kept.secret == Secret("314159")
