"""The lists without a bound: one root for every type that people start from, a line each."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import strawberry
from strawberry.tools import create_type

from resolvers.choices import choices
from schema.absence import Absence
from schema.billing_event import BillingEvent
from schema.capacity import CapacityScenario
from schema.connection import Connection
from schema.context import Info
from schema.contract import Contract
from schema.cost_center import CostCenter
from schema.customer import Customer
from schema.demand import PAGE, PAGED
from schema.engagement import Engagement
from schema.exchange_rate import ExchangeRate
from schema.expense import Expense
from schema.fiscal_period import FiscalPeriod
from schema.graph import HOMES, Owner
from schema.holiday_calendar import HolidayCalendar
from schema.invoice import Invoice
from schema.ledger_rate import LedgerRateCard
from schema.legal_entity import LegalEntity
from schema.milestone import Milestone
from schema.opportunity import Opportunity
from schema.practice import Practice
from schema.problems import Problem
from schema.project import Project
from schema.rate_card import RateCard
from schema.resource import Resource
from schema.restriction import marked
from schema.revenue_schedule import RevenueSchedule
from schema.role import Role
from schema.role_demand import RoleDemand
from schema.time_entry import TimeEntry

if TYPE_CHECKING:
    from strawberry.types.field import StrawberryField


class Root(NamedTuple):
    """One list: its name, the type that it holds, and what it is."""

    name: str
    type: type
    description: str


ROOTS: Final = (
    Root("customers", Customer, "The customers of the CRM."),
    Root("opportunities", Opportunity, "The opportunities of the CRM."),
    Root("engagements", Engagement, "The engagements of the PSA."),
    Root("projects", Project, "The nodes of all breakdowns, as the PSA has them."),
    Root("milestones", Milestone, "The milestones of the PSA."),
    Root("time_entries", TimeEntry, "The time entries of the PSA."),
    Root("expenses", Expense, "The expenses of the PSA."),
    Root("rate_cards", RateCard, "The rate cards of the PSA."),
    Root("roles", Role, "The roles of the PSA."),
    Root("practices", Practice, "The practices of the PSA."),
    Root("role_demands", RoleDemand, "The role demands of forecasting."),
    Root("resources", Resource, "The people of HR."),
    Root("absences", Absence, "The leave that HR knows of."),
    Root("holiday_calendars", HolidayCalendar, "The holiday calendars of HR."),
    Root("capacity_scenarios", CapacityScenario, "The plans of forecasting."),
    Root("contracts", Contract, "The contracts of the ERP."),
    Root("invoices", Invoice, "The invoices and credit notes of the ERP."),
    Root("legal_entities", LegalEntity, "The legal entities of the ERP."),
    Root("ledger_rate_cards", LedgerRateCard, "The cards of cost and transfer rates of the ERP."),
    Root("fiscal_periods", FiscalPeriod, "The fiscal periods of the ERP."),
    Root("cost_centers", CostCenter, "The cost centers of the ERP."),
    Root("exchange_rates", ExchangeRate, "The exchange rates that the ERP books by."),
    Root("billing_events", BillingEvent, "What the ERP may bill, and why it does not yet."),
    Root("revenue_schedules", RevenueSchedule, "How the contract lines become revenue, as the ERP has it."),
)


def _field(root: Root) -> StrawberryField:
    """Make the root's field: its arguments and its type are written here, as a method's would be."""
    home, chosen = HOMES[root.type.__name__], choices(root.type)
    arguments = {"info": Info, "first": int, "after": str | None, **chosen.arguments}
    answer = Connection[root.type] | None  # type: ignore[name-defined]

    async def page(info: Info, first: int, after: str | None, **wishes: Any) -> Any:
        said = await info.context.page(home.name, first, after, chosen.wanted(**wishes))
        return said if isinstance(said, Problem) else Connection.of(said, after)

    defaults = {"info": inspect.Parameter.empty, "first": PAGE}
    page.__annotations__ = {**arguments, "return": answer}
    page.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=defaults.get(name), annotation=kind)
            for name, kind in arguments.items()
        ],
        return_annotation=answer,
    )
    directives = [Owner(system=home.system), *marked(home.restricted), PAGED]
    field: Any = strawberry.field(resolver=page, description=root.description, directives=directives)
    field.python_name = root.name
    return field  # type: ignore[no-any-return]


ListQuery = create_type(
    "ListQuery", [_field(root) for root in ROOTS], description="Pages of up to 200, in the order of the owner's ids."
)
