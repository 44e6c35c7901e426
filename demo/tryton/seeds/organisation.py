"""Currencies with their rates, countries, and the legal entities as companies."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Final

from demo.firm.model import Customer, ExchangeRate, Firm, LegalEntity
from demo.tryton.seeds.erp import Erp, Row

# code: name, symbol, ISO number, minor units
CURRENCIES: Final = {
    "USD": ("US Dollar", "$", "840", 2),
    "GBP": ("Pound Sterling", "£", "826", 2),
    "EUR": ("Euro", "€", "978", 2),
    "JPY": ("Yen", "¥", "392", 0),
    "KWD": ("Kuwaiti Dinar", "KD", "414", 3),
}
COUNTRIES: Final = {
    "US": ("United States", "USA"),
    "GB": ("United Kingdom", "GBR"),
    "DE": ("Germany", "DEU"),
    "JP": ("Japan", "JPN"),
    "KW": ("Kuwait", "KWT"),
}
# Tryton quotes every currency against one base. KWD is the only currency billed outside its entity, and as base it
# makes the KWD rates exact; it is also the dearest, so the six decimals of the other rates cost the least.
BASE: Final = "KWD"
MICRO: Final = Decimal("0.000001")


def seed_currencies(erp: Erp, rates: Iterable[ExchangeRate]) -> dict[str, int]:
    """Create the currencies with the firm's spot rates; return ids by code."""
    quoted = _against_base([rate for rate in rates if rate.kind == "SPOT"])
    rows = [
        {
            "name": name,
            "code": code,
            "symbol": symbol,
            "numeric_code": number,
            "digits": digits,
            "rounding": Decimal(1).scaleb(-digits),
            "rates": [("create", [{"date": day, "rate": rate} for day, rate in sorted(quoted[code].items())])],
        }
        for code, (name, symbol, number, digits) in CURRENCIES.items()
    ]
    return dict(zip(CURRENCIES, erp.create("currency.currency", rows), strict=True))


def _against_base(spots: list[ExchangeRate]) -> dict[str, dict[date, Decimal]]:
    """Return how many units of each currency one unit of the base buys, by day."""
    known = {(rate.base, rate.quote, rate.day): rate.rate for rate in spots}
    found: dict[str, dict[date, Decimal]] = {code: {} for code in CURRENCIES}
    for day in sorted({rate.day for rate in spots}):
        in_usd = known[BASE, "USD", day]
        for code in CURRENCIES:
            direct = Decimal(1) if code == BASE else known.get((BASE, code, day))
            found[code][day] = direct or (in_usd / known[code, "USD", day]).quantize(MICRO)
    return found


def seed_countries(erp: Erp) -> dict[str, int]:
    """Create the countries that addresses name; return ids by ISO code."""
    rows = [{"code": code, "name": name, "code3": code3} for code, (name, code3) in COUNTRIES.items()]
    return dict(zip(COUNTRIES, erp.create("country.country", rows), strict=True))


def seed_companies(
    erp: Erp, entities: Iterable[LegalEntity], currencies: dict[str, int], countries: dict[str, int]
) -> dict[str, int]:
    """Create the legal entities and let the administrator see all of them; return ids by entity code."""
    wanted = list(entities)
    parties = erp.create(
        "party.party",
        [
            {
                "name": entity.name,
                "code": entity.code,
                "addresses": [("create", [{"country": countries[entity.country]}])],
            }
            for entity in wanted
        ],
    )
    rows: list[Row] = [
        {"party": party, "currency": currencies[entity.currency], "timezone": entity.time_zone}
        for party, entity in zip(parties, wanted, strict=True)
    ]
    companies = erp.create("company.company", rows)
    admin = erp.by("res.user", "login")["admin"]
    erp.write("res.user", [admin], {"companies": [("add", companies)], "company_filter": "all"})
    erp.write("res.user", [admin], {"company": companies[0]})
    return {entity.code: company for entity, company in zip(wanted, companies, strict=True)}


def seed_payment_terms(erp: Erp, customers: Iterable[Customer]) -> dict[int, int]:
    """Create one payment term for each number of days in use, and zero days; return ids by days."""
    days = sorted({0, *(customer.payment_terms_days for customer in customers)})
    rows = [
        {
            "name": f"Net {number} days",
            "lines": [("create", [{"type": "remainder", "relativedeltas": [("create", [{"days": number}])]}])],
        }
        for number in days
    ]
    return dict(zip(days, erp.create("account.invoice.payment_term", rows), strict=True))


def seed_customers(
    erp: Erp, firm: Firm, countries: dict[str, int], currencies: dict[str, int], terms: dict[int, int]
) -> dict[str, int]:
    """Create the customers as parties under account numbers of Tryton's own; return ids by customer code."""
    category = erp.create_one("party.category", {"name": "Customer"})
    rows = [
        {
            "name": customer.name,
            "code": f"C{10_000 + number}",
            "addresses": [("create", [_billing_address(customer, countries)])],
            "identifiers": [("create", [{"code": customer.tax_number}])],
            "customer_payment_term": terms[customer.payment_terms_days],
            "customer_currency": currencies[customer.currency],
            "sale_invoice_method": "manual",
            "categories": [("add", [category])],
        }
        for number, customer in enumerate(firm.customers, 1)
    ]
    codes = [customer.code for customer in firm.customers]
    return dict(zip(codes, erp.create("party.party", rows), strict=True))


def _billing_address(customer: Customer, countries: dict[str, int]) -> Row:
    """Return the address invoices go to; a party has one name, so the legal one stands on the address."""
    return {"party_name": customer.legal_name, "country": countries[customer.country], "invoice": True}
