"""A stored cross-reference, as a value and as a row of its table."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from schema.cross_reference import Cardinality, CopyRole, Established, LinkState
from schema.problems import Problem
from schema.rows import Ref, System

if TYPE_CHECKING:
    from collections.abc import Iterable


class Score(Enum):
    """What speaks for a proposal: a human key, another identifier, or a name; AMBIGUOUS: more than one may be meant."""

    EXACT = "EXACT"
    STRONG = "STRONG"
    WEAK = "WEAK"
    AMBIGUOUS = "AMBIGUOUS"


class Pair(NamedTuple):
    """Who is said to be whom."""

    canonical: Ref
    foreign: Ref
    source_type: str


class CrossReference(msgspec.Struct, frozen=True, kw_only=True):
    """A record of another system that stands for one of ours. `foreign` says it in that system's words.

    `evidence` is what speaks for a proposal, by the names of what agrees and differs. `id` is None until it is stored.
    """

    canonical: Ref
    foreign: Ref
    source_type: str
    source_key: str | None = None
    role: CopyRole = CopyRole.REPLICA
    cardinality: Cardinality = Cardinality.ONE
    state: LinkState = LinkState.ACTIVE
    established_by: Established
    valid_from: datetime
    valid_to: datetime | None = None
    last_verified_at: datetime | None = None
    score: Score | None = None
    evidence: dict[str, Any] | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    id: int | None = None

    @property
    def pair(self) -> Pair:
        """Who is said to be whom."""
        return Pair(self.canonical, self.foreign, self.source_type)

    @property
    def entity_type(self) -> str:
        """The type of both records."""
        return self.canonical.type

    @property
    def system(self) -> System:
        """The role of the other system."""
        return System(self.foreign.role)

    @property
    def binding(self) -> str:
        """The other system as the configuration names it."""
        return self.foreign.binding

    @property
    def source_id(self) -> str:
        """What the other system calls the record."""
        return self.foreign.id

    @property
    def proposed(self) -> bool:
        """Whether nobody has decided on it yet."""
        return self.state is LinkState.PENDING and self.established_by is Established.MATCH

    @property
    def claims(self) -> bool:
        """Whether it takes its records: of proposals that compete none does."""
        return self.state is LinkState.ACTIVE or (self.state is LinkState.PENDING and self.score is not Score.AMBIGUOUS)

    def row(self) -> dict[str, object]:
        """Return it as a row of the table."""
        own = {name: getattr(self, name) for name in self.__struct_fields__ if name not in ("canonical", "foreign")}
        if self.id is None:
            del own["id"]
        return {
            **{name: value.value if isinstance(value, Enum) else value for name, value in own.items()},
            "entity_type": self.canonical.type,
            "canonical_id": self.canonical.encode(),
            "system": self.foreign.binding,
            "source_id": self.foreign.id,
        }

    @classmethod
    def of(cls, row: Any) -> CrossReference:
        """Read a row of the table, or raise Problem where its canonical id is none of ours."""
        canonical = Ref.decode(row.canonical_id)
        if isinstance(canonical, Problem):
            raise canonical
        return cls(
            canonical=canonical,
            foreign=Ref(row.entity_type, row.system, row.source_id),
            source_type=row.source_type,
            source_key=row.source_key,
            role=CopyRole(row.role),
            cardinality=Cardinality(row.cardinality),
            state=LinkState(row.state),
            established_by=Established(row.established_by),
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            last_verified_at=row.last_verified_at,
            score=Score(row.score) if row.score else None,
            evidence=row.evidence,
            decided_by=row.decided_by,
            decided_at=row.decided_at,
            id=row.id,
        )


class Neighbours:
    """References by the records that they name."""

    def __init__(self, references: Iterable[CrossReference]) -> None:
        self._by_source: dict[object, list[CrossReference]] = defaultdict(list)
        self._by_home: dict[object, list[CrossReference]] = defaultdict(list)
        for reference in references:
            self.learn(reference)

    def learn(self, reference: CrossReference) -> None:
        """Take one more in."""
        self._by_source[_source(reference)].append(reference)
        self._by_home[_home(reference)].append(reference)

    def same(self, one: CrossReference) -> list[CrossReference]:
        """List those that say the same records."""
        return [other for other in self._by_source[_source(one)] if other.pair == one.pair]

    def rivals(self, one: CrossReference) -> list[CrossReference]:
        """List those that name one of the two records, and another one beside it."""
        both = Cardinality.ONE
        return [
            *(other for other in self._by_source[_source(one)] if other.pair != one.pair),
            *(
                other
                for other in self._by_home[_home(one)]
                if other.source_id != one.source_id and one.cardinality is other.cardinality is both
            ),
        ]


def _source(reference: CrossReference) -> object:
    return reference.binding, reference.source_type, reference.source_id


def _home(reference: CrossReference) -> object:
    return reference.canonical, reference.binding, reference.source_type
