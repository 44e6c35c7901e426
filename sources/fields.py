"""What a `source.toml` may say of one field: where its value stands, and how the source writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, model_validator

from schema.tomlfile import Strict

if TYPE_CHECKING:
    from collections.abc import Iterator

# What follows a function's name where a path might stand.
CALL = "()"

Unit: TypeAlias = Literal["minutes", "percent", "noon"]


class RuleError(ValueError):
    """A rule that cannot fill its field; the message names the field."""


class Leaf(Strict):
    """One value: where it stands in the source's row and how it becomes ours.

    `at` is a dotted path, or `name()`: what the function of that name in the vendor's `translate.py` makes of the
    columns that its parameters name. `constant` is a value that is not in the row. `codes` names a table keyed on the
    source's system code. `unit` converts minutes to hours, percent to a ratio, and a day written as its noon in UTC to
    that day. `nulls` are the values by which the source says *nothing*; the empty string always does.
    """

    at: str = ""
    constant: str | None = None
    codes: str | None = None
    unit: Unit | None = None
    nulls: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_origin(self) -> Leaf:
        if bool(self.at) == (self.constant is not None):
            raise ValueError("say either 'at' or 'constant'")
        return self


class Parts(Strict):
    """A value object: a rule for each of its parts."""

    parts: dict[str, Rule]


class Items(Strict):
    """A list that the row spells out: a rule for each item."""

    items: tuple[Rule, ...]


class Each(Strict):
    """A list in the row, as long as it is: where it stands, and the rule of an item, whose paths begin at the item.

    An item that is a bare value stands at `item`.
    """

    each: str
    of: Rule


def _rule(value: Any) -> Any:
    """Read the short forms: a path, a leaf, a table of parts, a list of items, the items of a list."""
    if isinstance(value, str):
        return Leaf(at=value)
    if isinstance(value, list):
        return Items.model_validate({"items": value})
    if isinstance(value, dict):
        if "each" in value:
            return Each.model_validate(value)
        leaf = value.keys() & {"at", "constant"}
        return Leaf.model_validate(value) if leaf else Parts.model_validate({"parts": value})
    return value


Rule: TypeAlias = Annotated[Leaf | Parts | Items | Each, BeforeValidator(_rule)]


def paths(rule: Rule) -> Iterator[str]:
    """List the paths of the source's row that a rule needs; of a list that stands in it, where that does."""
    if isinstance(rule, Leaf):
        yield from [rule.at] if rule.at else []
    elif isinstance(rule, Each):
        yield rule.each
    else:
        for part in rule.parts.values() if isinstance(rule, Parts) else rule.items:
            yield from paths(part)
