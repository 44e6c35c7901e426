"""What a command is going to do, as data: chains of steps, each one write at one system, with what undoes it.

    Plan      what was judged: a chain that comes first, and branches that are independent of each other
    Branch    the chain of one item (one time entry of five hundred)
    Step      one write: compensatable, the pivot, or retriable, in this order
    Gate      the period that must be open before a step

A plan is stored with its command, shown by a dry run, hashed into what an approver approves, and carried out by
`commands.machinery.machine`. It names what an earlier step will bring by `Later`.
"""

from __future__ import annotations

import hashlib
from datetime import date
from enum import Enum
from typing import Any

import msgspec
import strawberry

from schema.problems import Code
from schema.rows import Ref, System
from sources.writes import WRITES, Json, Record, Write


@strawberry.enum(name="CommandStepKind")
class Kind(Enum):
    """What a step's failure means.

    COMPENSATABLE: what was done is undone. PIVOT: the point of no return. RETRIABLE: it lies behind that, and is tried
    until it is done, or a person sees to it.
    """

    COMPENSATABLE = "COMPENSATABLE"
    PIVOT = "PIVOT"
    RETRIABLE = "RETRIABLE"


class Gate(msgspec.Struct, frozen=True):
    """The period of a legal entity that must be open for a module on a day."""

    module: str
    entity: Ref
    on: date


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One write at one binding.

    `canonical` is whose record the made one is in this system, where it is not the birth of a new one. `optional` is
    the code under which a refusal is set aside while the command goes on.
    """

    name: str
    kind: Kind
    binding: str
    write: Write
    undo: Write | None = None
    canonical: Record | None = None
    optional: Code | None = None
    gate: Gate | None = None


class Branch(msgspec.Struct, frozen=True):
    """The chain of one item, which is named by its record."""

    item: str
    steps: tuple[Step, ...]


class Plan(msgspec.Struct, frozen=True):
    """The whole: `first` is one chain, and once it is done the branches are carried out side by side."""

    first: tuple[Step, ...] = ()
    branches: tuple[Branch, ...] = ()

    @property
    def chains(self) -> tuple[Branch, ...]:
        """Every chain; the first one has no item."""
        return (Branch("", self.first), *self.branches) if self.first else self.branches

    @property
    def bindings(self) -> list[str]:
        """The systems that it writes to, each once, in order."""
        return list(dict.fromkeys(step.binding for chain in self.chains for step in chain.steps))

    @property
    def changes(self) -> set[type[Write]]:
        """What it asks of systems, to undo something included; what the facade does itself is none of it."""
        steps = (step for chain in self.chains for step in chain.steps)
        asked = (write for step in steps for write in (step.write, step.undo) if write is not None)
        return {type(write) for write in asked if write.system is not System.FACADE}


def said(plan: Plan) -> dict[str, Json]:
    """Return a plan as JSON."""
    return {"chains": [{"item": chain.item, "steps": [_step(step) for step in chain.steps]} for chain in plan.chains]}


def read(text: dict[str, Any]) -> Plan:
    """Return the plan that was said."""
    chains = [Branch(one["item"], tuple(_read(step) for step in one["steps"])) for one in text["chains"]]
    first = next((chain.steps for chain in chains if not chain.item), ())
    return Plan(first, tuple(chain for chain in chains if chain.item))


def digest(*said: Any) -> str:
    """Return the SHA-256 of JSON values, whatever the order of their keys."""
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()


def of_write(write: Write) -> dict[str, Json]:
    """Return a write as JSON."""
    return {"call": write.called, "values": msgspec.to_builtins(write)}


def _step(step: Step) -> dict[str, Json]:
    return {
        "name": step.name,
        "kind": step.kind.value,
        "binding": step.binding,
        "write": of_write(step.write),
        "undo": None if step.undo is None else of_write(step.undo),
        "canonical": msgspec.to_builtins(step.canonical),
        "optional": None if step.optional is None else step.optional.name,
        "gate": msgspec.to_builtins(step.gate),
    }


def _read(text: dict[str, Any]) -> Step:
    return Step(
        name=text["name"],
        kind=Kind(text["kind"]),
        binding=text["binding"],
        write=_write(text["write"]),
        undo=None if text["undo"] is None else _write(text["undo"]),
        canonical=msgspec.convert(text["canonical"], Record | None),
        optional=None if text["optional"] is None else Code[text["optional"]],
        gate=msgspec.convert(text["gate"], Gate | None),
    )


def _write(text: dict[str, Any]) -> Write:
    return msgspec.convert(text["values"], WRITES[text["call"]])
