"""Documents drawn by hypothesis, executed twice, and judged."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from graphql import OperationType, parse, validate
from hypothesis import HealthCheck, Phase, given, reject, seed, settings
from hypothesis import strategies as st

from tests.differential.comparing import Verdict, verdict
from tests.differential.product import LEAVE, PEOPLE, TROUBLES, values
from tests.differential.random_schemas import VALUES, Made
from tests.differential.writing import documents

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.differential.product import House
    from tests.differential.writing import Document

Judge: TypeAlias = "Callable[[Verdict, Any], None]"
SCHEMAS = 40
# Mutations are drawn over random schemas alone: those of the product are commands, which need a store of their own.
KINDS = (OperationType.QUERY, OperationType.QUERY, OperationType.MUTATION)


def alike(found: Verdict, what: Any) -> None:
    """Demand that a plan has said the same."""
    assert found == "same", (found, what)


def over_random_schemas(examples: int, judge: Judge = alike, number: int | None = None) -> None:
    """Judge so many documents over random schemas; a number draws others, and other schemas."""
    base = 0 if number is None else number * SCHEMAS

    def compare(data: st.DataObject) -> None:
        one = made(base + data.draw(st.integers(0, SCHEMAS - 1)))
        kind = data.draw(st.sampled_from(KINDS))
        document = data.draw(documents(one.core, kind, VALUES))
        assert not validate(one.core, parse(document.text)), document.text
        judge(*asyncio.run(_both(one, document)))

    _drawn(examples, number, given(data=st.data())(compare))


def over_the_product(
    house: House, trouble: tuple[str, str] | None, examples: int, judge: Judge = alike, number: int = 0
) -> None:
    """Judge so many documents over the product's schema, while something is wrong with a system; others each time."""
    run = house.loop.run_until_complete
    with house.troubled(trouble) as twice:

        def compare(document: Document, persona: str) -> None:
            prepared = twice.prepared(document.text)
            if prepared is None:
                reject()
            judge(*run(twice.compare(document, prepared, persona)))

        core = twice.planned.schema.core
        asked = documents(core, OperationType.QUERY, values(house.ids), LEAVE, roots=2)
        try:
            _drawn(
                examples,
                number * len(TROUBLES) + TROUBLES.index(trouble),
                given(document=asked, persona=st.sampled_from(PEOPLE))(compare),
            )
        finally:
            run(twice.stop())


def _drawn(examples: int, number: int | None, compare: Any) -> None:
    checks = list(HealthCheck)
    # To shrink what is asked of servers takes minutes, and says little.
    phases = list(Phase) if number is None else [Phase.generate]
    chosen = settings(max_examples=examples, deadline=None, database=None, suppress_health_check=checks, phases=phases)
    once = settings(chosen, derandomize=number is None, report_multiple_bugs=False)(compare)
    (once if number is None else seed(number)(once))()


@cache
def made(number: int) -> Made:
    """Return the schema of a number."""
    return Made(number)


async def _both(one: Made, document: Document) -> tuple[Verdict, Any]:
    answers = []
    for planned in (True, False):
        answers.append(await one.execute(document.text, document.variables, planned=planned))
        # What ordinary execution has given up is done in the background.
        while left := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(left)
    assert one.unplanned == []
    return verdict(*answers), (document, *answers)
