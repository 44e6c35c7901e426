"""The one place that puts the rooms together."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from colonnade.settings import secret
from resolvers.graph import build
from schema.checks import Answers
from schema.graph import HOMES
from sources.batching import Desk
from sources.contract import Scope
from sources.listing import Lists
from sources.loaders import Loaders
from sources.questions import QUESTIONS
from sources.registry import connect
from store import database
from store.crossrefs import CrossReferences

if TYPE_CHECKING:
    from colonnade.settings import Settings
    from resolvers.graph import Schema
    from schema.context import Clock, Page, Principal
    from schema.problems import Problem
    from schema.rows import Ref


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """Return the present instant."""
        return datetime.now(UTC)


class Anyone(msgspec.Struct, frozen=True):
    """The one principal there is until callers are told apart: a reader of everything that is not restricted."""

    subject: str = "anyone"


class RequestContext:
    """What one request knows and may ask."""

    def __init__(self, app: Application, correlation_id: str) -> None:
        self.principal: Principal = Anyone()
        self.clock: Clock = app.clock
        self.correlation_id = correlation_id
        deadline = asyncio.get_running_loop().time() + app.settings.server.deadline
        self._scope = Scope(self.principal, correlation_id, deadline)
        self._lists = app.lists
        self._loaders = Loaders(app.desk, self._scope)

    async def load(self, question: str, key: Ref) -> Any:
        """Return a question's answer for one key."""
        return await self._loaders.load(question, key)

    async def page(self, listing: str, first: int, after: str | None) -> Page | Problem:
        """Return one page of a type's list."""
        return await self._lists.page(HOMES[listing], first, after, self._scope)


class Application:
    """Everything that lives as long as the process."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.engine = database.connect(settings.store.url)
        self.crossrefs = CrossReferences(self.engine)
        self.sources = [connect(binding, self.clock) for binding in settings.connections()]
        self.desk = Desk(self.sources, self.crossrefs)
        self.lists = Lists(self.desk, secret(settings.server.secret, "server.secret").encode())
        self.schema: Schema = graph()

    async def start(self) -> None:
        """Bring the store up to date."""
        await database.migrate(self.engine)

    async def stop(self) -> None:
        """Let go of every connection."""
        await asyncio.gather(*(source.wire.aclose() for source in self.sources))
        await self.engine.dispose()


def graph() -> Schema:
    """Return the schema over everything that the roles may be asked."""
    return build(
        {
            name: Answers(question.role, question.rows, question.by, question.many)
            for name, question in QUESTIONS.items()
        }
    )
