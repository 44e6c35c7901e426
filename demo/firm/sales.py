"""Opportunities: the nineteen that became engagements, the one just won, the open ones and the lost ones."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from demo.firm.clock import at
from demo.firm.draws import h, hours, quantize
from demo.firm.engagements import CLIENT_TERMS, Terms
from demo.firm.model import Opportunity, OpportunityLine, RoleDemand
from demo.firm.rates import bill_rate
from demo.firm.staffing import BASELINE
from demo.firm.vocabulary import BillingModel, OpportunityStage

WON_AT: Final = datetime(2026, 4, 6, 14, 5, tzinfo=UTC)
CERTAIN, IMPOSSIBLE = Decimal("1.0000"), Decimal("0.0000")
LATE_WINS: Final = {"ENG-019": date(2026, 3, 18)}
DEMAND_ROLES: Final = ("CONSULTANT", "SENIOR", "MANAGER")
DEMAND_WEEKS: Final = 12
DEMAND_HOURS: Final = hours(30)
# A role that no other system knows: converting this opportunity must quarantine its forecast step.
UNMAPPED_ROLE: Final = "CLOUD_ARCHITECT"
UNMAPPED_ON: Final = "OPP-022"

_TM: Final = "TIME_AND_MATERIALS"
_FIXED: Final = "FIXED_FEE_MILESTONE"
_RETAINER: Final = "RETAINER"

# code, name, customer, entity, owner's entity, currency, model, stage, probability, expected close, expected start
_Row = tuple[str, str, str, str | None, str, str, BillingModel, OpportunityStage, str, str, str]
_OPEN: Final[tuple[_Row, ...]] = (
    (
        *("OPP-021", "Store labour planning", "CUS-07", None, "NB-US", "USD", _TM),
        *("PROSPECT", "0.10", "2026-07-31", "2026-09-07"),
    ),
    (
        *("OPP-022", "Trial data platform", "CUS-10", "NB-US", "NB-US", "USD", _TM),
        *("QUALIFIED", "0.20", "2026-06-30", "2026-08-03"),
    ),
    (
        *("OPP-023", "Underwriting operating model", "CUS-02", "NB-UK", "NB-UK", "GBP", _TM),
        *("QUALIFIED", "0.30", "2026-06-15", "2026-07-06"),
    ),
    (
        *("OPP-024", "Port call optimisation", "CUS-09", "NB-DE", "NB-DE", "EUR", _TM),
        *("PROPOSED", "0.40", "2026-05-29", "2026-06-15"),
    ),
    (
        *("OPP-025", "Waste water asset plan", "CUS-05", "NB-UK", "NB-UK", "GBP", _FIXED),
        *("PROPOSED", "0.60", "2026-05-15", "2026-06-01"),
    ),
    (
        *("OPP-026", "Factory energy management", "CUS-13", "NB-JP", "NB-JP", "JPY", _TM),
        *("NEGOTIATING", "0.75", "2026-04-30", "2026-05-18"),
    ),
    (
        *("OPP-027", "Supplier quality programme", "CUS-06", "NB-US", "NB-US", "USD", _RETAINER),
        *("NEGOTIATING", "0.90", "2026-04-17", "2026-05-04"),
    ),
)
_LOST: Final[tuple[_Row, ...]] = (
    (
        *("OPP-028", "Ward staffing review", "CUS-04", "NB-UK", "NB-UK", "GBP", _FIXED),
        *("LOST", "0.00", "2026-02-13", "2026-03-16"),
    ),
    (
        *("OPP-029", "Cold chain redesign", "CUS-03", "NB-US", "NB-US", "USD", _TM),
        *("LOST", "0.00", "2026-02-27", "2026-04-06"),
    ),
    (
        *("OPP-030", "Tariff strategy", "CUS-11", "NB-UK", "NB-UK", "GBP", _TM),
        *("LOST", "0.00", "2026-03-20", "2026-04-20"),
    ),
)


def opportunities(owners: dict[str, str]) -> tuple[Opportunity, ...]:
    """Return the thirty opportunities; owners are the people who lead each entity."""
    won = [_won(number, terms, owners) for number, terms in enumerate(CLIENT_TERMS, 1)]
    return (*won, _network_rollout(owners), *(_pipeline(row, owners) for row in (*_OPEN, *_LOST)))


def closed_on(terms: Terms) -> date:
    """Return the day on which an engagement's opportunity was won."""
    return LATE_WINS.get(terms.code) or date(2025, 10, 6) + timedelta(h("closed", terms.code) % 75)


