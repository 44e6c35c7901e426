"""What the ERP can be asked to change, whichever product plays it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from schema.billing_event import BillingEventKind, BillingEventStatus
from schema.contract import BillingModel, CapBehavior
from schema.engagement import ErpProjectStatus
from schema.restriction import Restriction
from schema.rows import Ref, System
from schema.values import Money
from sources.writes import Record, Text, Write, write


class Due(Write, frozen=True, kw_only=True):
    """One entry of a contract line's schedule."""

    due_date: date
    amount: Money
    milestone: Ref | None = None


class Line(Write, frozen=True, kw_only=True):
    """One line of a contract: one set of terms."""

    description: str
    model: BillingModel
    amount: Money | None = None
    cap: Money | None = None
    cap_behavior: CapBehavior | None = None
    rate_card: Ref | None = None
    tax_code: str | None = None
    schedule: tuple[Due, ...] = ()


@write(System.ERP, makes="Engagement")
class CreateProject(Write, frozen=True, kw_only=True):
    """A project of financial control with its contract, as one act: once it has its number it cannot be undone.

    Brings, beside the project's id: `reference`, and of its contract `contract` and `line`. An internal engagement has
    no customer and no contract.
    """

    engagement: Record
    code: Text
    name: str
    legal_entity: Ref
    customer: Ref | None = None
    currency: str
    start: date
    end: date | None = None
    lines: tuple[Line, ...] = ()


@write(System.ERP)
class SetProjectDates(Write, frozen=True, kw_only=True):
    """The planned days of the ERP's project, a copy of the PSA's."""

    engagement: Record
    start: date
    end: date | None = None


@write(System.ERP)
class SetControlStatus(Write, frozen=True, kw_only=True):
    """Whether anything may be posted to an engagement."""

    engagement: Ref
    status: ErpProjectStatus


@write(System.ERP, makes="TimeEntry")
class PostTime(Write, frozen=True, kw_only=True):
    """Hours in the ledger. The target's own period is checked by the target, ours before it is asked."""

    entry: Ref
    code: str
    engagement: Ref
    legal_entity: Ref
    resource: Ref
    work_date: date
    accounting_date: date
    hours: Decimal
    billable_hours: Decimal
    billable: bool
    bill_rate: Money | None = None
    cost_rate: Annotated[Money | None, Restriction.COST_RATE] = None


@write(System.ERP, makes="Expense")
class PostExpense(Write, frozen=True, kw_only=True):
    """Money that somebody spent, in the ledger; converted by the ERP."""

    expense: Ref
    code: str
    engagement: Ref
    legal_entity: Ref
    resource: Ref
    incurred_date: date
    accounting_date: date
    amount: Money
    billable: bool


@write(System.ERP, makes="BillingEvent")
class CreateBillingEvent(Write, frozen=True, kw_only=True):
    """What may be billed: a milestone reached, or a retainer's month. Its gates are the ERP's to check."""

    code: Text
    engagement: Record
    contract_line: Record
    kind: BillingEventKind
    start: date
    end: date
    due_date: date
    amount: Money
    milestone: Ref | None = None
    accepted: bool = True


@write(System.ERP, keyed=True)
class AddToBillingEvent(Write, frozen=True, kw_only=True):
    """An hour's or an expense's part of the event of its contract line and month, which is made if there is none.

    Half of an entry over a cap stands apart with `held`.
    """

    event: str
    engagement: Ref
    contract_line: Ref
    kind: BillingEventKind
    start: date
    end: date
    entry: Ref | None = None
    expense: Ref | None = None
    code: str
    hours: Decimal | None = None
    amount: Money
    held: bool = False


@write(System.ERP)
class CancelBillingEvent(Write, frozen=True, kw_only=True):
    """An event that will not be billed."""

    event: Record


@write(System.ERP)
class LockEvents(Write, frozen=True, kw_only=True):
    """Events that go on a draft, all or none; undone by `ReleaseEvents`."""

    events: tuple[Ref, ...]


@write(System.ERP)
class ReleaseEvents(Write, frozen=True, kw_only=True):
    """Events that are free again, or, written off, CANCELLED."""

    events: tuple[Ref, ...]
    status: BillingEventStatus = BillingEventStatus.READY


class DraftLine(Write, frozen=True, kw_only=True):
    """One line of a draft: what an event bills."""

    event: Ref
    contract_line: Ref
    description: str
    quantity: Decimal | None = None
    unit_price: Money | None = None
    net: Money


@write(System.ERP, makes="Invoice")
class DraftInvoice(Write, frozen=True, kw_only=True):
    """A draft without a number, an accounting date or a ledger move; undone by `DeleteDraft`. Tax is the ERP's."""

    customer: Ref
    legal_entity: Ref
    engagement: Ref | None
    currency: str
    lines: tuple[DraftLine, ...]


@write(System.ERP)
class DeleteDraft(Write, frozen=True, kw_only=True):
    """A draft that came to nothing."""

    invoice: Record


@write(System.ERP, keyed=True)
class PostInvoice(Write, frozen=True, kw_only=True):
    """A draft in the ledger: brings its `number` and `total`. It cannot be undone, only credited."""

    invoice: Ref
    posting_date: date
    expected_total: Money


@write(System.ERP)
class SettleEvents(Write, frozen=True, kw_only=True):
    """Events whose invoice was posted: INVOICED, and the hours behind them."""

    events: tuple[Ref, ...]
    invoice: Ref


class CreditLine(Write, frozen=True, kw_only=True):
    """A line that is credited, wholly or up to an amount before tax."""

    line: Ref
    net: Money


@write(System.ERP, makes="Invoice")
class CreditInvoice(Write, frozen=True, kw_only=True):
    """A posted credit note against a posted invoice: brings its `number` and `total`. It cannot be undone."""

    invoice: Ref
    legal_entity: Ref
    posting_date: date
    lines: tuple[CreditLine, ...]
    reason: str


@write(System.ERP, makes="ContractAmendment")
class DraftAmendment(Write, frozen=True, kw_only=True):
    """A change order, not yet in force; undone by `DeleteAmendment`."""

    contract: Ref
    line: Ref
    reference: str
    effective_date: date
    model: BillingModel | None = None
    amount: Money | None = None
    cap: Money | None = None
    rate_card: Ref | None = None
    schedule: tuple[Due, ...] | None = None
    change: Money | None = None


@write(System.ERP)
class DeleteAmendment(Write, frozen=True, kw_only=True):
    """A change order that came to nothing."""

    amendment: Record


@write(System.ERP)
class ActivateAmendment(Write, frozen=True, kw_only=True):
    """A change order in force: the contract's line says what it says."""

    amendment: Record
    signed_date: date


@write(System.ERP)
class ReplanRevenue(Write, frozen=True, kw_only=True):
    """A contract line whose revenue the ERP is asked to plan anew."""

    line: Ref


class LedgerPrice(Write, frozen=True, kw_only=True):
    """One rate of the ERP's copy of a bill card."""

    card_role: Ref
    resource: Ref | None = None
    amount: Money
    start: date
    end: date | None = None


@write(System.ERP)
class ReplicateRates(Write, frozen=True, kw_only=True):
    """The ERP's copy of a bill card's rates, as a whole."""

    card: Text
    currency: str
    legal_entity: Ref | None = None
    rates: tuple[LedgerPrice, ...]
