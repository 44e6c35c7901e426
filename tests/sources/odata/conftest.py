"""A real OData engine as the ERP."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from colonnade.wiring import SystemClock
from demo.cap.bound import VENDORS, with_cap
from demo.cap.layout import Layout
from sources.registry import Binding, connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from demo.systems import Bound
    from sources.source import Source


@pytest.fixture(scope="module")
def engine() -> Iterator[Mapping[str, Bound]]:
    """CAP, by the folders that read it: where it is missing its tests are skipped loudly, and fail in CI."""
    if not Layout.of(None).marker.exists() and "CI" not in os.environ:
        pytest.skip("CAP is not installed: run 'make systems' (two minutes, once)")
    with with_cap() as bound:
        yield bound


def binding(bound: Bound) -> Binding:
    """Return the binding of a running system."""
    return Binding(bound.role, bound.vendor, bound.address, bound.credentials)


@pytest.fixture(params=VENDORS)
async def erp(request: pytest.FixtureRequest, engine: Mapping[str, Bound]) -> AsyncIterator[Source]:
    """The ERP, in each version of the protocol."""
    source = connect(binding(engine[request.param]), SystemClock())
    yield source
    await source.wire.aclose()
