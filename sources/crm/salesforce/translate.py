"""What Salesforce's flags say together. A stage's label may be renamed by an administrator; these may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

UNQUALIFIED = 20


def stage(IsClosed: bool, IsWon: bool, ForecastCategory: str, Probability: Decimal | None) -> str:  # noqa: N803, FBT001  the columns' names
    """Return the code of a stage: how it was closed, or its forecast category while it is open."""
    if IsClosed:
        return "won" if IsWon else "lost"
    if ForecastCategory != "Pipeline":
        return ForecastCategory
    if Probability is None:
        # Whether it is qualified cannot be told: no table has such a code.
        return "Pipeline without a probability"
    return "Omitted" if Probability < UNQUALIFIED else "Pipeline"
