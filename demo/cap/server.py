"""Runs CAP on a fresh database in memory, for tests and for looking around.

python -m demo.cap.server [PORT] [DIRECTORY]
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from demo.cap.layout import Layout
from demo.installed import START_SECONDS, NotInstalledError, NotStartedError, ending

LOOK_SECONDS: Final = 0.1
DEFAULT_PORT: Final = 8070
# A server on the loopback interface with invented data needs no secret; package.json lets them in.
CREDENTIALS: Final = {"user": "colonnade", "password": "copper-ledger-2026"}


@contextmanager
def serve(directory: Path | None = None, port: int = 0) -> Iterator[str]:
    """Run CAP until the block ends, and yield its address. Port 0 takes a free one."""
    layout = Layout.of(directory)
    layout.require()
    node = shutil.which("node")
    if node is None:
        raise NotInstalledError("CAP needs node 20 on this machine")
    with tempfile.TemporaryDirectory(prefix="cap-") as name:
        folder = Path(name)
        told, output = folder / "port", folder / "output.log"
        # Its home is the folder: it writes a list of running services there, and a user's own is none of its business.
        env = {"PATH": os.environ["PATH"], "HOME": name, "PORT": str(port), "CAP_PORT_FILE": str(told)}
        with (
            output.open("wb") as log,
            subprocess.Popen(
                [node, str(layout.program), "all", "--in-memory"], cwd=layout.home, env=env, stdout=log, stderr=log
            ) as process,
            ending(process),
        ):
            yield f"http://127.0.0.1:{_listening(process, told, output)}"


def _listening(process: subprocess.Popen[bytes], told: Path, output: Path) -> int:
    """Wait for the port that the server writes when it answers."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if told.exists():
            return int(told.read_text(encoding="utf-8"))
        time.sleep(LOOK_SECONDS)
    raise NotStartedError(f"CAP did not start:\n{output.read_text(encoding='utf-8')[-2000:]}")


def main(port: str = str(DEFAULT_PORT), directory: str | None = None) -> None:
    """Serve in the foreground until interrupted."""
    with serve(Path(directory) if directory else None, int(port)) as address:
        print(f"{address}/odata/v4/erp  user {CREDENTIALS['user']}", flush=True)  # noqa: T201
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
