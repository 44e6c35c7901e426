"""What a judgement may ask, over the firm's real servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schema.engagement import EngagementRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from schema.rows import Ref
    from tests.commands.conftest import Asks


async def test_a_persona_asks_as_the_person_that_it_is_linked_to(asking: Asks, ref: Callable[..., Ref]) -> None:
    """The engagement manager is RES-022, and finds the engagement in the PSA's words."""
    ask = await asking("engagement-manager")
    assert await ask.person() == ref("Resource", "RES-022")
    row = await ask.one("engagements_by_id", ref("Engagement", "ENG-001"), row=EngagementRow)
    assert (row.code, row.manager) == ("ENG-001", ref("Resource", "RES-022", "psa"))
