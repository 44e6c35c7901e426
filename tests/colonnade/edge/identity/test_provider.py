"""The identity provider's keys: read when they are needed, never more often, and never from somebody else."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import TYPE_CHECKING

import pytest
from starlette.responses import JSONResponse, RedirectResponse, Response

from colonnade.caller import ANONYMOUS, Caller
from colonnade.edge.identity import provider as provider_module
from colonnade.edge.identity.doorkeeper import Doorkeeper
from colonnade.settings import Identity
from schema.problems import Problem
from store.service_keys import ServiceKeys
from tests.colonnade.edge.identity.provider import (
    AUDIENCE,
    CLIENT,
    SUBJECT,
    Provider,
    elliptic,
    provider,
    public,
    signed,
)

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.colonnade.edge.identity.provider import Settable

FLOOR, FRESH, KEPT = 10, 600, 24 * 3600
DISCOVERY, JWKS = "/.well-known/openid-configuration", "/jwks"


async def shown(door: Doorkeeper, token: str) -> str:
    """Return who a token proves, or the code of the refusal."""
    found = await door.caller([f"Bearer {token}"])
    return found.code.name if isinstance(found, Problem) else str(found.subject)


def of_another(idp: Provider, kid: str) -> str:
    """Return a token of a key that the provider does not show."""
    return signed(idp.claims(), elliptic(), "ES256", {"kid": kid})


async def test_what_a_token_says(door: Doorkeeper, idp: Provider, clock: Settable) -> None:
    """The caller has the subject, the groups, the token and its end; the provider's own roles are not ours."""
    token = idp.token(groups=["finance", "nb-uk"], roles=["auditor"])
    caller = await door.caller([f"Bearer {token}"])
    ends = clock.now().timestamp() + 600
    groups = frozenset({"finance", "nb-uk"})
    assert caller == Caller(subject=SUBJECT, groups=groups, token=token, expires=ends)
    assert await door.caller([]) == ANONYMOUS


@pytest.mark.parametrize("groups", ["auditor", ["auditor", 7], {"auditor": True}, 7, []])
async def test_groups_that_are_no_list_of_names(door: Doorkeeper, idp: Provider, groups: object) -> None:
    """What is not a list of names gives no group; nobody guesses which were meant."""
    caller = await door.caller([f"Bearer {idp.token(groups=groups)}"])
    assert isinstance(caller, Caller)
    assert caller.groups == frozenset()


async def test_an_unknown_key_is_asked_for_once(door: Doorkeeper, idp: Provider, clock: Settable) -> None:
    """Fifty requests with fifty unknown keys are one question; as many again, none until the floor has passed."""
    assert await shown(door, idp.token()) == SUBJECT
    clock.wait(FLOOR)
    for asked in (2, 2):
        strangers = [of_another(idp, f"unknown-{number}") for number in range(50)]
        codes = await asyncio.gather(*(shown(door, token) for token in strangers))
        assert set(codes) == {"UNAUTHENTICATED"}
        assert (idp.asked[JWKS], idp.asked[DISCOVERY]) == (asked, asked)
    clock.wait(FLOOR)
    assert await shown(door, of_another(idp, "later")) == "UNAUTHENTICATED"
    assert idp.asked[JWKS] == 3


async def test_the_first_fifty_ask_once(door: Doorkeeper, idp: Provider) -> None:
    """Nobody has asked yet: of fifty who come at once, one asks and all are let in."""
    tokens = [idp.token(jti=str(number)) for number in range(50)]
    assert set(await asyncio.gather(*(shown(door, token) for token in tokens))) == {SUBJECT}
    assert idp.asked == {DISCOVERY: 1, JWKS: 1}


async def test_who_leaves_takes_nothing_from_others(door: Doorkeeper, idp: Provider) -> None:
    """The one who began to ask disconnects; those who wait for the same answer get it."""
    first = asyncio.create_task(shown(door, idp.token(jti="first")))
    await asyncio.sleep(0)
    second = asyncio.create_task(shown(door, idp.token(jti="second")))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == SUBJECT
    assert idp.asked[JWKS] == 1


async def test_a_new_key_is_found(door: Doorkeeper, idp: Provider, clock: Settable) -> None:
    """The provider signs with a new key: its first token is let in, and the old key's tokens as before."""
    assert await shown(door, idp.token()) == SUBJECT
    clock.wait(FLOOR)
    new = elliptic()
    idp.shown.append(public(new, "two"))
    assert await shown(door, signed(idp.claims(), new, "ES256", {"kid": "two"})) == SUBJECT
    assert await shown(door, idp.token()) == SUBJECT
    assert idp.asked[JWKS] == 2


async def test_a_key_that_was_taken_back(door: Doorkeeper, idp: Provider, clock: Settable) -> None:
    """A key that the provider no longer shows opens nothing once what is known of it is old."""
    assert await shown(door, idp.token()) == SUBJECT
    idp.shown = [public(elliptic(), "two")]
    clock.wait(FRESH)
    assert await shown(door, idp.token(jti="before")) == SUBJECT
    clock.wait(1)
    assert await shown(door, idp.token(jti="after")) == "UNAUTHENTICATED"


