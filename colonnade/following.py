"""What is kept of a system's answers does not outlive a change that its feed tells of."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from colonnade.principals import Facade
from sources.contract import SourceFailure
from sources.feed import Feed
from sources.registry import questions

if TYPE_CHECKING:
    from schema.context import Clock
    from sources.batching import Desk
    from sources.source import Source
    from sources.wire.metrics import Metrics

log = structlog.get_logger("colonnade.feed")


class Following:
    """Follows the changes of one system, as far as its manifest says how they are told."""

    def __init__(self, source: Source, desk: Desk, metrics: Metrics, clock: Clock) -> None:
        self._source, self._desk, self._metrics = source, desk, metrics
        rows = {question.rows.type: question.rows for question in questions(source.system).values()}
        fed = [name for name, entity in source.manifest.entities.items() if entity.changed]
        # Where nobody is asked in the firm's own name there is nobody to ask.
        self._feeds = [Feed(source, rows[name], clock) for name in fed if source.wire.login.shared]

    async def keep_looking(self) -> None:
        """Look every few seconds, as long as the process lives."""
        while self._feeds:
            await asyncio.sleep(self._source.manifest.limits.follow)
            await self.look()

    async def look(self) -> None:
        """Forget what is kept of every type of which something was changed, or may have been."""
        for feed in self._feeds:
            type_ = feed.row.type
            try:
                told = await feed.look(Facade())
            except SourceFailure as failure:
                # Anything may have been changed.
                log.warning("feed failed", binding=self._source.binding, entity=type_, reason=failure.code.name)
                self._forget(type_)
                continue
            if told:
                self._metrics.changes.labels(self._source.system.value, self._source.binding, type_).inc(len(told))
                self._forget(type_)

    def _forget(self, type_: str) -> None:
        asked = {name for name, one in questions(self._source.system).items() if one.rows.type == type_}
        if self._desk.cache is not None:
            self._desk.cache.forget(self._source.binding, asked)
