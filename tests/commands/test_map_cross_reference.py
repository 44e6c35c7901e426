"""mapCrossReference, judged over the firm's systems and what they are known to call each other's records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import structs
from strawberry import ID

from commands.map_cross_reference import MapCrossReference, map_cross_reference
from commands.own import MappingAction, MapReference
from commands.plan import Kind, Step
from schema.problems import Code
from schema.rows import Ref
from tests.commands.conftest import codes, stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.commands.conftest import Asks

    Refs = Callable[..., Ref]


def mapping(ref: Ref, system: str, source_id: str, action: MappingAction) -> MapCrossReference:
    """Return the input that maps a record."""
    return MapCrossReference(canonical_id=ID(ref.encode()), system=system, source_id=source_id, action=action)


async def test_a_record_is_linked(asking: Asks, ref: Refs) -> None:
    """It is one step of the facade itself, and no system is written to."""
    demand, record = ref("Opportunity", "OPP-021"), "4209999"
    judged = await map_cross_reference(
        await asking("integration-steward"), mapping(demand, "psa", record, MappingAction.LINK)
    )
    assert judged.plan.branches == ()
    assert judged.plan.first == (
        Step(
            name="facade.reference",
            kind=Kind.PIVOT,
            binding="facade",
            write=MapReference(
                canonical=demand,
                binding="psa",
                source_type="Opportunity",
                source_id=record,
                action=MappingAction.LINK,
            ),
        ),
    )
    assert (judged.facts, judged.subjects, judged.findings) == ({"financial": False}, (demand,), ())
    word = Ref("Opportunity", "psa", record)
    assert [claim.key for claim in judged.claims] == [demand.encode(), word.encode()]


@pytest.mark.parametrize(
    ("type_", "code", "system", "financial"),
    [
        ("Customer", "CUS-01", "psa", True),
        ("LegalEntity", "NB-UK", "hr", True),
        ("Engagement", "ENG-001", "erp", True),
        ("Engagement", "ENG-001", "forecast", False),
        ("Resource", "RES-001", "erp", False),
    ],
)
async def test_a_reference_is_ended(
    asking: Asks, ref: Refs, type_: str, code: str, system: str, *, financial: bool
) -> None:
    """Whoever signs, owes or is controlled is financial: such a reference is ended with a controller's approval."""
    record, word = ref(type_, code), ref(type_, code, system)
    said = mapping(record, system, word.id, MappingAction.RETIRE)
    judged = await map_cross_reference(await asking("integration-steward"), said)
    (step,) = judged.plan.first
    assert isinstance(step.write, MapReference)
    assert (step.write.binding, step.write.source_id, step.write.action) == (system, word.id, MappingAction.RETIRE)
    assert judged.facts == {"financial": financial}


async def test_a_reference_is_moved(asking: Asks, ref: Refs) -> None:
    """What the ERP calls one engagement is given to one that it has no name for."""
    record, word = ref("Opportunity", "OPP-020"), ref("Opportunity", "OPP-001", "psa")
    said = mapping(record, "psa", word.id, MappingAction.MOVE)
    judged = await map_cross_reference(await asking("integration-steward"), said)
    assert (len(judged.plan.first), judged.findings) == (1, ())


async def test_what_the_references_do_not_allow(asking: Asks, ref: Refs) -> None:
    """Linked already, called by another, called by nobody, not called so, and a record that is not there."""
    ask = await asking("integration-steward")
    one, other = ref("Engagement", "ENG-001"), ref("Engagement", "ENG-002", "erp")
    open_, theirs = ref("Opportunity", "OPP-021"), ref("Opportunity", "OPP-001", "psa")
    gone = structs.replace(one, id="4299999")
    asked = [
        mapping(one, "erp", "P-999999", MappingAction.LINK),
        mapping(open_, "psa", theirs.id, MappingAction.LINK),
        mapping(open_, "psa", "4299998", MappingAction.MOVE),
        mapping(one, "erp", other.id, MappingAction.RETIRE),
        mapping(gone, "erp", "P-999999", MappingAction.LINK),
    ]
    assert [codes(await stopped(map_cross_reference(ask, said))) for said in asked] == [
        [Code.REFERENCE_AMBIGUOUS],
        [Code.INVALID_TRANSITION],
        [Code.INVALID_TRANSITION],
        [Code.NOT_FOUND],
        [Code.NOT_FOUND],
    ]


@pytest.mark.parametrize("system", ["psa", "facade", "ledger", ""])
async def test_a_system_that_has_no_word_for_it(asking: Asks, ref: Refs, system: str) -> None:
    """The record's own home, we ourselves, and what is no role."""
    said = mapping(ref("Engagement", "ENG-001"), system, "1", MappingAction.LINK)
    (found,) = await stopped(map_cross_reference(await asking("integration-steward"), said))
    assert (found.code, found.path) == (Code.BAD_INPUT, ("input", "system"))


async def test_an_id_of_nothing(asking: Asks, ref: Refs) -> None:
    """What is no id, and another system's word for a record."""
    ask = await asking("integration-steward")
    for text in ("nonsense", ref("Engagement", "ENG-001", "erp").encode()):
        said = MapCrossReference(canonical_id=ID(text), system="erp", source_id="1", action=MappingAction.LINK)
        (found,) = await stopped(map_cross_reference(ask, said))
        assert (found.code, found.path) == (Code.BAD_INPUT, ("input", "canonicalId"))
