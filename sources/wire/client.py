"""One binding's connection: it sends requests and returns bodies, or raises a SourceFailure that names the kind."""

from __future__ import annotations

import asyncio
import time
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

import httpx
import structlog

from schema.problems import Code
from sources.contract import SourceFailure
from sources.wire.exchange import exchange

if TYPE_CHECKING:
    import ssl

    from sources.contract import Request, Scope
    from sources.manifest import Manifest
    from sources.wire.auth import Login

log = structlog.get_logger("colonnade.wire")

# What a status says when the source's manifest says nothing better.
KINDS = {
    401: Code.SOURCE_DENIED,
    403: Code.SOURCE_DENIED,
    408: Code.SOURCE_TIMEOUT,
    429: Code.SOURCE_THROTTLED,
    503: Code.SOURCE_UNAVAILABLE,
}


class Wire:
    """All calls to one system go through here, with its credentials and within its limits."""

    def __init__(self, binding: str, address: str, manifest: Manifest, login: Login) -> None:
        self.binding, self.manifest, self.login = binding, manifest, login
        self.limits = limits = manifest.limits
        self._turns = asyncio.Semaphore(limits.at_once)
        # No proxy of the environment and no redirect may carry the credentials to another host.
        self._http = httpx.AsyncClient(
            base_url=address,
            verify=_authorities(),
            follow_redirects=False,
            trust_env=False,
            timeout=None,  # noqa: S113  httpx counts each read by itself; one deadline covers the whole call
            # Well below the 5 s after which many servers close an idle connection: httpx's own 5 s meets theirs in
            # the same moment, and a request is lost on a connection that is no more.
            limits=httpx.Limits(max_connections=limits.at_once, keepalive_expiry=2.0),
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def enter(self, scope: Scope) -> None:
        """Fetch the credential, or raise SourceFailure with the reason why there is none."""
        try:
            async with asyncio.timeout_at(scope.deadline):
                await self.login.credential(self._http, asyncio.get_running_loop().time())
        except TimeoutError as error:
            raise SourceFailure(Code.SOURCE_TIMEOUT, "no login within the deadline") from error

    async def send(self, request: Request, scope: Scope) -> bytes:
        """Return the body of a successful answer. Waiting for a turn and for a login counts against the deadline."""
        now = asyncio.get_running_loop().time()
        until = min(scope.deadline, now + self.limits.seconds)
        started = time.perf_counter()
        outcome, size = "ok", 0
        try:
            async with asyncio.timeout_at(until), self._turns:
                body = await self._authorised(request, scope, now)
                size = len(body)
                return body
        except TimeoutError as error:
            outcome = Code.SOURCE_TIMEOUT.name
            raise SourceFailure(Code.SOURCE_TIMEOUT, "no whole answer within the deadline") from error
        except SourceFailure as failure:
            outcome = failure.code.name
            log.warning("source failed", binding=self.binding, path=request.path, reason=str(failure))
            raise
        finally:
            spent = round((time.perf_counter() - started) * 1000, 1)
            log.info("source asked", binding=self.binding, path=request.path, outcome=outcome, bytes=size, ms=spent)

    async def _authorised(self, request: Request, scope: Scope, came: float) -> bytes:
        """Send with the shared credential; one that the source no longer takes is renewed once."""
        credential = await self.login.credential(self._http, came)
        status, body = await self._exchange(request, scope, credential)
        if status == httpx.codes.UNAUTHORIZED and self.login.renewable:
            await self.login.forget(credential)
            credential = await self.login.credential(self._http, came)
            status, body = await self._exchange(request, scope, credential)
        if not httpx.codes.is_success(status):
            raise SourceFailure(self._kind(status, body), f"status {status}", status)
        return body

    async def _exchange(self, request: Request, scope: Scope, credential: str) -> tuple[int, bytes]:
        headers = {
            **self.manifest.headers,
            "Authorization": credential,
            "Accept": "application/json",
            "X-Correlation-ID": scope.correlation_id,
        }
        url = request.path + ("?" + _query(request.params) if request.params else "")
        method = "GET" if request.body is None else "POST"
        most = self.limits.answer_bytes
        return await exchange(self._http, method, url, most, json=request.body, headers=headers)

    def _kind(self, status: int, body: bytes) -> Code:
        """Say what a refusal means, by the manifest first: some throttle with 403, some with 503."""
        for told in self.manifest.errors:
            if told.status == status and told.has.encode() in body:
                return Code[f"SOURCE_{told.means.upper()}"]
        return _kind(status)


@cache
def _authorities() -> ssl.SSLContext:
    """Read the certificate authorities once for all bindings: it takes longer than most calls."""
    return httpx.create_ssl_context(trust_env=False)


def _kind(status: int) -> Code:
    if status in KINDS:
        return KINDS[status]
    if httpx.codes.is_server_error(status):
        return Code.SOURCE_UNAVAILABLE
    return Code.SOURCE_REFUSED if httpx.codes.is_client_error(status) else Code.SOURCE_MISBEHAVED


def _query(params: tuple[tuple[str, str], ...]) -> str:
    # OData spells its options with $, and counts every byte of the URL.
    return "&".join(f"{quote_plus(name, safe='$')}={quote_plus(value, safe=',()')}" for name, value in params)
