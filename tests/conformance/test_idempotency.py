"""Idempotency keys do what clients know of them, also through kill -9."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from demo.issuer import PERSONAS, Persona
from tests.commands.rig import Forge, rig
from tests.conformance.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from demo.firm.model import Firm
    from tests.commands.rig import Rig

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(300)]

# Somebody else of the firm who manages engagements as well.
COLLEAGUE = Persona(
    "colleague", PERSONAS["practice-lead"].subject, "", (*PERSONAS["practice-lead"].groups, "engagement-manager")
)
CHECKS = 19


@pytest.fixture(scope="module")
def house(firm: Firm) -> Iterator[Rig]:
    """The firm's systems, and a server that can be killed."""
    forge = Forge()
    with rig(firm, forge) as house:
        house.fresh()
        house.start()
        yield house
    forge.stop()


async def test_keys(house: Rig, tell: Callable[[object], None]) -> None:
    """Each check of the harness is met, the effects counted in the PSA."""
    limits = httpx.Limits(max_connections=60)
    async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as client:
        keys = Keys(house, "engagement-manager", COLLEAGUE, client)
        async with keys.approved():
            await keys.repeated()
            await keys.raced()
            await keys.malformed()
            await keys.of_two()
            await keys.in_the_input()
            await keys.through_a_crash()
    tell(keys.figure)
    assert [what for what, met in keys.results.items() if not met] == []
    assert len(keys.results) == CHECKS
