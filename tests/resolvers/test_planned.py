"""The planned execution as clients and operators meet it: a call a question and level, and what it leaves to others."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from colonnade.demo import configure
from colonnade.settings import Settings
from colonnade.wiring import Application
from demo.systems import HTTP, psa

if TYPE_CHECKING:
    from pathlib import Path

    from demo.firm.model import Firm
    from tests.conftest import House

TWO_ROADS = """{ engagements(first: 50) { edges { node {
    invoices { customer { displayName } } opportunity { customer { displayName } } } } } }"""


def fallbacks(house: House) -> dict[str, float]:
    """Return how many operations were not planned, by the reason."""
    text = HTTP.get(house.url.removesuffix("graphql") + "metrics").text
    lines = [line for line in text.splitlines() if line.startswith("colonnade_plan_fallbacks_total{")]
    return {line.split('"')[1]: float(line.rsplit(" ", 1)[1]) for line in lines}


def test_one_call_a_question_and_level(house: House) -> None:
    """Customers behind the ERP's invoices and behind the CRM's opportunities are on one level: asked for once."""
    answer = house.ask(TWO_ROADS)
    assert answer.errors == []
    assert Counter(urlsplit(call).path for call in house.calls()) == {
        "GET /api/v1/workspaces.json": 1,
        "GET /data/NBProjectInvoices": 1,
        "GET /data/NBOpportunities": 1,
        "GET /data/CustomersV3": 1,
    }


def test_nobody_waits_for_a_road_that_is_slow(house: House) -> None:
    """The ERP takes a third of a second: what the CRM says meanwhile is asked for, and the rest when it is there."""
    house.misbehave("erp", "slow", seconds=0.3)
    answer = house.ask(TWO_ROADS)
    assert answer.errors == []
    assert Counter(urlsplit(call).path for call in house.calls("crm"))["GET /data/CustomersV3"] == 2


def test_what_no_plan_expresses_is_counted(house: House) -> None:
    """Introspection is graphql-core's, and so is what is said of wrong variables; all else is planned."""
    before = fallbacks(house)
    house.ask("{ engagements(first: 1) { edges { node { name } } } }")
    assert fallbacks(house) == before
    house.ask('{ __type(name: "Query") { name } }')
    house.ask("query ($first: Int!) { engagements(first: $first) { totalCount } }", {"first": "many"})
    after = fallbacks(house)
    assert {
        reason: after[reason] - before.get(reason, 0) for reason in after if after[reason] != before.get(reason)
    } == {
        "introspection": 1,
        "variables": 1,
    }


def test_planning_is_turned_off_by_the_settings(firm: Firm, tmp_path: Path) -> None:
    """Without `planned` there is no planner, and nothing is counted."""
    with psa(firm) as delivery:
        config = configure(tmp_path, [delivery], cached=False)
        assert Application(Settings.read(config)).planner is not None
        text = config.read_text(encoding="utf-8")
        config.write_text(text.replace("[server]\n", "[server]\nplanned = false\n"), encoding="utf-8")
        assert Application(Settings.read(config)).planner is None
