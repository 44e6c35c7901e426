"""How a server takes its time with an answer that is right: one function for each way, in a table."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

# Longer than any client waits, and yet an end.
HANG_SECONDS: Final = 600.0
GLANCE_SECONDS: Final = 0.05

Pace: TypeAlias = Callable[[Request, Response, float], Awaitable[Response]]


async def _slow(_request: Request, response: Response, seconds: float) -> Response:
    await asyncio.sleep(seconds)
    return response


async def _drip(_request: Request, response: Response, seconds: float) -> Response:
    async def drops() -> AsyncIterator[bytes]:
        body = bytes(response.body)
        for place in range(len(body)):
            yield body[place : place + 1]
            await asyncio.sleep(seconds)

    return StreamingResponse(drops(), response.status_code, dict(response.headers))


async def _hang(request: Request, _response: Response, _seconds: float) -> Response:
    for _ in range(int(HANG_SECONDS / GLANCE_SECONDS)):
        if await request.is_disconnected():
            break
        await asyncio.sleep(GLANCE_SECONDS)
    return Response(status_code=504)


PACES: Final[Mapping[str, Pace]] = {
    "slow": _slow,  # the answer comes after some seconds
    "drip": _drip,  # the answer comes a byte at a time, some seconds after each
    "hang": _hang,  # no answer comes until the client gives up or the server is stopped
}
