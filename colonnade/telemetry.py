"""Logs, one JSON object a line, each with the ids of the request it belongs to; and what is counted of the graph."""

from __future__ import annotations

import io
import json
import logging
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import orjson
import structlog
from prometheus_client import Counter, Gauge, Histogram

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import CollectorRegistry

    from schema.problems import Code

COSTS = (1, 10, 100, 1_000, 10_000, 100_000)


class GraphMetrics:
    """What is counted of the operations. `outcome` is OK, PARTIAL (with errors beside data) or REFUSED (no data)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "colonnade_graphql_requests_total", "GraphQL operations.", ("outcome",), registry=registry
        )
        self._seconds = Histogram(
            "colonnade_graphql_request_seconds", "How long the execution of an operation took.", registry=registry
        )
        self._refusals = Counter(
            "colonnade_graphql_refusals_total", "What was not executed, by its code.", ("code",), registry=registry
        )
        self._cost = Histogram(
            "colonnade_graphql_cost", "What the operations cost, refused ones too.", registry=registry, buckets=COSTS
        )
        self._streams = Gauge(
            "colonnade_graphql_streams_open", "Sockets and event streams.", ("transport",), registry=registry
        )

    def answered(self, seconds: float, *, errors: bool) -> None:
        """Count one operation that was executed."""
        self._requests.labels("PARTIAL" if errors else "OK").inc()
        self._seconds.observe(seconds)

    def refused(self, code: Code) -> None:
        """Count one that was not."""
        self._requests.labels("REFUSED").inc()
        self._refusals.labels(code.name).inc()

    def demanded(self, cost: int) -> None:
        """Note what an operation would cost."""
        self._cost.observe(cost)

    def open(self, transport: str) -> Gauge:
        """Return the count of open streams of a transport."""
        return self._streams.labels(transport)


class StandardError(io.RawIOBase):
    """Where log lines go. One that cannot be written is lost: what it tells of goes on, though the disk be full."""

    def write(self, line: Any) -> int:
        """Write to standard error, if it takes it."""
        with suppress(OSError):
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()
        return len(line)


def configure(level: int = logging.INFO) -> None:
    """Write logs as JSON lines to standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(file=cast("BinaryIO", StandardError())),
        cache_logger_on_first_use=False,
    )


def _line(told: Any, default: Callable[[Any], Any]) -> bytes:
    try:
        return orjson.dumps(told, default)
    except TypeError:
        # Half a surrogate pair, or a number of more than 64 bits: what is odd must be told all the same.
        return json.dumps(told, default=default).encode()
