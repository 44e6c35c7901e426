"""HTTP requests read within bounds: the method, the type, the encoding, so many bytes, and then the parameters."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from strawberry.http.parse_content_type import parse_content_type

from colonnade.edge.negotiation import JSON
from colonnade.edge.parameters import Parameters, decode
from colonnade.edge.refusal import refused
from schema.problems import Code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

BODY_BYTES: Final = 100 * 1024
# Longer URLs are no HTTP to some servers.
QUERY_BYTES: Final = 50 * 1024
BODY_SECONDS: Final = 10.0
BATCH: Final = 10
METHODS: Final = "GET, POST, OPTIONS"
# Whoever is refused while sending is not listened to any longer.
CLOSE: Final = {"Connection": "close"}


async def read(request: Request) -> Parameters | list[Parameters]:
    """Return what a request asks for, several things if it is a batch; or refuse it."""
    if request.method == "GET":
        return Parameters.of(_query(request.scope["query_string"]))
    content = decode(await _body(request))
    if not isinstance(content, list):
        return Parameters.of(content)
    if not 1 <= len(content) <= BATCH:
        raise refused(Code.BAD_REQUEST, f"a batch has from 1 to {BATCH} operations")
    return [Parameters.of(one) for one in content]


def _query(text: bytes) -> dict[str, Any]:
    if len(text) > QUERY_BYTES:
        raise refused(Code.TOO_LARGE, f"a query string may have {QUERY_BYTES} bytes at most; POST the request")
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError as error:  # UnicodeDecodeError is one
        raise refused(Code.BAD_REQUEST, "the query string is not URL-encoded UTF-8") from error
    given: dict[str, Any] = dict(pairs)
    if len(given) < len(pairs):
        raise refused(Code.BAD_REQUEST, "the query string names a parameter twice")
    return given | {name: decode(given[name].encode()) for name in ("variables", "extensions") if given.get(name)}


async def _body(request: Request) -> bytes:
    if not _json(request.headers.getlist("content-type")):
        raise refused(Code.UNSUPPORTED_MEDIA_TYPE, "the body must be of one Content-Type: application/json in UTF-8")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise refused(Code.UNSUPPORTED_MEDIA_TYPE, "the body must not be compressed")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _bounded(request)
    except TimeoutError as error:
        raise refused(Code.BAD_REQUEST, f"the body did not come within {BODY_SECONDS:g} s", headers=CLOSE) from error


def _json(kinds: Sequence[str]) -> bool:
    if kinds == [JSON]:  # as nearly all write it
        return True
    kind, params = parse_content_type(kinds[0]) if len(kinds) == 1 else ("", {})
    return kind.lower() == JSON and params.get("charset", "utf-8").strip('"').lower() in ("utf-8", "utf8")


async def _bounded(request: Request) -> bytes:
    """Read no more than the bound, whatever the Content-Length says."""
    declared = request.headers.get("content-length", "0")
    body = bytearray()
    if not declared.isdecimal() or int(declared[:20]) <= BODY_BYTES:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_BYTES:
                break
        else:
            return bytes(body)
    raise refused(Code.TOO_LARGE, f"a request may have {BODY_BYTES} bytes at most", headers=CLOSE)
