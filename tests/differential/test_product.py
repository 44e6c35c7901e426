"""Over the product's schema and the firm's systems, in trouble or not, a plan says what graphql-core says."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colonnade.telemetry import configure
from tests.differential.comparing import places, same_data
from tests.differential.product import TROUBLES, house
from tests.differential.writing import documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.differential.product import House

EXAMPLES = int(os.environ.get("DIFF_PRODUCT_EXAMPLES", "160"))
PEOPLE = ("finance-controller", "integration-steward", "engagement-manager", "consultant", "client-contact", "analyst")
MEASURED = ("health", "breaker", "latency", "errorRate", "staleness", "unmapped")
# What each of the two has measured for itself.
LEAVE = frozenset({"Query._service", *(f"BoundSystem.{name}" for name in MEASURED)})


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """One event loop for all: connections live in it."""
    own = asyncio.new_event_loop()
    yield own
    own.run_until_complete(asyncio.sleep(0.1))
    own.close()


@pytest.fixture(scope="module")
def systems(loop: asyncio.AbstractEventLoop) -> Iterator[House]:
    """The firm's systems."""
    configure(logging.CRITICAL)
    with house() as running:
        yield running
        loop.run_until_complete(running.twice.stop())


def values(ids: list[str]) -> dict[str, list[Any]]:
    """Return what arguments may be."""
    return {
        "ID": [*ids, "nonsense", "RW5nYWdlbWVudHxwc2F8MQ"],
        "String": ["a", "", "EUR"],
        "Int": [1, 2],
        "first": [0, 1, 2, 3, 5, 201],
        "after": ["nonsense"],
        "Date": ["2026-01-31", "2025-06-01", "2026-11-26"],
        "Boolean": [True, False],
        "Decimal": ["1.50"],
        "Instant": ["2026-01-31T00:00:00Z"],
        "CurrencyCode": ["EUR", "USD"],
        "_Any": [{"__typename": "Engagement", "id": each} for each in ids[:20]] + [{"__typename": "Nobody"}],
    }


@pytest.mark.diff
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: "-".join(trouble) if trouble else "well")
def test_a_plan_says_what_graphql_core_says(
    systems: House, loop: asyncio.AbstractEventLoop, trouble: tuple[str, str] | None
) -> None:
    """Data bytes, and which error is where, are the same; without errors a plan makes no call more."""
    ids = loop.run_until_complete(systems.twice.ids())
    with systems.troubled(trouble) as twice:
        schema = twice.planned.schema.core

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            database=None,
            report_multiple_bugs=False,
        )
        @given(document=documents(schema, values(ids), LEAVE, roots=2, depth=6), persona=st.sampled_from(PEOPLE))
        def compare(document: Any, persona: str) -> None:
            planned, ordinary = loop.run_until_complete(twice.ask(document, persona))
            assert same_data(planned.data, ordinary.data), (persona, document)
            assert places(planned.errors, planned.data) == places(ordinary.errors, ordinary.data), (persona, document)
            if not ordinary.errors and planned.more_than(ordinary):
                # What is read whole is kept for a moment, and may have been by one of them alone.
                planned, ordinary = loop.run_until_complete(twice.ask(document, persona))
                assert not planned.more_than(ordinary), (planned.more_than(ordinary), persona, document)

        compare()
        loop.run_until_complete(twice.stop())
