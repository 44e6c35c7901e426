"""A running server for every registered source, as far as it can be had here."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from demo.cap.bound import VENDORS as CAP
from demo.cap.bound import with_cap
from demo.cap.layout import Layout
from demo.heritage.bound import heritage
from demo.systems import dynamics_as, emulated
from demo.tryton.bound import with_tryton
from sources.registry import vendors
from tests.redmine import running_redmine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from demo.firm.model import Firm
    from demo.systems import Bound

REAL = ("redmine", "reporting_views", "tryton", *CAP)
# What needs an installed system is tried with that system's own tests.
MARKS = {"redmine": pytest.mark.redmine, "tryton": pytest.mark.tryton, **dict.fromkeys(CAP, pytest.mark.cap)}
SERVERS = {"redmine": "redmine", "tryton": "real", **dict.fromkeys(CAP, "engine")}
SOURCES = [pytest.param(role, vendor, marks=MARKS.get(vendor, ())) for role, vendor, _ in vendors()]


@pytest.fixture(scope="module")
def emulations(firm: Firm) -> Iterator[Mapping[tuple[str, str], Bound]]:
    """A server for every source that has one of ours, and the warehouse."""
    with ExitStack() as stack:
        bound = [*stack.enter_context(emulated(firm)), *stack.enter_context(dynamics_as(firm, "crm", "hr"))]
        bound.append(stack.enter_context(heritage(firm)))
        yield {(system.role, system.vendor): system for system in bound}


@pytest.fixture(scope="module")
def real(firm: Firm) -> Iterator[Mapping[tuple[str, str], Bound]]:
    """The running Tryton in its three roles."""
    with with_tryton(firm) as bound:
        yield {(system.role, system.vendor): system for system in bound}


@pytest.fixture(scope="module")
def engine() -> Iterator[Mapping[tuple[str, str], Bound]]:
    """The running CAP, by the folders that read it."""
    if not Layout.of(None).marker.exists() and "CI" not in os.environ:
        pytest.skip("CAP is not installed: run 'make systems' (two minutes, once)")
    with with_cap() as bound:
        yield {(system.role, system.vendor): system for system in bound.values()}


@pytest.fixture(scope="module")
def redmine(firm: Firm) -> Iterator[Mapping[tuple[str, str], Bound]]:
    """The running Redmine."""
    with running_redmine(firm) as bound:
        yield {(bound.role, bound.vendor): bound}
