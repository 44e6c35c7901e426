"""Over random schemas, a plan says what graphql-core says."""

from __future__ import annotations

import asyncio
import os
from functools import cache
from typing import Any

import pytest
from graphql import GraphQLError, parse, validate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schema.problems import Problem
from tests.differential.comparing import Told, places, same_data
from tests.differential.random_schemas import Made
from tests.differential.writing import Document, documents

SCHEMAS = 40
EXAMPLES = int(os.environ.get("DIFF_EXAMPLES", "3500"))
VALUES: dict[str, list[Any]] = {
    "prefix": ["x", "y", "fail"],
    "times": [0, 1, 3, 2**31 - 1],
    "limit": [0, 1, 5],
    "first": [0, 2, 10],
    "String": ["a"],
    "Int": [1],
}


@cache
def made(seed: int) -> Made:
    """Return the schema of a seed."""
    return Made(seed)


def told(error: GraphQLError) -> Told:
    """Return what of an error is compared."""
    cause = error.original_error
    code = cause.code.name if isinstance(cause, Problem) else "INTERNAL_ERROR"
    return Told(code, [error.path or []])


async def _both(one: Made, document: Document) -> list[Any]:
    answers = []
    for planned in (True, False):
        answers.append(await one.execute(document.text, document.variables, planned=planned))
        # What ordinary execution has given up is done in the background.
        while left := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(left)
    return answers


@pytest.mark.diff
@pytest.mark.timeout(1_800)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    database=None,
    report_multiple_bugs=False,
)
@given(data=st.data())
def test_a_plan_says_what_graphql_core_says(data: st.DataObject) -> None:
    """Data bytes, and which error is where, are the same; without errors a plan asks no question more."""
    one = made(data.draw(st.integers(0, SCHEMAS - 1)))
    core = one.schema._schema  # noqa: SLF001
    document = data.draw(documents(core, VALUES))
    assert not validate(core, parse(document.text)), document.text
    (planned, asked), (ordinary, asked_ordinarily) = asyncio.run(_both(one, document))
    assert one.unplanned == []
    assert same_data(planned.data, ordinary.data), document
    assert places(map(told, planned.errors or ()), planned.data) == places(
        map(told, ordinary.errors or ()), ordinary.data
    ), document
    if not ordinary.errors:
        assert all(asked.count(question) <= asked_ordinarily.count(question) for question in asked), document
