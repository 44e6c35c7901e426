"""What an hour costs an entity, and at what price it lends one to another.

The product keeps both as single prices of hours, by category and day, in a table each and without a card above them.
This tenant's own data entities show them as price lists: `NBHourPriceLists`, and `NBHourPrices` in them.
"""

from collections.abc import Iterator
from typing import Final

from demo.dynamics import ids
from demo.dynamics.values import day
from demo.emulator import Row
from demo.firm.model import Firm, RateCard

PRICE_TYPE: Final = {"COST": "CostPrice", "TRANSFER": "TransferPrice"}
STATUS: Final = {"DRAFT": "Draft", "ACTIVE": "Active", "RETIRED": "Closed"}
UNIT: Final = {"HOUR": "HR", "DAY": "DAY"}


def sales_prices(firm: Firm) -> Iterator[Row]:
    """Yield NBSalesHourPrices: a copy of sales' prices, by which hours are valued. The original is delivery's."""
    for card in firm.rate_cards:
        if card.kind == "BILL":
            for position, rate in enumerate(card.rates, 1):
                yield {
                    "dataAreaId": ids.data_area(card.entity) if card.entity else "",
                    "PriceId": f"{card.code}-{position:02}",
                    "PriceListId": card.code,
                    "CategoryId": ids.labor_category(rate.role),
                    "PersonnelNumber": ids.personnel_number(rate.person) if rate.person else "",
                    "Price": rate.amount,
                    "CurrencyCode": card.currency,
                    "EffectiveDate": day(rate.start),
                    "ExpirationDate": day(rate.end),
                }


def _cards(firm: Firm) -> Iterator[tuple[str, RateCard]]:
    """Yield finance's cards, each with the company that it belongs to."""
    for card in firm.rate_cards:
        if card.kind in PRICE_TYPE and card.entity is not None:
            yield ids.data_area(card.entity), card


def hour_price_lists(firm: Firm) -> Iterator[Row]:
    """Yield NBHourPriceLists: a cost card for each company, and a transfer card for each pair that lends."""
    for company, card in _cards(firm):
        yield {
            "dataAreaId": company,
            "PriceListId": card.code,
            "Name": card.name,
            "PriceType": PRICE_TYPE[card.kind],
            "BorrowingLegalEntityId": ids.data_area(card.to_entity) if card.to_entity else "",
            "CurrencyCode": card.currency,
            "VersionNumber": card.version,
            "PriceListStatus": STATUS[card.status],
        }


def hour_prices(firm: Firm) -> Iterator[Row]:
    """Yield NBHourPrices, one for each category in a list; one with a personnel number is that person's alone."""
    for company, card in _cards(firm):
        for rate in card.rates:
            yield {
                "dataAreaId": company,
                "PriceId": f"{card.code}-{rate.role}",
                "PriceListId": card.code,
                "CategoryId": ids.labor_category(rate.role),
                "PersonnelNumber": ids.personnel_number(rate.person) if rate.person else "",
                "Price": rate.amount,
                "CurrencyCode": card.currency,
                "UnitSymbol": UNIT[rate.unit],
                "EffectiveDate": day(rate.start),
                "ExpirationDate": day(rate.end),
            }
