"""For how long a caller may go on listening: a proof ends by itself, and a key may be taken back before."""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING, Final

from colonnade.edge.refusal import Refusal
from schema.problems import Code

if TYPE_CHECKING:
    from colonnade.edge.visitors import Credentials, Visitor, Visitors

# How often a caller who stays is looked at again: a key that is revoked is to be dead within 5 s.
SECONDS: Final = 4.0


async def standing(visitors: Visitors, shown: Credentials, visitor: Visitor) -> None:
    """Return when what the visitor has shown is no longer good."""
    ends = _end(visitor)
    while (left := ends - time.time()) > 0:
        await asyncio.sleep(min(left, SECONDS))
        try:
            ends = min(ends, _end(await visitors(shown)))
        except Refusal as refusal:
            # An identity provider that is away takes nobody's proof back.
            if refusal.code is Code.UNAUTHENTICATED:
                return


def _end(visitor: Visitor) -> float:
    return math.inf if visitor.expires is None else visitor.expires
