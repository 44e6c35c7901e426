"""What execution alone costs, in one process: `python -m benchmarks.inprocess CONFIG TOKEN ROUNDS`.

The upstream's answers were recorded before, so that only what this process does with them counts. The product is
measured from where its gate has let an operation in until its answer is JSON, and as a whole request to its ASGI app.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec
import orjson
import uvloop
from prometheus_client import CollectorRegistry

from benchmarks.hand import ANSWERS
from benchmarks.questions import CASES
from benchmarks.rows import Sources
from benchmarks.stock import SCHEMA, Context
from colonnade import telemetry
from colonnade.edge.parameters import Parameters
from colonnade.edge.routes import Edge
from colonnade.edge.running import Graph, execute
from colonnade.edge.visitors import Credentials, visitors
from colonnade.heap import settle
from colonnade.http import create
from colonnade.settings import Settings
from colonnade.telemetry import GraphMetrics
from colonnade.wiring import Application, RequestContext
from sources.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.types import Message

    from benchmarks.questions import Case
    from colonnade.edge.gate import Admitted
    from schema.context import Principal
    from sources.contract import Request
    from sources.wire.transport import Answered, Transport

    Run = Callable[[Case], Awaitable[bytes]]

# How long a round of a variant takes, in seconds of CPU, and how often it is done at least.
ROUND, LEAST = 0.3, 3


class Recorded:
    """A transport that asks every question once."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._known: dict[Any, Answered] = {}

    async def exchange(self, request: Request, credential: str | None, trace: Mapping[str, str]) -> Answered:
        """Return what was answered before; like an answer on its way, it is not there at once."""
        asked = (request.path, request.params)
        if asked not in self._known:
            self._known[asked] = await self._transport.exchange(request, credential, trace)
        await asyncio.sleep(0)
        return self._known[asked]

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._transport.aclose()


class RecordedSources(Sources):
    """The same for the servers that are no product."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, bytes] = {}

    async def body(self, target: str) -> bytes:
        """Return what was answered before."""
        if target not in self._known:
            self._known[target] = await super().body(target)
        await asyncio.sleep(0)
        return self._known[target]


class Product:
    """The product, asked behind its gate and before it."""

    def __init__(self, application: Application, token: str) -> None:
        for source in application.sources:
            wire: Any = source.wire
            # The one place where the product is not as it is served: what lies beyond is the upstream's.
            wire._transport = Recorded(wire._transport)  # noqa: SLF001
        counted = GraphMetrics(CollectorRegistry())
        self._graph = Graph(application.schema, partial(RequestContext, application), counted, application.tally)
        self._edge = Edge.over(self._graph, visitors(application), application.settings.demand)
        self._face, self._token = create(application), token
        self._admitted: dict[str, tuple[Principal, Admitted]] = {}

    async def executed(self, case: Case) -> bytes:
        """Execute what was admitted before, and write the answer."""
        if case.name not in self._admitted:
            visitor = await self._edge.visitors(Credentials((f"Bearer {self._token}",), (), (), ""))
            asked = Parameters(case.document, case.variables, case.operation)
            (admitted,) = await self._edge.gate.admit([asked], visitor, lambda _kind: None)
            self._admitted[case.name] = visitor.principal, cast("Admitted", admitted)
        principal, admitted = self._admitted[case.name]
        context = self._graph.begin(principal, "measured", Trace(), None)
        return orjson.dumps(await execute(self._graph, admitted, context))

    async def answered(self, case: Case) -> bytes:
        """Answer a whole request: ids, identity, gate, execution, answer, log."""
        headers = {"authorization": f"Bearer {self._token}", "content-type": "application/json"}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/graphql",
            "raw_path": b"/graphql",
            "query_string": b"",
            "root_path": "",
            "client": ("127.0.0.1", 1),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        body, gone, said = iter([case.body]), asyncio.Event(), list[bytes]()

        async def receive() -> Message:
            if (text := next(body, None)) is None:
                await gone.wait()
            return {"type": "http.request", "body": text, "more_body": False}

        async def send(message: Message) -> None:
            said.append(message.get("body", b""))

        await self._face(scope, receive, send)
        return b"".join(said)


async def _stock(sources: Sources, case: Case) -> bytes:
    answer = await SCHEMA.execute(case.document, variable_values=case.variables, context_value=Context(sources))
    return json.dumps({"data": answer.data}).encode()


async def _hand(sources: Sources, case: Case) -> bytes:
    return orjson.dumps({"data": await ANSWERS[case.operation](sources, case.variables)})


class Variant(NamedTuple):
    """What is measured, and how it has garbage collected: the product as it settles it, the others as Python does."""

    run: Run
    thresholds: tuple[int, int, int]

    async def spent(self, case: Case, times: int) -> float:
        """Return the seconds of CPU that each of so many runs took."""
        gc.set_threshold(*self.thresholds)
        gc.collect()
        began = time.process_time()
        for _ in range(times):
            await self.run(case)
        return (time.process_time() - began) / times


async def _measured(variants: Mapping[str, Variant], case: Case, rounds: int) -> dict[str, list[float]]:
    """Measure a case by every variant, round by round, to and fro; in microseconds."""
    wanted = orjson.loads(await next(iter(variants.values())).run(case))
    times = {}
    for name, variant in variants.items():
        if orjson.loads(await variant.run(case)) != wanted:
            raise SystemExit(f"{name} answers '{case.name}' otherwise")
        times[name] = max(LEAST, round(ROUND / await variant.spent(case, LEAST)))
    found: dict[str, list[float]] = {name: [] for name in variants}
    for number in range(rounds):
        for name in list(variants)[:: -1 if number % 2 else 1]:
            found[name].append(1_000_000 * await variants[name].spent(case, times[name]))
    return found


async def main(config: str, token: str, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Measure every case."""
    telemetry.configure()
    application = Application(Settings.read(Path(config)), role="api")
    await application.start()
    sources, product, usual = RecordedSources(), Product(application, token), gc.get_threshold()
    settle()
    settled = gc.get_threshold()
    variants = {
        "colonnade": Variant(product.executed, settled),
        "strawberry": Variant(partial(_stock, sources), usual),
        "hand-written": Variant(partial(_hand, sources), usual),
        "colonnade, whole request": Variant(product.answered, settled),
        "control": Variant(product.executed, settled),
    }
    found: dict[str, dict[str, list[float]]] = {name: {} for name in variants}
    for case in CASES:
        for name, figures in (await _measured(variants, case, rounds)).items():
            found[name][case.name] = figures
    await application.stop()
    return found


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))))
