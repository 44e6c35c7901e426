"""Where the parts of an installed Tryton lie."""

from pathlib import Path

from demo.installed import NotInstalledError, Seeded


class Layout(Seeded):
    """The files of one installation."""

    NAME = "tryton"

    @property
    def venv(self) -> Path:
        """The environment that holds Tryton and nothing of ours."""
        return self.home / "venv"

    @property
    def python(self) -> Path:
        """The interpreter of that environment."""
        return self.venv / "bin" / "python"

    @property
    def ids(self) -> Path:
        """The ids that the seed gave out."""
        return self.home / "template.ids.json"

    def require(self) -> None:
        """Raise unless everything that a server needs is there."""
        if not all(path.exists() for path in (self.python, self.template, self.ids)):
            raise NotInstalledError(f"no seeded Tryton in {self.home}; run: python -m demo.tryton.install")
