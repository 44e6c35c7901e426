"""The firm's Redmine, asked through the house's own source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from colonnade.wiring import SystemClock
from sources.registry import Binding, connect
from tests.redmine import running_redmine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from demo.firm.model import Firm
    from demo.redmine.bound import Running
    from sources.source import Source


@pytest.fixture(scope="module")
def redmine(firm: Firm) -> Iterator[Running]:
    """Run Redmine for a whole file."""
    with running_redmine(firm) as bound:
        yield bound


@pytest.fixture
async def source(redmine: Running) -> AsyncIterator[Source]:
    """Bind it, and forget what it was asked before."""
    source = connect(Binding(redmine.role, redmine.vendor, redmine.address, redmine.credentials), SystemClock())
    redmine.traffic.clear()
    yield source
    await source.wire.aclose()
