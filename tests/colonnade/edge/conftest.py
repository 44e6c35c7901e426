"""A small graph behind the whole edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.colonnade.edge.small import Small, small

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def graph() -> Iterator[Small]:
    """The small graph as it comes."""
    with small() as running:
        yield running
