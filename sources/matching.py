"""Which records of two systems are alike: proposals for a person, never links. Nothing is read or written here."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from sources.identity import IdentityRow
from store.reference import Score

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from schema.rows import Ref

# By what two records may be alike, the strongest first.
SIGNS = ("KEY", "TAX_NUMBER", "EMAIL", "NAME")
SCORES = {"KEY": Score.EXACT, "TAX_NUMBER": Score.STRONG, "EMAIL": Score.STRONG, "NAME": Score.WEAK}

# What more records than these have in common tells none of them apart.
CROWD = 20


class Candidate(msgspec.Struct, frozen=True):
    """Two records that may be one: what agrees, what differs, and how much it says."""

    home: IdentityRow
    other: IdentityRow
    agrees: tuple[str, ...]
    differs: tuple[str, ...]
    score: Score

    @property
    def evidence(self) -> dict[str, Any]:
        """Return what a person needs to decide."""
        return {
            "agrees": list(self.agrees),
            "differs": list(self.differs),
            "home": _shown(self.home),
            "source": _shown(self.other),
        }


class Settled(NamedTuple):
    """What is not asked again: records that are linked on either side, and pairs that a person rejected."""

    homes: Collection[Ref]
    others: Collection[Ref]
    rejected: Collection[tuple[Ref, Ref]]


def match(
    homes: Iterable[IdentityRow], others: Iterable[IdentityRow], settled: Settled, *, whole: bool
) -> list[Candidate]:
    """Return the likeliest pairs of two lists; where `whole` is false, no key is sure to be the only one of its kind.

    A pair is kept if neither of its records has a better one. One that competes with another one as good, or whose
    signs contradict each other, is AMBIGUOUS.
    """
    left, right = [[_Signed.of(row) for row in rows] for rows in (homes, others)]
    borne = [Counter((sign, value) for one in side for sign, value in one.signs.items()) for side in (left, right)]
    pairs = _alike(_open(left, settled.homes, borne), _open(right, settled.others, borne), settled.rejected)
    best_home, best_other = _best(pairs, 0), _best(pairs, 1)
    kept = [pair for pair in pairs.values() if pair.rank == best_home[pair.home.ref] == best_other[pair.other.ref]]
    times = Counter(ref for pair in kept for ref in (pair.home.ref, pair.other.ref))

    def alone(pair: _Pair) -> bool:
        """Tell whether nobody else is meant: by another pair, or by the same sign on a record that is settled."""
        sign = pair.agrees[0], pair.home.signs[pair.agrees[0]]
        return times[pair.home.ref] == times[pair.other.ref] == borne[0][sign] == borne[1][sign] == 1

    return [
        _candidate(pair, alone=alone(pair), whole=whole)
        for pair in sorted(kept, key=lambda pair: (pair.home.ref, pair.other.ref))
    ]


class _Signed(NamedTuple):
    """A record with its signs in the form in which they are compared."""

    row: IdentityRow
    signs: Mapping[str, Any]

    @property
    def ref(self) -> Ref:
        return self.row.ref

    @classmethod
    def of(cls, row: IdentityRow) -> _Signed:
        signs = {
            "KEY": row.key,
            "TAX_NUMBER": "".join(filter(str.isalnum, row.tax_number or "")).upper(),
            "EMAIL": (row.email or "").strip().casefold(),
            "NAME": words(row.name or ""),
        }
        return cls(row, {sign: value for sign, value in signs.items() if value})


class _Pair(NamedTuple):
    home: _Signed
    other: _Signed

    @property
    def agrees(self) -> tuple[str, ...]:
        return tuple(sign for sign in self._both if self.home.signs[sign] == self.other.signs[sign])

    @property
    def differs(self) -> tuple[str, ...]:
        return tuple(sign for sign in self._both if self.home.signs[sign] != self.other.signs[sign])

    @property
    def rank(self) -> int:
        """How strong the strongest agreement is; 0 is the strongest."""
        return SIGNS.index(self.agrees[0])

    @property
    def contradicted(self) -> bool:
        """Whether an identifier differs, or names that have no word in common."""
        strangers = "NAME" in self.differs and not set(self.home.signs["NAME"]) & set(self.other.signs["NAME"])
        return strangers or any(sign != "NAME" for sign in self.differs)

    @property
    def _both(self) -> Sequence[str]:
        return [sign for sign in SIGNS if sign in self.home.signs and sign in self.other.signs]


def words(name: str) -> tuple[str, ...]:
    """Return a name's words without case, accents, punctuation and order."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    letters = (letter for letter in plain if not unicodedata.combining(letter))
    return tuple(sorted("".join(letter if letter.isalnum() else " " for letter in letters).split()))


def _open(side: Sequence[_Signed], settled: Collection[Ref], borne: Sequence[Counter[Any]]) -> list[_Signed]:
    """List the records that are still looked for, without the signs that half the firm bears."""

    def told(one: _Signed) -> dict[str, Any]:
        return {sign: value for sign, value in one.signs.items() if max(b[sign, value] for b in borne) <= CROWD}

    return [_Signed(one.row, told(one)) for one in side if one.ref not in settled]


def _alike(
    left: Sequence[_Signed], right: Sequence[_Signed], rejected: Collection[tuple[Ref, Ref]]
) -> dict[tuple[Ref, Ref], _Pair]:
    pairs: dict[tuple[Ref, Ref], _Pair] = {}
    for sign in SIGNS:
        by_value: dict[Any, list[_Signed]] = defaultdict(list)
        for home in left:
            if sign in home.signs:
                by_value[home.signs[sign]].append(home)
        for other in right:
            for home in by_value.get(other.signs.get(sign), ()):
                if (home.ref, other.ref) not in rejected:
                    pairs.setdefault((home.ref, other.ref), _Pair(home, other))
    return pairs


def _best(pairs: Mapping[tuple[Ref, Ref], _Pair], side: int) -> dict[Ref, int]:
    best: dict[Ref, int] = {}
    for refs, pair in pairs.items():
        best[refs[side]] = min(pair.rank, best.get(refs[side], pair.rank))
    return best


def _candidate(pair: _Pair, *, alone: bool, whole: bool) -> Candidate:
    agrees = pair.agrees
    score = SCORES[agrees[0]] if alone and not pair.contradicted else Score.AMBIGUOUS
    if score is Score.EXACT and not whole:
        score = Score.STRONG
    return Candidate(pair.home.row, pair.other.row, agrees, pair.differs, score)


def _shown(row: IdentityRow) -> dict[str, str]:
    signs = {"key": row.key, "tax_number": row.tax_number, "email": row.email, "name": row.name}
    return {sign: value for sign, value in signs.items() if value}
