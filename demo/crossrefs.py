"""The firm's cross-references: what every system calls each thing, under the id of its home."""

from collections.abc import Iterator, Sequence
from itertools import product

from demo.firm.model import Firm
from demo.mutations import OLD_CODE, OLD_WORKSPACE
from demo.systems import Bound
from schema.cross_reference import Established
from schema.graph import HOMES
from schema.rows import Ref
from store.reference import CrossReference


def cross_references(firm: Firm, bound: Sequence[Bound], *, mutated: bool = False) -> Iterator[CrossReference]:
    """Yield a reference for each thing and each system, other than its home, that knows it."""
    if mutated:
        yield second_reference(firm, bound)
    codes = {
        "Assignment": [assignment.code for assignment in firm.assignments],
        "CostCenter": [center.code for center in firm.cost_centers],
        "Customer": [customer.code for customer in firm.customers],
        "Engagement": [engagement.code for engagement in firm.engagements],
        "ExchangeRate": [rate.code for rate in firm.exchange_rates],
        "Expense": [expense.code for expense in firm.expenses],
        "FiscalPeriod": [f"{period.entity}-{period.code}" for period in firm.fiscal_periods],
        "LegalEntity": [entity.code for entity in firm.legal_entities],
        "Milestone": [milestone.code for milestone in firm.milestones],
        "Opportunity": [deal.code for deal in firm.opportunities],
        "Project": [node.code for node in firm.projects],
        "RateCard": [card.code for card in firm.rate_cards if card.kind == "BILL"],
        "Resource": [person.code for person in firm.people],
        "Role": [role.code for role in firm.roles],
        "RoleDemand": [demand.code for demand in firm.role_demands],
        "TimeEntry": [entry.code for entry in firm.time_entries],
    }
    for type_, known in codes.items():
        homes = [system for system in bound if _plays(system, HOMES[type_].system.value) and type_ in system.words]
        others = [system for system in bound if type_ in system.words and system not in homes]
        for home, other in product(homes, others):
            yield from _between(firm, type_, known, home, other)


def _plays(system: Bound, role: str) -> bool:
    return system.role.partition(".")[0] == role


def _between(firm: Firm, type_: str, codes: Sequence[str], home: Bound, other: Bound) -> Iterator[CrossReference]:
    for code in codes:
        own, foreign = home.words[type_](code), other.words[type_](code)
        if own is not None and foreign is not None:
            yield CrossReference(
                canonical=Ref(type_, home.role, own),
                foreign=Ref(type_, other.role, foreign),
                source_type=type_,
                source_key=code,
                established_by=Established.IMPORT,
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
        established_by=Established.IMPORT,
        valid_from=firm.as_of,
    )
