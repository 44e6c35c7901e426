"""Files over SFTP: put there whole or not at all, by a key, at a host that is known."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import asyncssh

from schema.tomlfile import FileError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

# For how many seconds the other side is talked to at once.
SECONDS = 30.0
PORT = 22
# It tells addresses and names; what failed is told by whoever asked.
logging.getLogger("asyncssh").setLevel(logging.CRITICAL)


class RoadError(Exception):
    """The other side cannot be reached, or did not do it; the message is a kind, without its words."""


class Road(NamedTuple):
    """Where files are exchanged, as whom and by which private key, and every how many seconds.

    `hosts` is the file of the keys that the host may have.
    """

    address: str
    user: str
    key: str
    hosts: Path
    seconds: float

    def __repr__(self) -> str:
        """Name the address alone."""
        return f"Road({self.address!r})"


def checked(road: Road, binding: str) -> Road:
    """Return a road whose key and known hosts can be read, or raise FileError."""
    try:
        asyncssh.import_private_key(road.key)
        asyncssh.read_known_hosts(str(road.hosts))
    except (OSError, ValueError) as error:
        said = f"binding {binding!r}: the exchange's private key or its known_hosts cannot be read"
        raise FileError(f"{said} ({type(error).__name__}); write them as OpenSSH does") from error
    return road


class Folder:
    """The road's folder on the other side, as long as the connection stands."""

    def __init__(self, client: asyncssh.SFTPClient, root: str) -> None:
        self._client, self._root = client, root

    async def stands(self, path: str) -> bool:
        """Tell whether a file stands there."""
        return await self._client.isfile(self._at(path))

    async def read(self, path: str, most: int) -> bytes | None:
        """Return a file's content, a byte more than `most` of a longer one, None where there is none."""
        try:
            async with self._client.open(self._at(path), "rb") as file:
                content: Any = await file.read(most + 1)
                return bytes(content)
        except asyncssh.SFTPNoSuchFile:
            return None

    async def put(self, path: str, content: bytes) -> None:
        """Put a file there: under another name until it is whole."""
        part = f"{path}.part"
        await self.write(part, content)
        await self.rename(part, path)

    async def write(self, path: str, content: bytes) -> None:
        """Write a file anew."""
        async with self._client.open(self._at(path), "wb") as file:
            await file.write(content)

    async def rename(self, path: str, to: str) -> None:
        """Give a file its name, in one step."""
        await self._client.posix_rename(self._at(path), self._at(to))

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}" if self._root else path


@asynccontextmanager
async def opened(road: Road) -> AsyncIterator[Folder]:
    """Enter the road's folder, or raise RoadError; so does whatever fails in it."""
    to = urlsplit(road.address)
    try:
        async with asyncio.timeout(SECONDS):
            connecting = asyncssh.connect(
                to.hostname or "",
                to.port or PORT,
                config=None,
                agent_path=None,
                known_hosts=str(road.hosts),
                username=road.user,
                client_keys=[asyncssh.import_private_key(road.key)],
                preferred_auth="publickey",
            )
            async with connecting as connection, connection.start_sftp_client() as client:
                yield Folder(client, to.path.strip("/"))
    except (asyncssh.Error, OSError, TimeoutError) as error:
        raise RoadError(type(error).__name__) from error
