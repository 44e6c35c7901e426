"""The identity provider as the graph knows it: its keys, read anew for a key that is unknown, but not too often."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import msgspec
import structlog

from colonnade.edge.identity.keys import usable
from schema.problems import Code, Problem
from sources.wire.authorities import authorities

if TYPE_CHECKING:
    from jwt import PyJWK

    from schema.context import Clock

log = structlog.get_logger("colonnade.identity")

# A key that the provider took back is felt this late.
FRESH = timedelta(minutes=10)
# The provider may be away for so long before its keys are no longer taken for its own.
KEPT = timedelta(hours=24)
# However many unknown keys are named, the provider is asked no more often.
FLOOR = timedelta(seconds=10)
# For both documents together.
SECONDS = 5.0
MOST_BYTES = 256 * 1024


class UnreadableError(Exception):
    """The provider's answer is none that can be used."""


class Provider:
    """An OpenID Connect issuer, found by its name."""

    def __init__(self, issuer: str, clock: Clock) -> None:
        self.issuer, self._clock = issuer, clock
        # Neither a proxy of the environment nor a redirect decides whose keys are believed.
        self._http = httpx.AsyncClient(verify=authorities(), follow_redirects=False, trust_env=False, timeout=SECONDS)
        self._keys: dict[str, PyJWK] = {}
        self._read_at: datetime | None = None
        self._tried_at: datetime | None = None
        self._reading: asyncio.Task[None] | None = None

    async def key(self, kid: str) -> PyJWK | Problem | None:
        """Return the key of an id, None if the provider has none; a Problem if nobody can tell."""
        if kid not in self._keys or self._older(FRESH):
            await self._refreshed()
        if self._older(KEPT):
            return Problem(Code.IDENTITY_UNAVAILABLE, "the identity provider cannot be asked for its keys now")
        return self._keys.get(kid)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
        await self._http.aclose()

    def _older(self, age: timedelta) -> bool:
        return self._read_at is None or self._clock.now() - self._read_at > age

    async def _refreshed(self) -> None:
        """Have the keys read anew, once for all who wait; whoever of them leaves takes nothing from the others."""
        if self._reading is None:
            now = self._clock.now()
            if self._tried_at is not None and now - self._tried_at < FLOOR:
                return
            self._tried_at = now
            self._reading = asyncio.create_task(self._read())
        await asyncio.shield(self._reading)

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                keys = await self._current()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, UnreadableError) as error:
            log.warning("identity provider unreadable", reason=str(error) or type(error).__name__)
        else:
            self._keys, self._read_at = keys, self._clock.now()
        finally:
            self._reading = None

    async def _current(self) -> dict[str, PyJWK]:
        said = await self._document(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if said.get("issuer") != self.issuer:
            raise UnreadableError("the discovery document is another issuer's")
        address = said.get("jwks_uri")
        if not isinstance(address, str) or not self._trusts(address):
            raise UnreadableError("the discovery document names no safe address of keys")
        if (keys := usable(await self._document(address))) is None:
            raise UnreadableError("what it shows as its keys is no JWK Set")
        return keys

    def _trusts(self, address: str) -> bool:
        """Allow TLS alone; an issuer on loopback, which needs none, may send nobody elsewhere."""
        there, here = urlsplit(address), urlsplit(self.issuer)
        if here.scheme == "https":
            return there.scheme == "https"
        return (there.scheme, there.netloc) == (here.scheme, here.netloc)

    async def _document(self, url: str) -> dict[str, Any]:
        # Nothing is unpacked, for a small body may be a huge one: what comes compressed all the same is no JSON.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        async with self._http.stream("GET", url, headers=headers) as response:
            if response.status_code != httpx.codes.OK:
                raise UnreadableError(f"status {response.status_code}")
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > MOST_BYTES:
                    raise UnreadableError(f"more than {MOST_BYTES} bytes")
        try:
            return msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError) as error:
            raise UnreadableError("no JSON object") from error
