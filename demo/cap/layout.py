"""Where the parts of an installed CAP lie."""

from pathlib import Path

from demo.installed import Installation, NotInstalledError


class Layout(Installation):
    """The files of one installation."""

    NAME = "cap"

    @property
    def program(self) -> Path:
        """What node runs."""
        return self.home / "node_modules" / "@sap" / "cds" / "bin" / "serve.js"

    @property
    def data(self) -> Path:
        """The rows that every start loads."""
        return self.home / "db" / "data"

    def require(self) -> None:
        """Raise unless everything that a server needs is there."""
        if not self.marker.exists():
            raise NotInstalledError(f"no CAP in {self.home}; run: python -m demo.cap.install")
