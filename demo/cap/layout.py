"""Where the parts of an installed CAP lie."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

ROOT: Final = Path(__file__).resolve().parents[2]
DEFAULT_DIRECTORY: Final = ROOT / ".systems"


class NotInstalledError(RuntimeError):
    """No CAP lies where it was looked for."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one installation, all below `home`."""

    home: Path

    @classmethod
    def of(cls, directory: Path | None) -> Self:
        """Return the layout below a directory of systems, by default the repository's own."""
        return cls((directory or DEFAULT_DIRECTORY).resolve() / "cap")

    @property
    def program(self) -> Path:
        """What node runs."""
        return self.home / "node_modules" / "@sap" / "cds" / "bin" / "serve.js"

    @property
    def data(self) -> Path:
        """The rows that every start loads."""
        return self.home / "db" / "data"

    @property
    def marker(self) -> Path:
        """The digest of what the installation was made from; it is written last and stands for the whole."""
        return self.home / "installed"

    def require(self) -> None:
        """Raise unless everything that a server needs is there."""
        if not self.marker.exists():
            raise NotInstalledError(f"no CAP in {self.home}; run: python -m demo.cap.install")
