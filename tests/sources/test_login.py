"""Credentials: fetched once for all who wait, renewed once when they are refused, and never tried again and again."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import JSONResponse, Response

from colonnade.wiring import SystemClock
from schema.tomlfile import FileError
from sources.registry import Binding, connect
from sources.wire import auth
from tests.sources.hostile import ODATA, REST, RPC, SECRETS, ask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.requests import Request

    from sources.source import Source
    from tests.sources.hostile import Hostile

    Bound = Callable[..., Source]

CROWD = 20
QUESTIONS = {ODATA: "legal_entities_by_id", RPC: "invoices_by_id"}
RENEWABLE = pytest.mark.parametrize("manifest", [ODATA, RPC], ids=["client_credentials", "rpc_session"])


def shown(manifest: str, number: int) -> str:
    """Return the Authorization header that the nth login leads to."""
    if manifest == ODATA:
        return f"Bearer t{number}"
    return "Session " + base64.b64encode(f"us:1:t{number}".encode()).decode()


async def crowd(source: Source, manifest: str) -> set[Any]:
    """Ask twenty questions at one time and return the different answers."""
    asked = (ask(source, QUESTIONS[manifest], str(number)) for number in range(CROWD))
    return {value for answer in await asyncio.gather(*asked) for value in answer.values()}


@RENEWABLE
async def test_a_crowd_logs_in_once(bound: Bound, server: Hostile, manifest: str) -> None:
    """Twenty first requests at one time need one login, and all carry what it gave."""
    server.enter = server.grant(delay=0.1)
    server.say = server.json({"value": [], "result": []})
    assert await crowd(bound(manifest), manifest) == {None}
    assert (len(server.logins), len(server.calls)) == (1, CROWD)
    assert {call.authorization for call in server.calls} == {shown(manifest, 1)}


async def test_what_is_sent_to_log_in(bound: Bound, server: Hostile) -> None:
    """Client credentials go as a form (RFC 6749, 4.4), a session's as a call; neither ever in a URL."""
    await ask(bound(ODATA), "legal_entities_by_id", "1")
    server.say = server.json({"result": []})
    await ask(bound(RPC), "invoices_by_id", "1")
    token, session = server.logins
    assert token[:4] == ("POST", "/token", {}, None)
    assert token.body == b"grant_type=client_credentials&scope=all&client_id=us&client_secret=s3cret"
    assert session[:4] == ("POST", "/rpc/", {}, None)
    assert json.loads(session.body) == {
        "id": 0,
        "method": "common.db.login",
        "params": ["us", {"password": "s3cret"}, "en"],
    }


@RENEWABLE
async def test_a_crowd_renews_an_expired_credential_once(bound: Bound, server: Hostile, manifest: str) -> None:
    """Twenty calls meet the same expired credential: one new login, every call repeated once, no error."""

    async def picky(request: Request) -> Response:
        if request.headers["authorization"] == shown(manifest, 1):
            return Response(status_code=401)
        return JSONResponse({"value": [], "result": []})

    server.enter = server.grant(delay=0.05)
    server.say = picky
    assert await crowd(bound(manifest), manifest) == {None}
    assert len(server.logins) == 2
    said = [call.authorization for call in server.calls]
    # Whoever came late enough never met the old one.
    assert said.count(shown(manifest, 2)) == CROWD
    assert 1 <= said.count(shown(manifest, 1)) <= CROWD


@RENEWABLE
async def test_a_credential_that_stays_refused_is_renewed_once(bound: Bound, server: Hostile, manifest: str) -> None:
    """A second refusal is SOURCE_DENIED: two logins, two calls, and no third."""
    server.say = server.text(b"", 401)
    assert await ask(bound(manifest), QUESTIONS[manifest], "1") == {"1": "SOURCE_DENIED"}
    assert (len(server.logins), len(server.calls)) == (2, 2)


