"""Planning a contract line's revenue anew: what was recognised stays, what is to come follows the line's schedule."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from demo.dynamics.books import Asked, Books
from demo.emulator import Row

SCHEDULED, POSTED = "Scheduled", "Posted"
ZERO: Final = Decimal(0)
PERCENT: Final = Decimal(100)
SHARE: Final = Decimal("0.01")


def replan(books: Books, record: str, _asked: Asked) -> Row:
    """Plan the revenue of a contract line anew."""
    return plan(books, books.record("ProjectContractLines", record))


def plan(books: Books, line: Row) -> Row:
    """Write the schedule of a line; hours are recognised as they are invoiced, so that nothing of them is planned."""
    known = books.rows("NBRevenueSchedules", ContractLineId=line["ContractLineId"])
    schedule = known[0] if known else _new(books, line)
    posted = books.rows("NBRevenueScheduleLines", RevenueScheduleId=schedule["RevenueScheduleId"], LineStatus=POSTED)
    recognized = sum((row["RecognizedAmount"] for row in posted), ZERO)
    price = line["LineAmount"] or ZERO
    entries = books.rows("NBBillingScheduleLines", ContractLineId=line["ContractLineId"])
    if entries:
        done = {row["PeriodId"] for row in posted}
        _replace(books, schedule, line, dict(_to_come(books, line, entries, done, price - recognized)))
    return books.update(
        "NBRevenueSchedules",
        schedule,
        TransactionPrice=price,
        CompletionPercent=(recognized / price * PERCENT).quantize(SHARE) if price else ZERO,
    )


def _new(books: Books, line: Row) -> Row:
    number, _, place = line["ContractLineId"].removeprefix("PC-").partition("-")
    code = f"REV-{int(number):03}" + ("" if place == "1" else f"-{place}")
    return books.insert(
        "NBRevenueSchedules",
        {
            "dataAreaId": line["dataAreaId"],
            "RevenueScheduleId": code,
            "ContractLineId": line["ContractLineId"],
            "RecognitionMethod": line["NBRevenueMethod"],
            "CurrencyCode": line["SalesCurrencyCode"],
            "TransactionPrice": ZERO,
            "CompletionPercent": ZERO,
            "ContractAsset": ZERO,
            "ContractLiability": ZERO,
        },
    )


def _to_come(
    books: Books, line: Row, entries: list[Row], done: set[str], left: Decimal
) -> Iterator[tuple[str, Decimal]]:
    """Yield period and amount of what is still to be recognised; the last one takes what is left."""
    due: dict[str, Decimal] = {}
    for entry in sorted(entries, key=lambda entry: entry["DueDate"]):
        period = books.period(line["dataAreaId"], entry["DueDate"])
        if period is not None and period["PeriodId"] not in done:
            due[period["PeriodId"]] = due.get(period["PeriodId"], ZERO) + entry["Amount"]
    for place, (period_id, amount) in enumerate(due.items(), 1):
        part = left if place == len(due) else min(amount, left)
        left -= part
        yield period_id, part


def _replace(books: Books, schedule: Row, line: Row, due: dict[str, Decimal]) -> None:
    table = books.database.tables["NBRevenueScheduleLines"]
    code = schedule["RevenueScheduleId"]
    for old in books.rows(table.name, RevenueScheduleId=code, LineStatus=SCHEDULED):
        table.delete(old)
    for period_id, amount in due.items():
        period = books.record("NBFiscalPeriods", period_id)
        books.insert(
            table.name,
            {
                "dataAreaId": line["dataAreaId"],
                "RevenueScheduleLineId": f"{code}-{period['PeriodName']}",
                "RevenueScheduleId": code,
                "PeriodId": period_id,
                "CurrencyCode": line["SalesCurrencyCode"],
                "ScheduledAmount": amount,
                "RecognizedAmount": ZERO,
                "LineStatus": SCHEDULED,
            },
        )
