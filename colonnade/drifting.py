"""The scheduled look at what vendors change: each bound system beside its accepted shape, told by log and metric."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from colonnade.principals import Facade
from schema.tomlfile import FileError
from sources import drift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from colonnade.settings import Contract
    from sources.source import Source
    from sources.wire.metrics import Metrics

log = structlog.get_logger("colonnade.drift")


class Drifting:
    """Looks every so many hours, as long as the process lives."""

    def __init__(self, sources: Sequence[Source], contract: Contract, metrics: Metrics) -> None:
        self._sources, self._contract, self._metrics = sources, contract, metrics

    async def keep_looking(self) -> None:
        """Look, and wait; never where nobody has accepted a shape."""
        while self._contract.hours:
            await asyncio.sleep(self._contract.hours * 3600)
            await self.look()

    async def look(self) -> None:
        """Compare every system that has an accepted shape, one after the other."""
        try:
            accepted = drift.read(self._contract.shapes)
        except FileError:
            log.exception("shapes unreadable")
            return
        for source in self._sources:
            if (was := accepted.get(source.binding)) is None:
                continue
            found, _ = await drift.drift(source, was, Facade())
            wrong = [one for one in found if one.wrong]
            self._metrics.drift.labels(source.system.value, source.binding).set(len(wrong))
            for one in wrong:
                log.warning("contract drift", binding=one.binding, place=one.subject, said=one.wrong)
