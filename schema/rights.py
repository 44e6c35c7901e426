"""What a caller's roles let them ask, whatever it is that they ask for. Which role has which right is data."""

from __future__ import annotations

from enum import Enum, unique

import msgspec


@unique
class Documents(Enum):
    """Which documents a caller may have executed. The wider one includes the narrower."""

    TRUSTED = "trusted"
    """Those that were registered before."""
    APQ = "apq"
    """Any, but by its hash: the text is sent once, to register it (automatic persisted queries)."""
    OPEN = "open"
    """Any."""


class Rights(msgspec.Struct, frozen=True, kw_only=True):
    """What the edge asks of a caller before a document is executed. `federation`: acts as a router of a supergraph."""

    documents: Documents = Documents.TRUSTED
    introspection: bool = False
    federation: bool = False
