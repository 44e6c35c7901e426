"""The firm's cross-references: what every system calls each thing, under the id of its home."""

from collections.abc import Iterator, Sequence

from demo.firm.model import Firm
from demo.mutations import OLD_CODE, OLD_WORKSPACE
from demo.systems import Bound
from schema.graph import HOMES
from schema.rows import Ref
from schema.types import TYPES
from store.crossrefs import CrossReference

assert TYPES  # noqa: S101  importing them is what fills HOMES


def cross_references(firm: Firm, bound: Sequence[Bound], *, mutated: bool = False) -> Iterator[CrossReference]:
    """Yield a reference for each thing and each system, other than its home, that knows it."""
    if mutated:
        yield second_reference(firm, bound)
    codes = {
        "Customer": [customer.code for customer in firm.customers],
        "Engagement": [engagement.code for engagement in firm.engagements],
        "LegalEntity": [entity.code for entity in firm.legal_entities],
        "Opportunity": [deal.code for deal in firm.opportunities],
        "Resource": [person.code for person in firm.people],
        "Role": [role.code for role in firm.roles],
    }
    systems = {system.role: system for system in bound}
    for type_, known in codes.items():
        home = systems[HOMES[type_].system.value]
        for other in bound:
            if other is not home and type_ in other.words:
                yield from _between(firm, type_, known, home, other)


def _between(firm: Firm, type_: str, codes: Sequence[str], home: Bound, other: Bound) -> Iterator[CrossReference]:
    for code in codes:
        own, foreign = home.words[type_](code), other.words[type_](code)
        if own is not None and foreign is not None:
            yield CrossReference(
                canonical=Ref(type_, home.role, own),
                foreign=Ref(type_, other.role, foreign),
                source_type=type_,
                source_key=code,
                established_by="IMPORT",
                valid_from=firm.as_of,
            )


def second_reference(firm: Firm, bound: Sequence[Bound]) -> CrossReference:
    """Return what M07 adds: a second workspace of the PSA that claims the ERP's project of ENG-018.

    It is of another source type, because the store lets no two active references of one type name one record.
    """
    systems = {system.role: system for system in bound}
    home, erp = systems[HOMES["Engagement"].system.value], systems["erp"]
    project = erp.words["Engagement"]("ENG-018")
    assert project is not None  # noqa: S101  the ERP has a project for every engagement
    return CrossReference(
        canonical=Ref("Engagement", home.role, OLD_WORKSPACE),
        foreign=Ref("Engagement", erp.role, project),
        source_type="LegacyProject",
        source_key=OLD_CODE,
        established_by="IMPORT",
        valid_from=firm.as_of,
    )
