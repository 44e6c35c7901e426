"""What all changes of the books have in common: records by their keys, numbers without gaps, and periods that are open.

A change that cannot be made is `Refused`, in the product's words; then nothing of it has been made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from demo.dynamics.ledger import CONVERSION_FACTOR, RATE_TYPE
from demo.emulator import Database, Row
from demo.firm.model import LegalEntity

KEY: Final = "NBFacadeKey"
SEQUENCES: Final = "NBNumberSequences"
OPEN: Final = "Open"
# What a module of the product is called, and the column that says whether a period takes its postings.
PROJECTS: Final = ("project", "ProjectCloseState")
RECEIVABLES: Final = ("accounts receivable", "ReceivablesCloseState")

Noon: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT12:00:00Z$")]
"""A day."""
Name: TypeAlias = Annotated[str, msgspec.Meta(min_length=1)]
"""A text that must not be empty."""


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """What a change is asked with, under the names of the product's columns."""


class Refused(Exception):
    """A change that the product does not make."""

    def __init__(self, status: int, message: str) -> None:
        """Take the HTTP status: 400 for what is never valid, 404 for no such record, 409 for what is no longer so."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Books:
    """The database of all companies; `companies` say how each of them taxes and rounds, `now` is the firm's clock."""

    database: Database
    companies: Mapping[str, LegalEntity]
    now: datetime

    def rows(self, entity_set: str, **equal: str) -> list[Row]:
        """Return the records with these values."""
        where = " AND ".join(f'"{column}" = ?' for column in equal) or "TRUE"
        return self.database.tables[entity_set].select(where, tuple(equal.values()))

    def record(self, entity_set: str, key: str) -> Row:
        """Return a record, or refuse for want of it."""
        found = self.database.tables[entity_set].row(key)
        if found is None:
            raise Refused(404, f"No record of {entity_set} found with the key '{key}'.")
        return found

    def unused(self, entity_set: str, alternate: str, key: str) -> None:
        """Refuse a key of ours that some record has."""
        if self.database.tables[entity_set].among(alternate, [key]):
            raise Refused(409, f"Cannot write a record of {entity_set}. The alternate key {alternate} already exists.")

    def insert(self, entity_set: str, row: Mapping[str, Any]) -> Row:
        """Add a record; what is not said is empty. A second one with the same key of ours is refused."""
        table = self.database.tables[entity_set]
        if row.get(KEY):
            self.unused(entity_set, KEY, row[KEY])
        empty = {column: None if kind.numeric else "" for column, kind in table.kinds.items()}
        return table.insert({**empty, **row})

    def update(self, entity_set: str, row: Row, **changed: Any) -> Row:
        """Write some columns of a record, and return it; one that is so already is left alone."""
        table, wanted = self.database.tables[entity_set], {**row, **changed}
        return row if wanted == row else table.update(wanted)

    def next_number(self, sequence: str, first: int = 1) -> int:
        """Take a sequence's next number; it is given back where the change is refused, so that there is no gap."""
        table = self.database.tables[SEQUENCES]
        row = table.row(sequence)
        if row is None:
            table.insert({"NumberSequenceCode": sequence, "NextNumber": first + 1})
            return first
        table.update({**row, "NextNumber": row["NextNumber"] + 1})
        return int(row["NextNumber"])

    def period(self, company: str, day: str) -> Row | None:
        """Return a company's period of a day; None where its calendar does not reach that far."""
        where = '"LegalEntityId" = ? AND "PeriodType" = ? AND "StartDate" <= ? AND "EndDate" >= ?'
        held = self.database.tables["NBFiscalPeriods"].select(where, (company, "Operating", day, day))
        return held[0] if held else None

    def open_period(self, company: str, day: str, module: tuple[str, str]) -> str:
        """Return the id of the period that a posting falls into, or refuse because it takes none."""
        period, (name, state) = self.period(company, day), module
        if period is None:
            raise Refused(400, f"The calendar of {company} has no period for {day[:10]}.")
        if period[state] != OPEN:
            label = f"{period['PeriodName']} of ledger {period['LedgerName']}"
            raise Refused(400, f"The fiscal period {label} is not open for {name}: {day[:10]} cannot be posted to.")
        return str(period["PeriodId"])

    def spot(self, base: str, quote: str, day: str) -> Decimal:
        """Return the newest spot rate not after a day."""
        if base == quote:
            return Decimal(1)
        pair = {"FromCurrency": base, "ToCurrency": quote, "RateTypeName": RATE_TYPE["SPOT"]}
        known = [rate for rate in self.rows("ExchangeRates", **pair) if rate["StartDate"] <= day]
        if not known:
            raise Refused(400, f"There is no exchange rate from {base} to {quote} on {day[:10]}.")
        newest = max(known, key=lambda rate: rate["StartDate"])
        units, _ = CONVERSION_FACTOR.get(base, (1, "One"))
        return Decimal(newest["Rate"]) / units
