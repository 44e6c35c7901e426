"""An engagement comes to be: what the commands that make one have in common, as the steps of one chain.

C  FACADE    its code is drawn                      gaps are fine
C  PSA       the engagement, and its breakdown      undone: cancelled with all of it
P  ERP       its project, with its contract         once numbered, it can only be closed
R  FACADE    the opportunity is known as it         where the PSA says so
R  PSA       it is active, and knows the ERP's key
R  ERP       what is billed in advance, by month
R  FORECAST  a project, and a demand for each role  set aside if refused
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import msgspec

import sources.erp.writes as erp
import sources.forecast.writes as forecast
import sources.psa.writes as psa
from commands.agreeing import in_advance
from commands.breakdown import Breakdown, Node, Workstream, nodes
from commands.own import FACADE, DrawCode, LinkReference
from commands.plan import Kind, Step
from schema.billing_event import BillingEventKind
from schema.engagement import EngagementStatus
from schema.legal_entity import LegalEntityRow
from schema.opportunity import OpportunityRow
from schema.problems import Code
from schema.rows import Ref, System
from schema.values import Money
from sources.writes import Later

if TYPE_CHECKING:
    from collections.abc import Iterator

    from commands.asking import Asking

# What it may ask of a system to set an engagement up.
SETTING_UP = (
    psa.CreateEngagement,
    psa.CancelEngagement,
    psa.CreateProject,
    psa.ActivateEngagement,
    erp.CreateProject,
    erp.CreateBillingEvent,
    forecast.OpenProject,
    forecast.CreateDemand,
)
CODE = Later("code", "code")
ENGAGEMENT = Later("psa.engagement")
TOP = "psa.project"
# Of one person, full time.
WEEK_HOURS, HUNDREDTH = Decimal(40), Decimal("0.01")


class Need(msgspec.Struct, frozen=True):
    """Hours of a role; `role` is in the CRM's words where delivery knows none of this code: it may be linked later.

    `aside` is under which code its demand is set aside if it is refused, None where forecasting has the demand already.
    """

    role_code: str
    role: Ref
    hours: Decimal
    region: str | None = None
    workstream: str | None = None
    aside: Code | None = Code.FORECAST_REJECTED

    @property
    def weeks(self) -> int:
        """How long one person works on it, full time."""
        return int((self.hours / WEEK_HOURS).to_integral_value(ROUND_CEILING))


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of the engagement before it is there. Internal ones have no customer and no line."""

    name: str
    entity: LegalEntityRow
    currency: str
    start: date
    customer: Ref | None = None
    deal: OpportunityRow | None = None
    forecast_deal: Ref | None = None
    manager: Ref | None = None
    line: erp.Line | None = None
    cost: Money | None = None
    breakdown: Breakdown = Breakdown()
    needs: tuple[Need, ...] = ()

    @property
    def end(self) -> date | None:
        """The last day that is needed or billed; None where nothing says so."""
        billed = [one.end for one in in_advance(self.line)] if self.line else []
        due = [one.due_date for one in self.line.schedule] if self.line else []
        return max([*billed, *due, *(last_day(need, self.start) for need in self.needs)], default=None)


def last_day(need: Need, start: date) -> date:
    """Return the day on which a need is met."""
    return start + timedelta(weeks=need.weeks) - timedelta(days=1)


def steps(ask: Asking, setup: Setup) -> tuple[Step, ...]:
    """Return the chain that makes the engagement."""
    delivery, money, plan = (ask.binding(role) for role in (System.PSA, System.ERP, System.FORECAST))
    whole = Workstream(setup.name, None, setup.entity.ref)
    drawn = Step(name="code", kind=Kind.COMPENSATABLE, binding=FACADE, write=DrawCode(kind="engagement"))
    return (
        drawn,
        _engagement(delivery, setup),
        *(_node(delivery, setup, node) for node in nodes(whole, setup.breakdown)),
        _project(money, setup),
        *_linked(setup),
        _active(ask, delivery, setup),
        *_billed(money, setup),
        _planned(plan, setup),
        *_wanted(plan, setup),
    )


def _coded(suffix: str) -> Later:
    return replace(CODE, suffix=suffix)


