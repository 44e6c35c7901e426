"""Who still asks for deprecated fields: counted in memory, told to /metrics, and kept in the store."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import prometheus_client
import structlog
from sqlalchemy.exc import SQLAlchemyError

from store.transaction import StoreUnavailableError
from store.usage import Usage, Use

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prometheus_client import CollectorRegistry
    from sqlalchemy.ext.asyncio import AsyncEngine

    from schema.context import Clock

log = structlog.get_logger("colonnade.usage")

# How clients name themselves, and what is believed of it.
HEADERS: Final = ("graphql-client-name", "graphql-client-version")
NAME: Final = re.compile(r"[A-Za-z0-9 ._/@+-]{1,64}")
UNNAMED: Final = "(unnamed)"
# Names are the callers' to choose, and every new one is a time series and a row.
CLIENTS: Final = 200
SECONDS: Final = 60.0


class Client(NamedTuple):
    """What a client calls itself, as it came."""

    name: str = ""
    version: str = ""

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Client:
        """Read it from a request, or from the upgrade to a socket."""
        return cls(*(headers.get(name, "") for name in HEADERS))


OTHERS: Final = Client("(others)", "(others)")


class Tally:
    """Counts the operations of this process that use deprecated fields."""

    def __init__(self, engine: AsyncEngine, clock: Clock, registry: CollectorRegistry) -> None:
        self._usage, self._clock = Usage(engine), clock
        self._clients: set[Client] = set()
        self._counts: Counter[Use] = Counter()
        self._metric = prometheus_client.Counter(
            "colonnade_deprecated_fields_total",
            "Operations that used a deprecated field.",
            ("field", "client", "version"),
            registry=registry,
        )

    def count(self, fields: Sequence[str], client: Client) -> None:
        """Count an operation for each deprecated field that it uses."""
        for field in fields:
            known = self._known(client)
            self._counts[Use(field, *known)] += 1
            self._metric.labels(field, *known).inc()

    def _known(self, client: Client) -> Client:
        shown = Client(*(text if NAME.fullmatch(text) else UNNAMED for text in client))
        if shown not in self._clients and len(self._clients) >= CLIENTS:
            return OTHERS
        self._clients.add(shown)
        return shown

    async def write(self) -> None:
        """Add what was counted since the last time to the store; where it is away, to what will be counted."""
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            await self._usage.add(counts, self._clock.now())
        except (StoreUnavailableError, SQLAlchemyError):
            log.warning("usage not written", uses=len(counts))
            self._counts.update(counts)

    async def keep_writing(self) -> None:
        """Write once a minute, for as long as the process lives."""
        while True:
            await asyncio.sleep(SECONDS)
            await self.write()
