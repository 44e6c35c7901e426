"""The installed Redmine, running; where it is missing, a developer's machine says so and CI fails."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from demo.redmine.bound import with_redmine
from demo.redmine.install import outdated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.firm.model import Firm
    from demo.redmine.bound import Running


@contextmanager
def running_redmine(firm: Firm) -> Iterator[Running]:
    """Run Redmine on a fresh copy of its seed."""
    if stale := outdated():
        reason = f"Redmine is not installed, or out of date ({', '.join(stale)}): run `make systems`"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with with_redmine(firm) as bound:
        yield bound
