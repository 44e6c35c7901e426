"""HTTP: the whole answer within its cap, from the bound address alone; every way to fail has the name of its kind."""

from __future__ import annotations

import select
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiohttp
import msgspec
from aiohttp.http_exceptions import ContentEncodingError
from yarl import URL

from schema.problems import Code
from sources.contract import Document, SourceFailure
from sources.refusals import meaning
from sources.wire.authorities import authorities

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from schema.context import Clock
    from sources.contract import Request
    from sources.manifest import Manifest
    from sources.wire.endings import Endings

SUCCESS = range(200, 300)
AGENT = {"User-Agent": "Colonnade"}
LONGEST_SILENCE = 3_600.0
# Longer than any server reads: an id as long as a book, which some row holds as a reference.
LONGEST_URL = 65_536
# Well below the 5 s after which many servers close an idle connection: else both meet in the same moment, and a
# request is lost on a connection that is no more.
IDLE_SECONDS = 2.0
# What is sent as it stands: a link that a source gave is escaped already.
PLAIN = "/%:@!$&'()*+,;=~?[]"
# Heads are bounded, but some gateways write long ones.
HEAD_BYTES, HEADS = 65_536, 1_000
BODILESS = (204, 205)
# One deadline covers the whole call; the wire keeps it.
NEVER = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
# An amount is written digit by digit, and was never a float.
_JSON = msgspec.json.Encoder(decimal_format="number")


class HttpTransport:
    """The connections to one address, of the event loop in which it is first asked."""

    def __init__(self, address: str, manifest: Manifest, clock: Clock, endings: Endings) -> None:
        self._address, self._manifest, self._clock = address.rstrip("/"), manifest, clock
        self._endings = endings
        self._session: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def exchange(self, request: Request, credential: str | None, trace: Mapping[str, str]) -> bytes:
        """Return the body of a successful answer, or raise SourceFailure."""
        written = request.body.type if isinstance(request.body, Document) else "application/json"
        typed = AGENT if request.body is None else {**AGENT, "Content-Type": written}
        headers = {**self._manifest.headers, "Accept": "application/json", **typed, **request.headers, **trace}
        if credential is not None:
            headers["Authorization"] = credential
        response, body = await self._whole(request, headers)
        self._endings.note(request.path, response.headers)
        if response.status in SUCCESS:
            return body
        retry_after = self._retry_after(response.headers.get("Retry-After", ""))
        meant = meaning(response.status, body, self._manifest.errors, response.headers)
        raise SourceFailure(meant, f"status {response.status}", response.status, retry_after, body=body)

    async def _whole(self, request: Request, headers: Mapping[str, str]) -> tuple[aiohttp.ClientResponse, bytes]:
        """Return the answer's head and body. The body is counted as it comes, after decompression."""
        most = self._manifest.limits.answer_bytes
        method = request.method or ("GET" if request.body is None and request.form is None else "POST")
        data = request.form if request.body is None else _written(request.body)
        try:
            async with self._opened().request(
                method, self._url(request), data=data, headers=headers, allow_redirects=False
            ) as response:
                body = bytearray()
                async for chunk in response.content.iter_any():
                    body += chunk
                    if len(body) > most:
                        raise SourceFailure(Code.SOURCE_MISBEHAVED, f"more than {most} bytes")
                if not body and not _delimited(response):
                    raise SourceFailure(Code.SOURCE_MISBEHAVED, "nothing came, and nothing says that this is all")
                return response, bytes(body)
        # Nor is the error told as the cause: it holds the whole URL, what was sent, and parts of the answer.
        except (aiohttp.ClientError, ValueError) as error:
            if any(isinstance(one, ContentEncodingError) for one in _causes(error)):
                raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer's encoding is broken") from None
            unsent = isinstance(error, aiohttp.ClientConnectorError)
            raise SourceFailure(Code.SOURCE_UNAVAILABLE, type(error).__name__, unsent=unsent) from None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=Connections(
                    limit=self._manifest.limits.at_once, keepalive_timeout=IDLE_SECONDS, ssl=authorities()
                ),
                max_line_size=HEAD_BYTES,
                max_field_size=HEAD_BYTES,
                max_headers=HEADS,
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
        try:
            # Without its bar the path would lengthen the host's name.
            path = "/" + quote(request.path.removeprefix("/"), safe=PLAIN)
            url = URL(f"{request.at or self._address}{path}", encoded=True)
            url = _asking(url, request.params) if request.params else url
        except ValueError:
            raise SourceFailure(Code.SOURCE_REFUSED, "the question cannot be written as a URL", unsent=True) from None
        if len(str(url)) > LONGEST_URL:
            raise SourceFailure(Code.SOURCE_REFUSED, "the question is longer than a URL may be", unsent=True)
        return url

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


def _written(body: Any) -> bytes:
    return body.content if isinstance(body, Document) else _JSON.encode(body)


def _asking(url: URL, params: Sequence[tuple[str, str]]) -> URL:
    """Put a query behind a URL. A plus is a space in forms alone: what reads a URL by its grammar refuses it."""
    head, _, query = str(url.with_query(params)).partition("?")
    return URL(f"{head}?{query.replace('+', '%20')}", encoded=True)


class Connections(aiohttp.TCPConnector):
    """Connections that are kept, of which none is used again on which something has come that nobody asked for.

    aiohttp looks whether a kept connection is closed, and no further. A proxy's late `408` would be the answer to the
    next question, and that one's answer the next one's again. `_get` has no public name; pinned by a test.
    """

    async def _get(self, key: Any, traces: Any) -> Any:
        while (kept := await super()._get(key, traces)) is not None:
            protocol: Any = kept.protocol
            if not protocol.should_close and not _readable(kept.transport):
                return kept
            kept.close()
        return None


def _readable(transport: Any) -> bool:
    """Tell whether something has come that the event loop has not read yet: bytes, or the end."""
    poll = select.poll()
    poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _delimited(response: aiohttp.ClientResponse) -> bool:
    """Tell whether an answer says where it ends, so that one that was cut off can be told from a whole one."""
    told = "Content-Length" in response.headers or "chunked" in response.headers.get("Transfer-Encoding", "").lower()
    return told or response.status in BODILESS


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
