"""approveExpenses, judged over the firm's systems."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs
from strawberry import ID

import sources.erp.writes as erp
import sources.psa.writes as psa
from commands.approve_expenses import ApproveExpenses, approve_expenses
from commands.items import Verdict
from commands.plan import Gate, Kind, Step
from schema.billing_event import BillingEventKind
from schema.problems import Code
from schema.rows import Ref
from schema.values import Money
from tests.commands.conftest import codes, stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.firm.model import Firm
    from tests.commands.conftest import Asks

    Refs = Callable[..., Ref]

# Of RES-001 on ENG-003, of RES-002 on the fixed fee of ENG-006, of RES-023 (NB-UK) on ENG-007 (NB-US).
BILLABLE, UNDER_A_FEE, LATE = "EXP-0004", "EXP-0009", "EXP-0008"
WAITING = {"approval_status": "SUBMITTED", "approver": None}


@pytest.fixture(scope="module")
def submitted(firm: Firm) -> Firm:
    """The firm with its expenses of March and April waiting for approval; one of them in pounds, one in dinars."""

    def waits(one: Any) -> Any:
        if one.posting_status == "POSTED":
            return one
        foreign = {"EXP-0010": "GBP", "EXP-0017": "KWD"}.get(one.code)
        return replace(one, **WAITING, **({"currency": foreign} if foreign else {}))

    posted = next(one for one in firm.expenses if one.posting_status == "POSTED")
    expenses = tuple(waits(one) for one in firm.expenses)
    doubled = tuple(replace(one, **WAITING) if one.code == posted.code else one for one in expenses)
    return replace(firm, expenses=doubled)


def approving(ref: Refs, *expenses: str, action: Verdict = Verdict.APPROVE, **more: Any) -> ApproveExpenses:
    """Return the input that decides on expenses."""
    ids = [ID(ref("Expense", code).encode()) for code in expenses]
    return ApproveExpenses(action=action, expense_ids=ids, **more)


async def test_a_billable_expense(asking: Asks, ref: Refs, submitted: Firm) -> None:
    """It is approved, posted and billed, in this order; only the first step can be undone."""
    judged = await approve_expenses(await asking("time-approver", submitted), approving(ref, BILLABLE))
    expense, engagement, books = ref("Expense", BILLABLE), ref("Engagement", "ENG-003"), ref("LegalEntity", "NB-US")
    spent = Money.of(Decimal("267.00"), "USD")
    day = date(2026, 4, 7)
    (branch,) = judged.plan.branches
    assert branch.item == expense.encode()
    assert branch.steps == (
        Step(
            name="psa.expense",
            kind=Kind.COMPENSATABLE,
            binding="psa",
            write=psa.ApproveExpense(expense=expense, approver=ref("Resource", "RES-006")),
            undo=psa.ReopenExpense(expense=expense),
        ),
        Step(
            name="erp.posting",
            kind=Kind.PIVOT,
            binding="erp",
            gate=Gate("TIME", books, day),
            write=erp.PostExpense(
                expense=expense,
                code=BILLABLE,
                engagement=engagement,
                legal_entity=books,
                resource=ref("Resource", "RES-001", "psa"),
                incurred_date=day,
                accounting_date=day,
                amount=spent,
                billable=True,
            ),
            canonical=expense,
        ),
        Step(
            name="erp.event",
            kind=Kind.RETRIABLE,
            binding="erp",
            write=erp.AddToBillingEvent(
                event="BE-2604-003-EXP",
                engagement=engagement,
                contract_line=Ref("ContractLine", "erp", "PC-000003-1"),
                kind=BillingEventKind.EXPENSE,
                start=date(2026, 4, 1),
                end=date(2026, 4, 30),
                expense=expense,
                code=BILLABLE,
                amount=spent,
            ),
        ),
    )
    assert (judged.entity, judged.facts) == ("NB-US", {"amount": Decimal("267.00")})
    assert judged.parties == {"spender": frozenset({ref("Resource", "RES-001").encode()})}
    assert [row.ref for row in judged.scope] == [engagement]
    assert judged.findings == ()


async def test_what_a_fee_covers_is_not_billed(asking: Asks, ref: Refs, submitted: Firm) -> None:
    """The contract of ENG-006 bills no expenses."""
    judged = await approve_expenses(await asking("time-approver", submitted), approving(ref, UNDER_A_FEE))
    (branch,) = judged.plan.branches
    assert [step.name for step in branch.steps] == ["psa.expense", "erp.posting"]
    assert branch.steps[1].write.billable is False  # type: ignore[attr-defined]


async def test_the_dearest_one_counts(asking: Asks, ref: Refs, submitted: Firm) -> None:
    """The amount that decides on approval is the greatest, in its entity's currency."""
    said = approving(ref, BILLABLE, UNDER_A_FEE)
    judged = await approve_expenses(await asking("time-approver", submitted), said)
    assert judged.facts == {"amount": Decimal("420.00")}
    assert len(judged.plan.branches) == 2


