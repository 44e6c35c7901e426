"""Colonnade: one GraphQL graph over a professional-services firm's systems of record."""

from __future__ import annotations

import sys
from pathlib import Path

# In the wheel the rooms lie in `_rooms`, where no other distribution's `schema` can be in their place; in a checkout
# they are top-level packages, and there is no such folder.
_ROOMS = Path(__file__).parent / "_rooms"
if _ROOMS.is_dir() and str(_ROOMS) not in sys.path:
    sys.path.insert(0, str(_ROOMS))
