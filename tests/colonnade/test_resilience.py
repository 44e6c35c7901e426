"""A graph of its own over the running systems: what an operator sees of it while they fail, and what a caller gets."""

from __future__ import annotations

import asyncio
import json
import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event

from colonnade.demo import configure
from colonnade.http import create
from colonnade.settings import Settings
from colonnade.wiring import Application
from demo import dynamics
from demo.emulator import serve
from schema.rows import Ref
from tests.conftest import House
from tests.sources.hostile import scope

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SYSTEMS = "{ systems { name role environment health latency errorRate staleness breaker writes } }"
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
INVOICES = "{ invoices(first: 2) { edges { node { number } } } }"


@contextmanager
def graph(house: House, folder: Path, **server: float) -> Iterator[House]:
    """Serve another graph over the house's systems, with these settings of its server."""
    path = configure(folder, house.bound, house.running.issuer.url)
    text = path.read_text(encoding="utf-8")
    for name, value in server.items():
        text = re.sub(rf"^{name} = .*\n", "", text, flags=re.MULTILINE)
        text = text.replace("[server]", f"[server]\n{name} = {value}")
    head, erp, rest = text.partition("[bindings.erp]")
    path.write_text(head + erp + rest.replace('writes = "on"', 'writes = "dry_run"', 1), encoding="utf-8")
    with serve(create(Application(Settings.read(path), role="api"))) as running:
        yield House(house.running._replace(url=f"{running.url}/graphql"))


def metrics(house: House) -> dict[tuple[str, ...], float]:
    """Return every sample of /metrics: its name and the values of its labels, in the order of their names."""
    response = httpx.get(house.url.replace("/graphql", "/metrics"), trust_env=False)
    assert (response.status_code, response.headers["content-type"][:10]) == (200, "text/plain")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def test_what_is_counted(house: House, tmp_path: Path) -> None:
    """Each call by our own words and its outcome, retries and rejections, the breaker, and the operations."""
    with graph(house, tmp_path, probe_interval=60) as fresh:
        assert fresh.ask(INVOICES).errors == []
        assert fresh.ask("{ nonsense }").data is None
        house.misbehave("erp", "status_500")
        for _ in range(12):
            assert fresh.ask(INVOICES).codes == [("SOURCE_UNAVAILABLE", ["invoices"])]
        found = metrics(fresh)
    upstream = {key[1:]: value for key, value in found.items() if key[0] == "colonnade_upstream_requests_total"}
    # Ten calls open it: the good one, eight questions and a retry.
    assert upstream == {
        ("login", "OK", "erp", "erp"): 1,
        ("Invoice", "OK", "erp", "erp"): 1,
        ("Invoice", "SOURCE_UNAVAILABLE", "erp", "erp"): 9,
    }
    assert found["colonnade_upstream_request_seconds_count", "Invoice", "erp", "erp"] == 10
    assert found["colonnade_upstream_retries_total", "erp", "erp"] == 1
    assert found["colonnade_breaker_rejections_total", "erp", "erp"] == 4
    assert {key[1]: value for key, value in found.items() if key[0] == "colonnade_breaker_open"} == {
        "psa": 0,
        "erp": 1,
        "crm": 0,
        "hr": 0,
    }
    assert {key[1]: value for key, value in found.items() if key[0] == "colonnade_graphql_requests_total"} == {
        "OK": 1,
        "PARTIAL": 12,
        "REFUSED": 1,
    }
    # What is refused is not executed.
    assert found["colonnade_graphql_request_seconds_count",] == 13
    assert found["colonnade_graphql_refusals_total", "GRAPHQL_VALIDATION_FAILED"] == 1
    assert [key for key in found if any("http" in part or "/" in part for part in key)] == []