async def test_a_provider_that_is_away_at_first(door: Doorkeeper, idp: Provider, clock: Settable) -> None:
    """Before its keys are known nobody can be let in, which is not the callers' fault; once it is back they are."""
    idp.answers[JWKS] = Response(status_code=503)
    assert await shown(door, idp.token()) == "IDENTITY_UNAVAILABLE"
    assert await shown(door, idp.token()) == "IDENTITY_UNAVAILABLE"
    assert idp.asked[JWKS] == 1
    idp.answers.clear()
    clock.wait(FLOOR)
    assert await shown(door, idp.token()) == SUBJECT


async def test_a_provider_that_goes_away(door: Doorkeeper, idp: Provider, clock: Settable) -> None:
    """Its known keys serve for a day; then nobody knows whether they are still its own."""
    assert await shown(door, idp.token()) == SUBJECT
    idp.answers[DISCOVERY] = Response(status_code=500)
    clock.wait(KEPT)
    assert await shown(door, idp.token()) == SUBJECT
    assert await shown(door, of_another(idp, "unknown")) == "UNAUTHENTICATED"
    clock.wait(1)
    assert await shown(door, idp.token(jti="later")) == "IDENTITY_UNAVAILABLE"


async def test_nobody_at_the_address(engine: AsyncEngine, clock: Settable) -> None:
    """A provider that does not answer at all is unavailable."""
    with provider(clock) as gone:
        token = gone.token()
    keeper = Doorkeeper(Identity(issuer=gone.url, audience=AUDIENCE, client_id=CLIENT), ServiceKeys(engine), clock)
    assert await shown(keeper, token) == "IDENTITY_UNAVAILABLE"
    await keeper.aclose()


LIES: dict[str, dict[str, object]] = {
    "another issuer": {"issuer": "https://login.example.com"},
    "the issuer with a slash": {"issuer": "SLASH"},
    "no issuer": {"issuer": None},
    "keys at another port": {"jwks_uri": "http://127.0.0.1:9/jwks"},
    "keys at another host": {"jwks_uri": "ELSEWHERE"},
    "keys at an encrypted stranger's": {"jwks_uri": "https://127.0.0.1:9/jwks"},
    "keys in a file": {"jwks_uri": "file:///etc/passwd"},
    "no keys": {"jwks_uri": None},
    "keys in a list": {"jwks_uri": ["http://127.0.0.1:9/jwks"]},
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_discovery_that_lies(door: Doorkeeper, idp: Provider, lie: str) -> None:
    """A document that is another issuer's, or that leads elsewhere, is none; the keys are not even asked for."""
    # The same server by another name would even answer.
    elsewhere = {"SLASH": f"{idp.url}/", "ELSEWHERE": f"{idp.url.replace('127.0.0.1', 'localhost')}/jwks"}
    idp.said = {name: elsewhere.get(str(value), value) for name, value in LIES[lie].items()}
    assert await shown(door, idp.token()) == "IDENTITY_UNAVAILABLE"
    assert idp.asked == {DISCOVERY: 1}


@pytest.mark.parametrize("path", [DISCOVERY, JWKS])
@pytest.mark.parametrize(
    "kind", ["a redirect", "a book", "compressed", "no JSON", "a list", "nested without end", "not found", "created"]
)
async def test_an_answer_that_is_none(door: Doorkeeper, idp: Provider, path: str, kind: str) -> None:
    """Redirects are not followed, nothing is read without end or unpacked, and what is no document is none."""
    right = {"issuer": idp.url, "jwks_uri": f"{idp.url}/jwks", "keys": idp.shown}
    idp.answers["/elsewhere"] = JSONResponse(right)
    idp.answers[path] = {
        "a redirect": RedirectResponse("/elsewhere"),
        "a book": JSONResponse(right | {"padding": "x" * 256 * 1024}),
        "compressed": Response(gzip.compress(json.dumps(right).encode()), headers={"Content-Encoding": "gzip"}),
        "no JSON": Response(b"{"),
        "a list": JSONResponse([right]),
        "nested without end": Response(b'{"a":' * 20_000),
        "not found": JSONResponse(right, 404),
        "created": JSONResponse(right, 201),
    }[kind]
    assert await shown(door, idp.token()) == "IDENTITY_UNAVAILABLE"
    assert idp.asked["/elsewhere"] == 0


@pytest.mark.parametrize("keys", [None, {}, "keys", [{}] * 101])
async def test_keys_that_are_no_set(door: Doorkeeper, idp: Provider, keys: object) -> None:
    """A set of keys is a list, of not more than a hundred."""
    idp.answers[JWKS] = JSONResponse({"keys": keys})
    assert await shown(door, idp.token()) == "IDENTITY_UNAVAILABLE"


async def test_a_provider_that_takes_its_time(door: Doorkeeper, idp: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks waits for a few seconds at most, however the answer trickles."""
    monkeypatch.setattr(provider_module, "SECONDS", 0.2)

    class Slow(Response):
        async def __call__(self, *_: object) -> None:
            await asyncio.sleep(3600)

    idp.answers[JWKS] = Slow()
    began = asyncio.get_running_loop().time()
    assert await shown(door, idp.token()) == "IDENTITY_UNAVAILABLE"
    assert asyncio.get_running_loop().time() - began < 3
