"""The one place that puts the rooms together."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from aiodataloader import DataLoader

from colonnade.commanding import Commanding
from colonnade.drifting import Drifting
from colonnade.edge.identity.doorkeeper import Doorkeeper
from colonnade.following import Following
from colonnade.heap import tidy
from colonnade.plans import report
from colonnade.principals import Facade, Principals, memberships
from colonnade.settings import secret
from colonnade.status import status
from colonnade.usage import Tally
from colonnade.watch import Watch
from commands.machinery.naming import Naming
from execution.planned.compiling import Unplanned
from execution.planned.planner import Planner
from policies.access import Policy
from resolvers.graph import build
from schema.access import Bond, Reach
from schema.checks import Answers
from schema.graph import HOMES
from schema.problems import Code, Problem
from schema.rows import Ref, System
from sources.batching import Desk
from sources.bonds import Bonds
from sources.cache import Cache
from sources.contract import CallBudget, Scope
from sources.listing import Lists
from sources.loaders import Loaders
from sources.narrowing import Roots
from sources.questions import QUESTIONS
from sources.registry import connect
from sources.screening import Screen
from sources.windows import Window
from sources.wire.metrics import Metrics
from store import database
from store.crossrefs import CrossReferences
from store.service_keys import ServiceKeys
from store.subjects import Subjects

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Mapping, Sequence

    from colonnade.edge.parameters import Parameters
    from colonnade.settings import Settings
    from execution.documents import Prepared
    from resolvers.graph import Schema
    from resolvers.room import Commands
    from schema.bound_system import BoundSystem
    from schema.connection import Wanted
    from schema.context import Clock, Identities, Page, Principal
    from schema.engagement import SetupState
    from schema.restriction import Restriction
    from schema.rows import Row
    from sources.bonds import Held
    from sources.trace import Trace


Role: TypeAlias = Literal["api", "worker", "both"]
"""What a process is there for: to answer, to run the commands that others accepted, or both."""

# For how many seconds what is still being answered may keep the process from ending.
GRACE = 1.0


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """Return the present instant."""
        return datetime.now(UTC)


class RequestContext:
    """What one request knows and may ask."""

    def __init__(
        self, app: Application, principal: Principal, correlation_id: str, trace: Trace, key: str | None = None
    ) -> None:
        self.principal = principal
        self.naming = Naming(key)
        self.clock: Clock = app.clock
        self.began = self.clock.now()
        self.correlation_id = correlation_id
        self._app, self._trace = app, trace
        self.planner = app.planner
        self.identities: Identities = app.crossrefs
        self.commanding: Commands = app.commanding
        self.renew()

    def renew(self) -> None:
        """Forget what was read, and begin the time anew: each item of a subscription is an answer of its own."""
        app, server = self._app, self._app.settings.server
        self.deadline = asyncio.get_running_loop().time() + server.deadline
        self.scope = Scope(self.principal, self.correlation_id, self.deadline, self._trace, CallBudget(server.calls))
        self._screen = Screen(app.desk, app.bonds, self.scope)
        self._roots = Roots(self._screen, app.lists, app.bonds, self.scope)
        # Nothing that is kept here leads back to it: what a request has read is let go with its last word, and not by
        # the garbage collector, which under load does not come round for a minute.
        self._loaders = Loaders(self._screen, app.crossrefs.successors)
        self._setups: DataLoader[Ref, SetupState | Problem] | None = None

    @property
    def replayed(self) -> bool:
        """Whether it gave commands, and all of them had been answered before."""
        return self.naming.replayed

    async def successor(self, ref: Ref) -> Ref | Problem | None:
        """Return what a re-keyed record is called now."""
        return await self._loaders.successor(ref)

    async def setup_state(self, engagement: Ref) -> SetupState | Problem:
        """Return how far an engagement is set up."""
        if self._setups is None:
            self._setups = DataLoader(self._app.commanding.setups.of)
        return await asyncio.shield(self._setups.load(engagement))

    async def load(self, question: str, key: Ref) -> Any:
        """Return a question's answer for one key."""
        return self._late() or await self._loaders.load(question, key)

    async def load_all(self, question: str, keys: Collection[Ref]) -> Mapping[Ref, Any]:
        """Return a question's answer for many keys."""
        late = self._late()
        return await self._loaders.load_all(question, keys) if late is None else dict.fromkeys(keys, late)

    async def find(self, type_: str, ref: Ref) -> Any:
        """Return a record by a reference that the client chose."""
        return self._late() or await self._loaders.find(type_, ref)

    def settled(self, kind: Restriction) -> bool | Problem:
        """Tell whether this kind may be read of every row, or of none, or whether the row decides."""
        return self._screen.settled(kind)

    def withheld(self, question: str) -> Problem | None:
        """Return the Problem that stands for every answer to a question."""
        return self.unread(QUESTIONS[question].rows.type)

    async def refusal(self, kind: Restriction, row: Row) -> Problem | None:
        """Return the Problem that stands for a restricted value of this row."""
        return await self._screen.refusal(kind, row)

    async def refusals(self, kind: Restriction, rows: Sequence[Row]) -> Sequence[Problem | None]:
        """Return the Problems that stand for a restricted value of these rows."""
        return await self._screen.refusals(kind, rows)

    def unread(self, type_: str) -> Problem | None:
        """Return the Problem that stands for everything of a type."""
        return self._screen.view(type_).refused

    async def person(self) -> Ref | Problem | None:
        """Return the person that the one who asks is linked to."""
        return _one(await self._app.bonds.held(Bond.SELF, Reach.PERSON, System.HR.value, self.scope))

    async def company(self) -> Ref | Problem | None:
        """Return the customer that the one who asks is linked to."""
        return _one(await self._app.bonds.held(Bond.COMPANY, Reach.COMPANY, System.CRM.value, self.scope))

    async def page(self, listing: str, first: int, after: str | None, wanted: Wanted) -> Page | Problem:
        """Return one page of what is wanted of a type's list."""
        return self._late() or await self._roots.page(HOMES[listing], first, after, wanted)

    def window(self, name: str, parent: Ref, first: int, after: str | None) -> Window | Problem:
        """Return which part of a record's list the arguments mean."""
        return Window.of(self._app.lists.key, name, parent, first, after)

    def systems(self) -> Sequence[BoundSystem]:
        """Return the bound systems as their calls have met them."""
        return self._app.systems()

    def health(self) -> AsyncGenerator[BoundSystem, None]:
        """Yield the bound systems, each again when it has changed."""
        return self._app.watch.changes()

    def explained(self, prepared: Prepared, asked: Parameters) -> dict[str, Any]:
        """Return how an operation was executed, and how often which system was called for the request so far."""
        calls = {source.binding: self.scope.calls.spent(source.binding) for source in self._app.sources}
        told = {"calls": {binding: count for binding, count in calls.items() if count}}
        if self.planner is None:
            return {"planned": False, "reason": "off", **told}
        try:
            found = self.planner.explained(
                prepared.text, prepared.document, asked.operation_name, asked.variables or {}
            )
        except Unplanned as reason:
            return {"planned": False, "reason": str(reason), **told}
        return {"planned": True, "levels": report(found, self._app.sources), **told}

    def abandon(self) -> None:
        """End what is still being asked for this request alone."""
        self._loaders.abandon()

    def _late(self) -> Problem | None:
        if asyncio.get_running_loop().time() < self.deadline:
            return None
        return Problem(Code.DEADLINE_EXCEEDED, "the deadline of the request has passed")


