"""A billing event: what may be billed, before the document exists; delivery hands it over, finance releases it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import strawberry

from schema.access import Reach
from schema.connection import Connection
from schema.contract import ContractLine
from schema.engagement import Engagement
from schema.graph import Node, Traced, derived, home, link
from schema.problems import Problem
from schema.rows import Maybe, Ref, Row, System
from schema.values import DateRange, Hours, Money

if TYPE_CHECKING:
    from schema.expense import Expense
    from schema.invoice import InvoiceLine
    from schema.milestone import Milestone
    from schema.time_entry import TimeEntry


@strawberry.enum
class BillingEventKind(Enum):
    """What is billed."""

    TIME = "TIME"
    EXPENSE = "EXPENSE"
    MILESTONE = "MILESTONE"
    RETAINER = "RETAINER"
    ADJUSTMENT = "ADJUSTMENT"


@strawberry.enum
class BillingEventStatus(Enum):
    """How far it is. PENDING waits for time to pass, HELD for a person to act."""

    PENDING = "PENDING"
    READY = "READY"
    HELD = "HELD"
    ON_DRAFT = "ON_DRAFT"
    INVOICED = "INVOICED"
    CANCELLED = "CANCELLED"


@strawberry.enum
class HoldReason(Enum):
    """The gate that a billing event has not passed. HELD_BY_FINANCE: none, somebody in finance stopped it."""

    TIME_UNAPPROVED = "TIME_UNAPPROVED"
    MILESTONE_INCOMPLETE = "MILESTONE_INCOMPLETE"
    ACCEPTANCE_OUTSTANDING = "ACCEPTANCE_OUTSTANDING"
    RATE_GAP = "RATE_GAP"
    CAP_EXCEEDED = "CAP_EXCEEDED"
    TAX_CODE_MISSING = "TAX_CODE_MISSING"
    PURCHASE_ORDER_MISSING = "PURCHASE_ORDER_MISSING"
    CUSTOMER_ON_CREDIT_HOLD = "CUSTOMER_ON_CREDIT_HOLD"
    LEGAL_ENTITY_MISMATCH = "LEGAL_ENTITY_MISMATCH"
    HELD_BY_FINANCE = "HELD_BY_FINANCE"


TIME_HEALS = frozenset({HoldReason.TIME_UNAPPROVED, HoldReason.MILESTONE_INCOMPLETE})
BEFORE_THE_DRAFT = frozenset({BillingEventStatus.PENDING, BillingEventStatus.READY, BillingEventStatus.HELD})


@dataclass(frozen=True, slots=True)
class Gate:
    """What the ERP found when it checked one of the conditions for billing."""

    reason: HoldReason
    passed: bool | Problem


class BillingEventRow(Row):
    """What the ERP says: how far its own document is, and which gates it has checked."""

    type: ClassVar[str] = "BillingEvent"

    code: str
    engagement: Annotated[Ref, "Engagement"] | None = None
    contract_line: Annotated[Ref, "ContractLine"] | None = None
    kind: Maybe[BillingEventKind] = None
    period: DateRange | None = None
    amount: Money | None = None
    hours: Hours | None = None
    said: Maybe[BillingEventStatus] = None
    gates: list[Gate] | None = None
    ready_at: datetime | None = None


class BillingSourceRow(Row):
    """What the ERP says of one record that it bills by an event."""

    type: ClassVar[str] = "BillingSource"

    billing_event: Annotated[Ref, "BillingEvent"] | None = None
    time_entry: Annotated[Ref, "TimeEntry"] | None = None
    milestone: Annotated[Ref, "Milestone"] | None = None
    expense: Annotated[Ref, "Expense"] | None = None
    hours: Hours | None = None
    amount: Money | None = None


def standing(said: Maybe[BillingEventStatus], gates: list[Gate] | None) -> Maybe[BillingEventStatus]:
    """Derive the status (domain model, 2.6): the gates tell before there is a draft, the ERP's document after it.

    An ERP that tells of no gates has the last word. A gate that cannot be read was not passed for all we know: then
    the status cannot be known either.
    """
    if said not in BEFORE_THE_DRAFT or not gates:
        return said
    failing = _failing(gates)
    if isinstance(failing, Problem):
        return failing
    if said is BillingEventStatus.HELD or set(failing) - TIME_HEALS:
        return BillingEventStatus.HELD
    return BillingEventStatus.PENDING if failing else BillingEventStatus.READY


def hold_reasons(said: Maybe[BillingEventStatus], gates: list[Gate] | None) -> Maybe[list[HoldReason]]:
    """Name every gate that keeps a HELD event from being billed; nothing keeps one that is not HELD."""
    status = standing(said, gates)
    if status is None or isinstance(status, Problem):
        return status
    if status is not BillingEventStatus.HELD:
        return []
    return _failing(gates or []) or [HoldReason.HELD_BY_FINANCE]


def _failing(gates: list[Gate]) -> list[HoldReason] | Problem:
    unread = next((gate.passed for gate in gates if isinstance(gate.passed, Problem)), None)
    return unread or [gate.reason for gate in gates if not gate.passed]


def _status(self: Any) -> BillingEventStatus | None:
    # A Problem is a value here too: it becomes null and its error.
    return standing(self.said, self.gates)  # type: ignore[return-value]


def _hold_reasons(self: Any) -> list[HoldReason] | None:
    return hold_reasons(self.said, self.gates)  # type: ignore[return-value]


@home(System.ERP, "billing_sources_by_id", BillingSourceRow)
class BillingSource(Traced, Node):
    """One of the records behind an event: a time entry, a milestone or an expense, and what of it the event bills.

    At a cap an entry is split: its hours stand in the sources of two events.
    """

    billing_event: Annotated[BillingEvent, strawberry.lazy("schema.billing_event")] | None = link(
        System.ERP, "billing_events_by_id", key="billing_event"
    )
    time_entry: Annotated[TimeEntry, strawberry.lazy("schema.time_entry")] | None = link(
        System.PSA, "time_entries_by_id", key="time_entry"
    )
    milestone: Annotated[Milestone, strawberry.lazy("schema.milestone")] | None = link(
        System.PSA, "milestones_by_id", key="milestone"
    )
    expense: Annotated[Expense, strawberry.lazy("schema.expense")] | None = link(
        System.PSA, "expenses_by_id", key="expense"
    )
    hours: Hours | None
    amount: Money | None


@home(System.ERP, "billing_events_by_id", BillingEventRow, scope={Reach.ENGAGEMENT: "engagement"})
class BillingEvent(Traced, Node):
    """An amount before tax for the work of `period`; `hours` for time alone. `readyAt`: since when it may be billed."""

    code: str
    engagement: Engagement | None = link(System.PSA, "engagements_by_id", key="engagement")
    contract_line: ContractLine | None = link(System.ERP, "contract_lines_by_id", key="contract_line")
    kind: BillingEventKind | None
    period: DateRange | None
    amount: Money | None
    hours: Hours | None
    status: BillingEventStatus | None = derived(_status)
    hold_reasons: list[HoldReason] | None = derived(_hold_reasons)
    ready_at: datetime | None
    sources: Connection[BillingSource] | None = link(
        System.ERP, "billing_sources_by_billing_event", at_most=10_000, paged=True
    )
    invoice_lines: list[Annotated[InvoiceLine, strawberry.lazy("schema.invoice")] | None] | None = link(
        System.ERP, "invoice_lines_by_billing_event", at_most=200, about=2
    )
