"""Fiscal years, their periods, and the numbers that invoices get in them."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from demo.firm.model import FiscalPeriod
from demo.tryton.seeds.erp import Erp, Row

MOVE_SEQUENCE: Final = "account.sequence_type_account_move"
INVOICE_SEQUENCE: Final = "account_invoice.sequence_type_account_invoice"
# Tryton knows no more states: what is open, about to close or not yet begun takes postings.
STEPS: Final = {"CLOSED": ("close",), "LOCKED": ("close", "lock_")}


def key_of(period: FiscalPeriod) -> str:
    """Return the key of a period among all entities, such as NB-UK/2026-P03."""
    return f"{period.entity}/{period.code}"


def seed_calendar(erp: Erp, periods: Iterable[FiscalPeriod], companies: dict[str, int]) -> dict[str, int]:
    """Create all fiscal years with open periods; return period ids by key."""
    found: dict[str, int] = {}
    for (entity, year), group in groupby(periods, key=lambda period: (period.entity, period.code[:4])):
        held = list(group)
        found |= _seed_year(erp, entity, year, held, companies[entity])
    return found


def _seed_year(erp: Erp, entity: str, year: str, periods: list[FiscalPeriod], company: int) -> dict[str, int]:
    prefix = f"{entity.removeprefix('NB-')}{year}"
    moves = _sequence(erp, MOVE_SEQUENCE, f"{entity} {year} moves", f"{prefix}/M", company)
    invoices = _sequence(erp, INVOICE_SEQUENCE, f"{entity} {year} invoices", f"{prefix}/", company)
    credits_ = _sequence(erp, INVOICE_SEQUENCE, f"{entity} {year} credit notes", f"{prefix}/C", company)
    numbers = {
        "company": company,
        "out_invoice_sequence": invoices,
        "out_credit_note_sequence": credits_,
        "in_invoice_sequence": invoices,
        "in_credit_note_sequence": credits_,
    }
    fiscal_year = {
        "company": company,
        "name": f"{entity} {year}",
        "start_date": periods[0].start,
        "end_date": periods[-1].end,
        "move_sequence": moves,
        "invoice_sequences": [("create", [numbers])],
    }
    number = erp.create_one("account.fiscalyear", fiscal_year, company=company)
    ids = erp.create("account.period", _period_rows(periods, number), company=company)
    return dict(zip(map(key_of, periods), ids, strict=True))


def _sequence(erp: Erp, kind: str, name: str, prefix: str, company: int) -> int:
    row = {"sequence_type": erp.xml_id(kind), "name": name, "prefix": prefix, "padding": 4, "company": company}
    return erp.create_one("ir.sequence.strict", row, company=company)


def _period_rows(periods: Iterable[FiscalPeriod], fiscal_year: int) -> Iterator[Row]:
    for period in periods:
        kind = "standard" if period.kind == "REGULAR" else "adjustment"
        yield {
            "name": period.code,
            "start_date": period.start,
            "end_date": period.end,
            "fiscalyear": fiscal_year,
            "type": kind,
        }


def close_periods(erp: Erp, periods: Iterable[FiscalPeriod], ids: dict[str, int], companies: dict[str, int]) -> None:
    """Close and lock what the firm has closed and locked; everything must have been posted before."""
    wanted = [period for period in periods if period.status in STEPS]
    for entity, company in companies.items():
        for step in ("close", "lock_"):
            chosen = [ids[key_of(p)] for p in wanted if p.entity == entity and step in STEPS[p.status]]
            if chosen:
                erp.call("account.period", step, chosen, company=company)
