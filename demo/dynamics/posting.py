"""Posting delivery's hours and expenses to the ledger."""

from decimal import Decimal
from typing import Literal

import msgspec

from demo.dynamics import sequences
from demo.dynamics.books import PROJECTS, Asked, Books, Name, Noon, Refused
from demo.emulator import Row

# The stages of a project that take postings.
TAKES_POSTINGS = frozenset({"Estimated", "InProcess"})
POSTED = "Posted"


class Posting(Asked, kw_only=True):
    """What hours and expenses have in common."""

    company: Name = msgspec.field(name="dataAreaId")
    NBFacadeKey: Name
    PersonnelNumber: Name
    ProjectID: Name
    AccountingDate: Noon
    BillingStatus: Literal["Open", "NonChargeable"]


class Hours(Posting, kw_only=True):
    """Hours worked, at their price and cost."""

    TimeEntryCode: Name
    WorkDate: Noon
    Hours: Decimal
    NBBillableHours: Decimal
    SalesPrice: Decimal | None = None
    SalesCurrencyCode: str = ""
    CostPrice: Decimal | None = None
    CostCurrencyCode: str = ""


class Spent(Posting, kw_only=True):
    """Money spent."""

    ExpenseCode: Name
    TransactionDate: Noon
    Amount: Decimal
    CurrencyCode: Name


def post_time(books: Books, _record: str, asked: Hours) -> Row:
    """Post hours in the company that employs."""
    return _post(books, asked, "NBTimePostings", "TimeEntryCode", f"TR-{books.next_number(sequences.TIME):06}")


def post_expense(books: Books, _record: str, asked: Spent) -> Row:
    """Post an expense in the company that employs."""
    return _post(books, asked, "NBExpensePostings", "ExpenseCode", f"TX-{books.next_number(sequences.EXPENSES):06}")


def _post(books: Books, asked: Posting, entity_set: str, code: str, transaction: str) -> Row:
    said = msgspec.structs.asdict(asked)
    company = said.pop("company")
    row = books.insert(
        entity_set,
        {
            **said,
            "dataAreaId": company,
            "TransactionId": transaction,
            "PeriodId": books.open_period(company, asked.AccountingDate, PROJECTS),
            "PostingStatus": POSTED,
        },
    )
    books.record("Workers", asked.PersonnelNumber)
    stage = books.record("ProjectsV2", asked.ProjectID)["ProjectStage"]
    if stage not in TAKES_POSTINGS:
        raise Refused(400, f"Project {asked.ProjectID} is in the stage {stage}, which allows no postings.")
    if len(books.rows(entity_set, PostingStatus=POSTED, **{code: said[code]})) > 1:
        raise Refused(409, f"{said[code]} has been posted already.")
    return row
