"""What an exception does to its command, who sees to it within what time, and how: `Tiers.of(code)` is all there is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from policies.rules import verify
from schema.problems import Code
from schema.tier import Tier
from schema.tomlfile import Strict, load

SHIPPED = Path(__file__).with_name("tiers.toml")


class Handling(NamedTuple):
    """What is done about an exception. `within` is how long it may stay open, None where nothing waits for anybody."""

    tier: Tier
    team: str
    remedy: str
    within: timedelta | None


def _code(name: str) -> Code:
    if name not in Code.__members__:
        raise ValueError("is no code of schema/problems.py; correct its spelling")
    return Code[name]


Named: TypeAlias = Annotated[Code, BeforeValidator(_code)]


class Owner(Strict):
    """Whose an exception is, and what they do about it."""

    team: str = Field(min_length=1)
    remedy: str = Field(min_length=1)


class Codes(Strict):
    """The codes of one tier."""

    within_hours: int | None = Field(default=None, ge=1)
    codes: dict[Named, Owner]


class Tiers(Strict):
    """A whole `tiers.toml`. A code that is in no tier refuses its command before anything is written."""

    format: Literal[1]
    version: int = Field(ge=1)
    approved_by: str = Field(min_length=1)
    tiers: dict[Tier, Codes]

    @model_validator(mode="after")
    def _one_tier_each(self) -> Tiers:
        seen: set[Code] = set()
        for tier, standing in self.tiers.items():
            if doubled := sorted(code.name for code in standing.codes.keys() & seen):
                raise ValueError(f"{doubled} are {tier.name} and of another tier too; leave each in one")
            seen |= standing.codes.keys()
        return self

    @classmethod
    def read(cls, path: Path = SHIPPED) -> Tiers:
        """Read the file, or raise FileError: every complaint with its line and cure, or what nobody has approved."""
        tiers = load(path, cls)
        verify(path)
        return tiers

    def of(self, code: Code) -> Handling | None:
        """Return what is done about an exception, None if the code is a plain refusal."""
        for tier, standing in self.tiers.items():
            if owner := standing.codes.get(code):
                hours = standing.within_hours
                return Handling(tier, owner.team, owner.remedy, timedelta(hours=hours) if hours else None)
        return None
