"""Puts the firm together, each part from the parts before it."""

from functools import cache

from demo.firm.billing import billing_events
from demo.firm.capacity import Capacity, scenarios
from demo.firm.clock import AS_OF
from demo.firm.contracts import contracts
from demo.firm.exchange import exchange_rates
from demo.firm.expenses import expenses
from demo.firm.fiscal import FiscalCalendars, fiscal_periods
from demo.firm.invoices import Invoicing, payments
from demo.firm.milestones import milestones
from demo.firm.model import Firm
from demo.firm.organisation import COST_CENTERS, ENTITIES, HOLIDAYS, ROLES, customers
from demo.firm.people import absences, heads, people, practices
from demo.firm.rates import rate_cards
from demo.firm.revenue import Revenue
from demo.firm.sales import open_demands, opportunities
from demo.firm.staffing import Approvers, assignments, engagements, filled_demands
from demo.firm.tree import projects, tasks
from demo.firm.worktime import time_entries, worked


def northbeam(scale: int = 1) -> Firm:
    """Return the firm; the same scale always gives the very same object.

    A scale of k gives every entity k times its people by the same rules. Contract values and caps do not grow with
    them: a scaled firm is for load, its money is not meant to be read.
    """
    if scale < 1:
        raise ValueError(f"scale must be at least 1, not {scale}")
    return _build(scale)


@cache
def _build(scale: int) -> Firm:
    return _Parts(scale).firm()


class _Parts:
    """The parts that other parts are made from, in the order in which they need each other."""

    def __init__(self, scale: int) -> None:
        self.staff = people(scale)
        self.staffed = assignments(self.staff)
        self.run = engagements(self.staff, self.staffed)
        self.approvers = Approvers(self.staff, self.run)
        self.periods = fiscal_periods()
        self.calendars = FiscalCalendars(self.periods)
        self.owners = heads(self.staff)
        self.clients = customers(self.owners)
        self.deals = opportunities(self.owners)
        self.demands = (*filled_demands(self.staffed), *open_demands(self.deals, len(self.staffed) + 1))
        self.leave = absences(self.staff)
        self.tasks = tasks()
        self.milestones = milestones()
        self.entries = time_entries(list(worked(self.staff)), self.staffed, self.calendars, self.approvers)
        self.rates = exchange_rates()
        self.events = billing_events(self.entries, self.milestones)
        self.documents = Invoicing(self.entries, self.clients, self.calendars, self.rates).invoices(self.events)
        self.revenue = Revenue(self.documents, self.events, self.milestones, self.calendars)
        self.capacity = Capacity(self.staff, self.staffed, self.demands, self.leave)

    def firm(self) -> Firm:
        return Firm(
            as_of=AS_OF,
            legal_entities=ENTITIES,
            cost_centers=COST_CENTERS,
            practices=practices(self.staff),
            roles=ROLES,
            customers=self.clients,
            people=self.staff,
            absences=self.leave,
            holidays=HOLIDAYS,
            fiscal_periods=self.periods,
            exchange_rates=self.rates,
            opportunities=self.deals,
            engagements=self.run,
            projects=projects(self.tasks),
            tasks=self.tasks,
            milestones=self.milestones,
            assignments=self.staffed,
            role_demands=self.demands,
            time_entries=self.entries,
            expenses=expenses(self.staff, self.staffed, self.calendars, self.approvers),
            rate_cards=rate_cards(),
            contracts=contracts(self.milestones),
            billing_events=self.events,
            invoices=self.documents,
            payments=payments(self.documents),
            revenue_schedules=self.revenue.schedules(),
            capacity_scenarios=scenarios(),
            capacity_buckets=self.capacity.buckets(),
            personal_capacity=self.capacity.personal(),
            capacity_snapshots=self.capacity.snapshots(),
        )
