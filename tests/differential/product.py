"""The product's own schema over the firm's systems, asked twice: by plans and without, all else being the same."""

from __future__ import annotations

import asyncio
import logging
import socket
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colonnade.caller import Caller
from colonnade.demo import _link, configure
from colonnade.settings import Settings
from colonnade.telemetry import configure as configure_log
from colonnade.wiring import Application, RequestContext
from demo.firm import northbeam
from demo.issuer import PERSONAS
from demo.systems import emulated, misbehave
from execution.documents import Documents, Prepared
from execution.limits import Limits
from resolvers.graph import PREPARED
from sources.trace import Trace
from tests.differential.comparing import Answer, Told, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from demo.systems import Bound
    from tests.differential.comparing import Verdict
    from tests.differential.writing import Document

# What is wrong: with which system, and what. What an answer then says of a record must not depend on who asks with it.
TROUBLES: tuple[tuple[str, str] | None, ...] = (
    None,
    ("psa", "reverse"),
    ("erp", "duplicates"),
    ("psa", "short_page"),
    ("erp", "html"),
    ("crm", "truncated"),
    ("hr", "wrong_type"),
    ("forecast", "html"),
    ("erp", "away"),
    ("hr", "away"),
)
LISTS = 5
SECONDS = 120.0
LATE = ("SOURCE_TIMEOUT", "DEADLINE_EXCEEDED")
# Who sees all, more often than who sees a part.
PEOPLE = (
    *("finance-controller", "finance-controller", "finance-controller", "integration-steward", "integration-steward"),
    *("delivery-director", "engagement-manager", "consultant", "client-contact", "analyst"),
)
MEASURED = ("health", "breaker", "latency", "errorRate", "staleness", "unmapped")
# What each of the two has measured for itself.
LEAVE = frozenset({"Query._service", *(f"BoundSystem.{name}" for name in MEASURED)})