def _engagement(binding: str, setup: Setup) -> Step:
    hours = sum((need.hours for need in setup.needs), Decimal(0))
    return Step(
        name=ENGAGEMENT.later,
        kind=Kind.COMPENSATABLE,
        binding=binding,
        write=psa.CreateEngagement(
            code=CODE,
            name=setup.name,
            customer=setup.customer,
            opportunity=setup.deal.ref if setup.deal else None,
            opportunity_code=setup.deal.code if setup.deal else None,
            manager=setup.manager,
            legal_entity=setup.entity.ref,
            currency=setup.currency,
            planned_start=setup.start,
            planned_end=setup.end,
            planned_hours=hours or None,
            planned_revenue=setup.line.amount if setup.line else None,
            planned_cost=setup.cost,
        ),
        undo=psa.CancelEngagement(engagement=ENGAGEMENT),
    )


def _node(binding: str, setup: Setup, node: Node) -> Step:
    return Step(
        name=f"{TOP}{node.step}",
        kind=Kind.COMPENSATABLE,
        binding=binding,
        write=psa.CreateProject(
            engagement=ENGAGEMENT,
            parent=None if node.parent is None else Later(f"{TOP}{node.parent}"),
            kind=node.kind,
            phase=node.phase,
            code=_coded(node.suffix),
            name=node.part.name,
            region=node.part.region,
            delivering_entity=node.part.entity,
            planned_start=setup.start,
            planned_end=setup.end,
        ),
    )


def _project(binding: str, setup: Setup) -> Step:
    return Step(
        name="erp.project",
        kind=Kind.PIVOT,
        binding=binding,
        write=erp.CreateProject(
            engagement=ENGAGEMENT,
            code=CODE,
            name=setup.name,
            legal_entity=setup.entity.ref,
            customer=setup.customer,
            currency=setup.currency,
            start=setup.start,
            end=setup.end,
            lines=(setup.line,) if setup.line else (),
        ),
        canonical=ENGAGEMENT,
    )


def _linked(setup: Setup) -> Iterator[Step]:
    if setup.deal is not None:
        known_as = Later(ENGAGEMENT.later, "opportunity", type="Opportunity")
        write = LinkReference(canonical=setup.deal.ref, known_as=known_as)
        yield Step(name="opportunity", kind=Kind.RETRIABLE, binding=FACADE, write=write)


def _active(ask: Asking, binding: str, setup: Setup) -> Step:
    begun = setup.start <= ask.today(setup.entity.time_zone)
    return Step(
        name="psa.active",
        kind=Kind.RETRIABLE,
        binding=binding,
        write=psa.ActivateEngagement(
            engagement=ENGAGEMENT,
            status=EngagementStatus.ACTIVE if begun else EngagementStatus.PLANNED,
            erp_reference=Later("erp.project", "reference"),
        ),
    )


def _billed(binding: str, setup: Setup) -> Iterator[Step]:
    for number, billed in enumerate(in_advance(setup.line) if setup.line else (), 1):
        yield Step(
            name=f"erp.event.{number}",
            kind=Kind.RETRIABLE,
            binding=binding,
            write=erp.CreateBillingEvent(
                code=_coded(f"-R{number}"),
                engagement=ENGAGEMENT,
                contract_line=Later("erp.project", "line", type="ContractLine"),
                kind=BillingEventKind.RETAINER,
                start=billed.start,
                end=billed.end,
                due_date=billed.start,
                amount=billed.amount,
            ),
        )


def _planned(binding: str, setup: Setup) -> Step:
    return Step(
        name="forecast.project",
        kind=Kind.RETRIABLE,
        binding=binding,
        write=forecast.OpenProject(
            engagement=ENGAGEMENT,
            opportunity=setup.forecast_deal,
            customer=setup.customer,
            code=CODE,
            name=setup.name,
            legal_entity=setup.entity.ref,
        ),
        canonical=ENGAGEMENT,
        optional=Code.FORECAST_REJECTED,
    )


def _wanted(binding: str, setup: Setup) -> Iterator[Step]:
    wanted = (need for need in setup.needs if need.aside is not None)
    for number, need in enumerate(wanted, 1):
        yield Step(
            name=f"forecast.demand.{number}",
            kind=Kind.RETRIABLE,
            binding=binding,
            write=forecast.CreateDemand(
                engagement=ENGAGEMENT,
                code=_coded(f"-D{number}"),
                role=need.role,
                role_code=need.role_code,
                start=setup.start,
                end=last_day(need, setup.start),
                hours_per_week=(need.hours / need.weeks).quantize(HUNDREDTH, ROUND_HALF_UP),
                region=need.region,
            ),
            optional=need.aside,
        )
