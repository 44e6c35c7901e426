"""People who give commands to a house, decide on them and follow them: all of it through the graph."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.commands.rig import RESTING

if TYPE_CHECKING:
    from demo.issuer import Persona
    from tests.commands.rig import Rig

SECONDS, POLL = 20.0, 0.05
GIVEN = "command { id status } problems { code message path }"
FOLLOWED = """query ($id: ID!) { command(id: $id) {
  status waitingFor endedAt
  steps { item name state code attempts record { id } }
  exceptions { id code tier state step }
} }"""
DECIDED = "mutation ($id: ID!) { decideApproval(id: $id, approve: true) { problems { code } } }"


class People:
    """The people of a house; each command that they give has a key of its own."""

    def __init__(self, rig: Rig) -> None:
        self.house, self._given = rig, 0

    def read(self, who: str | Persona, query: str, **variables: Any) -> Any:
        """Return what somebody reads, all of it."""
        answer = self.house.ask(who, query, variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def give(self, who: str | Persona, name: str, said: dict[str, Any]) -> dict[str, Any]:
        """Give a command, and return what is answered to it."""
        self._given += 1
        query = f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ {GIVEN} }} }}"
        answer = self.house.ask(who, query, {"input": said}, f"{name}-{self._given}")
        assert "errors" not in answer, answer["errors"]
        found: dict[str, Any] = answer["data"][name]
        return found

    def taken(self, who: str | Persona, name: str, said: dict[str, Any]) -> str:
        """Give a command that is taken in, and return its id."""
        answer = self.give(who, name, said)
        assert answer["problems"] == [], answer["problems"]
        id_: str = answer["command"]["id"]
        return id_

    def act(self, who: str | Persona, name: str, id_: str) -> None:
        """Do something to a command or to what was set aside of it."""
        query = f'mutation ($id: ID!) {{ {name}(id: $id, reason: "as agreed") {{ problems {{ code message }} }} }}'
        problems = self.house.ask(who, query, {"id": id_})["data"][name]["problems"]
        assert problems == [], problems

    def approve(self, who: str, rule: str) -> None:
        """Approve what this rule asks of somebody, of the one command that waits for it."""
        (wanted,) = (
            one["id"] for one in self.read(who, "{ approvals { id rule } }")["approvals"] if one["rule"] == rule
        )
        assert self.read(who, DECIDED, id=wanted)["decideApproval"]["problems"] == []

    def rested(self, who: str | Persona, id_: str, *states: str, seconds: float = SECONDS) -> Any:
        """Return a command once it stands in one of these states, by default one in which it rests."""
        until = time.monotonic() + seconds
        while True:
            found = self.read(who, FOLLOWED, id=id_)["command"]
            if found["status"] in (states or RESTING):
                return found
            assert time.monotonic() < until, found
            time.sleep(POLL)

    def done(self, who: str | Persona, name: str, said: dict[str, Any]) -> Any:
        """Give a command, and return it once it has succeeded without any exception but warnings."""
        found = self.rested(who, self.taken(who, name, said))
        assert found["status"] == "SUCCEEDED", found
        return found
