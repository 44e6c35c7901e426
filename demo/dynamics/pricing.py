"""Taking over sales' prices, a list as a whole."""

from decimal import Decimal
from typing import Final

import msgspec

from demo.dynamics.books import Asked, Books, Name, Noon
from demo.emulator import Row

PRICES: Final = "NBSalesHourPrices"


class Price(Asked, kw_only=True):
    """The price of an hour of a category; with a personnel number it is that person's alone."""

    CategoryId: Name
    PersonnelNumber: str = ""
    Price: Decimal
    EffectiveDate: Noon
    ExpirationDate: Noon


class PriceList(Asked, kw_only=True):
    """All prices of a list."""

    PriceListId: Name
    company: str = msgspec.field(name="dataAreaId", default="")
    CurrencyCode: Name
    Prices: tuple[Price, ...]


def replace(books: Books, _record: str, asked: PriceList) -> Row:
    """Write a list in the place of what it said before."""
    for old in books.rows(PRICES, PriceListId=asked.PriceListId):
        books.database.tables[PRICES].delete(old)
    for position, price in enumerate(asked.Prices, 1):
        books.record("NBLaborCategories", price.CategoryId)
        books.insert(
            PRICES,
            {
                **msgspec.structs.asdict(price),
                "dataAreaId": asked.company,
                "PriceId": f"{asked.PriceListId}-{position:02}",
                "PriceListId": asked.PriceListId,
                "CurrencyCode": asked.CurrencyCode,
            },
        )
    return {"PriceListId": asked.PriceListId}
