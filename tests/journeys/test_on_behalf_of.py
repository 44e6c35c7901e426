"""Systems that are asked in the caller's own name: what one caller sees is never shown to another."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from structlog.testing import capture_logs

from colonnade.demo import over
from demo.issuer import PERSONAS
from demo.systems import Bound, Emulated
from schema.rows import Ref
from tests.sources.delegated import BATCHED, CLIENT, PEOPLE, SCANNED, Delegated, delegated
from tests.terminal import invoke

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colonnade.demo import Running
    from tests.conftest import House

# Three who may read all that is asked here, in any document.
ALICE, BOB, MALLORY = "integration-steward", "analyst", "auditor"
KNOWN = {PERSONAS[ALICE].subject: "alice", PERSONAS[BOB].subject: "bob"}
QUERY = """query ($e: ID!, $f: ID!, $i: ID!, $r: ID!, $s: ID!) {
  e: node(id: $e) { ... on LegalEntity { name } }
  f: node(id: $f) { ... on LegalEntity { name } }
  i: node(id: $i) { ... on Invoice { number } }
  r: node(id: $r) { ... on Resource { displayName } }
  s: node(id: $s) { ... on Resource { displayName } }
  legalEntities(first: 1) { edges { node { name } } }
  resources(first: 1) { edges { node { displayName } } }
  engagements(first: 1) { edges { node { code } } }
}"""
OPEN = {"edges": [{"node": {"code": "ENG-001"}}]}
ASKED_OF_THEM = ["e", "f", "i", "r", "s", "legalEntities", "resources"]


@pytest.fixture(scope="module")
def running_system() -> Iterator[Delegated]:
    """The system that answers callers, each with what is theirs."""
    with delegated(KNOWN) as server:
        yield server


@pytest.fixture
def system(running_system: Delegated) -> Delegated:
    """The same, which has counted nothing yet."""
    running_system.forget()
    return running_system


@pytest.fixture
def demo(running: House, running_system: Delegated, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A new graph over it as ERP, read in batches, and as HR, read whole, beside the PSA; with the cache on."""
    bound = [replace(known, words={}) for known in running.bound if known.role == "psa"]
    for role, manifest in (("erp", BATCHED), ("hr", SCANNED)):
        folder = tmp_path_factory.mktemp(role)
        (folder / "source.toml").write_text(manifest, encoding="utf-8")
        bound.append(Bound(role, str(folder), running_system.url, CLIENT, {}, Emulated(running_system.url)))
    with over(bound, cached=True) as served:
        yield served


def variables(number: int) -> dict[str, str]:
    """Return the ids of a round: some that were asked before, some that were not."""
    return {
        "e": Ref("LegalEntity", "erp", str(number % 50)).encode(),
        "f": Ref("LegalEntity", "erp", str(number)).encode(),
        "i": Ref("Invoice", "erp", str(number % 50)).encode(),
        "r": Ref("Resource", "hr", str(number % PEOPLE)).encode(),
        "s": Ref("Resource", "hr", str(number * 7 % PEOPLE)).encode(),
    }


def expected(name: str, number: int) -> dict[str, Any]:
    """Return what a caller is to see in a round."""
    return {
        "e": {"name": f"{name}'s {number % 50}"},
        "f": {"name": f"{name}'s {number}"},
        "i": {"number": f"{name}'s {number % 50}"},
        "r": {"displayName": f"{name}'s {number % PEOPLE}"},
        "s": {"displayName": f"{name}'s {number * 7 % PEOPLE}"},
        "legalEntities": {"edges": [{"node": {"name": f"{name}'s 1"}}]},
        "resources": {"edges": [{"node": {"displayName": f"{name}'s 0"}}]},
        "engagements": OPEN,
    }


async def ask(http: httpx.AsyncClient, graph: str, number: int, *shown: str) -> Any:
    """Ask as whoever shows these Authorization headers."""
    headers = [("Authorization", value) for value in shown]
    return (await http.post(graph, json={"query": QUERY, "variables": variables(number)}, headers=headers)).json()


@pytest.fixture
async def http() -> Any:
    """A client for a file of requests."""
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:  # noqa: S501  there is no TLS here
        yield client


@pytest.mark.timeout(600)
@pytest.mark.parametrize("rounds", [50, pytest.param(1_000, marks=pytest.mark.sweep)])
async def test_two_callers_at_once(http: httpx.AsyncClient, demo: Running, system: Delegated, rounds: int) -> None:
    """Two callers ask the same questions at the same time, round by round: each sees what is theirs, and all of it."""
    wrong, foreign, graph = 0, 0, demo.url
    tokens = [demo.issuer.token(ALICE), demo.issuer.token(BOB)]
    for number in range(rounds):
        answers = await asyncio.gather(*(ask(http, graph, number, f"Bearer {token}") for token in tokens))
        for name, other, answer in zip(("alice", "bob"), ("bob", "alice"), answers, strict=True):
            foreign += f"{other}'s" in str(answer)
            wrong += answer != {"data": expected(name, number)}
    print(f"{rounds} rounds, {2 * rounds} answers, {foreign} with the other's data; upstream: {dict(system.calls)}")  # noqa: T201
    assert (foreign, wrong) == (0, 0)
    # One login a caller and binding.
    assert sorted(form["subject_token"] for form in system.exchanges) == sorted(tokens * 2)
    # The cache is at work: what each of them asked last is known, to each of them.
    system.forget()
    query, last = "query ($f: ID!) { f: node(id: $f) { ... on LegalEntity { name } } }", variables(rounds - 1)
    for name, token in zip(("alice", "bob"), tokens, strict=True):
        body = {"query": query, "variables": {"f": last["f"]}}
        answer = (await http.post(graph, json=body, headers={"Authorization": f"Bearer {token}"})).json()
        assert answer == {"data": {"f": expected(name, rounds - 1)["f"]}}
    assert system.calls.total() == 0


