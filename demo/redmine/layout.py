"""Where the parts of an installed Redmine lie."""

from pathlib import Path
from typing import Final

from demo.installed import NotInstalledError, Seeded

# Where Debian's package puts the application. It is copied, so that nothing outside our own directory is changed.
PACKAGED: Final = Path("/usr/share/redmine")


class Layout(Seeded):
    """The files of one installation."""

    NAME = "redmine"

    @property
    def app(self) -> Path:
        """The copy of the application, which reads its database's place from the environment."""
        return self.home / "app"

    def require(self) -> None:
        """Raise unless everything that a server needs is there."""
        if not (self.app.is_dir() and self.template.exists()):
            raise NotInstalledError(f"no seeded Redmine in {self.home}; run: python -m demo.redmine.install")
