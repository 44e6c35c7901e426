"""Where and when work is posted: in the books of whoever employs the person, on a day that these still take."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from commands.command import Finding, Stop
from commands.money import stated
from commands.plan import Gate
from policies.periods import accounting_date
from schema.fiscal_period import FiscalPeriodRow, LedgerModule
from schema.legal_entity import LegalEntityRow
from schema.problems import Code
from schema.resource import ResourceErpRow, ResourceRow
from schema.rows import Ref
from schema.values import Money

if TYPE_CHECKING:
    from collections.abc import Iterable

    from commands.asking import Asking


class Place(msgspec.Struct, frozen=True):
    """On which day a piece of work is posted, in which entity's books, and the gate before it."""

    entity: Ref
    on: date
    gate: Gate

    def late(self, on: date, item: str) -> list[Finding]:
        """Return that work of another day is posted on this one, if it is."""
        said = f"the period of {on.isoformat()} is closed: it is posted on {self.on.isoformat()}"
        return [] if self.on == on else [Finding(Code.BACKDATED_ENTRY, said, item=item)]


class Books(msgspec.Struct, frozen=True):
    """The books of everybody's employer. People are named by what delivery calls them."""

    employers: dict[Ref, LegalEntityRow]
    costs: dict[Ref, Money | None]
    periods: dict[Ref, list[FiscalPeriodRow]]

    def place(self, person: Ref | None, on: date) -> Place:
        """Return where a person's work of a day is posted, or stop where nobody is known to employ them.

        Work of a closed period goes to the first day of the earliest open one after it. Where none is open, it waits
        for its own.
        """
        employer = self.employers.get(person) if person else None
        if employer is None:
            raise Stop(Finding(Code.MASTER_DATA_MISSING, "it is not known which legal entity employs the person"))
        entity = employer.ref
        day = accounting_date(self.periods[entity], LedgerModule.TIME, on) or on
        return Place(entity, day, Gate(LedgerModule.TIME.name, entity, day))


async def books_of(ask: Asking, people: Iterable[Ref | None]) -> Books:
    """Return the books in which these people's work is posted."""
    refs = [ref for ref in dict.fromkeys(people) if ref is not None]
    employed = await ask.all("resources_by_id", refs)
    costs = await ask.all("resources_erp", refs)
    by_employer = {
        person: row.legal_entity
        for person, row in employed.items()
        if isinstance(row, ResourceRow) and row.legal_entity is not None
    }
    entities = {ref: await ask.entity(ref) for ref in dict.fromkeys(by_employer.values())}
    return Books(
        employers={person: entities[ref] for person, ref in by_employer.items()},
        costs={person: row.standard_cost_rate for person, row in costs.items() if isinstance(row, ResourceErpRow)},
        periods={
            entity.ref: await ask.many("fiscal_periods_by_legal_entity", entity.ref, row=FiscalPeriodRow)
            for entity in entities.values()
        },
    )


def today(ask: Asking, entity: LegalEntityRow) -> date:
    """Return the day that it is at a legal entity."""
    return ask.now.astimezone(ZoneInfo(stated(entity.time_zone, "the legal entity's time zone"))).date()
