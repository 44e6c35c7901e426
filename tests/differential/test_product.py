"""Over the product's schema and the firm's systems, in trouble or not, a plan says what graphql-core says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.differential.drawing import over_the_product
from tests.differential.product import TROUBLES, house

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.differential.product import House

EXAMPLES = int(os.environ.get("DIFF_PRODUCT", "160"))


@pytest.fixture(scope="module")
def systems() -> Iterator[House]:
    """The firm's systems."""
    with house() as running:
        yield running


@pytest.mark.diff
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: "-".join(trouble) if trouble else "well")
def test_a_plan_says_what_graphql_core_says(systems: House, trouble: tuple[str, str] | None) -> None:
    """Data bytes, and which error is where, are the same; without errors a plan makes no call more."""
    over_the_product(systems, trouble, EXAMPLES)
