"""What the data warehouse is asked, whichever database plays it."""

from __future__ import annotations

from schema.engagement import EngagementWarehouseRow
from schema.exchange_rate import ExchangeRateWarehouseRow
from sources.questions import Question


class EngagementsWarehouse(Question):
    """The warehouse's copy of what was recognized of each of these engagements."""

    rows, by = EngagementWarehouseRow, "Engagement"


class ExchangeRatesWarehouse(Question):
    """The warehouse's copy of each of these rates."""

    rows, by = ExchangeRateWarehouseRow, "ExchangeRate"
