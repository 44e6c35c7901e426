"""A house whose commands are refused: asked by whoever, in whatever mode, and read where nobody can make it up."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import httpx

from demo.issuer import PERSONAS, Persona
from tests.commands.rig import OVER, Forge, Rig, rig
from tests.commands.scenarios import SCENARIOS, Ids
from tests.terminal import invoke

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from demo.firm.model import Firm

COMMANDS = {one.command: one for one in SCENARIOS}
DECIDE = """mutation($id: ID!, $approve: Boolean!) { done: decideApproval(id: $id, approve: $approve) {
  command { status } problems { code } } }"""
CANCEL = """mutation($id: ID!) { done: cancelCommand(id: $id, reason: "not wanted") {
  command { status } problems { code } } }"""
LOOK = """query($id: ID!) { command(id: $id) {
  id status steps { name state } exceptions { code } approvals { id role state } } }"""
GIVEN = "command { id status approvals { id rule role state } } problems { code } plan { step }"
SECONDS = 20.0


class Answered(NamedTuple):
    """What was answered to a command: its payload, and the codes of the request's errors."""

    payload: Any
    errors: list[str]

    @property
    def codes(self) -> list[str]:
        """The codes of its problems."""
        return [one["code"] for one in self.payload["problems"]]

    @property
    def command(self) -> Any:
        """The command as it stood."""
        return self.payload["command"]


class Recorded(NamedTuple):
    """A record of the audit trail."""

    kind: str
    actor: str
    command: str | None
    body: dict[str, Any]


def persona(who: str | Persona) -> Persona:
    """Return somebody of the demo by their name."""
    return PERSONAS[who] if isinstance(who, str) else who


def as_(who: str, *groups: str) -> Persona:
    """Return the person of a persona, with these groups instead of their own."""
    known = PERSONAS[who]
    return Persona(f"{who} as {groups[0]}", known.subject, known.person, groups, known.employee, known.customer)


class House:
    """A rig's server that is asked to do what it should not."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.ids = rig, Ids(rig.bound)
        self._mode: tuple[str, float] | None = None

    def run(self, writes: str = "on", ahead: float = 0.0) -> None:
        """Have the server run with the systems' writes in this mode, its clock so many days ahead."""
        if self._mode == (writes, ahead):
            return
        self.rig.kill()
        text = self.rig.config.read_text(encoding="utf-8")
        before = self._mode[0] if self._mode else "on"
        self.rig.config.write_text(text.replace(f'writes = "{before}"', f'writes = "{writes}"'), encoding="utf-8")
        self.rig.start(ahead=ahead)
        self._mode = writes, ahead

    def calm(self) -> None:
        """Have the systems forget what was done."""
        if self.rig.effects():
            self.rig.restore()

    def ask(self, who: str | Persona, query: str, variables: Mapping[str, Any] | None = None) -> Any:
        """Ask as somebody, and return the whole answer."""
        return self.rig.ask(who, query, dict(variables or {}))

    def give(self, who: str | Persona, command: str, said: Mapping[str, Any], *, key: str | None = None) -> Answered:
        """Give a command under a new key, or this one; "" is none."""
        type_ = f"{command[0].upper()}{command[1:]}Input!"
        query = f"mutation($input: {type_}) {{ done: {command}(input: $input) {{ {GIVEN} }} }}"
        named = uuid4().hex if key is None else key
        answer = self.rig.ask(who, query, {"input": dict(said)}, named or None)
        errors = [error["extensions"]["code"] for error in answer.get("errors", ())]
        return Answered((answer.get("data") or {}).get("done"), errors)

    def through(self, key: str, subject: str, query: str, variables: Mapping[str, Any]) -> Any:
        """Ask with a service key on somebody's behalf, and return the whole answer."""
        headers = {"Authorization": f"Bearer {key}", "On-Behalf-Of": subject}
        body = {"query": query, "variables": dict(variables)}
        return httpx.post(self.rig.url, json=body, headers=headers, trust_env=False, timeout=60).json()

    def decide(self, who: str | Persona, approval: str, *, approve: bool = True) -> Any:
        """Decide on a request, and return the payload."""
        return self.ask(who, DECIDE, {"id": approval, "approve": approve})["data"]["done"]

    def cancel(self, who: str | Persona, id_: str) -> Any:
        """Withdraw a command, and return the payload."""
        return self.ask(who, CANCEL, {"id": id_})["data"]["done"]

    def look(self, id_: str) -> Any:
        """Return a command as the auditor sees it."""
        return self.ask("auditor", LOOK, {"id": id_})["data"]["command"]

    def settled(self, id_: str, *states: str, within: float = SECONDS) -> Any:
        """Wait until a command stands in one of these states, or has ended, and return it as the auditor sees it."""
        deadline = time.monotonic() + within
        while (found := self.look(id_))["status"] not in (set(states) or OVER):
            assert time.monotonic() < deadline, found
            time.sleep(0.02)
        return found

    def trail(self, since: int = 0) -> list[Recorded]:
        """Return the audit trail behind its first records."""
        said = self.select("SELECT kind, actor, command, content FROM audit ORDER BY sequence")
        return [
            Recorded(kind, actor, command, json.loads(content)["body"])
            for kind, actor, command, content in said[since:]
        ]

    def select(self, said: str) -> list[tuple[Any, ...]]:
        """Return rows of the server's own store."""
        with closing(sqlite3.connect(self.rig.folder / "colonnade.db", timeout=10)) as store:
            return store.execute(said).fetchall()

    def verify(self) -> None:
        """Have the audit trail found whole."""
        told = invoke("audit", "verify", "--config", self.rig.config)
        assert told.exit_code == 0, told.output

    def metrics(self) -> str:
        """Return what the server has counted."""
        return httpx.get(self.rig.url.replace("/graphql", "/metrics"), trust_env=False).text


@contextmanager
def guarded(firm: Firm, store: str | None = None) -> Iterator[House]:
    """Run a firm's systems, and a server over a store; in the end its audit trail must be whole."""
    forge = Forge()
    try:
        with rig(firm, forge, store) as made:
            made.fresh()
            house = House(made)
            house.run()
            yield house
            house.verify()
    finally:
        forge.stop()
