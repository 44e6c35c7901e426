"""The legacy ERP, running: a process of its own, bound beside the firm's other systems."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx

from demo.firm.model import Firm
from demo.heritage.ledger import COMPANY, PASSWORD, USER
from demo.heritage.sftp import Road
from demo.systems import HTTP, Bound, Emulated, Words

START_SECONDS: Final = 30.0


@contextmanager
def heritage(firm: Firm, role: str = "erp", road: Road | None = None) -> Iterator[Bound]:
    """Run the legacy ERP, which knows the German company's engagements and all customers; it may take files, too."""
    entities = {engagement.code: engagement.entity for engagement in firm.engagements}
    words: Words = {
        "Customer": str,
        "Engagement": lambda code: code if entities[code] == COMPANY else None,
        "LegalEntity": lambda code: code if code == COMPANY else None,
    }
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    files = [str(road.folder), str(road.port)] if road else []
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-m", "demo.heritage.service", str(port), *files])
    try:
        _await(process, url)
        yield Bound(role, "heritage", url, {"user": USER, "password": PASSWORD}, words, Emulated(url))
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """Return a port that nobody has now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _await(process: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            HTTP.get(f"{url}/_control/log")
        except httpx.TransportError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
