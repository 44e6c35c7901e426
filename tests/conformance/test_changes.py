"""Every registered source keeps the laws of change on a live server, as far as its manifest says that it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from schema.tomlfile import load
from sources.manifest import CHANGING, Manifest
from sources.registry import vendors
from tests.conformance.changing import CASES, NEEDS
from tests.conformance.servers import REAL, SERVERS, SOURCES, emulations, engine, real, redmine
from tests.conformance.trials import emulated, running, tryton

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from demo.systems import Bound
    from sources.manifest import Changing
    from tests.conformance.changing import Trial

__all__ = ["emulations", "engine", "real", "redmine"]

TRIALS: Mapping[tuple[str, str], Callable[..., AbstractAsyncContextManager[Trial]]] = {
    ("crm", "salesforce"): emulated.salesforce,
    ("crm", "tryton"): tryton.crm,
    ("erp", "dynamics"): emulated.dynamics,
    ("erp", "heritage"): running.heritage,
    ("erp", "sap_cap"): running.cap,
    ("erp", "sap_cap_v2"): running.cap_v2,
    ("erp", "tryton"): tryton.erp,
    ("forecast", "runn"): emulated.runn,
    ("hr", "tryton"): tryton.hr,
    ("psa", "kantata"): emulated.kantata,
    ("psa", "redmine"): running.redmine,
}


def said(role: str, vendor: str) -> dict[Changing, str]:
    """Return what a manifest says of the cases that change something."""
    (path,) = (path for at, name, path in vendors() if (at, name) == (role, vendor))
    quality = load(path, Manifest).quality
    return {case: quality[case] for case in CHANGING}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("role", "vendor"), SOURCES)
async def test_a_change_keeps_the_laws(request: pytest.FixtureRequest, role: str, vendor: str, case: Changing) -> None:
    """A case that is verified holds on the server, and one that is exempt cannot be tried on it."""
    level, trial = said(role, vendor)[case], TRIALS.get((role, vendor))
    if trial is None:
        assert level.startswith("exempt")
        return
    servers: Mapping[tuple[str, str], Bound] = request.getfixturevalue(SERVERS.get(vendor, "emulations"))
    async with trial(servers[role, vendor]) as one:
        assert level.startswith("exempt") is (getattr(one, NEEDS[case]) is None)
        if not level.startswith("exempt"):
            assert level == ("real server" if vendor in REAL else "demo server only")
            await CASES[case](one)
