"""The parts of the firm that are simply given: entities, cost centers, roles, customers, public holidays."""

from datetime import date
from decimal import Decimal
from typing import Final

from demo.firm.model import CostCenter, Customer, Holiday, LegalEntity, Role

FOUNDED: Final = date(2015, 1, 1)

ENTITIES: Final = (
    LegalEntity(
        code="NB-US",
        name="Northbeam Advisory Inc.",
        country="US",
        currency="USD",
        time_zone="America/New_York",
        week_start="SUN",
        calendar="WEEKS_445",
        fiscal_year_start_month=1,
        year_label_rule="NEAREST_DECEMBER",
        tax_regime="US_NONE",
        tax_code="US-NONE",
        tax_rate=Decimal(0),
        rounding_mode="HALF_UP",
        tax_rounding="PER_DOCUMENT",
    ),
    LegalEntity(
        code="NB-UK",
        name="Northbeam Advisory Ltd",
        country="GB",
        currency="GBP",
        time_zone="Europe/London",
        week_start="MON",
        calendar="CALENDAR_MONTH",
        fiscal_year_start_month=1,
        year_label_rule="START_YEAR",
        tax_regime="GB_VAT",
        tax_code="GB-VAT-20",
        tax_rate=Decimal("0.20"),
        rounding_mode="HALF_UP",
        tax_rounding="PER_DOCUMENT",
    ),
    LegalEntity(
        code="NB-DE",
        name="Northbeam Advisory GmbH",
        country="DE",
        currency="EUR",
        time_zone="Europe/Berlin",
        week_start="MON",
        calendar="CALENDAR_MONTH",
        fiscal_year_start_month=1,
        year_label_rule="START_YEAR",
        tax_regime="DE_UST",
        tax_code="DE-UST-19",
        tax_rate=Decimal("0.19"),
        rounding_mode="HALF_UP",
        tax_rounding="PER_LINE",
    ),
    LegalEntity(
        code="NB-JP",
        name="Northbeam Advisory KK",
        country="JP",
        currency="JPY",
        time_zone="Asia/Tokyo",
        week_start="MON",
        calendar="CALENDAR_MONTH",
        fiscal_year_start_month=4,
        year_label_rule="START_YEAR",
        tax_regime="JP_JCT",
        tax_code="JP-JCT-10",
        tax_rate=Decimal("0.10"),
        rounding_mode="DOWN",
        tax_rounding="PER_DOCUMENT",
    ),
)
ENTITY: Final = {entity.code: entity for entity in ENTITIES}

ROLES: Final = tuple(
    Role(code=code, name=name, family="Consulting", active=True, billable_target=Decimal(target))
    for code, name, target in (
        ("ANALYST", "Analyst", "0.8500"),
        ("CONSULTANT", "Consultant", "0.8000"),
        ("SENIOR", "Senior Consultant", "0.8000"),
        ("MANAGER", "Manager", "0.7000"),
        ("PRINCIPAL", "Principal", "0.5500"),
    )
)
TARGET: Final = {role.code: role.billable_target for role in ROLES}

_CENTER_NAMES: Final = {"310": "Delivery", "320": "Advisory", "900": "Internal"}


def cost_center(entity: str, number: str) -> str:
    """Return the code of an entity's cost center, such as CC-UK-310."""
    return f"CC-{entity.removeprefix('NB-')}-{number}"


COST_CENTERS: Final = tuple(
    CostCenter(
        code=cost_center(entity.code, number), name=name, entity=entity.code, active=True, start=FOUNDED, end=None
    )
    for entity in ENTITIES
    for number, name in _CENTER_NAMES.items()
)


def holiday_calendar(entity: str) -> str:
    """Return the code of an entity's holiday calendar, such as HOL-UK."""
    return f"HOL-{entity.removeprefix('NB-')}"


_HOLIDAYS: Final = {
    "NB-US": {"2026-01-19": "Martin Luther King Jr. Day", "2026-02-16": "Presidents' Day"},
    "NB-UK": {"2026-04-03": "Good Friday", "2026-04-06": "Easter Monday"},
    "NB-DE": {"2026-04-03": "Karfreitag", "2026-04-06": "Ostermontag"},
    "NB-JP": {
        "2026-01-12": "Coming of Age Day",
        "2026-02-11": "National Foundation Day",
        "2026-02-23": "Emperor's Birthday",
        "2026-03-20": "Vernal Equinox Day",
    },
}
HOLIDAYS: Final = tuple(
    Holiday(calendar=holiday_calendar(entity), day=date.fromisoformat(day), name=name)
    for entity, named in _HOLIDAYS.items()
    for day, name in named.items()
)
DAYS_OFF: Final = {entity: frozenset(map(date.fromisoformat, named)) for entity, named in _HOLIDAYS.items()}

# name, legal name, industry, country, currency, tax number, payment terms in days, home entity
_CUSTOMERS: Final = (
    ("Aldermoor Rail", "Aldermoor Rail plc", "Rail transport", "GB", "GBP", "GB412907633", 30, "NB-UK"),
    ("Brightquay Insurance", "Brightquay Insurance Group plc", "Insurance", "GB", "GBP", "GB530118274", 30, "NB-UK"),
    ("Calder & Voss Foods", "Calder & Voss Foods Inc.", "Food production", "US", "USD", "36-4410275", 45, "NB-US"),
    ("Dunmere Health Trust", "Dunmere Health Trust", "Health care", "GB", "GBP", "GB654920317", 30, "NB-UK"),
    ("Eastholm Water", "Eastholm Water Services Ltd", "Water supply", "GB", "GBP", "GB729460185", 30, "NB-UK"),
    ("Ferrant Aerospace", "Ferrant Aerospace Corporation", "Aerospace", "US", "USD", "91-2087346", 60, "NB-US"),
    ("Goldenfinch Retail", "Goldenfinch Retail Holdings Inc.", "Retail", "US", "USD", "13-5529081", 45, "NB-US"),
    ("Hollin Telecom", "Hollin Telecom LLC", "Telecommunications", "US", "USD", "20-7714603", 45, "NB-US"),
    ("Ivarsson Shipping", "Ivarsson Shipping GmbH & Co. KG", "Shipping", "DE", "EUR", "DE274610938", 30, "NB-DE"),
    ("Juniper Vale Pharma", "Juniper Vale Pharma Inc.", "Pharmaceuticals", "US", "USD", "04-3360912", 60, "NB-US"),
    ("Kestrelmark Energy", "Kestrelmark Energy plc", "Energy supply", "GB", "GBP", "GB817350426", 30, "NB-UK"),
    ("Lindqvist Maschinenbau", "Lindqvist Maschinenbau AG", "Machinery", "DE", "EUR", "DE811999010", 30, "NB-DE"),
    ("Miyashiro Denki", "Miyashiro Denki KK", "Electronics", "JP", "JPY", "T7010001284519", 60, "NB-JP"),
    ("Al Noor Petrochem", "Al Noor Petrochem KSCC", "Petrochemicals", "KW", "KWD", "KW-300482716", 60, "NB-UK"),
)


def customers(owners: dict[str, str]) -> tuple[Customer, ...]:
    """Return the fourteen customers, each owned by the person who leads its home entity."""
    return tuple(
        Customer(
            code=f"CUS-{number:02}",
            name=name,
            legal_name=legal_name,
            industry=industry,
            country=country,
            currency=currency,
            tax_number=tax_number,
            payment_terms_days=terms,
            credit_status="OK",
            account_owner=owners[home],
            parent=None,
        )
        for number, (name, legal_name, industry, country, currency, tax_number, terms, home) in enumerate(_CUSTOMERS, 1)
    )
