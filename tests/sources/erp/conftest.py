"""The ERP of the firm, changed and read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from demo.systems import dynamics_as
from tests.sources.clerk import Clerk, clerk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from demo.firm.model import Firm
    from demo.systems import Bound


@pytest.fixture(scope="module")
def dynamics(firm: Firm) -> Iterator[Bound]:
    """One Dynamics as the ERP for a whole file."""
    with dynamics_as(firm, "erp") as (bound,):
        yield bound


@pytest.fixture
async def erp(dynamics: Bound) -> AsyncIterator[Clerk]:
    """It, as at the start."""
    async with clerk(dynamics) as one:
        yield one
