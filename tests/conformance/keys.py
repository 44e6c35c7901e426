"""Idempotency keys, judged over HTTP as the Stripe API and draft-ietf-httpapi-idempotency-key-header have them.

Every check sends createEngagement for internal work of a name of its own, and counts the engagements of that name that
the PSA then has. A director approves whatever is asked for meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import httpx

from schema.rows import Ref

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from demo.issuer import Persona
    from tests.commands.rig import Rig

CREATE = """mutation($input: CreateEngagementInput!) {
  createEngagement(input: $input) { command { id status steps { name } } problems { code message } }
}"""
UNDECIDED = "{ approvals(first: 200) { id } }"
APPROVE = "mutation($id: ID!) { decideApproval(id: $id, approve: true) { problems { code } } }"
GOING = """{ commands(first: 1, filter: { status: [ACCEPTED, AWAITING_APPROVAL, RUNNING] }) {
  edges { node { id } } } }"""
RACERS, KEYS = 50, 10
SETTLED_WITHIN, POLL = 40.0, 0.05


class Told(NamedTuple):
    """An answer: its data, the codes of its errors, and whether it is marked as a replay."""

    data: Any
    codes: frozenset[str]
    replayed: bool

    @property
    def good(self) -> bool:
        """Whether the command was taken in, now or before."""
        return not self.codes and self.data is not None and not self.data["createEngagement"]["problems"]

    def repeats(self, first: Told) -> bool:
        """Tell whether this is the first answer once more, and marked so."""
        return self.good and self.data == first.data and self.replayed

    def is_refused(self, code: str) -> bool:
        """Tell whether this refuses the request by a code."""
        return not self.good and code in self.codes


def fresh() -> str:
    """Return a name, or a key, that nobody has used."""
    return uuid4().hex


@dataclass
class Keys:
    """The checks. `results` has each by what it shows; `first` and `second` are two who may make engagements."""

    rig: Rig
    first: str | Persona
    second: str | Persona
    client: httpx.AsyncClient
    results: dict[str, bool] = field(default_factory=dict)

    @property
    def figure(self) -> str:
        """How many were met."""
        return f"FIGURE idempotency {sum(self.results.values())}/{len(self.results)}"

    async def give(
        self, name: str, key: str | None, by: str | Persona | None = None, within: str | None = None
    ) -> Told:
        """Give the command, the key in the header or `within` the input."""
        said = {"name": name, "legalEntityId": self._entity(), "plannedStart": "2026-12-01"}
        said |= {} if within is None else {"idempotencyKey": within}
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self._ask(by or self.first, CREATE, {"input": said}, headers)

    async def effects(self, name: str) -> int:
        """Return how many engagements of a name the PSA has, as soon as nothing goes on any more."""
        deadline = time.monotonic() + SETTLED_WITHIN
        while (await self._ask("auditor", GOING)).data["commands"]["edges"]:
            assert time.monotonic() < deadline
            await asyncio.sleep(POLL)
        state = (await self.client.get(f"{self.rig.address['psa']}/_control/state")).json()
        return sum(row["title"] == name for row in state["workspaces"])

    @asynccontextmanager
    async def approved(self) -> AsyncIterator[None]:
        """Have everything approved that is asked for meanwhile."""
        approving = asyncio.create_task(self._approve())
        yield
        approving.cancel()
        await asyncio.gather(approving, return_exceptions=True)

    async def repeated(self) -> None:
        """Give one command again, and another one under its key."""
        name, key, other = fresh(), fresh(), fresh()
        one, two = await self.give(name, key), await self.give(name, key)
        self.results["same key, same input: one effect"] = await self.effects(name) == 1
        self.results["same key, same input: the first answer comes back"] = two.good and two.data == one.data
        self.results["the replay is marked, and the first answer is not"] = two.replayed and not one.replayed
        told = await self.give(other, key)
        refused = told.is_refused("IDEMPOTENCY_CONFLICT") and not await self.effects(other)
        self.results["same key, other input: a conflict, no effect"] = refused
        self.results["and the key still gives the first answer"] = (await self.give(name, key)).repeats(one)

    async def raced(self) -> None:
        """Give one command many times at once, and many commands alike."""
        name, key = fresh(), fresh()
        told = await asyncio.gather(*(self.give(name, key) for _ in range(RACERS)))
        first = next(one for one in told if one.good and not one.replayed)
        running = "IDEMPOTENCY_IN_PROGRESS"
        stored = [one for one in told if one.is_refused(running) or (one.good and one.data == first.data)]
        self.results[f"{RACERS} at once with one key: one effect"] = await self.effects(name) == 1
        self.results["and every answer is the stored one, or says that it runs"] = len(stored) == RACERS
        self.results["and afterwards the key gives the stored answer"] = (await self.give(name, key)).repeats(first)
        name = fresh()
        told = await asyncio.gather(*(self.give(name, fresh()) for _ in range(KEYS)))
        apart = await self.effects(name) == KEYS and all(one.good and not one.replayed for one in told)
        self.results[f"{KEYS} keys: {KEYS} effects, none marked as a replay"] = apart

    async def malformed(self) -> None:
        """Send no key, and keys that are none."""
        name = fresh()
        told = await self.give(name, None)
        missing = told.is_refused("IDEMPOTENCY_KEY_MISSING") and not await self.effects(name)
        self.results["no key: refused, no effect"] = missing
        for what, key in (("empty", ""), ("of 5,000 characters", "x" * 5_000), ("with a control character", "a\tb")):
            name = fresh()
            told = await self.give(name, key)
            self.results[f"a key that is {what}: refused, no effect"] = not told.good and not await self.effects(name)

    async def of_two(self) -> None:
        """Have two people use one key."""
        name, other, key = fresh(), fresh(), fresh()
        mine, theirs = await self.give(name, key), await self.give(other, key, self.second)
        again = await self.give(other, key, self.second)
        own = mine.good and theirs.good and not theirs.replayed and again.repeats(theirs)
        self.results["somebody else's equal key is another key"] = own and await self.effects(other) == 1
        told = await self.give(other, key)
        self.results["and the first one still gets a conflict"] = told.is_refused("IDEMPOTENCY_CONFLICT")

    async def in_the_input(self) -> None:
        """Send the key in the input."""
        name, other, key = fresh(), fresh(), fresh()
        one, two = [await self.give(name, None, within=key) for _ in range(2)]
        met = two.repeats(one) and await self.effects(name) == 1
        self.results["the key in the input: one effect, the answer comes back and is marked"] = met
        told = await self.give(other, None, within=key)
        refused = told.is_refused("IDEMPOTENCY_CONFLICT") and not await self.effects(other)
        self.results["and with another input: a conflict, no effect"] = refused

    async def through_a_crash(self) -> None:
        """Kill the server behind a command, and in the middle of one."""
        name, key = fresh(), fresh()
        one = await self.give(name, key)
        await self._restart()
        again = await self.give(name, key)
        survived = again.repeats(one) and await self.effects(name) == 1
        self.results["after kill -9: the same answer, one effect"] = survived
        name, key = fresh(), fresh()
        given = [asyncio.create_task(self.give(name, key)) for _ in range(KEYS)]
        await asyncio.sleep(0.01)
        await self._restart()
        await asyncio.gather(*given, return_exceptions=True)
        again = await self.give(name, key)
        self.results["killed in the middle, given again: one effect"] = again.good and await self.effects(name) == 1

    async def _restart(self) -> None:
        await asyncio.to_thread(self.rig.kill)
        await asyncio.to_thread(self.rig.start)

    async def _approve(self) -> None:
        while True:
            try:
                for one in (await self._ask("delivery-director", UNDECIDED)).data["approvals"]:
                    await self._ask("delivery-director", APPROVE, one)
            except httpx.TransportError:
                pass  # The server is gone for a moment.
            await asyncio.sleep(POLL)

    async def _ask(
        self,
        by: str | Persona,
        query: str,
        variables: Mapping[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Told:
        signed = {"Authorization": f"Bearer {self.rig.issuer.token(by)}"}
        body = {"query": query, "variables": variables or {}}
        response = await self.client.post(self.rig.url, json=body, headers=signed | (headers or {}))
        said = response.json()
        codes = frozenset(error["extensions"]["code"] for error in said.get("errors", ()))
        return Told(said.get("data"), codes, response.headers.get("Idempotency-Replayed") == "true")

    def _entity(self) -> str:
        (words,) = (system.words for system in self.rig.bound if system.role == "erp")
        return Ref("LegalEntity", "erp", str(words["LegalEntity"]("NB-UK"))).encode()
