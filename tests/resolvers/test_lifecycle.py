"""The contract's life: nothing disappears unannounced, and what is announced has a day."""

from __future__ import annotations

from datetime import date

import pytest
from graphql import build_schema

from resolvers.lifecycle import Change, LifecycleError, compare, dated, deprecations

RELEASED = """
directive @owner(system: String) on OBJECT
type Query { work(first: Int, kind: Kind): Work }
enum Kind { OPEN CLOSED @deprecated(reason: "Use OPEN. Removal: 2026-07-01") }
type Work @owner(system: "PSA") {
  id: ID!
  name: String
  old: String @deprecated(reason: "Use `name`. Removal: 2026-07-01")
}
"""
GONE = (
    '  old: String @deprecated(reason: "Use `name`. Removal: 2026-07-01")\n',
    ' CLOSED @deprecated(reason: "Use OPEN. Removal: 2026-07-01")',
)
WITHOUT = RELEASED.replace(GONE[0], "").replace(GONE[1], "")


def test_the_same_contract_has_not_changed() -> None:
    """A contract compared with itself shows nothing."""
    assert compare(RELEASED, RELEASED, date(2026, 6, 30)) == []


def test_what_is_deprecated_goes_on_its_day_and_not_before() -> None:
    """A field and a value that were announced may be gone on their day; the day before, that breaks clients."""
    assert compare(RELEASED, WITHOUT, date(2026, 7, 1)) == []
    assert compare(RELEASED, WITHOUT, date(2026, 6, 30)) == [
        Change("BREAKING", "Enum value Kind.CLOSED was removed."),
        Change("BREAKING", "Field Work.old was removed."),
    ]


def test_what_should_be_gone_is_told() -> None:
    """On its day, what is still there is overdue."""
    late = [change.description for change in compare(RELEASED, RELEASED, date(2026, 7, 1)) if change.grade == "OVERDUE"]
    assert late == ["Kind.CLOSED should have been removed by now", "Work.old should have been removed by now"]


@pytest.mark.parametrize(
    ("was", "is_", "said"),
    [
        ("name: String", "name: Int", "Field Work.name changed type from String to Int."),
        ("id: ID!", "id: ID", "Field Work.id changed type from ID! to ID."),
        ("first: Int,", "first: Int!,", "Argument Query.work(first:) has changed type from Int to Int!."),
        ("name: String\n", "", "Field Work.name was removed."),
    ],
)
def test_what_breaks_a_client_is_breaking(was: str, is_: str, said: str) -> None:
    """Another type, a promise taken back, a stricter argument, an unannounced removal."""
    assert was in RELEASED
    assert compare(RELEASED, RELEASED.replace(was, is_), date(2026, 6, 30)) == [Change("BREAKING", said)]


def test_what_is_new_is_safe() -> None:
    """A new field breaks nobody."""
    (change,) = compare(RELEASED, RELEASED.replace("id: ID!", "id: ID! added: Int"), date(2026, 6, 30))
    assert change.grade == "SAFE"


@pytest.mark.parametrize("reason", ["Use `name`.", "Removal: soon", "Removal: 2026-13-01", "Removal: 2026-07-01 or so"])
def test_a_deprecation_without_a_day_is_refused(reason: str) -> None:
    """A reason that ends with no day of the calendar is none; the refusal names the place and the cure."""
    schema = build_schema(f'type Query {{ a(b: Int @deprecated(reason: "{reason}")): Int }}')
    assert list(deprecations(schema)) == [("Query.a(b)", reason)]
    with pytest.raises(LifecycleError) as refused:
        dated(schema)
    cure = "end its reason with 'Removal: YYYY-MM-DD'"
    assert str(refused.value) == f"Query.a(b) is deprecated without a date: {cure}"


def test_a_dated_deprecation_is_taken() -> None:
    """Fields, arguments, values and inputs that say their day are as they should be."""
    dated(build_schema(RELEASED))
