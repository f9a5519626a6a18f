"""A stand-in for Meta's side: the Graph API over real HTTP, with a world behind it.

It follows what Meta published and integrators reported, and shares no code with the part of this
tool that reads Graph: two readings of the same facts that check each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from wizard.sandbox import access, dialog
from wizard.sandbox.delivery import Delivery, control_answer
from wizard.sandbox.server import Server
from wizard.sandbox.world import DAY, Expectation, Scenario, World, build, load, names


@dataclass(frozen=True)
class Profile:
    """What the owner of a scenario already has: goals, ids and sandbox secrets by their names.

    `webhook`: the callback meant to be used, {callback_url, level}; empty when there is none yet.
    """

    goals: tuple[str, ...]
    ids: Mapping[str, str]
    secrets: Mapping[str, str]
    webhook: Mapping[str, str]


class Running:
    """A sandbox that serves until it is closed. Its secrets open nothing and may be printed."""

    def __init__(
        self, scenario: Scenario, world: World, server: Server, delivery: Delivery
    ) -> None:
        self.scenario = scenario
        self._world, self._server, self._delivery = world, server, delivery

    @property
    def graph_url(self) -> str:
        """The address that stands for https://graph.facebook.com."""
        return self._server.url

    @property
    def access_token(self) -> str:
        """What the person of this scenario would paste; "" without a token."""
        alias = self.scenario.profile.get("token", "")
        return str(self._world["tokens"].get(alias, {}).get("value", alias))

    @property
    def app_id(self) -> str:
        """The app of this scenario."""
        return self._id("app_id")

    @property
    def app_secret(self) -> str:
        """The secret this person would type; of another app when the scenario says so."""
        owner = self.scenario.profile.get("app_secret_of", self.app_id)
        return str(self._world["apps"].get(owner, {}).get("secret", ""))

    @property
    def business_id(self) -> str:
        """The portfolio; "" when there is none."""
        return self._id("business_id")

    @property
    def waba_id(self) -> str:
        """The WABA; "" when there is none."""
        return self._id("waba_id")

    @property
    def phone_number_id(self) -> str:
        """The phone number id; "" when there is none."""
        return self._id("phone_number_id")

    @property
    def suggestions(self) -> Mapping[str, str]:
        """The sandbox's own value for every question that may be asked, by question name."""
        own = {
            "access_token": self.access_token,
            "app_id": self.app_id,
            "app_secret": self.app_secret,
            "business_id": self.business_id,
            "waba_id": self.waba_id,
            "phone_number_id": self.phone_number_id,
            **self.scenario.suggestions,
        }
        return {name: self._world.here(value) for name, value in own.items() if value}

    @property
    def profile(self) -> Profile:
        """What this person already has: for an audit without a setup before it."""
        held = self.scenario.profile
        values = {**self.suggestions, "two_step_pin": str(held.get("two_step_pin", ""))}
        return Profile(
            goals=tuple(held.get("goals", ("sending",))),
            ids={name: values[name] for name in held.get("knows", ()) if values.get(name)},
            secrets={name: values[name] for name in held.get("holds", ()) if values.get(name)},
            webhook={
                name: values[f"webhook.{name}"]
                for name in ("callback_url", "level")
                if "webhook.callback_url" in values
            },
        )

    def write(self, text: str = "", **more: Any) -> str:
        """A person writes to the number now, by default the scenario's text.

        Returns the wamid of the message, "" when none can arrive.
        """
        params = {**({"text": text} if text else {}), **more}
        _, answer = control_answer(self._world, self._delivery, "POST", ["write"], params)
        return str(answer.get("id", ""))

    def sign_in(self, url: str) -> None:
        """The person of the scenario answers Meta's sign-in dialog at this address."""
        dialog.play(self._world, url)

    def close(self) -> None:
        """Stops serving and delivering."""
        self._server.close()
        self._delivery.close()

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _id(self, name: str) -> str:
        return str(self.scenario.suggestions.get(name, ""))


def start(
    scenario: str = "rehearsal",
    state_dir: Path | None = None,
    port: int = 0,
    latency_ms: int = 0,
    *,
    fresh: bool = False,
    callbacks_anywhere: bool = False,
) -> Running:
    """Serves a scenario on loopback; KeyError when there is none of this name.

    With `state_dir` its world is kept there, one file per scenario, and shared by every process
    that serves the same one; `fresh` begins it anew, with other secrets. `callbacks_anywhere`: its
    deliveries and handshakes may leave this machine. OSError when the port is taken.
    """
    found = load(scenario)
    path = None if state_dir is None else state_dir / f"{scenario}.json"
    if fresh and path is not None:
        path.unlink(missing_ok=True)
    world = World(build(found), path)
    world.callbacks_anywhere = callbacks_anywhere
    _renew(world, found)
    delivery = Delivery(world)
    server = Server(world, delivery, port, latency_ms / 1000)
    return Running(found, world, server, delivery)


def scenarios() -> Sequence[Scenario]:
    """Every scenario: name, title in both languages, and what it must lead to."""
    return [load(name) for name in names()]


def _renew(world: World, scenario: Scenario) -> None:
    """The panel gives a fresh token at each visit: one that only grew old is renewed."""
    token = world["tokens"].get(scenario.profile.get("token", ""), {})
    if token.get("renewed") and access.death(world, token):
        with world.held():
            token["expires_at"] = world.now() + DAY


__all__ = ["Expectation", "Profile", "Running", "Scenario", "scenarios", "start"]
