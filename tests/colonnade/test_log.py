"""The log: what it cannot keep is lost, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.commands.rig import Forge, rig

if TYPE_CHECKING:
    from demo.firm.model import Firm


@pytest.mark.commands
def test_a_log_on_a_full_disk_fails_no_request(firm: Firm) -> None:
    """Where each line is refused for want of space, every question is answered all the same."""
    forge = Forge()
    try:
        with rig(firm, forge) as house:
            house.output = Path("/dev/full")
            house.fresh()
            house.start()
            answers = [house.ask("auditor", "{ engagements(first: 1) { edges { node { code } } } }") for _ in range(3)]
    finally:
        forge.stop()
    assert answers == [{"data": {"engagements": {"edges": [{"node": {"code": "ENG-001"}}]}}}] * 3
