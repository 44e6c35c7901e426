"""Documents made from the schema by schemathesis: valid ones, with values as odd as their types allow."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import schemathesis
from graphql import build_schema, introspection_from_schema
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as some
from schemathesis.graphql import nodes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy

_TEXT = some.text(max_size=20)
# What is written where the schema wants a scalar of its own: what it should be as often as anything else.
SCALARS: Mapping[str, SearchStrategy[str]] = {
    "CurrencyCode": some.sampled_from(["EUR", "GBP", "XXX"]) | _TEXT,
    "Date": some.dates().map(str) | _TEXT,
    "Decimal": some.decimals().map(str) | _TEXT,
    "Hours": some.decimals().map(str) | _TEXT,
    "Instant": some.datetimes().map(lambda at: f"{at.isoformat()}Z") | _TEXT,
    "Ratio": some.decimals().map(str) | _TEXT,
    "_Any": _TEXT,
}


def documents(number: int, start: int) -> list[str]:
    """Return this many documents; the same start gives the same ones."""
    for name, texts in SCALARS.items():
        schemathesis.graphql.scalar(name, texts.map(nodes.String))
    sdl = build_schema(Path("schema.graphql").read_text(encoding="utf-8"), assume_valid=True, assume_valid_sdl=True)
    operations = schemathesis.graphql.from_dict(dict(introspection_from_schema(sdl))).get_all_operations()
    strategies = [found.ok().as_strategy() for found in operations]  # type: ignore[union-attr]  # an Err has none and fails
    made: list[str] = []

    @seed(start)
    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=some.one_of(strategies))
    def make(case: Any) -> None:
        made.append(case.body)

    with warnings.catch_warnings(action="ignore"):
        make()
    return made