class Still:
    """A clock that stands: what two executions say of the time is the same."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC)

    def now(self) -> datetime:
        """Return the instant at which it stands."""
        return self._now


class Twice:
    """Two applications over the same systems, of which one plans."""

    def __init__(self, settings: Settings, clock: Still) -> None:
        # What is said is compared, and not how fast: some answers have hundreds of thousands of values.
        server = settings.server.model_copy(update={"deadline": SECONDS})
        servers = (server, server.model_copy(update={"planned": False}))
        each = (Application(settings.model_copy(update={"server": one}), clock, "api") for one in servers)
        self.planned, self.ordinary = each
        for source in (*self.planned.sources, *self.ordinary.sources):
            source.wire.limits = source.wire.limits.model_copy(update={"seconds": SECONDS})
        self.documents = Documents(self.planned.schema.core, Limits())

    def prepared(self, text: str) -> Prepared | None:
        """Return a document as the edge hands it on; None of one that asks too much."""
        outcome = self.documents.prepare(text)
        if isinstance(outcome, Prepared):
            return outcome
        assert (outcome[0].extensions or {})["code"] == "TOO_COMPLEX", (outcome, text)
        return None

    async def compare(self, document: Document, prepared: Prepared, persona: str) -> tuple[Verdict, Any]:
        """Ask both, and tell in what they differ."""
        for _ in range(3):
            planned = await _asked(self.planned, prepared, document.variables, persona)
            ordinary = await _asked(self.ordinary, prepared, document.variables, persona)
            found = verdict(planned, ordinary)
            # It is asked again where the moment decides: what is read whole is kept for a while, maybe by one of them
            # alone; and on a busy machine a system may be late.
            late = any(error.code in LATE for error in (*planned.errors, *ordinary.errors))
            if found != "calls" and not (late and found != "same"):
                break
        return found, (persona, document, planned, ordinary)

    async def ids(self) -> list[str]:
        """Return ids of records of every list."""
        query = self.ordinary.schema.core.query_type
        assert query is not None
        found: list[str] = []
        for name in [name for name, field in query.fields.items() if "Connection" in str(field.type)]:
            prepared = self.prepared(f"{{ {name}(first: {LISTS}) {{ edges {{ node {{ id }} }} }} }}")
            assert prepared is not None
            said = await _asked(self.ordinary, prepared, {}, "finance-controller")
            found += [edge["node"]["id"] for edge in (said.data[name] or {"edges": []})["edges"] if edge["node"]]
        return found

    async def stop(self) -> None:
        """Let go of every connection."""
        await self.planned.stop()
        await self.ordinary.stop()


async def _asked(app: Application, prepared: Prepared, variables: dict[str, Any], persona: str) -> Answer:
    who = PERSONAS[persona]
    principal = app.principals.of(Caller(subject=who.subject, groups=frozenset(who.groups)))
    context = RequestContext(app, principal, "differential", Trace())
    result = await app.schema.execute(
        prepared.text,
        variable_values=dict(variables),
        context_value=context,
        operation_extensions={PREPARED: prepared.document},
    )
    context.abandon()
    said = [error.formatted for error in result.errors or ()]
    errors = [Told(str(e["extensions"]["code"]), e["extensions"].get("paths") or [e.get("path", [])]) for e in said]
    return Answer(
        result.data, errors, {source.binding: context.scope.calls.spent(source.binding) for source in app.sources}
    )


class House:
    """The systems, with one trouble at a time. Connections live in one event loop."""

    def __init__(self, bound: Sequence[Bound], folder: Path) -> None:
        self._bound, self._folder = bound, folder
        self._clock = Still()
        self.loop = asyncio.new_event_loop()
        twice = self._over(bound)
        self.ids = self.loop.run_until_complete(twice.ids())
        self.loop.run_until_complete(twice.stop())

    def close(self) -> None:
        """Let everything come to its end."""
        self.loop.run_until_complete(asyncio.sleep(0.1))
        self.loop.close()

    def _over(self, bound: Sequence[Bound]) -> Twice:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        settings = Settings.read(configure(folder, bound, cached=False))
        loop = asyncio.new_event_loop()
        loop.run_until_complete(_link(settings.store.url, bound, mutated=True))
        loop.close()
        return Twice(settings, self._clock)

    @contextmanager
    def troubled(self, trouble: tuple[str, str] | None) -> Iterator[Twice]:
        """Have something wrong for a while. Nothing of it is known yet to those who ask then."""
        role, what = trouble or ("psa", "none")
        if what == "away":
            yield self._over([replace(one, address=_nobody()) if one.role == role else one for one in self._bound])
            return
        address = next(one.address for one in self._bound if one.role == role).partition("/api/gateway")[0]
        misbehave(address, what)
        yield self._over(self._bound)
        misbehave(address, "none")


def _nobody() -> str:
    """Return an address where nobody answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@contextmanager
def house() -> Iterator[House]:
    """Run the firm's systems, which contradict each other as planted."""
    configure_log(logging.CRITICAL)
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="colonnade-")))
        made = House(running.enter_context(emulated(northbeam(), mutated=True)), folder)
        yield made
        made.close()


def values(ids: list[str]) -> dict[str, list[Any]]:
    """Return what arguments may be."""
    return {
        "ID": [*ids, "nonsense"],
        "String": ["a", "", "EUR"],
        "Int": [1, 2],
        "first": [1, 2, 3, 4, 5, 6, 7, 8, 9, 201],
        "after": ["nonsense"],
        "Date": ["2026-01-31", "2025-06-01", "2026-11-26"],
        "Boolean": [True, False],
        "Decimal": ["1.50"],
        "Instant": ["2026-01-31T00:00:00Z"],
        "CurrencyCode": ["EUR", "USD"],
        "_Any": [{"__typename": "Engagement", "id": each} for each in ids[:20]] + [{"__typename": "Nobody"}],
    }
