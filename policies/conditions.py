"""The conditions of rules: a closed vocabulary without expressions. Several conditions of a rule must all hold.

always  true                      it has no condition
over    { amount = 250_000 }      the fact's magnitude is greater than the limit: a credit of -300 000 is over 250 000
under   { margin = "0.25" }       the fact is less than the limit
when    { backward = true }       the fact is that
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, TypeAlias

from pydantic import BeforeValidator, StrictBool, StrictInt, StrictStr, model_validator

from schema.tomlfile import Strict

if TYPE_CHECKING:
    from collections.abc import Mapping

Fact: TypeAlias = Decimal | bool | int | str


def _limit(said: Any) -> Decimal:
    if type(said) is int or isinstance(said, str):
        try:
            limit = Decimal(said)
        except InvalidOperation:
            limit = Decimal("NaN")
        if limit.is_finite():
            return limit
    raise ValueError('is no exact number; write 250_000 or "0.25"')


Limit: TypeAlias = Annotated[Decimal, BeforeValidator(_limit)]
Limits: TypeAlias = dict[str, Limit]


class Check(NamedTuple):
    """What is asked of one fact: to be `value`, or else to be less than `low` or greater than `high`."""

    fact: str
    value: bool | int | str | None
    low: Decimal | None
    high: Decimal | None


class Conditions(Strict):
    """When a rule applies."""

    always: Literal[True] | None = None
    over: Limits = {}
    under: Limits = {}
    when: dict[str, StrictBool | StrictInt | StrictStr] = {}

    @model_validator(mode="after")
    def _one_meaning(self) -> Conditions:
        named = [*self.over, *self.under, *self.when]
        if doubled := sorted({fact for fact in named if named.count(fact) > 1}):
            raise ValueError(f"{doubled} stand in two conditions; make two rules of it")
        if self.always and named:
            raise ValueError("'always' leaves no room for another condition; drop one of them")
        if negative := sorted(fact for fact, limit in self.over.items() if limit < 0):
            raise ValueError(f"{negative}: a magnitude is over every negative limit; write a positive one")
        return self

    def checks(self, limits: Mapping[str, Decimal]) -> tuple[Check, ...]:
        """Return what is to be asked of the facts, with these limits instead of the rule's own."""
        over = {fact: limits.get(fact, limit) for fact, limit in self.over.items()}
        under = {fact: limits.get(fact, limit) for fact, limit in self.under.items()}
        return (
            *(Check(fact, value, None, None) for fact, value in self.when.items()),
            *(Check(fact, None, -limit, limit) for fact, limit in over.items()),
            *(Check(fact, None, limit, None) for fact, limit in under.items()),
        )


def hold(checks: tuple[Check, ...], facts: Mapping[str, Fact], *, unknown: bool) -> bool:
    """Tell whether all checks hold. One of a fact that is missing, or of another type, is answered with `unknown`."""
    for name, value, low, high in checks:
        fact = facts.get(name)
        if value is not None:
            held = fact == value if type(fact) is type(value) else unknown
        elif type(fact) is int or (type(fact) is Decimal and fact.is_finite()):
            held = (low is not None and fact < low) or (high is not None and fact > high)
        else:
            held = unknown
        if not held:
            return False
    return True
