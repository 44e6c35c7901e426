"""Over random schemas, a plan does and says what graphql-core does and says."""

from __future__ import annotations

import os

import pytest

from tests.differential.drawing import over_random_schemas

EXAMPLES = int(os.environ.get("DIFF_RANDOM", "3500"))


@pytest.mark.diff
@pytest.mark.timeout(1_800)
# graphql-core cancels what it has not begun, where null spreads over it.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_a_plan_says_what_graphql_core_says() -> None:
    """Effects, data bytes, and which error is where, are the same; without errors a plan asks no question more."""
    over_random_schemas(EXAMPLES)
