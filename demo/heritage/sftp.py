"""The folder of the legacy ERP's files, over SFTP: asyncssh's server, in a thread of its own."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, Final, Self

import asyncssh

from demo.heritage.exchange import Desk

USER: Final = "northbeam"
LOOKS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Road:
    """Where the files are, and who may come: the folder, the port, our private key, and the host's public one."""

    folder: Path
    port: int

    @classmethod
    def make(cls, folder: Path, port: int) -> Self:
        """Write the keys of both sides."""
        (folder / "files").mkdir()
        for name in ("host", "client"):
            key = asyncssh.generate_private_key("ssh-ed25519")
            key.write_private_key(folder / f"{name}_key")
            (folder / f"{name}_key").chmod(0o600)
            key.write_public_key(folder / f"{name}_key.pub")
        host = (folder / "host_key.pub").read_text("ascii").strip()
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host}\n", "ascii")
        return cls(folder, port)

    @property
    def said(self) -> dict[str, Any]:
        """How a binding is told of it."""
        return {
            "address": f"sftp://127.0.0.1:{self.port}",
            "user": USER,
            "key": f"file:{self.folder / 'client_key'}",
            "known_hosts": str(self.folder / "known_hosts"),
        }


def serve(desk: Desk, road: Road) -> None:
    """Serve the folder, and take what comes, as long as the process lives."""
    Thread(target=asyncio.run, args=(_serve(desk, road),), daemon=True).start()


async def _serve(desk: Desk, road: Road) -> None:
    files = str(road.folder / "files").encode()
    server = await asyncssh.listen(
        "127.0.0.1",
        road.port,
        server_host_keys=[str(road.folder / "host_key")],
        authorized_client_keys=str(road.folder / "client_key.pub"),
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=files),
    )
    async with server:
        while True:
            desk.look()
            await asyncio.sleep(LOOKS)
