"""The firm's Redmine, asked through the house's own source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from colonnade.wiring import SystemClock
from demo.redmine.ids import user_id
from schema.rows import Ref
from sources.registry import Binding, connect
from tests.redmine import running_redmine
from tests.sources.redmine.losing import road
from tests.sources.written import Written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from demo.firm.model import Firm
    from demo.redmine.bound import Running
    from sources.source import Source
    from tests.sources.redmine.losing import Road

# What other systems are home to, and what Redmine calls it.
WORDS = {
    Ref("Customer", "crm", "8"): "CUS-08",
    Ref("LegalEntity", "erp", "nbus"): "NB-US",
    Ref("Resource", "hr", "6"): user_id("RES-006"),
    Ref("Resource", "hr", "17"): user_id("RES-017"),
    Ref("Resource", "hr", "48"): user_id("RES-048"),
}


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


@pytest.fixture
def lossy(redmine: Running) -> Iterator[Road]:
    """The road to Redmine."""
    with road(redmine.address) as opened:
        yield opened


@pytest.fixture
async def psa(redmine: Running, lossy: Road) -> AsyncIterator[Written]:
    """Redmine at the end of that road, to be written to."""
    written = Written(Binding(redmine.role, redmine.vendor, lossy.address, redmine.credentials), WORDS)
    yield written
    await written.aclose()
