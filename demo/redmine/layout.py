"""Where the parts of an installed Redmine lie."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

ROOT: Final = Path(__file__).resolve().parents[2]
DEFAULT_DIRECTORY: Final = ROOT / ".systems"
# Where Debian's package puts the application. It is copied, so that nothing outside our own directory is changed.
PACKAGED: Final = Path("/usr/share/redmine")


class NotInstalledError(RuntimeError):
    """No seeded Redmine lies where it was looked for."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one installation, all below `home`."""

    home: Path

    @classmethod
    def of(cls, directory: Path | None) -> Self:
        """Return the layout below a directory of systems, by default the repository's own."""
        return cls((directory or DEFAULT_DIRECTORY).resolve() / "redmine")

    @property
    def app(self) -> Path:
        """The copy of the application, which reads its database's place from the environment."""
        return self.home / "app"

    @property
    def base(self) -> Path:
        """A database with all tables and nothing of the firm in it."""
        return self.home / "base.sqlite"

    @property
    def template(self) -> Path:
        """The seeded database; servers run on copies of it."""
        return self.home / "template.sqlite"

    @property
    def marker(self) -> Path:
        """The digests of what the installation was made from."""
        return self.home / "installed.json"

    def require(self) -> None:
        """Raise unless everything that a server needs is there."""
        if not (self.app.is_dir() and self.template.exists()):
            raise NotInstalledError(f"no seeded Redmine in {self.home}; run: python -m demo.redmine.install")
