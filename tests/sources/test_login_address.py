"""A system may have its login elsewhere."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING

from colonnade.demo import configure
from colonnade.principals import Facade
from colonnade.settings import Settings
from colonnade.wiring import SystemClock
from demo.systems import dynamics_as
from sources.checkup import Finding, examine
from sources.registry import connect

if TYPE_CHECKING:
    from pathlib import Path

    from demo.firm.model import Firm

PLACE = 'environment = "sandbox"\n'


def test_the_credentials_go_to_the_login_address_alone(firm: Firm, tmp_path: Path) -> None:
    """The secret is shown where the configuration says, and the system only sees what was issued there."""
    with ExitStack() as stack:
        (erp,) = stack.enter_context(dynamics_as(firm, "erp"))
        (issuer,) = stack.enter_context(dynamics_as(firm, "erp"))
        path = configure(tmp_path, [erp])
        text = path.read_text(encoding="utf-8")
        assert PLACE in text
        path.write_text(text.replace(PLACE, f'{PLACE}login_address = "{issuer.address}/"\n'), encoding="utf-8")
        (binding,) = Settings.read(path).connections()

        async def examined() -> list[Finding]:
            source = connect(binding, SystemClock())
            findings = await examine(source, Facade())
            await source.wire.aclose()
            return findings

        findings = asyncio.run(examined())
        assert set(issuer.traffic.calls()) == {"POST /oauth2/v2.0/token"}
        assert [call for call in erp.traffic.calls() if call.startswith("POST")] == []
        # The two servers do not know each other's tokens.
        assert {finding.wrong for finding in findings if finding.wrong} != set()
