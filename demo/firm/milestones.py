"""Milestones of the fixed-fee engagements: what is paid when which result is reached."""

from datetime import date
from decimal import Decimal
from typing import Final

from demo.firm.draws import quantize
from demo.firm.engagements import TERMS_OF
from demo.firm.model import Milestone
from demo.firm.vocabulary import Acceptance

# name, planned date, actual date or None, amount
_Row = tuple[str, str, str | None, str]
_ROWS: Final[dict[str, tuple[_Row, ...]]] = {
    "ENG-002": (
        ("Claims journey agreed", "2026-01-30", "2026-01-31", "80000"),
        ("Target architecture agreed", "2026-03-31", "2026-03-31", "80000"),
        ("Pilot plan agreed", "2026-06-30", None, "80000"),
        ("Blueprint handed over", "2026-10-30", None, "80000"),
    ),
    "ENG-006": (
        ("Portal design frozen", "2026-02-27", "2026-02-28", "180000"),
        ("First suppliers connected", "2026-05-29", None, "180000"),
        ("East region live", "2026-08-14", None, "180000"),
        ("West region live", "2026-10-16", None, "180000"),
        ("Portal handed over", "2026-12-18", None, "180000"),
    ),
    "ENG-011": (
        ("Connection process agreed", "2026-01-30", "2026-01-31", "152500"),
        ("Portal prototype accepted", "2026-03-27", "2026-03-31", "152500"),
        ("Portal pilot live", "2026-06-30", None, "152500"),
        ("Portal handed over", "2026-09-30", None, "152500"),
    ),
    "ENG-012": (
        ("Line measured", "2026-02-27", "2026-02-28", "33333.33"),
        ("Causes reported", "2026-03-20", "2026-03-20", "33333.33"),
        # The cent that a third cannot hold is paid last.
        ("Measures in place", "2026-05-29", None, "33333.34"),
    ),
    "ENG-019": (
        ("Depots reviewed", "2026-06-30", None, "47500"),
        ("Maintenance plan handed over", "2026-08-28", None, "47500"),
    ),
}
WITHOUT_ACCEPTANCE: Final = {"ENG-012"}
NOT_YET_ACCEPTED: Final = {"ENG-011-M2"}


def milestones() -> tuple[Milestone, ...]:
    """Return the eighteen milestones in order of engagement and number."""
    return tuple(
        _milestone(engagement, number, row) for engagement, rows in _ROWS.items() for number, row in enumerate(rows, 1)
    )


def _milestone(engagement: str, number: int, row: _Row) -> Milestone:
    name, planned, actual, amount = row
    terms, code = TERMS_OF[engagement], f"{engagement}-M{number}"
    acceptance = _acceptance(engagement, code, done=actual is not None)
    return Milestone(
        code=code,
        name=name,
        engagement=engagement,
        project=f"{engagement}-P",
        planned_date=date.fromisoformat(planned),
        actual_date=date.fromisoformat(actual) if actual else None,
        status="COMPLETED" if actual else "PLANNED",
        billable=True,
        amount=quantize(Decimal(amount), terms.currency),
        currency=terms.currency,
        acceptance=acceptance,
        acceptance_evidence=f"acceptance/{code}.pdf" if acceptance == "RECEIVED" else None,
    )


def _acceptance(engagement: str, code: str, *, done: bool) -> Acceptance:
    if engagement in WITHOUT_ACCEPTANCE:
        return "NOT_REQUIRED"
    return "RECEIVED" if done and code not in NOT_YET_ACCEPTED else "REQUIRED"
