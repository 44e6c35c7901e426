"""mapCrossReference: what another system calls one of our records is decided by a person.

    P  FACADE  the reference is made, ended, or moved

Nothing is written to any other system.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import strawberry

from commands.command import Claimed, CommandInput, Finding, Judgement, Stop, command
from commands.items import same_version
from commands.own import FACADE, MappingAction, MapReference
from commands.plan import Kind, Plan, Step
from schema.graph import HOMES
from schema.problems import Code, Problem
from schema.rows import Ref, System

if TYPE_CHECKING:
    from commands.asking import Asking

# Whoever bills, owes or controls: a wrong reference is money at the wrong place.
FINANCIAL = frozenset({"LegalEntity", "Customer"})
CONTROLLED = frozenset({"Engagement", "Project"})


@strawberry.input
class MapCrossReference(CommandInput):
    """One of our records, and what a bound system (`erp`, `erp.legacy`) calls it; `sourceType` if not as we do."""

    canonical_id: strawberry.ID
    system: str
    source_id: str
    action: MappingAction
    source_type: str | None = None


@command("mapCrossReference", MapCrossReference)
async def map_cross_reference(ask: Asking, said: MapCrossReference) -> Judgement:
    """Link a record with what another system calls it, end such a reference, or move it to another record."""
    same_version(said, ())
    ref = _canonical(said.canonical_id)
    role = _role(said, ref)
    word = Ref(ref.type, said.system, said.source_id)
    if said.action is not MappingAction.RETIRE:
        await ask.one(HOMES[ref.type].question, ref, "input", "canonicalId")
    await _possible(ask, said.action, ref, word, role)
    write = MapReference(
        canonical=ref,
        binding=said.system,
        source_type=said.source_type or ref.type,
        source_id=said.source_id,
        action=said.action,
    )
    return Judgement(
        plan=Plan(first=(Step(name="facade.reference", kind=Kind.PIVOT, binding=FACADE, write=write),)),
        subjects=(ref,),
        facts={"financial": ref.type in FINANCIAL or (ref.type in CONTROLLED and role is System.ERP)},
        claims=(Claimed("cross_reference", ref.encode()), Claimed("cross_reference", word.encode())),
    )


def _canonical(text: str) -> Ref:
    ref = Ref.decode(text)
    place = None if isinstance(ref, Problem) else HOMES.get(ref.type)
    if isinstance(ref, Problem) or place is None or place.system.value != ref.role:
        raise Stop(Finding(Code.BAD_INPUT, "'canonicalId' is not the id of a record", ("input", "canonicalId")))
    return ref


def _role(said: MapCrossReference, ref: Ref) -> System:
    """Return the role that a binding plays, or stop: a record has no reference in its own home."""
    path = ("input", "system")
    named = said.system.partition(".")[0]
    role = next((one for one in System if one.value == named and one is not System.FACADE), None)
    if role is None or role is HOMES[ref.type].system:
        raise Stop(Finding(Code.BAD_INPUT, f"'system' must be another system than the home of a {ref.type}", path))
    return role


async def _possible(ask: Asking, action: MappingAction, ref: Ref, word: Ref, role: System) -> None:
    """Stop where the reference that there is does not allow the action."""
    held = await ask.word(ref, role)
    owner = await ask.word(word, HOMES[ref.type].system)
    path = ("input", "sourceId")
    if action is MappingAction.RETIRE:
        if held != word:
            raise Stop(Finding(Code.NOT_FOUND, "there is no such reference to end", path), subjects=(ref,))
        return
    if held is not None and held.binding == word.binding:
        said = "the system calls this record something already: end that reference first"
        raise Stop(Finding(Code.REFERENCE_AMBIGUOUS, said, path), subjects=(ref,))
    if (owner is None) is (action is MappingAction.MOVE):
        said = "no record is called this yet: link it" if owner is None else "another record is called this: move it"
        raise Stop(Finding(Code.INVALID_TRANSITION, said, path), subjects=(ref,))
