"""The engagements as agreed, before anybody is staffed on them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from demo.firm.clock import FIRST_DAY
from demo.firm.draws import MINOR_UNITS
from demo.firm.vocabulary import BillingModel


@dataclass(frozen=True, slots=True)
class Workstream:
    """One of the two halves of an engagement's delivery; `entity` delivers it."""

    name: str
    region: str | None
    entity: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed for one engagement; value in contract currency, dates inclusive."""

    code: str
    name: str
    customer: str | None
    entity: str
    currency: str
    model: BillingModel
    value: Decimal | None
    practice: str | None
    start: date
    end: date
    workstreams: tuple[Workstream, Workstream]

    @property
    def number(self) -> str:
        """The three digits of the code, as documents carry them."""
        return self.code.removeprefix("ENG-")

    @property
    def hourly(self) -> bool:
        """Whether the customer pays by the hour."""
        return self.model in {"TIME_AND_MATERIALS", "TIME_AND_MATERIALS_CAPPED"}

    @property
    def client(self) -> str:
        """The customer of an engagement that has one."""
        if self.customer is None:
            raise ValueError(f"{self.code} is internal and has no customer")
        return self.customer

    @property
    def priced(self) -> Decimal:
        """The contract value of an engagement that has a customer."""
        if self.value is None:
            raise ValueError(f"{self.code} is internal and has no contract value")
        return self.value


_TM: Final = "TIME_AND_MATERIALS"
_CAPPED: Final = "TIME_AND_MATERIALS_CAPPED"
_FIXED: Final = "FIXED_FEE_MILESTONE"
_RETAINER: Final = "RETAINER"
_INTERNAL: Final = "INTERNAL"
_STRATEGY, _TECHNOLOGY, _OPERATIONS = "STRATEGY", "TECHNOLOGY", "OPERATIONS"

# name, customer, entity, currency, model, value, practice, last day; code by position
_Row = tuple[str, str | None, str, str, BillingModel, int | None, str | None, str]
_ROWS: Final[tuple[_Row, ...]] = (
    ("Timetable Resilience Strategy", "CUS-01", "NB-UK", "GBP", _TM, 480_000, _STRATEGY, "2026-09-30"),
    ("Claims Platform Blueprint", "CUS-02", "NB-UK", "GBP", _FIXED, 320_000, _TECHNOLOGY, "2026-10-30"),
    ("Plant Data Foundation", "CUS-03", "NB-US", "USD", _CAPPED, 115_000, _TECHNOLOGY, "2026-06-30"),
    ("Trust Board Advisory", "CUS-04", "NB-UK", "GBP", _RETAINER, 432_000, _STRATEGY, "2026-12-31"),
    ("Leakage Reduction Programme", "CUS-05", "NB-UK", "GBP", _TM, 520_000, _OPERATIONS, "2026-09-30"),
    ("Supplier Portal Rollout", "CUS-06", "NB-US", "USD", _FIXED, 900_000, _TECHNOLOGY, "2026-12-18"),
    ("Order Management Renewal", "CUS-07", "NB-US", "USD", _TM, 1_400_000, _TECHNOLOGY, "2026-12-18"),
    ("Network Investment Strategy", "CUS-08", "NB-US", "USD", _TM, 780_000, _STRATEGY, "2026-09-30"),
    ("Fleet Decarbonisation Roadmap", "CUS-09", "NB-DE", "EUR", _TM, 310_000, _STRATEGY, "2026-09-30"),
    ("Laboratory Systems Integration", "CUS-10", "NB-US", "USD", _CAPPED, 420_000, _TECHNOLOGY, "2026-10-30"),
    ("Grid Connection Portal", "CUS-11", "NB-UK", "GBP", _FIXED, 610_000, _TECHNOLOGY, "2026-09-30"),
    ("Assembly Line Diagnostics", "CUS-12", "NB-DE", "EUR", _FIXED, 100_000, _OPERATIONS, "2026-06-30"),
    ("Aftermarket Growth Programme", "CUS-12", "NB-DE", "EUR", _TM, 720_000, _STRATEGY, "2026-10-30"),
    ("Component Supply Planning", "CUS-13", "NB-JP", "JPY", _TM, 190_000_000, _OPERATIONS, "2026-12-18"),
    ("Executive Office Support", "CUS-13", "NB-JP", "JPY", _RETAINER, 108_000_000, _STRATEGY, "2026-12-31"),
    ("Turnaround Planning Office", "CUS-14", "NB-UK", "KWD", _TM, 140_000, _OPERATIONS, "2026-09-30"),
    ("Pricing Advisory", "CUS-07", "NB-US", "USD", _RETAINER, 480_000, _STRATEGY, "2026-12-31"),
    ("Composite Plant Automation", "CUS-06", "NB-DE", "EUR", _TM, 760_000, _TECHNOLOGY, "2026-10-30"),
    ("Depot Maintenance Review", "CUS-01", "NB-UK", "GBP", _FIXED, 95_000, _OPERATIONS, "2026-08-28"),
    ("Internal Work United States", None, "NB-US", "USD", _INTERNAL, None, None, "2026-12-31"),
    ("Internal Work United Kingdom", None, "NB-UK", "GBP", _INTERNAL, None, None, "2026-12-31"),
    ("Internal Work Germany", None, "NB-DE", "EUR", _INTERNAL, None, None, "2026-12-31"),
    ("Internal Work Japan", None, "NB-JP", "JPY", _INTERNAL, None, None, "2026-12-31"),
)
_LATE_STARTS: Final = {"ENG-019": date(2026, 5, 4)}
_WORKSTREAM_NAMES: Final = {
    _STRATEGY: ("Analysis", "Roadmap"),
    _TECHNOLOGY: ("Platform", "Integration"),
    _OPERATIONS: ("Process", "Change"),
    None: ("Practice Development", "Firm Operations"),
}
_REGIONAL: Final = {
    "ENG-006": (Workstream("East", "US-EAST", "NB-US"), Workstream("West", "US-WEST", "NB-US")),
    "ENG-007": (Workstream("North America", "NA", "NB-US"), Workstream("Europe", "EU", "NB-UK")),
    "ENG-018": (Workstream("North", "DE-NORTH", "NB-DE"), Workstream("South", "DE-SOUTH", "NB-DE")),
}


def _workstreams(code: str, practice: str | None, entity: str) -> tuple[Workstream, Workstream]:
    first, second = _WORKSTREAM_NAMES[practice]
    return _REGIONAL.get(code) or (Workstream(first, None, entity), Workstream(second, None, entity))


def _terms(number: int, row: _Row) -> Terms:
    name, customer, entity, currency, model, value, practice, end = row
    code = f"ENG-{number:03}"
    return Terms(
        code=code,
        name=name,
        customer=customer,
        entity=entity,
        currency=currency,
        model=model,
        value=None if value is None else Decimal(value).quantize(Decimal(1).scaleb(-MINOR_UNITS[currency])),
        practice=practice,
        start=_LATE_STARTS.get(code, FIRST_DAY),
        end=date.fromisoformat(end),
        workstreams=_workstreams(code, practice, entity),
    )


TERMS: Final = tuple(_terms(number, row) for number, row in enumerate(_ROWS, 1))
TERMS_OF: Final = {terms.code: terms for terms in TERMS}
INTERNAL_OF: Final = {terms.entity: terms.code for terms in TERMS if terms.model == "INTERNAL"}
CLIENT_TERMS: Final = tuple(terms for terms in TERMS if terms.model != "INTERNAL")
