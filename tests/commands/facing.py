"""The face of commands over the running firm: whoever gives one, looks at one or sees to it asks the graph."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from colonnade.demo import over
from demo.firm import northbeam
from demo.systems import HTTP, emulated
from schema.graph import HOMES
from schema.rows import Ref
from tests.commands.conftest import effects
from tests.conftest import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colonnade.demo import Running

LOOKED_AT = """{
  id name status waitingFor actor correlationId acceptedAt endedAt
  subjects { id }
  input { path value restricted }
  steps {
    item name kind system operation state attempts found code
    values { path value restricted } brought { path value } record { __typename id }
  }
  exceptions { id code tier state step message remedy answer resolvedBy }
  approvals { id rule role state decidedBy }
  result { __typename id }
}"""
ENDED = {"SUCCEEDED", "SUCCEEDED_WITH_EXCEPTIONS", "FAILED", "REFUSED", "REJECTED", "CANCELLED", "DEAD_LETTERED"}


class Face:
    """A running graph that carries commands out, and the firm's systems behind it."""

    def __init__(self, running: Running) -> None:
        self.running, self.url = running, running.url
        self._words = {system.role: system.words for system in running.bound}
        self._addresses = {system.role: system.address for system in running.bound}

    def id(self, type_: str, code: str) -> str:
        """Return the global id of a thing of the firm."""
        role = HOMES[type_].system.value
        word = self._words[role][type_](code)
        assert word is not None
        return Ref(type_, role, word).encode()

    def signed(self, persona: str) -> dict[str, str]:
        """Return what a persona shows."""
        return {"Authorization": f"Bearer {self.running.issuer.token(persona)}"}

    def ask(self, persona: str, query: str, variables: dict[str, Any] | None = None, **headers: str) -> Answer:
        """Ask the graph as a persona."""
        shown = self.signed(persona) | {name.replace("_", "-"): value for name, value in headers.items()}
        response = HTTP.post(self.url, json={"query": query, "variables": variables or {}}, headers=shown)
        content = response.json()
        return Answer(content.get("data"), content.get("errors", []), response.headers)

    def give(
        self, persona: str, command: str, said: dict[str, Any], shown: str = "{ id status }", **headers: str
    ) -> Answer:
        """Give a command; the answer's data is the payload alone."""
        type_ = f"{command[0].upper()}{command[1:]}Input!"
        document = f"""mutation($input: {type_}) {{ done: {command}(input: $input) {{
            command {shown} problems {{ code message path item tier remedy retryable }}
            plan {{ step kind system operation values {{ path value restricted }} }} }} }}"""
        answer = self.ask(persona, document, {"input": said}, **headers)
        return answer._replace(data=answer.data and answer.data["done"])

    def given(self, persona: str, command: str, said: dict[str, Any], key: str) -> str:
        """Give a command that is taken in, and return its id."""
        answer = self.give(persona, command, {**said, "idempotencyKey": key})
        assert answer.errors == []
        assert answer.data["problems"] == []
        return str(answer.data["command"]["id"])

    def act(self, persona: str, act: str, shown: str = "{ id status }", **said: Any) -> Any:
        """Do something with a command; return the payload."""
        kinds = {"approve": "Boolean!", "values": "[CorrectionInput!]!", "id": "ID!", "reason": "String!"}
        declared = ", ".join(f"${name}: {kinds[name]}" for name in said)
        passed = ", ".join(f"{name}: ${name}" for name in said)
        document = f"mutation({declared}) {{ done: {act}({passed}) {{ command {shown} problems {{ code path }} }} }}"
        answer = self.ask(persona, document, said)
        assert answer.errors == []
        return answer.data["done"]

    def look(self, persona: str, id_: str, shown: str = LOOKED_AT) -> Answer:
        """Look at a command; the answer's data is the command alone."""
        answer = self.ask(persona, f"query($id: ID!) {{ command(id: $id) {shown} }}", {"id": id_})
        return answer._replace(data=answer.data and answer.data["command"])

    def settled(self, id_: str, *states: str) -> Any:
        """Wait until a command has come to an end, or to one of these states, and return it as the auditor sees it."""
        deadline = time.monotonic() + 20
        while True:
            command = self.look("auditor", id_).data
            if command["status"] in (states or ENDED):
                return command
            assert time.monotonic() < deadline, command
            time.sleep(0.05)

    def fault(self, role: str, match: str, what: str = "refuse") -> None:
        """Let the next call that matches go wrong."""
        HTTP.put(f"{self._addresses[role]}/_control/faults", json=[{"match": match, "what": what}]).raise_for_status()

    def effects(self) -> list[dict[str, Any]]:
        """Return every change that was made in any system."""
        return effects(self.running.bound)


@contextmanager
def facing() -> Iterator[Face]:
    """Run the firm, its expenses of March and April waiting for approval, and the graph that commands it."""
    firm = northbeam()
    waits: dict[str, Any] = {"approval_status": "SUBMITTED", "approver": None}
    expenses = tuple(one if one.posting_status == "POSTED" else replace(one, **waits) for one in firm.expenses)
    with emulated(replace(firm, expenses=expenses)) as bound, over(bound, commands=True) as running:
        yield Face(running)
