"""Where the parts of an installed Tryton lie."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

ROOT: Final = Path(__file__).resolve().parents[2]
DEFAULT_DIRECTORY: Final = ROOT / ".systems"


class NotInstalledError(RuntimeError):
    """No seeded Tryton lies where it was looked for."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one installation, all below `home`."""

    home: Path

    @classmethod
    def of(cls, directory: Path | None) -> Self:
        """Return the layout below a directory of systems, by default the repository's own."""
        return cls((directory or DEFAULT_DIRECTORY).resolve() / "tryton")

    @property
    def venv(self) -> Path:
        """The environment that holds Tryton and nothing of ours."""
        return self.home / "venv"

    @property
    def python(self) -> Path:
        """The interpreter of that environment."""
        return self.venv / "bin" / "python"

    @property
    def base(self) -> Path:
        """A database with the modules activated and no company in it."""
        return self.home / "base.sqlite"

    @property
    def template(self) -> Path:
        """The seeded database; servers run on copies of it."""
        return self.home / "template.sqlite"

    @property
    def ids(self) -> Path:
        """The ids that the seed gave out."""
        return self.home / "template.ids.json"

    @property
    def marker(self) -> Path:
        """The digests of what the installation was made from."""
        return self.home / "installed.json"

    def require(self) -> None:
        """Raise unless everything that a server needs is there."""
        if not all(path.exists() for path in (self.python, self.template, self.ids)):
            raise NotInstalledError(f"no seeded Tryton in {self.home}; run: python -m demo.tryton.install")