def _one(held: Held) -> Ref | Problem | None:
    return held if isinstance(held, Problem) else next(iter(held), None)


class Application:
    """Everything that lives as long as the process."""

    def __init__(self, settings: Settings, clock: Clock | None = None, role: Role = "both") -> None:
        self.settings = settings
        self.serves_graph, self.engine_runs = role != "worker", role != "api"
        self.clock: Clock = clock or SystemClock()
        self.engine = database.connect(settings.store.url)
        self.crossrefs = CrossReferences(self.engine)
        self.subjects = Subjects(self.engine)
        self.doorkeeper = Doorkeeper(settings.identity, ServiceKeys(self.engine), self.clock)
        self.policy = Policy.read(settings.access.policy)
        self.principals = Principals(self.policy, memberships(settings.identity.groups))
        self.facade = Facade()
        self.metrics = Metrics()
        self.sources = [connect(binding, self.clock, self.metrics) for binding in settings.connections()]
        kept = timedelta(seconds=settings.server.cache_seconds)
        self.desk = Desk(self.sources, self.crossrefs, Cache(kept, self.clock) if kept else None)
        self.following = [Following(source, self.desk, self.metrics, self.clock) for source in self.sources]
        key = secret(settings.server.secret, "server.secret").encode()
        self.lists = Lists(self.desk, key)
        server = settings.server
        self.bonds = Bonds(self.desk, self.lists, self.subjects, server.deadline, server.calls)
        self.schema: Schema = graph()
        self.planner = Planner(self.schema, self.metrics.unplanned) if settings.server.planned else None
        self.watch = Watch(self.systems)
        self.tally = Tally(self.engine, self.clock, self.metrics.registry)
        self.commanding = Commanding(self, key)
        self._chores: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Bring the store up to date, and begin what is to be done now and then."""
        await database.migrate(self.engine)
        if self.engine_runs:
            await self.commanding.start()
        chores = [self.tally.keep_writing(), tidy(lambda: self.desk.busy)]
        if self.engine_runs:
            chores.append(Drifting(self.sources, self.settings.contract, self.metrics).keep_looking())
        if self.serves_graph and self.desk.cache is not None:
            chores += [following.keep_looking() for following in self.following]
        self._chores = [asyncio.create_task(chore) for chore in chores]

    def systems(self) -> Sequence[BoundSystem]:
        """Return the bound systems as their calls have met them."""
        return [status(source, self.settings.bindings[source.binding]) for source in self.sources]

    async def stop(self) -> None:
        """Let go of every connection, of the store last: a query in flight would come back to a loop that is closed."""
        await self.commanding.stop()
        for chore in self._chores:
            chore.cancel()
        await self.tally.write()
        await self.watch.stop()
        await self.desk.settle(GRACE)
        await asyncio.gather(self.doorkeeper.aclose(), *(source.wire.aclose() for source in self.sources))
        await self.engine.dispose()


@cache
def graph() -> Schema:
    """Return the schema over everything that the roles may be asked: one a process, however many graphs are served."""
    return build(
        {
            name: Answers(question.role, question.rows, question.by, question.many)
            for name, question in QUESTIONS.items()
        }
    )