async def test_money_spent_abroad_counts_in_the_entitys_currency(asking: Asks, ref: Refs, submitted: Firm) -> None:
    """179 pounds are 227.509 dollars at the newest spot rate; the ledger gets pounds."""
    judged = await approve_expenses(await asking("time-approver", submitted), approving(ref, "EXP-0010"))
    assert judged.facts == {"amount": Decimal("179.00") * Decimal("1.2710")}


async def test_without_a_contract_rate_nothing_is_billed_abroad(asking: Asks, ref: Refs, submitted: Firm) -> None:
    """The customer pays in the contract's currency by a rate that was agreed; the day's rate is not taken for it."""
    judged = await approve_expenses(await asking("time-approver", submitted), approving(ref, "EXP-0010"))
    assert judged.plan.branches == ()
    assert [(one.code, one.message) for one in judged.findings] == [
        (Code.RATE_GAP, "there is no contract rate from GBP to USD by which the customer is billed")
    ]


async def test_an_expense_of_a_closed_period_moves(asking: Asks, ref: Refs, firm: Firm, submitted: Firm) -> None:
    """March is closed to time in NB-UK: it is posted on 1 April, in pounds, and somebody is told."""
    late = next(
        one
        for one in firm.expenses
        if one.entity == "NB-UK" and one.incurred_date.month == 3 and one.engagement == "ENG-001"
    )
    judged = await approve_expenses(await asking("time-approver", submitted), approving(ref, late.code))
    posted = judged.plan.branches[0].steps[1].write
    assert isinstance(posted, erp.PostExpense)
    assert (posted.incurred_date, posted.accounting_date) == (late.incurred_date, date(2026, 4, 1))
    assert codes(judged.findings) == [Code.BACKDATED_ENTRY]


async def test_rejecting(asking: Asks, ref: Refs, submitted: Firm) -> None:
    """It is one step, with the reason."""
    said = approving(ref, BILLABLE, action=Verdict.REJECT, reason="no receipt")
    judged = await approve_expenses(await asking("time-approver", submitted), said)
    (branch,) = judged.plan.branches
    expense, person = ref("Expense", BILLABLE), ref("Resource", "RES-006")
    assert branch.steps == (
        Step(
            name="psa.expense",
            kind=Kind.PIVOT,
            binding="psa",
            write=psa.RejectExpense(expense=expense, approver=person, reason="no receipt"),
        ),
    )


async def test_one_that_cannot_be_approved_keeps_no_other(asking: Asks, ref: Refs, firm: Firm, submitted: Firm) -> None:
    """One in the ledger, one decided on, and one that is not there are found; the submitted one goes on."""
    posted, decided = [one.code for one in firm.expenses if one.posting_status == "POSTED"][:2]
    missing = structs.replace(ref("Expense", BILLABLE), id="9599999").encode()
    said = approving(ref, posted, decided, BILLABLE)
    said.expense_ids = [*said.expense_ids, ID(missing)]
    judged = await approve_expenses(await asking("time-approver", submitted), said)
    assert [branch.item for branch in judged.plan.branches] == [ref("Expense", BILLABLE).encode()]
    assert [(one.code, one.item) for one in judged.findings] == [
        (Code.NOT_FOUND, missing),
        (Code.DUPLICATE_POSTING, ref("Expense", posted).encode()),
        (Code.INVALID_TRANSITION, ref("Expense", decided).encode()),
    ]


async def test_what_stops_all_of_it(asking: Asks, ref: Refs, submitted: Firm) -> None:
    """No expense at all, no person to write down, and another version than the expected one."""
    ask = await asking("time-approver", submitted)
    none = await stopped(approve_expenses(ask, approving(ref)))
    stale = await stopped(approve_expenses(ask, approving(ref, BILLABLE, expected_version="1999")))
    nobody = await stopped(approve_expenses(await asking("auditor", submitted), approving(ref, BILLABLE)))
    assert (codes(none), codes(stale), codes(nobody)) == ([Code.BAD_INPUT], [Code.STALE_VERSION], [Code.FORBIDDEN])
