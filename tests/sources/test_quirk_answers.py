"""A system that fails in its own words: null and one typed error for each facet or link, the rest complete."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx
import pytest

from colonnade.demo import over
from demo.systems import dynamics_as, psa
from schema.graph import HOMES
from sources.questions import QUESTIONS
from tests.conftest import House, rewritten
from tests.sources.comparing import IDS, codes, deep, differences, paths
from tests.sources.conftest import NearHouse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.firm.model import Firm
    from tests.conftest import Answer

pytestmark = pytest.mark.sweep

SYSTEMS = {"psa": {"PSA"}, "erp": {"ERP"}, "crm": {"CRM", "HR"}}
CODES = {
    "status_500": ("SOURCE_UNAVAILABLE", True),
    "status_503": ("SOURCE_UNAVAILABLE", True),
    "html": ("SOURCE_MISBEHAVED", False),
    "truncated": ("SOURCE_MISBEHAVED", False),
}
# What the emulators say in such a case, and whatever else would tell a client what stands behind the graph.
UPSTREAM = (
    *("Something went wrong", "Service is unavailable", "service is unavailable", "An error has occurred"),
    *("Please sign in", "Invalid OAuth", "token is expired", "127.0.0.1", "http://", "/data/", "/api/v1", "$filter"),
    *("kantata", "dynamics", "workspaces", "NBProject", "httpx", "Traceback", "JSON"),
)


@pytest.fixture(scope="module")
def calm(near: NearHouse) -> Answer:
    """The answer while every system behaves."""
    near.calm()
    return deep(near)


def assert_only(answer: Answer, calm: Answer, systems: set[str], code: str, *, retryable: bool) -> None:
    """Assert that these systems' fields are null, each question with one error of this code, and all else is calm."""
    found = differences(calm.data, answer.data)
    assert (found.wrong, found.short) == ([], set())
    assert found.null <= paths(answer)
    said = [error["extensions"] for error in answer.errors]
    assert len({one["question"] for one in said}) == len(said) > 0
    for one in said:
        optional = {"count", "paths"} & one.keys()
        assert one.keys() - optional == {"code", "system", "retryable", "question", "correlationId"}
        assert (one["code"], one["retryable"]) == (code, retryable)
        assert one["correlationId"] == answer.headers["x-correlation-id"]
        assert one["system"] == QUESTIONS[one["question"]].role.name
    assert {one["system"] for one in said} == systems


def assert_nothing_told(answer: Answer) -> None:
    """Assert that no word of a system, and no address, is in the answer."""
    text = json.dumps([answer.data, answer.errors])
    assert [word for word in UPSTREAM if word in text] == []


@pytest.mark.parametrize("role", SYSTEMS)
@pytest.mark.parametrize("quirk", CODES)
def test_a_failing_system_costs_its_own_fields(house: NearHouse, calm: Answer, quirk: str, role: str) -> None:
    """Statuses, sign-in pages and broken JSON cost the fields of that system, one typed error a question."""
    house.misbehave(role, quirk)
    answer = deep(house)
    code, retryable = CODES[quirk]
    assert_only(answer, calm, SYSTEMS[role], code, retryable=retryable)
    assert_nothing_told(answer)


@pytest.mark.parametrize("role", SYSTEMS)
@pytest.mark.parametrize("quirk", CODES)
def test_a_failing_system_costs_its_own_lists(house: NearHouse, quirk: str, role: str) -> None:
    """Of six lists asked for at once, those of the failing system are null with an error each; the others are full."""
    house.misbehave(role, quirk)
    roots = ["customers", "opportunities", "engagements", "resources", "invoices", "legalEntities"]
    answer = house.ask("{" + " ".join(f"{root}(first: 2) {{ edges {{ cursor }} }}" for root in roots) + "}")
    systems = dict(zip(roots, ("CRM", "CRM", "PSA", "HR", "ERP", "ERP"), strict=True))
    away = [root for root in roots if systems[root] in SYSTEMS[role]]
    assert sorted(answer.codes) == sorted((CODES[quirk][0], [root]) for root in away)
    assert [root for root, page in answer.data.items() if page is None] == away
    assert {len(page["edges"]) for page in answer.data.values() if page} == {2}
    assert_nothing_told(answer)


@pytest.mark.parametrize("role", ["erp", "crm"])
def test_an_expired_token_is_renewed_once_and_unseen(house: NearHouse, calm: Answer, role: str) -> None:
    """The call that met the expiry is repeated with a new token; one login, no error, the calm answer."""
    deep(house)  # every binding has a token now
    house.calm()
    house.misbehave(role, "expired")
    answer = deep(house)
    assert answer.errors == []
    assert answer.data == calm.data
    log = house.log(role)
    assert sum(line["path"] == "/oauth2/v2.0/token" for line in log) == 1
    assert [line["status"] for line in log if line["status"] != 200] == [401]


def test_a_fixed_token_that_is_refused_is_an_operators_matter(house: NearHouse, calm: Answer) -> None:
    """The PSA's token cannot be renewed: the one call that met the refusal is SOURCE_DENIED, not retryable."""
    house.misbehave("psa", "expired", entity="users")
    answer = deep(house)
    assert_only(answer, calm, {"PSA"}, "SOURCE_DENIED", retryable=False)
    assert_nothing_told(answer)
    assert [line["status"] for line in house.log("psa") if line["status"] != 200] == [401]
    assert deep(house).errors == []


@pytest.fixture(scope="module")
def hasty(firm: Firm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NearHouse]:
    """A house of its own whose sources have half a second for an answer."""
    folder = tmp_path_factory.mktemp("hasty")
    with ExitStack() as stack:
        bound = [
            stack.enter_context(psa(firm)),
            *stack.enter_context(dynamics_as(firm, "erp")),
            *stack.enter_context(dynamics_as(firm, "crm", "hr")),
        ]
        for index, system in enumerate(bound):
            bound[index] = rewritten(system, folder / system.role, "[limits]", "[limits]\nseconds = 1.2")
        http = stack.enter_context(httpx.Client(trust_env=False, verify=False, timeout=30))  # noqa: S501  no TLS
        yield NearHouse(House(stack.enter_context(over(bound))), http)


@pytest.mark.parametrize("role", SYSTEMS)
def test_a_slow_system_costs_its_own_fields(hasty: NearHouse, calm: Answer, role: str) -> None:
    """Nobody waits for a system longer than its limit: SOURCE_TIMEOUT for its fields, in time, the rest complete."""
    assert deep(hasty).data == calm.data
    hasty.misbehave(role, "slow", seconds=10)
    began = time.monotonic()
    answer = deep(hasty)
    spent = time.monotonic() - began
    hasty.calm()
    assert_only(answer, calm, SYSTEMS[role], "SOURCE_TIMEOUT", retryable=True)
    assert_nothing_told(answer)
    # At most the levels of the query one after another, each with its second and a bit; never the ten of the system.
    assert spent < 8


def test_every_system_away_at_once_is_still_an_answer(house: NearHouse) -> None:
    """With all systems failing the answer is nulls and typed errors, HTTP 200, and nothing else."""
    for role in SYSTEMS:
        house.misbehave(role, "status_503")
    answer = deep(house)
    assert answer.data == {"nodes": [None] * len(IDS)}
    assert codes(answer) == {"SOURCE_UNAVAILABLE"}
    assert {error["extensions"]["question"] for error in answer.errors} == {
        HOMES[name].question for name in ("Engagement", "Invoice", "Resource", "Customer", "Opportunity")
    }
    assert_nothing_told(answer)
