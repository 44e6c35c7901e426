"""The CRM of the firm, changed and read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from demo.systems import crm
from tests.sources.clerk import Clerk, clerk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from demo.firm.model import Firm
    from demo.systems import Bound


@pytest.fixture(scope="module")
def bound_sales(firm: Firm) -> Iterator[Bound]:
    """One Salesforce for a whole file."""
    with crm(firm) as bound:
        yield bound


@pytest.fixture
async def sales(bound_sales: Bound) -> AsyncIterator[Clerk]:
    """It, as at the start."""
    async with clerk(bound_sales) as one:
        yield one