@RENEWABLE
async def test_a_system_that_takes_no_credential_is_not_called_twice_for_each_question(
    bound: Bound, server: Hostile, monkeypatch: pytest.MonkeyPatch, manifest: str
) -> None:
    """Twenty questions that are all refused are 21 calls and two logins; behind the window another login is tried."""
    server.say = server.text(b"", 401)
    source = bound(manifest)
    for number in range(20):
        assert await ask(source, QUESTIONS[manifest], str(number)) == {str(number): "SOURCE_DENIED"}
    assert (len(server.logins), len(server.calls)) == (2, 21)
    monkeypatch.setattr(auth, "VAIN_SECONDS", 0.0)
    source = bound(manifest)
    for number in range(2):
        await ask(source, QUESTIONS[manifest], str(number))
    assert (len(server.logins), len(server.calls)) == (2 + 3, 21 + 4)


@RENEWABLE
async def test_a_credential_that_was_renewed_in_vain_is_kept(bound: Bound, server: Hostile, manifest: str) -> None:
    """The one that was refused is taken after all, and costs no login: what was wrong was not the credential."""
    server.say = server.text(b"", 401)
    source = bound(manifest)
    assert await ask(source, QUESTIONS[manifest], "1") == {"1": "SOURCE_DENIED"}
    server.say = server.json({"value": [], "result": []})
    assert await ask(source, QUESTIONS[manifest], "1") == {"1": None}
    assert (len(server.logins), len(server.calls)) == (2, 3)


async def test_a_fixed_token_is_not_renewed(bound: Bound, server: Hostile) -> None:
    """Nothing better could be had than the token that was refused."""
    server.say = server.text(b"", 401)
    assert await ask(bound(REST), "tasks_by_id", "1") == {"1": "SOURCE_DENIED"}
    assert [call.authorization for call in server.calls] == ["Bearer s3cret"]


@RENEWABLE
@pytest.mark.parametrize(
    ("status", "code", "tries"),
    [
        (400, "SOURCE_DENIED", 1),
        (401, "SOURCE_DENIED", 1),
        (403, "SOURCE_DENIED", 1),
        (302, "SOURCE_MISBEHAVED", 1),
        (404, "SOURCE_REFUSED", 1),
        (429, "SOURCE_THROTTLED", 3),
        (500, "SOURCE_UNAVAILABLE", 3),
    ],
)
async def test_a_crowd_shares_a_failed_login(
    bound: Bound, server: Hostile, manifest: str, *, status: int, code: str, tries: int
) -> None:
    """A wrong password is tried once for all who wait, or the account would be locked; who comes later tries again.

    What may pass by itself is tried again by the first of them alone.
    """

    async def refuse(_request: Request) -> Response:
        await asyncio.sleep(0.1)
        return Response(b"no", status)

    server.enter = refuse
    source = bound(manifest)
    assert await crowd(source, manifest) == {code}
    assert (len(server.logins), len(server.calls)) == (tries, 0)
    server.enter = server.grant()
    server.say = server.json({"value": [], "result": []})
    assert await ask(source, QUESTIONS[manifest], "1") == {"1": None}
    assert len(server.logins) == tries + 1


@RENEWABLE
async def test_a_crowd_shares_a_failed_renewal(bound: Bound, server: Hostile, manifest: str) -> None:
    """Where the credential expires and the password was changed, the crowd tries it once, however long its queue is."""
    server.say = server.json({"value": [], "result": []})
    source = bound(manifest, "at_once = 2")
    assert await ask(source, QUESTIONS[manifest], "1") == {"1": None}
    server.say = server.text(b"", 401)
    server.enter = server.text(b"", 401)
    assert await crowd(source, manifest) == {"SOURCE_DENIED"}
    assert len(server.logins) == 2
    # Those of the first turn had the old credential; nobody behind them was sent without one.
    assert 1 <= len(server.calls) - 1 <= 2


