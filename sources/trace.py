"""Under which trace a call stands (W3C Trace Context): the caller's, or one that begins here."""

from __future__ import annotations

import re
from functools import partial
from secrets import token_hex
from typing import Self

import msgspec

# Version 00, and later ones as far as it goes: 4.3 of the recommendation.
GIVEN = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?")
SAMPLED = 1


class Trace(msgspec.Struct, frozen=True):
    """One trace, and whether its caller records it. Every call that we make is a span of its own in it."""

    id: str = msgspec.field(default_factory=partial(token_hex, 16))
    sampled: bool = True

    @classmethod
    def of(cls, traceparent: str) -> Self:
        """Go on with the trace that a caller's header names; begin one where it is missing or ill-formed."""
        given = GIVEN.fullmatch(traceparent)
        if given is None or (traceparent.startswith("00") and given[3]):
            return cls()
        return cls(given[1], bool(int(given[2], 16) & SAMPLED))

    def span(self) -> str:
        """Return the `traceparent` of a new call."""
        return f"00-{self.id}-{token_hex(8)}-{self.sampled:02x}"
