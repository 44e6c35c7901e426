"""What Dynamics' columns say together."""

from __future__ import annotations

from decimal import Decimal

KINDS = {"Spot": "SPOT", "Average": "PERIOD_AVERAGE", "Contract": "CONTRACT_FIXED"}
UNITS = {"One": 0, "Ten": 1, "Hundred": 2, "Thousand": 3, "TenThousand": 4}


def rate(Rate: Decimal, ConversionFactor: str) -> Decimal:  # noqa: N803  the columns' names
    """Return the price of one unit: the rate is kept for as many as the factor says."""
    return Decimal(Rate).scaleb(-UNITS[ConversionFactor])


def rate_key(RateTypeName: str, FromCurrency: str, ToCurrency: str, StartDate: str) -> str:  # noqa: N803  as above
    """Return the firm's own key of a rate, SPOT/GBP-USD/2026-03-31, which the product spreads over four columns."""
    return f"{KINDS[RateTypeName]}/{FromCurrency}-{ToCurrency}/{StartDate.partition('T')[0]}"


def converted(TotalAmount: Decimal, ExchangeRate: Decimal | None) -> Decimal | None:  # noqa: N803  as above
    """Return what was converted to the company's currency: of a draft, nothing is yet."""
    return None if ExchangeRate is None else TotalAmount