async def test_the_exchange_is_the_standards(http: httpx.AsyncClient, demo: Running, system: Delegated) -> None:
    """The login gets the caller's token with the client's credentials, as RFC 8693 writes it, once a binding."""
    alice = demo.issuer.token(ALICE)
    await ask(http, demo.url, 1, f"Bearer {alice}")
    await ask(http, demo.url, 2, f"bearer {alice}")
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": alice,
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "audience": "ledger",
        "scope": "read",
        **CLIENT,
    }
    assert system.exchanges == [form, form]


NO_TOKENS: dict[str, list[str]] = {
    "nothing": [],
    "another scheme": ["Basic YWxpY2U6eA=="],
    "no token": ["Bearer"],
    "two tokens": ["Bearer alice.token bob.token"],
    "two headers": ["Bearer alice.token", "Bearer bob.token"],
    "two headers that a proxy made one": ["Bearer alice.token, Bearer bob.token"],
    "a book": ["Bearer " + "a" * 8_193],
}


async def test_without_a_token_nobody_answers(http: httpx.AsyncClient, demo: Running, system: Delegated) -> None:
    """Who shows no token, or nothing that is one, gets UNAUTHENTICATED and no data, and no system is asked."""
    await ask(http, demo.url, 1, f"Bearer {demo.issuer.token(ALICE)}")
    before = (len(system.exchanges), system.calls.total())
    for shown in NO_TOKENS.values():
        answer = await ask(http, demo.url, 1, *shown)
        assert "data" not in answer
        said = [(error["extensions"]["code"], error["extensions"]["retryable"]) for error in answer["errors"]]
        assert said == [("UNAUTHENTICATED", False)]
    assert (len(system.exchanges), system.calls.total()) == before


async def test_a_key_has_nobodys_token(http: httpx.AsyncClient, demo: Running, system: Delegated) -> None:
    """A tool's key, even on a caller's behalf, opens no system that wants the caller's token; the others answer."""
    create = ("token", "create", "night", "--role", "analyst", "--config", demo.config)
    key = (await asyncio.to_thread(invoke, *create)).stdout.strip()
    body = {"query": QUERY, "variables": variables(1)}
    for more in ({}, {"On-Behalf-Of": PERSONAS[ALICE].subject}):
        headers = {"Authorization": f"Bearer {key}", **more}
        answer = (await http.post(demo.url, json=body, headers=headers)).json()
        assert answer["data"] == {**dict.fromkeys(ASKED_OF_THEM), "engagements": OPEN}
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"UNAUTHENTICATED"}
    assert (system.exchanges, system.calls.total()) == ([], 0)


async def test_who_is_refused_is_refused_alone(http: httpx.AsyncClient, demo: Running, system: Delegated) -> None:
    """A token that the login does not know is SOURCE_DENIED for its caller; those beside and behind see their own."""
    stranger, known, graph = demo.issuer.token(MALLORY), demo.issuer.token(ALICE), demo.url
    for number in range(3):
        refused, alice = await asyncio.gather(
            ask(http, graph, number, f"Bearer {stranger}"), ask(http, graph, number, f"Bearer {known}")
        )
        assert refused["data"] == {**dict.fromkeys(ASKED_OF_THEM), "engagements": OPEN}
        assert {error["extensions"]["code"] for error in refused["errors"]} == {"SOURCE_DENIED"}
        assert alice == {"data": expected("alice", number)}
    assert set(system.calls) == {"alice"}


async def test_a_token_that_was_taken_back_is_renewed_for_its_caller(
    http: httpx.AsyncClient, demo: Running, system: Delegated
) -> None:
    """One caller's issued token is no longer taken: theirs is exchanged anew, and nobody else's."""
    alice, bob, graph = demo.issuer.token(ALICE), demo.issuer.token(BOB), demo.url
    for token in (alice, bob):
        await ask(http, graph, 1, f"Bearer {token}")
    system.revoke("alice")
    system.forget()
    assert await ask(http, graph, 2, f"Bearer {alice}") == {"data": expected("alice", 2)}
    assert await ask(http, graph, 2, f"Bearer {bob}") == {"data": expected("bob", 2)}
    # Once a binding; not at all where the list that was read is still within its window.
    assert [form["subject_token"] for form in system.exchanges] in ([alice], [alice] * 2)


async def test_no_token_is_ever_written_down(http: httpx.AsyncClient, demo: Running) -> None:
    """Neither a log line nor an answer has the caller's token, the issued one, or what the login said of them."""
    tokens, graph = [demo.issuer.token(ALICE), demo.issuer.token(MALLORY)], demo.url
    with capture_logs() as lines:
        answers = [await ask(http, graph, 1, f"Bearer {token}") for token in tokens]
    assert {line["event"] for line in lines} >= {"request", "source asked", "source failed"}
    written, secrets = f"{lines} {answers}", (*tokens, "issued-", "invalid_request", CLIENT["client_secret"])
    assert [secret for secret in secrets if secret in written] == []
