"""What is counted of the calls to the systems. Every label is bounded by the configuration and the schema."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SYSTEM = ("role", "system")
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The counters of one application, in a registry of its own: a process may run several.

    `system` is the binding's name; `operation` a type of ours, `login` or `probe`; `outcome` OK, CANCELLED or a code.
    """

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Counter(
            "colonnade_upstream_requests_total",
            "Calls made to a system, retries and logins included.",
            (*SYSTEM, "operation", "outcome"),
            registry=registry,
        )
        self.seconds = Histogram(
            "colonnade_upstream_request_seconds",
            "How long such a call took.",
            (*SYSTEM, "operation"),
            registry=registry,
            buckets=SECONDS,
        )
        self.retries = Counter(
            "colonnade_upstream_retries_total", "Calls that were tried again.", SYSTEM, registry=registry
        )
        self.rejections = Counter(
            "colonnade_breaker_rejections_total", "Calls not made: the breaker was open.", SYSTEM, registry=registry
        )
        self.unmapped = Counter(
            "colonnade_unmapped_values_total",
            "Codes that no rule maps, whenever one was read.",
            (*SYSTEM, "field"),
            registry=registry,
        )
        self.commands = Counter(
            "colonnade_commands_total",
            "Commands given, by how they stood when they were answered.",
            ("command", "outcome"),
            registry=registry,
        )
        self._unplanned = Counter(
            "colonnade_plan_fallbacks_total",
            "Operations that no plan could express, by the reason: graphql-core executed them.",
            ("reason",),
            registry=registry,
        )
        self.sunset = Gauge(
            "colonnade_upstream_sunset_timestamp_seconds",
            "When the first part of the system's interface ends, where it has announced that.",
            SYSTEM,
            registry=registry,
        )
        self.changes = Counter(
            "colonnade_feed_changes_total",
            "Records that a system's change feed told of, some more than once.",
            (*SYSTEM, "type"),
            registry=registry,
        )
        self.drift = Gauge(
            "colonnade_contract_drift",
            "What a system sends otherwise than it was accepted, when that was last looked at.",
            SYSTEM,
            registry=registry,
        )
        self.unanswered = Gauge(
            "colonnade_files_unanswered", "Files that a system has not answered yet.", SYSTEM, registry=registry
        )
        self.unanswered_since = Gauge(
            "colonnade_files_unanswered_since_timestamp_seconds",
            "When the oldest of them was meant; 0 where all are answered.",
            SYSTEM,
            registry=registry,
        )
        self.breaker = Gauge("colonnade_breaker_open", "1 while the breaker is open.", SYSTEM, registry=registry)

    def unplanned(self, reason: str) -> None:
        """Count an operation that was not executed by a plan."""
        self._unplanned.labels(reason).inc()
