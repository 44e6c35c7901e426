"""The room of commands put together: who takes them in, who runs them, and what goes on by itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from cachetools import TTLCache

from colonnade.settings import secret
from commands.asking import Live
from commands.machinery.accepting import Accepted, Accepting
from commands.machinery.carrying import Carrier
from commands.machinery.deciding import Deciding
from commands.machinery.handing import Handing
from commands.machinery.judging import Judging
from commands.machinery.machine import Machine, Services
from commands.machinery.progress import Progress
from commands.machinery.reading import Reading
from commands.machinery.recording import Recorder
from commands.machinery.rejudging import Rejudging
from commands.machinery.repairing import Repairing
from commands.machinery.resuming import UNBEGUN, Resumer
from commands.machinery.seeing import Seeing
from commands.machinery.setups import Setups
from commands.machinery.waiting import Waiting
from commands.own import Numbering, OwnStore
from commands.registry import DEFINITIONS
from policies.authority import Authority
from policies.tiers import Tiers
from schema.command import CommandStatus
from schema.graph import HOMES
from schema.problems import Code, Problem
from schema.tomlfile import FileError
from sources.batching import Desk
from sources.contract import CallBudget, Scope
from sources.listing import Lists
from store.commands import Doers
from store.engine import Engine, EngineError, engine_url, executor_name
from store.sealing import Seal
from store.transaction import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from colonnade.wiring import Application
    from commands.machinery.exchange import Exchange
    from commands.machinery.given import Given
    from commands.plan import Gate
    from schema.context import Principal
    from schema.rows import Ref
    from store.commands import Stored

# For how many seconds a stopping process lets its runs come to an end; the next process takes up what is left.
GRACE = 5.0
KEPT = 10_000
# For how many seconds whoever gives a command waits for it to be handed over; then a look does it.
HANDED = 1.0


class Commanding:
    """Everything that commands need, for as long as the process lives."""

    def __init__(self, app: Application, secret: bytes) -> None:
        settings = app.settings
        self._app, self.tiers, self.authority = app, Tiers.read(), Authority.read()
        _complete(self.authority)
        desk = Desk(app.sources, app.crossrefs)
        self.live = live = Live(desk, Lists(desk, secret), app.bonds, app.clock, Doers(app.engine))
        writes = {name: bound.writes for name, bound in settings.bindings.items()}
        numbering = {
            kind: Numbering(one.prefix, one.first, one.digits) for kind, one in settings.commands.numbers.items()
        }
        shut = {name for name, mode in writes.items() if mode != "on"}
        own, handing = OwnStore(app.engine, app.crossrefs, numbering, app.clock), Handing(app.engine, app.clock)
        carrier = Carrier(desk, app.clock, own, handing, shut)
        self._seal = Seal(secret)
        recorder = Recorder(self.tiers, app.crossrefs, app.clock, self._seal.close, carrier.settle)
        self.judging = Judging(live, self.authority, writes)
        waiting = Waiting(app.engine, live, self._own_scope)
        self.accepting = Accepting(app.engine, self.judging, self.tiers, app.clock, self._versions)
        rejudging = Rejudging(app.engine, self.judging, self.accepting, self.tiers, app.clock)
        self.progress = Progress()
        services = Services(
            app.engine,
            carrier,
            recorder,
            waiting,
            rejudging.again,
            self._scope_of,
            app.clock,
            self.progress.changed,
            self._rested,
            self._hold,
        )
        self.deciding = Deciding(app.engine, live, self.authority, app.clock, self.start_run)
        self.repairing = Repairing(app.engine, live, self.authority, app.clock, self.start_run)
        self.seeing = Seeing(Reading(app.engine), self.deciding, self.authority, secret)
        self.setups = Setups(app.engine)
        # What the engine has: whatever waits for its turn there is not handed over at every look.
        self._at_hand: TTLCache[tuple[str, int], bool] = TTLCache(KEPT, UNBEGUN.total_seconds())
        self.resumer = Resumer(app.engine, waiting, self.start_run, self._at_hand, app.clock)
        self._machine = Machine(services)
        self._exchanges = list(_exchanges(app, waiting.passes, self._answered))
        self._engine: Engine | None = None
        self._chores: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Launch the engine, and begin to look for what may go on."""
        app = self._app
        url = app.settings.store.url
        at_once = app.settings.commands.at_once
        self._engine = Engine(engine_url(url), executor_name(url), self._run, at_once, app.metrics.registry)
        await self._engine.launch()
        await self.resumer.take_up()
        going = [self.resumer.keep_going(), *(exchange.keep_going() for exchange in self._exchanges)]
        self._chores = [asyncio.create_task(one) for one in going]

    async def stop(self) -> None:
        """Let runs come to an end; what does not is taken up by the next process."""
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        if self._engine is not None:
            await self._engine.stop(GRACE)
            self._engine = None

    async def submit(self, given: Given) -> Accepted:
        """Take a command in, and have it carried out."""
        accepted = await self.accepting.take(given)
        if accepted.started is not None:
            handed = asyncio.create_task(self.start_run(*accepted.started))
            await asyncio.wait({handed}, timeout=HANDED)
        self._app.metrics.commands.labels(given.name, accepted.outcome).inc()
        return accepted

    async def home(self, ref: Ref) -> Ref | Problem | None:
        """Return what the home of a type calls a record that another system has made."""
        role = HOMES[ref.type].system.value
        try:
            words = [ref] if ref.role == role else (await self._app.crossrefs.words([ref], role))[ref]
        except StoreUnavailableError:
            return Problem(Code.STORE_UNAVAILABLE, "the cross-references cannot be read now")
        return words[0] if len(words) == 1 else None

    def opened(self, sealed: str) -> str | None:
        """Return what a system said; None where that cannot be read any more."""
        said = self._seal.open(sealed)
        return None if said is None else said.decode("utf-8", "replace")

    async def start_run(self, id_: str, run: int) -> None:
        """Have a run carried out here; where this process runs none, another one's look finds it."""
        if self._engine is None or (id_, run) in self._at_hand:
            return
        self._at_hand[id_, run] = True
        try:
            await self._engine.start(id_, run)
        except EngineError:
            # It is closing: what is stored is started by the next look.
            self._at_hand.pop((id_, run), None)

    async def _run(self, id_: str, run: int) -> None:
        try:
            await self._machine.work(id_, run)
        finally:
            self._at_hand.pop((id_, run), None)

    def scope(self, principal: Principal, correlation_id: str) -> Scope:
        """Return for whom systems are asked by a command's judgement, and until when."""
        server = self._app.settings.server
        deadline = asyncio.get_running_loop().time() + server.deadline
        return Scope(principal, correlation_id, deadline, calls=CallBudget(server.calls))

    def _scope_of(self, stored: Stored) -> Scope:
        principal = self._app.principals.recalled(stored.actor, stored.roles, stored.entities)
        return msgspec.structs.replace(self.scope(principal, stored.correlation_id), hold=self._hold)

    def _own_scope(self) -> Scope:
        return self.scope(self._app.facade, "colonnade")

    def _hold(self) -> None:
        if self._engine is not None:
            self._engine.hold()

    def _rested(self, id_: str) -> None:
        """Somebody else may be next, now that a run has ended."""
        self.progress.changed(id_)
        self.resumer.wake()

    async def _answered(self, id_: str) -> None:
        """Have a command go on whose line was answered; where that does not succeed, a look does it."""
        await self.resumer.go_on(id_, (CommandStatus.PARKED.name,))

    def _versions(self) -> Mapping[str, str]:
        rules = {f"rules {source.binding}": str(source.manifest.version) for source in self._app.sources}
        policies = {"authority": str(self.authority.version), "tiers": str(self.tiers.version)}
        return {**policies, "access": str(self._app.policy.version), **rules}