@pytest.mark.parametrize(
    ("manifest", "granted", "code"),
    [
        (ODATA, b"<html>Please sign in</html>", "SOURCE_MISBEHAVED"),
        (ODATA, b"[]", "SOURCE_MISBEHAVED"),
        (ODATA, b'{"access_token": 5, "expires_in": 3600}', "SOURCE_MISBEHAVED"),
        (ODATA, b'{"access_token": null}', "SOURCE_MISBEHAVED"),
        (ODATA, b'{"access_token": "line\\r\\nX-Evil: 1", "expires_in": 3600}', "SOURCE_MISBEHAVED"),
        (ODATA, '{"access_token": "schl\u00fcssel", "expires_in": 3600}'.encode(), "SOURCE_MISBEHAVED"),
        (RPC, b"<html>Please sign in</html>", "SOURCE_MISBEHAVED"),
        (RPC, b'{"result": null}', "SOURCE_DENIED"),
        (RPC, b'{"result": [1]}', "SOURCE_DENIED"),
        (RPC, b'{"result": ["1", 1]}', "SOURCE_DENIED"),
        (RPC, b'{"error": ["UserError", ["no", "", null]]}', "SOURCE_DENIED"),
    ],
)
async def test_a_login_that_gives_nothing_usable(
    bound: Bound, server: Hostile, manifest: str, granted: bytes, code: str
) -> None:
    """What comes in place of a token is never sent as one."""
    server.enter = server.text(granted)
    assert await ask(bound(manifest), QUESTIONS[manifest], "1") == {"1": code}
    assert server.calls == []


async def test_a_token_is_renewed_before_it_expires(bound: Bound, server: Hostile) -> None:
    """A short-lived token serves for half its time, not for one call; then comes a new one, and nobody sees a 401."""
    server.enter = server.grant(seconds=1)
    source = bound(ODATA)
    for _ in range(3):
        assert await ask(source, "legal_entities_by_id", "1") == {"1": None}
    assert len(server.logins) == 1
    await asyncio.sleep(0.55)
    assert await ask(source, "legal_entities_by_id", "1") == {"1": None}
    assert len(server.logins) == 2
    assert [call.authorization for call in server.calls] == ["Bearer t1"] * 3 + ["Bearer t2"]


@pytest.mark.parametrize("lifetime", [None, "3599", 3599, 3599.0, "soon", -1, True, [], 10**400])
async def test_a_lifetime_may_be_missing_or_nonsense(bound: Bound, server: Hostile, lifetime: object) -> None:
    """A token without a lifetime that can be read is used until it is refused."""
    server.enter = server.grant(seconds=lifetime)
    source = bound(ODATA)
    assert await ask(source, "legal_entities_by_id", "1") == {"1": None}
    assert await ask(source, "legal_entities_by_id", "1") == {"1": None}
    assert len(server.logins) == 1


async def test_one_who_gives_up_waiting_leaves_the_login_to_others(bound: Bound, server: Hostile) -> None:
    """The first caller's time runs out while it logs in; the next in line logs in for itself, and gets its answer."""
    server.enter = server.grant(delay=0.3)
    source = bound(ODATA)
    hurried = asyncio.create_task(ask(source, "legal_entities_by_id", "1", seconds=0.1))
    patient = asyncio.create_task(ask(source, "legal_entities_by_id", "2"))
    assert await hurried == {"1": "SOURCE_TIMEOUT"}
    assert await patient == {"2": None}
    assert len(server.logins) == 2


def test_credentials_must_be_those_of_the_vendor(tmp_path: Path) -> None:
    """What is missing and what nobody uses is refused at start, without the secrets' values."""
    (tmp_path / "source.toml").write_text(ODATA, encoding="utf-8")
    secrets = {"client_id": "us", "password": SECRETS[ODATA]["client_secret"]}
    with pytest.raises(FileError) as refused:
        connect(Binding("erp", str(tmp_path), "http://127.0.0.1:9", secrets), SystemClock())
    assert str(refused.value) == (
        "binding 'erp': credentials missing: ['client_secret']; not used by this vendor: ['password']"
    )
