"""Everybody who gives commands, and what they were answered, whatever becomes of the server meanwhile."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from demo.systems import HTTP

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

    from tests.commands.choices import Choice
    from tests.commands.rig import Rig

DIES_WITHIN = 2.0
LISTED = "{ commands(first: 100%s) { pageInfo { hasNextPage endCursor } edges { node { id status waitingFor } } } }"
WAITING = "{ approvals(first: 50) { id role } }"
ASIDE = "{ quarantine(first: 50) { id } }"
DECIDE = "mutation($id: ID!, $yes: Boolean!) { decideApproval(id: $id, approve: $yes) { problems { code } } }"
ACT = 'mutation($id: ID!) {{ {act}(id: $id, reason: "seen to") {{ problems {{ code }} }} }}'


class At(NamedTuple):
    """Under what an answer is remembered: an idempotency key belongs to whoever uses it, and to one command."""

    persona: str
    command: str
    key: str


class Everybody:
    """Whoever asks. `counted` are the judged figures, `story` is what happened, to be read when something is wrong."""

    def __init__(self, house: Rig, counted: Counter[str]) -> None:
        self._house, self._counted = house, counted
        self.gave: dict[At, Choice] = {}
        self.answers: dict[At, Any] = {}
        self.story: list[str] = []
        self._lives, self._reviving = 1, Lock()

    def new_key(self) -> str:
        """Return a key that nobody has used."""
        return f"key-{len(self.gave)}"

    def give(self, choice: Choice, key: str) -> None:
        """Give a command, and remember what is answered."""
        self.answered(choice, key, self.ask(choice.persona, choice.mutation, {"input": choice.input}, key))

    def answered(self, choice: Choice, key: str, answer: Any) -> None:
        """Remember the first answer that names a command: every later one must be the same."""
        at = At(choice.persona, choice.command, key)
        self.gave[at] = choice
        self._counted["given"] += 1
        self.tell(f"{at.persona} gives {at.command} as {key}: {dict(choice.input)}", answer)
        if answer is None:
            return
        said = answer["data"][choice.command]
        if said["command"] is None:
            assert said["problems"], "neither a command nor why not"
            return
        assert self.answers.setdefault(at, said) == said, "one key, two answers"

    def conflict(self, at: At, choice: Choice) -> None:
        """Give another command under a key that was used."""
        answer = self.ask(choice.persona, choice.mutation, {"input": choice.input}, at.key)
        if answer is not None:
            assert [one["extensions"]["code"] for one in answer["errors"]] == ["IDEMPOTENCY_CONFLICT"]

    def decide(self, place: int, *, approve: bool, times: int) -> None:
        """Somebody decides on one of the requests that there are; only the first time it can be decided."""
        listed = self.ask("auditor", WAITING)
        if listed and (waiting := listed["data"]["approvals"]):
            one = waiting[place % len(waiting)]
            for _ in range(times):
                self.tell(f"decide {approve}", self.ask(one["role"], DECIDE, {"id": one["id"], "yes": approve}))

    def act(self, act: str, place: int, *states: str) -> None:
        """Operations do something with one of the commands in these states."""
        those = [one["id"] for one in self.listed() if one["status"] in states]
        self._acted(act, place, those)

    def discard(self, place: int) -> None:
        """Operations give up one of the things that were set aside."""
        listed = self.ask("operations", ASIDE)
        self._acted("discardException", place, [one["id"] for one in listed["data"]["quarantine"]] if listed else [])

    def _acted(self, act: str, place: int, those: list[str]) -> None:
        if those:
            id_ = those[place % len(those)]
            self.tell(f"{act} {id_}", self.ask("operations", ACT.format(act=act), {"id": id_}))

    def listed(self) -> list[Any]:
        """Return every command that there is."""
        found: list[Any] = []
        after = ""
        while True:
            answer = self.ask("auditor", LISTED % after)
            if answer is None:
                continue
            page = answer["data"]["commands"]
            found += [edge["node"] for edge in page["edges"]]
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = f', after: "{page["pageInfo"]["endCursor"]}"'

    def drafts(self) -> list[Any]:
        """Return the drafted invoices, as they stand in the ERP."""
        rows = HTTP.get(f"{self._house.address['erp']}/_control/state").json()["NBProjectInvoices"]
        return [row for row in rows if row["InvoiceStatus"] == "Draft"]

    def ask(self, persona: str, query: str, variables: Mapping[str, Any] | None = None, key: str | None = None) -> Any:
        """Ask, and return the answer; None where the server died of it. It stands again then."""
        life = self._lives
        try:
            return self._house.ask(persona, query, dict(variables or {}), key)
        except httpx.TransportError:
            with self._reviving:
                # Of several who find it dead, one starts it.
                if life == self._lives:
                    self._revive()
            return None

    def _revive(self) -> None:
        deadline = time.monotonic() + DIES_WITHIN
        while self._house.alive and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not self._house.alive, self._house.output.read_text(encoding="utf-8")[-2000:]
        self._counted["kills"] += 1
        self._house.start()
        self._lives += 1

    def tell(self, what: str, answer: Any = None) -> None:
        """Note what happened, and that nobody was answered by an error."""
        self.story.append(f"{what} -> {answer}" if answer else what)
        assert answer is None or "errors" not in answer, answer
