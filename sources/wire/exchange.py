"""One HTTP exchange: the whole answer within its cap, and every way to fail with the name of its kind."""

from __future__ import annotations

from typing import Any

import httpx

from schema.problems import Code
from sources.contract import SourceFailure


async def exchange(http: httpx.AsyncClient, method: str, url: str, most: int, **content: Any) -> tuple[int, bytes]:
    """Return the status and the body, or raise SourceFailure. The body is counted as it comes, after decompression."""
    try:
        async with http.stream(method, url, **content) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > most:
                    raise SourceFailure(Code.SOURCE_MISBEHAVED, f"more than {most} bytes")
            return response.status_code, bytes(body)
    except httpx.DecodingError as error:
        raise SourceFailure(Code.SOURCE_MISBEHAVED, "the answer's encoding is broken") from error
    except httpx.InvalidURL as error:
        # An id as long as a book, which some row holds as a reference.
        raise SourceFailure(Code.SOURCE_REFUSED, "the question is longer than a URL may be") from error
    except httpx.HTTPError as error:
        raise SourceFailure(Code.SOURCE_UNAVAILABLE, type(error).__name__) from error
