"""What the wire needs of a protocol: one exchange, and an end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sources.contract import Request

Answered: TypeAlias = bytes | Sequence[Any]
"""What came back, as the family of the same protocol reads it: a body, or rows."""


class Transport(Protocol):
    """How one protocol reaches one system. The wire says when, how often and for how long; it cancels what is late."""

    async def exchange(self, request: Request, credential: str | None, trace: Mapping[str, str]) -> Answered:
        """Send one request and return what a successful answer holds, or raise SourceFailure with the kind of failure.

        `trace` holds the ids under which the call stands, by the names of the headers that carry them.
        """
        ...

    async def aclose(self) -> None:
        """Let go of every connection."""
        ...
