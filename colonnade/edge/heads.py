"""The heads of requests, bounded in bytes and in time: httptools collects what comes for as long as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio
    from asyncio import TimerHandle

# What the event loop reads at once may hold a whole body as well.
HEAD_BYTES: Final = 512 * 1024
HEAD_SECONDS: Final = 20.0


class BoundedHeads(HttpToolsProtocol):
    """uvicorn's protocol, which closes on a head that is too long or too slow."""

    _received = 0
    _waiting: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for the first head."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._have()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what comes, unless it is too much for a head."""
        if self._waiting is not None:
            self._received += len(data)
            if self._received > HEAD_BYTES:
                self.send_400_response("The head of the request is too long.")
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Wait for the head of one more request."""
        super().on_message_begin()
        if self._waiting is None:
            self._wait()

    def on_headers_complete(self) -> None:
        """Count no further: a body has bounds of its own."""
        self._have()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._received = 0
        self._waiting = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _have(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
