"""Subscriptions over one HTTP answer that does not end: server-sent events, or Apollo's multipart parts."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final

import orjson
from strawberry.http.streaming import MultipartSubscriptionTransport, SSETransport, merge_stream_with_heartbeat

from colonnade.edge.answering import VARY
from colonnade.edge.leaving import unless_gone
from colonnade.edge.negotiation import EVENTS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine

    from starlette.types import Receive, Scope, Send

HEARTBEAT_SECONDS: Final = 12.0


class Events(SSETransport):
    """Server-sent events; a comment opens them at once. Lines end as urql reads them: by a line feed alone."""

    opening = ":\n\n"

    def encode_event(self, event: str, data: str | None = None) -> str:
        """Write one event."""
        return super().encode_event(event, data).replace("\r\n", "\n")

    def encode_comment(self, comment: str) -> str:
        """Write what every client passes over."""
        return super().encode_comment(comment).replace("\r\n", "\n")


class Parts(MultipartSubscriptionTransport):
    """Multipart subscriptions; each part leaves the boundary of the next one open behind it."""

    @property
    def opening(self) -> str:
        """Return the first boundary."""
        return f"--{self.separator}"

    def encode_complete(self) -> str:
        """Make the open boundary the last one."""
        return "--\r\n"


class Stream:
    """An answer made of answers, as they come. It ends with them, with the visitor's proof, or with the client."""

    def __init__(
        self,
        kind: str,
        bodies: Callable[[], AsyncGenerator[dict[str, Any], None]],
        ending: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        self._transport = Events() if kind == EVENTS else Parts()
        self._bodies, self._ending = bodies, ending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        del scope
        headers = {**VARY, **self._transport.headers}
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        await unless_gone(receive, self._send_all(send))
        end = self._transport.encode_complete().encode()
        await send({"type": "http.response.body", "body": end, "more_body": False})

    async def _send_all(self, send: Send) -> None:
        chunks = merge_stream_with_heartbeat(
            self._chunks,
            lambda: self._transport.heartbeat_message(_encode),
            HEARTBEAT_SECONDS,
            send_initial_heartbeat=False,
        )()
        sending = [asyncio.create_task(_forward(chunks, send))]
        until = [asyncio.create_task(self._ending())] if self._ending is not None else []
        try:
            await asyncio.wait(sending + until, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in sending + until:
                task.cancel()
            (sent, *_) = await asyncio.gather(*sending, *until, return_exceptions=True)
        if isinstance(sent, Exception):
            raise sent

    async def _chunks(self) -> AsyncGenerator[str, None]:
        yield self._transport.opening
        async with aclosing(self._bodies()) as bodies:
            async for body in bodies:
                yield self._transport.encode_next(body, _encode)  # type: ignore[arg-type]  # it has those keys


async def _forward(chunks: AsyncGenerator[str, None], send: Send) -> None:
    async with aclosing(chunks):
        async for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk.encode(), "more_body": True})


def _encode(data: object) -> str:
    return orjson.dumps(data).decode()