def _won(number: int, terms: Terms, owners: dict[str, str]) -> Opportunity:
    closed = closed_on(terms)
    return Opportunity(
        code=f"OPP-{number:03}",
        name=terms.name,
        customer=terms.client,
        stage="WON",
        probability=CERTAIN,
        amount=terms.priced,
        currency=terms.currency,
        expected_close_date=closed,
        closed_date=closed,
        closed_at=at(closed, 15),
        expected_start_date=terms.start,
        entity=terms.entity,
        model=terms.model,
        owner=owners[terms.entity],
        lines=_won_lines(terms),
        engagement=terms.code,
    )


def _won_lines(terms: Terms) -> tuple[OpportunityLine, ...]:
    """Return half of the value for each workstream, in whole hours at list price."""
    shares = zip(("SENIOR", "CONSULTANT"), terms.workstreams, strict=True)
    return tuple(
        _line(position, role, terms.priced / 2 // bill_rate(role, terms.currency), terms.currency, stream)
        for position, (role, stream) in enumerate(((role, (s.name, s.region)) for role, s in shares), 1)
    )


def _line(
    position: int, role: str, amount: Decimal | int, currency: str, stream: tuple[str, str | None]
) -> OpportunityLine:
    listed = "PRINCIPAL" if role == UNMAPPED_ROLE else role
    return OpportunityLine(
        position=position,
        role=role,
        hours=hours(amount),
        unit_price=bill_rate(listed, currency),
        workstream=stream[0],
        region=stream[1],
    )


def _network_rollout(owners: dict[str, str]) -> Opportunity:
    """Return the deal that was won two days ago and waits to become an engagement."""
    east, west = ("East", "US-EAST"), ("West", "US-WEST")
    return Opportunity(
        code="OPP-020",
        name="Network rollout wave 2",
        customer="CUS-08",
        stage="WON",
        probability=CERTAIN,
        amount=Decimal("480000.00"),
        currency="USD",
        expected_close_date=WON_AT.date(),
        closed_date=WON_AT.date(),
        closed_at=WON_AT,
        expected_start_date=date(2026, 5, 4),
        entity="NB-US",
        model=_TM,
        owner=owners["NB-US"],
        lines=(
            _line(1, "MANAGER", 480, "USD", east),
            _line(2, "SENIOR", 900, "USD", east),
            _line(3, "CONSULTANT", 900, "USD", west),
        ),
        engagement=None,
    )


def _pipeline(row: _Row, owners: dict[str, str]) -> Opportunity:
    code, name, customer, entity, home, currency, model, stage, probability, close, start = row
    roles = (*DEMAND_ROLES, UNMAPPED_ROLE) if code == UNMAPPED_ON else DEMAND_ROLES
    effort = DEMAND_HOURS * DEMAND_WEEKS
    lines = tuple(_line(position, role, effort, currency, ("Core", None)) for position, role in enumerate(roles, 1))
    closed = date.fromisoformat(close) if stage == "LOST" else None
    return Opportunity(
        code=code,
        name=name,
        customer=customer,
        stage=stage,
        probability=Decimal(probability).quantize(CERTAIN),
        amount=quantize(sum((line.hours * line.unit_price for line in lines), Decimal(0)), currency),
        currency=currency,
        expected_close_date=date.fromisoformat(close),
        closed_date=closed,
        closed_at=at(closed, 15) if closed else None,
        expected_start_date=date.fromisoformat(start),
        entity=entity,
        model=model,
        owner=owners[home],
        lines=lines,
        engagement=None,
    )


def open_demands(pipeline: tuple[Opportunity, ...], first_number: int) -> tuple[RoleDemand, ...]:
    """Return three demands for every open opportunity, weighted by its probability."""
    wanted = [(deal, role) for deal in pipeline if deal.stage not in {"WON", "LOST"} for role in DEMAND_ROLES]
    return tuple(
        RoleDemand(
            code=f"DEM-{number:03}",
            opportunity=deal.code,
            engagement=None,
            project=None,
            entity=deal.entity,
            role=role,
            count=1,
            start=deal.expected_start_date,
            end=deal.expected_start_date + timedelta(7 * DEMAND_WEEKS - 1),
            hours_per_week=DEMAND_HOURS,
            region=None,
            status="OPEN",
            filled_by=(),
            scenario=BASELINE,
            probability_weight=deal.probability,
        )
        for number, (deal, role) in enumerate(wanted, first_number)
    )
