"""HTTP: the whole answer within its cap, from the bound address alone; every way to fail has the name of its kind."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

import httpx
import msgspec

from schema.problems import Code
from sources.contract import SourceFailure
from sources.refusals import meaning

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from schema.context import Clock
    from sources.contract import Request
    from sources.manifest import Manifest

LONGEST_SILENCE = 3_600.0
# An amount is written digit by digit, and was never a float.
_JSON = msgspec.json.Encoder(decimal_format="number")


class HttpTransport:
    """The connections to one address."""

    def __init__(self, address: str, manifest: Manifest, clock: Clock) -> None:
        self._manifest, self._clock = manifest, clock
        # No proxy of the environment and no redirect may carry the credentials to another host.
        self._http = httpx.AsyncClient(
            base_url=address,
            verify=authorities(),
            follow_redirects=False,
            trust_env=False,
            # A cookie that one caller was given must not come back with another one's call.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            timeout=None,  # noqa: S113  httpx counts each read by itself; one deadline covers the whole call
            # Well below the 5 s after which many servers close an idle connection: httpx's own 5 s meets theirs in
            # the same moment, and a request is lost on a connection that is no more.
            limits=httpx.Limits(max_connections=manifest.limits.at_once, keepalive_expiry=2.0),
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def exchange(self, request: Request, credential: str | None, trace: Mapping[str, str]) -> bytes:
        """Return the body of a successful answer, or raise SourceFailure."""
        typed = {} if request.body is None else {"Content-Type": "application/json"}
        headers = {**self._manifest.headers, "Accept": "application/json", **typed, **request.headers, **trace}
        if credential is not None:
            headers["Authorization"] = credential
        response, body = await self._whole(request, headers)
        status = response.status_code
        if httpx.codes.is_success(status):
            return body
        retry_after = self._retry_after(response.headers.get("Retry-After", ""))
        meant = meaning(status, body, self._manifest.errors)
        raise SourceFailure(meant, f"status {status}", status, retry_after, body=body)

    async def _whole(self, request: Request, headers: Mapping[str, str]) -> tuple[httpx.Response, bytes]:
        """Return the answer's head and body. The body is counted as it comes, after decompression."""
        most = self._manifest.limits.answer_bytes
        method = request.method or ("GET" if request.body is None and request.form is None else "POST")
        url = request.at + request.path + ("?" + _query(request.params) if request.params else "")
        try:
            async with self._http.stream(
                method, url, content=_body(request), data=request.form, headers=headers
            ) as response:
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > most:
                        raise SourceFailure(Code.SOURCE_MISBEHAVED, f"more than {most} bytes")
                return response, bytes(body)
        except httpx.DecodingError as error:
            raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer's encoding is broken") from error
        except httpx.InvalidURL as error:
            # An id as long as a book, which some row holds as a reference.
            raise SourceFailure(Code.SOURCE_REFUSED, "the question is longer than a URL may be") from error
        except httpx.HTTPError as error:
            unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
            raise SourceFailure(Code.SOURCE_UNAVAILABLE, type(error).__name__, unsent=unsent) from error

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


@cache
def authorities() -> ssl.SSLContext:
    """Read the certificate authorities once for all bindings: it takes longer than most calls."""
    return httpx.create_ssl_context(trust_env=False)


def _body(request: Request) -> bytes | None:
    return None if request.body is None else _JSON.encode(request.body)


def _query(params: tuple[tuple[str, str], ...]) -> str:
    # OData spells its options with $, and counts every byte of the URL.
    return "&".join(f"{quote_plus(name, safe='$')}={quote_plus(value, safe=',()')}" for name, value in params)
