"""Who may sign in to the demo's Tryton."""

import os
from typing import Final

DATABASE: Final = "northbeam"
ADMIN: Final = "admin"
# Where Colonnade changes nothing it may change nothing: a role that takes no changes is bound as the reading user.
READER: Final = "colonnade-read"
WRITER: Final = "colonnade-write"
PASSWORD_VARIABLE: Final = "COLONNADE_TRYTON_PASSWORD"
_DEMO_PASSWORD: Final = "brass-lantern-2026"


def password() -> str:
    """Return the password of all three users; a server on the loopback interface with invented data needs no secret."""
    return os.environ.get(PASSWORD_VARIABLE, _DEMO_PASSWORD)