def test_two_graphs_in_one_process_count_for_themselves(house: House, tmp_path: Path) -> None:
    """There is no registry of the process."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with graph(house, tmp_path / "one") as one, graph(house, tmp_path / "two") as two:
        one.ask(INVOICES)
        assert metrics(one)["colonnade_upstream_requests_total", "Invoice", "OK", "erp", "erp"] == 1
        assert [key for key in metrics(two) if key[0] == "colonnade_upstream_requests_total"] == []


def test_how_the_systems_are_doing(house: House, tmp_path: Path) -> None:
    """Unknown before the first call, then as the calls have met them; nobody is asked, and no address is told."""
    with graph(house, tmp_path, probe_interval=60) as fresh:
        before = fresh.ask(SYSTEMS).data["systems"]
        assert before == [
            {
                "name": role,
                "role": role.upper(),
                "environment": "SANDBOX",
                "health": "UNKNOWN",
                "latency": None,
                "errorRate": None,
                "staleness": None,
                "breaker": "CLOSED",
                "writes": "DRY_RUN" if role == "erp" else "ON",
            }
            for role in ("psa", "erp", "crm", "hr")
        ]
        assert house.calls() == []
        fresh.ask(INVOICES)
        assert told(fresh, "erp")[:3] == ("UP", 0.0, "CLOSED")
        latency, staleness = told(fresh, "erp")[3:]
        assert 0 < latency < 5_000
        assert 0 <= staleness < 30
        house.misbehave("erp", "status_500")
        fresh.ask(INVOICES)
        # A good call, a bad one, and its retry.
        assert told(fresh, "erp")[:3] == ("DEGRADED", 0.6667, "CLOSED")
        for _ in range(10):
            fresh.ask(INVOICES)
        assert told(fresh, "erp")[:3] == ("DOWN", 0.9, "OPEN")
        answer = fresh.ask(SYSTEMS)
        assert (told(fresh, "psa")[0], fresh.ask("{ engagements(first: 1) { totalCount } }").errors) == ("UNKNOWN", [])
    text = json.dumps(answer.data)
    assert [word for word in ("http", "127.0.0.1", "secret", "token", "dynamics") if word in text] == []


def told(house: House, name: str) -> tuple[Any, ...]:
    """Return what `systems` shows of one."""
    (shown,) = (system for system in house.ask(SYSTEMS).data["systems"] if system["name"] == name)
    return shown["health"], shown["errorRate"], shown["breaker"], shown["latency"], shown["staleness"]


def test_every_call_stands_under_its_callers_trace(house: House, tmp_path: Path) -> None:
    """Logins too: one trace, a span for each call; and a call without a trace begins one."""
    with graph(house, tmp_path) as fresh:
        fresh.ask(INVOICES, headers={"traceparent": PARENT, "X-Correlation-ID": "traced"})
        fresh.ask(INVOICES, headers={"traceparent": "00-nonsense", "X-Correlation-ID": "untraced"})
    log = httpx.get(f"{house.address['erp']}/_control/log", trust_env=False).json()
    traced, untraced = (
        [line["headers"]["traceparent"] for line in log if line["headers"]["x-correlation-id"] == given]
        for given in ("traced", "untraced")
    )
    assert [span.split("-")[1] for span in traced] == [PARENT.split("-")[1]] * 2
    assert len({span.split("-")[2] for span in (*traced, PARENT)}) == 3
    (own,) = untraced
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", own)
    assert PARENT.split("-")[1] not in own


def test_no_operation_takes_longer_than_its_deadline(house: House, tmp_path: Path) -> None:
    """Two systems hang: their fields are null in time, and those of the others are there."""
    query = """{ engagements(first: 2) { edges { node { code } } } invoices(first: 2) { edges { node { number } } }
        customers(first: 2) { edges { node { displayName invoices { number } } } } }"""
    with graph(house, tmp_path, deadline=2) as hasty:
        assert hasty.ask(query).errors == []
        house.misbehave("psa", "hang")
        house.misbehave("erp", "drip", seconds=0.05)
        began = time.monotonic()
        answer = hasty.ask(query)
        assert time.monotonic() - began <= 2.2
        house.calm()
    assert {code for code, _ in answer.codes} == {"SOURCE_TIMEOUT"}
    assert [edge["node"]["displayName"] for edge in answer.data["customers"]["edges"]] == [
        "Aldermoor Rail",
        "Brightquay Insurance",
    ]
    assert (answer.data["engagements"], answer.data["invoices"]) == (None, None)


def test_an_operation_that_asks_too_much_of_one_system(house: House, tmp_path: Path) -> None:
    """The calls that the budget covers are answered; what is beyond has a typed error, and the other systems theirs."""
    query = """{ invoices(first: 2) { edges { node { number lines { description } legalEntity { code } } } }
        engagements(first: 2) { edges { node { code } } } }"""
    with graph(house, tmp_path, calls=1) as thrifty:
        answer = thrifty.ask(query)
        assert len(house.calls("erp")) == 1
        assert thrifty.ask(INVOICES).errors == []
    said = [(error["message"], error["extensions"]) for error in answer.errors]
    assert [(message, told["code"], told["retryable"], told["count"]) for message, told in said] == [
        ("ERP would be called too often by one operation", "CALL_BUDGET", False, 2)
    ] * 2
    assert {told["question"] for _, told in said} == {"invoice_lines_by_invoice", "legal_entities_by_id"}
    assert [edge["node"]["number"] is None for edge in answer.data["invoices"]["edges"]] == [False, False]
    assert [edge["node"]["code"] for edge in answer.data["engagements"]["edges"]] == ["ENG-001", "ENG-002"]


def test_who_stops_waits_for_the_store(house: House, tmp_path: Path) -> None:
    """A query in flight ends before the store is closed: it never comes back to a loop that is no more."""

    def slowly(connection: Any, _record: object) -> None:
        connection.run_async(lambda driver: driver.set_trace_callback(lambda _statement: time.sleep(0.2)))

    async def stopped() -> bool:
        application = Application(Settings.read(configure(tmp_path, house.bound)), role="api")
        await application.start()
        await application.engine.dispose()
        event.listen(application.engine.sync_engine, "connect", slowly)
        key = Ref("Customer", "crm", dynamics.customer_account("CUS-07"))
        asked = asyncio.create_task(application.desk.answer("invoices_by_customer", [key], scope()))
        await asyncio.sleep(0.05)
        await application.stop()
        return asked.done()

    assert asyncio.run(stopped())