def _exchanges(
    app: Application, passes: Callable[[Gate], Awaitable[bool]], answered: Callable[[str], Awaitable[None]]
) -> Iterator[Exchange]:
    """Yield who looks after the files of each system that is given some, or raise FileError."""
    for name, bound in app.settings.bindings.items():
        if bound.exchange is None or bound.writes != "on":
            continue
        try:
            # It is an extra of the package: its licence is another one (docs/decisions/0044).
            from commands.machinery.exchange import Exchange  # noqa: PLC0415
            from sources.wire.sftp import Road, checked  # noqa: PLC0415
        except ImportError as error:
            raise FileError(f"binding {name!r}: files need the extra: pip install 'colonnade[sftp]'") from error
        said = bound.exchange
        key = secret(said.key, f"bindings.{name}.exchange.key")
        road = checked(Road(said.address, said.user, key, said.known_hosts, said.seconds), name)
        yield Exchange(
            app.desk.sources[name], road, app.engine, app.clock, app.metrics, passes=passes, answered=answered
        )


def _complete(authority: Authority) -> None:
    """Refuse a policy that says nothing of a command, or something of one that there is not."""
    silent, strange = set(DEFINITIONS) - authority.commands, authority.commands - set(DEFINITIONS)
    if silent or strange:
        raise FileError(
            f"authority.toml: says nothing of {sorted(silent)}, and there are no commands {sorted(strange)}; "
            "add or remove their [commands.*]"
        )
