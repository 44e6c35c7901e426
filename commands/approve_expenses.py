"""approveExpenses: money that people spent is accepted, and becomes cost and what may be billed.

    C  PSA  the expense is approved            undone: submitted again
    P  ERP  it is in the ledger                in the currency it was spent in; the ERP converts
    R  ERP  the month's billing event has it   where it is billable under the contract

A rejected expense is one step: the PSA's.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
import strawberry

import sources.erp.writes as erp
import sources.psa.writes as psa
from commands.billing import Taking, event_for
from commands.command import Claimed, CommandInput, Fact, Finding, Judgement, Stop, command
from commands.items import Verdict, apart, approver, chosen, each, going, persons, read, same_version
from commands.money import known, stated
from commands.plan import Branch, Kind, Plan, Step
from commands.posting import Books, Place, books_of
from commands.terms import Terms, terms_of
from schema.billing_event import BillingEventKind, BillingEventRow
from schema.exchange_rate import ExchangeRateRow, ExchangeRateType
from schema.expense import ExpenseRow
from schema.problems import Code
from schema.rows import Ref
from schema.time_entry import ApprovalStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.asking import Asking
    from schema.contract import ContractLineRow
    from schema.values import Money


@strawberry.input
class ApproveExpenses(CommandInput):
    """The expenses, and what is decided on them."""

    action: Verdict
    expense_ids: list[strawberry.ID]


@command(
    "approveExpenses",
    ApproveExpenses,
    changes=(psa.ApproveExpense, psa.RejectExpense, psa.ReopenExpense, erp.PostExpense, erp.AddToBillingEvent),
)
async def approve_expenses(ask: Asking, said: ApproveExpenses) -> Judgement:
    """Approve or reject up to 500 submitted expenses, each by itself: approved money is posted and, if so, billed."""
    person = await approver(ask)
    refs = chosen(ask, said.expense_ids, "Expense", "input", "expenseIds")
    expenses, missing = await read(ask, "expenses_by_id", refs, ExpenseRow, "input", "expenseIds")
    same_version(said, expenses)
    spenders = await persons(ask, [expense.resource for expense in expenses])
    engagements = await ask.all("engagements_by_id", [ref for one in expenses if (ref := one.engagement)])
    books = await books_of(ask, [expense.resource for expense in expenses])
    if said.action is Verdict.REJECT:
        branches, refused = each(expenses, lambda expense: _rejected(expense, person, said.reason))
        late = []
    else:
        approving = await _approving(ask, expenses, person, books)
        branches, refused = each(expenses, approving.branch)
        late = approving.backdated
    entity, facts = await _dearest(ask, expenses, books)
    return Judgement(
        plan=Plan(branches=tuple(branches)),
        subjects=(*(expense.ref for expense in expenses), *engagements),
        scope=tuple(engagements.values()),
        entity=entity,
        facts=facts,
        parties={} if spenders is None else {"spender": spenders},
        findings=(*missing, *refused, *late),
        claims=tuple(Claimed("expense", branch.item) for branch in branches),
    )


async def _dearest(ask: Asking, expenses: Sequence[ExpenseRow], books: Books) -> tuple[str | None, dict[str, Fact]]:
    """Return the greatest amount, each in its employer's currency, and the employer's code where there is one alone."""
    amounts: list[Decimal | None] = []
    codes: set[str] = set()
    for expense in expenses:
        entity = books.employers.get(expense.resource) if expense.resource else None
        if entity is None:
            return None, {}
        codes.add(entity.code)
        amounts.append(await ask.functional(expense.amount, entity, expense.incurred_date))
    known_ = [abs(amount) for amount in amounts if amount is not None]
    facts: dict[str, Fact] = {"amount": max(known_)} if len(known_) == len(amounts) and known_ else {}
    return (codes.pop() if len(codes) == 1 else None), facts


def _submitted(expense: ExpenseRow) -> None:
    if expense.approval_status is not ApprovalStatus.SUBMITTED:
        raise Stop(Finding(Code.INVALID_TRANSITION, "only submitted expenses can be approved or rejected"))


def _rejected(expense: ExpenseRow, person: Ref, reason: str | None) -> Branch:
    _submitted(expense)
    write = psa.RejectExpense(expense=expense.ref, approver=person, reason=reason)
    step = Step(name="psa.expense", kind=Kind.PIVOT, binding=expense.ref.binding, write=write)
    return Branch(expense.ref.encode(), (step,))


class _Case(msgspec.Struct):
    """An engagement of which expenses are approved: its terms, all of its events, and rates to its currency."""

    terms: Terms
    events: list[BillingEventRow]
    fixed: dict[str, Decimal]


async def _case(ask: Asking, ref: Ref) -> _Case:
    terms = await terms_of(ask, ref)
    events = await ask.many("billing_events_by_engagement", ref, row=BillingEventRow)
    quote = terms.contract.currency if terms.contract else None
    rates = await ask.find("ExchangeRate", kind=[ExchangeRateType.CONTRACT_FIXED], quote=[quote]) if quote else []
    fixed = sorted((one for one in rates if isinstance(one, ExchangeRateRow)), key=lambda one: one.day)
    return _Case(terms, events, {one.base: one.rate for one in fixed})


class _Approving(msgspec.Struct):
    """Makes the branch of one expense after the other."""

    person: Ref
    cases: dict[Ref, _Case | Stop]
    books: Books
    posted: frozenset[Ref]
    backdated: list[Finding] = []

    def branch(self, expense: ExpenseRow) -> Branch:
        """Return what approving an expense does, or stop."""
        _submitted(expense)
        case = going(self.cases, stated(expense.engagement, "the expense's engagement"))
        if expense.ref in self.posted:
            raise Stop(Finding(Code.DUPLICATE_POSTING, "the ledger has this expense already"))
        case.terms.sound()
        place = self.books.place(expense.resource, expense.incurred_date)
        self.backdated += place.late(expense.incurred_date, expense.ref.encode())
        line = _billing(case, expense)
        steps = [self._approved(expense), _posted(case, expense, place, billable=line is not None)]
        if line is not None:
            steps.append(_billed(case, expense, line))
        return Branch(expense.ref.encode(), tuple(steps))

    def _approved(self, expense: ExpenseRow) -> Step:
        return Step(
            name="psa.expense",
            kind=Kind.COMPENSATABLE,
            binding=expense.ref.binding,
            write=psa.ApproveExpense(expense=expense.ref, approver=self.person),
            undo=psa.ReopenExpense(expense=expense.ref),
        )


async def _approving(ask: Asking, expenses: Sequence[ExpenseRow], person: Ref, books: Books) -> _Approving:
    refs = [expense.ref for expense in expenses]
    posted = await ask.all("expenses_erp", refs)
    return _Approving(
        person=person,
        cases=await apart([expense.engagement for expense in expenses], lambda ref: _case(ask, ref)),
        books=books,
        posted=frozenset(ref for ref in refs if posted[ref] is not None),
    )


def _billing(case: _Case, expense: ExpenseRow) -> ContractLineRow | None:
    """Return the line that bills an expense, if it is billable and the contract bills expenses at all."""
    if not expense.billable or case.terms.contract is None:
        return None
    line = case.terms.line(expense.project)
    return line if known(line.expenses_billable, "whether the contract bills expenses") else None


def _posted(case: _Case, expense: ExpenseRow, place: Place, *, billable: bool) -> Step:
    return Step(
        name="erp.posting",
        kind=Kind.PIVOT,
        binding=case.terms.entity.ref.binding,
        gate=place.gate,
        write=erp.PostExpense(
            expense=expense.ref,
            code=stated(expense.code, "the expense's code"),
            engagement=case.terms.engagement.ref,
            legal_entity=place.entity,
            resource=stated(expense.resource, "the expense's person"),
            incurred_date=expense.incurred_date,
            accounting_date=place.on,
            amount=stated(expense.amount, "the expense's amount"),
            billable=billable,
        ),
        canonical=expense.ref,
    )


def _billed(case: _Case, expense: ExpenseRow, line: ContractLineRow) -> Step:
    engagement, code = case.terms.engagement, stated(expense.code, "the expense's code")
    number = stated(engagement.code, "the engagement's code")
    taking = Taking(BillingEventKind.EXPENSE, number, line.ref, expense.incurred_date)
    event, start, end = event_for(case.events, taking)
    return Step(
        name="erp.event",
        kind=Kind.RETRIABLE,
        binding=line.ref.binding,
        write=erp.AddToBillingEvent(
            event=event,
            engagement=engagement.ref,
            contract_line=line.ref,
            kind=BillingEventKind.EXPENSE,
            start=start,
            end=end,
            expense=expense.ref,
            code=code,
            amount=_marked_up(case, expense, line),
        ),
    )


def _marked_up(case: _Case, expense: ExpenseRow, line: ContractLineRow) -> Money:
    """Return what the customer pays: in the contract's currency, by its fixed rate if it was spent in another."""
    spent = stated(expense.amount, "the expense's amount")
    currency = known(stated(case.terms.contract, "the contract").currency, "the contract's currency")
    rate = Decimal(1) if spent.currency == currency else case.fixed.get(spent.currency)
    if rate is None:
        said = f"there is no contract rate from {spent.currency} to {currency} by which the customer is billed"
        raise Stop(Finding(Code.RATE_GAP, said))
    markup = expense.markup if expense.markup is not None else line.expense_markup or Decimal(0)
    return case.terms.rounded(spent.amount * rate * (1 + markup), currency)
