"""HTTP: the whole answer within its cap, from the bound address alone; every way to fail has the name of its kind."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import aiohttp
import msgspec
from aiohttp.http_exceptions import ContentEncodingError
from yarl import URL

from schema.problems import Code
from sources.contract import SourceFailure
from sources.refusals import meaning
from sources.wire.authorities import authorities

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schema.context import Clock
    from sources.contract import Request
    from sources.manifest import Manifest

SUCCESS = range(200, 300)
LONGEST_SILENCE = 3_600.0
# Longer than any server reads: an id as long as a book, which some row holds as a reference.
LONGEST_URL = 65_536
# Well below the 5 s after which many servers close an idle connection: else both meet in the same moment, and a
# request is lost on a connection that is no more.
IDLE_SECONDS = 2.0
# What is sent as it stands: a link that a source gave is escaped already.
PLAIN = "/%:@!$&'()*+,;=~?#[]"
# One deadline covers the whole call; the wire keeps it.
NEVER = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
# An amount is written digit by digit, and was never a float.
_JSON = msgspec.json.Encoder(decimal_format="number")


class HttpTransport:
    """The connections to one address, of the event loop in which it is first asked."""

    def __init__(self, address: str, manifest: Manifest, clock: Clock) -> None:
        self._address, self._manifest, self._clock = address.rstrip("/"), manifest, clock
        self._session: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def exchange(self, request: Request, credential: str | None, trace: Mapping[str, str]) -> bytes:
        """Return the body of a successful answer, or raise SourceFailure."""
        typed = {} if request.body is None else {"Content-Type": "application/json"}
        headers = {**self._manifest.headers, "Accept": "application/json", **typed, **request.headers, **trace}
        if credential is not None:
            headers["Authorization"] = credential
        response, body = await self._whole(request, headers)
        if response.status in SUCCESS:
            return body
        retry_after = self._retry_after(response.headers.get("Retry-After", ""))
        meant = meaning(response.status, body, self._manifest.errors)
        raise SourceFailure(meant, f"status {response.status}", response.status, retry_after, body=body)

    async def _whole(self, request: Request, headers: Mapping[str, str]) -> tuple[aiohttp.ClientResponse, bytes]:
        """Return the answer's head and body. The body is counted as it comes, after decompression."""
        most = self._manifest.limits.answer_bytes
        method = request.method or ("GET" if request.body is None and request.form is None else "POST")
        data = request.form if request.body is None else _JSON.encode(request.body)
        try:
            async with self._opened().request(
                method, self._url(request), data=data, headers=headers, allow_redirects=False
            ) as response:
                body = bytearray()
                async for chunk in response.content.iter_any():
                    body += chunk
                    if len(body) > most:
                        raise SourceFailure(Code.SOURCE_MISBEHAVED, f"more than {most} bytes")
                return response, bytes(body)
        except aiohttp.ClientError as error:
            if isinstance(error.__cause__, ContentEncodingError):
                raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer's encoding is broken") from error
            unsent = isinstance(error, aiohttp.ClientConnectorError)
            raise SourceFailure(Code.SOURCE_UNAVAILABLE, type(error).__name__, unsent=unsent) from error

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._manifest.limits.at_once, keepalive_timeout=IDLE_SECONDS, ssl=authorities()
                ),
                # A cookie that one caller was given must not come back with another one's call.
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=NEVER,
                # No proxy of the environment may carry the credentials to another host.
                trust_env=False,
            )
            # By itself it sends again what was lost on a kept connection, a PUT or a DELETE too. Whether and when
            # something is sent again is said by the wire, and by the commands.
            self._session._retry_connection = False  # noqa: SLF001  there is no public name; pinned by a test
        return self._session

    def _url(self, request: Request) -> URL:
        asked = f"?{_query(request.params)}" if request.params else ""
        url = f"{request.at or self._address}{quote(request.path, safe=PLAIN)}{asked}"
        if len(url) > LONGEST_URL:
            raise SourceFailure(Code.SOURCE_REFUSED, "the question is longer than a URL may be")
        return URL(url, encoded=True)

    def _retry_after(self, said: str) -> float | None:
        """Read seconds or a date (RFC 9110, 10.2.3), an hour at most: a slip of theirs must not silence us for good."""
        if said.isascii() and said.isdigit():
            return min(float(said), LONGEST_SILENCE)
        try:
            when = parsedate_to_datetime(said)
        except (ValueError, OverflowError):
            return None
        seconds = (when.replace(tzinfo=when.tzinfo or UTC) - self._clock.now()).total_seconds()
        return min(max(seconds, 0.0), LONGEST_SILENCE)


def _query(params: tuple[tuple[str, str], ...]) -> str:
    # OData spells its options with $, and counts every byte of the URL.
    return "&".join(f"{quote_plus(name, safe='$')}={quote_plus(value, safe=',()')}" for name, value in params)
