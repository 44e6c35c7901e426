"""Which records are alike: what is plain, what competes, what contradicts itself, and what is nothing at all."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import pytest

from schema.rows import Origin, Ref, System
from sources.identity import IdentityRow, identity_row
from sources.matching import CROWD, Candidate, Settled, match, words
from store.reference import Score

HOME = Origin(System.HR, "hr", datetime(2026, 4, 8, tzinfo=UTC))
OTHER = Origin(System.PSA, "psa", datetime(2026, 4, 8, tzinfo=UTC))
NOTHING = Settled((), (), ())


def home(id_: str, **signs: str | None) -> IdentityRow:
    """Return a person of HR."""
    return identity_row("Resource")(ref=Ref("Resource", "hr", id_), origin=HOME, **signs)


def other(id_: str, **signs: str | None) -> IdentityRow:
    """Return a user of the PSA."""
    return identity_row("Resource")(ref=Ref("Resource", "psa", id_), origin=OTHER, **signs)


def said(candidates: list[Candidate]) -> list[tuple[str, str, str]]:
    """Return who is said to be whom, and how surely."""
    return [(one.home.ref.id, one.other.ref.id, one.score.value) for one in candidates]


@pytest.mark.parametrize(
    ("left", "right", "score"),
    [
        ({"key": "7", "name": "Ann Lee"}, {"key": "7", "name": "Lee, ANN"}, "EXACT"),
        ({"tax_number": "GB 412-907"}, {"tax_number": "gb412907"}, "STRONG"),
        ({"email": "Ann@Firm.example "}, {"email": "ann@firm.example"}, "STRONG"),
        ({"name": "Müller & Söhne"}, {"name": "muller  sohne"}, "WEAK"),
        ({"key": "7", "name": "Ann Lee"}, {"key": "8", "name": "Ann Lee"}, "AMBIGUOUS"),
        ({"key": "7", "email": "a@x.example"}, {"key": "7", "email": "b@x.example"}, "AMBIGUOUS"),
        ({"key": "7", "name": "Ann Lee"}, {"key": "7", "name": "Bo Chan"}, "AMBIGUOUS"),
        ({"key": "7", "name": "Ann Lee"}, {"key": "7", "name": "Ann Lee-Chan"}, "EXACT"),
    ],
)
def test_what_speaks_for_a_pair(left: dict[str, str], right: dict[str, str], score: str) -> None:
    """A key, another identifier or a name; identifiers that differ, or names of strangers, contradict it."""
    assert said(match([home("1", **left)], [other("2", **right)], NOTHING, whole=True)) == [("1", "2", score)]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"key": "7"}, {"key": "07"}),
        ({"key": "7"}, {"name": "7"}),
        ({"key": "a"}, {"key": "A"}),
        ({"key": ""}, {"key": ""}),
        ({"name": " - "}, {"name": "--"}),
        ({}, {}),
    ],
)
def test_what_is_not_the_same_is_no_pair(left: dict[str, str], right: dict[str, str]) -> None:
    """Keys are compared to the letter and with keys alone, and what says nothing is like nothing."""
    assert match([home("1", **left)], [other("2", **right)], NOTHING, whole=True) == []


def test_two_people_of_one_name_are_told_apart_by_their_numbers() -> None:
    """The name that they share does not make the numbers doubtful."""
    left = [home("1", key="7", name="Ann Lee"), home("2", key="8", name="Ann Lee")]
    right = [other("11", key="7", name="Ann Lee"), other("12", key="8", name="Ann Lee")]
    for order in permutations(right):
        assert said(match(left, order, NOTHING, whole=True)) == [("1", "11", "EXACT"), ("2", "12", "EXACT")]


def test_two_people_of_one_name_and_nothing_else_wait() -> None:
    """Each may be each: four pairs, none of them sure."""
    left, right = [home(id_, name="Ann Lee") for id_ in "12"], [other(id_, name="Ann Lee") for id_ in "34"]
    pairs = said(match(left, right, NOTHING, whole=True))
    assert pairs == [(a, b, "AMBIGUOUS") for a in "12" for b in "34"]


def test_a_key_that_two_bear_is_no_key() -> None:
    """A double account waits, and so does what a third record with the same key might have been."""
    left = [home("1", key="7", name="Ann Lee")]
    right = [other("11", key="7", name="Ann Lee"), other("12", key="7", name="Ann Lee")]
    assert {score for *_, score in said(match(left, right, NOTHING, whole=True))} == {"AMBIGUOUS"}
    # One of the two is settled: what is left is still not the only bearer of its key.
    linked = Settled((), (right[0].ref,), ())
    assert said(match(left, right, linked, whole=True)) == [("1", "12", "AMBIGUOUS")]
    rejected = Settled((), (), ((left[0].ref, right[0].ref),))
    assert said(match(left, right, rejected, whole=True)) == [("1", "12", "AMBIGUOUS")]


def test_what_is_settled_is_not_asked_again() -> None:
    """Neither a linked record nor a rejected pair comes back."""
    left, right = [home("1", key="7")], [other("2", key="7")]
    for settled in (
        Settled((left[0].ref,), (), ()),
        Settled((), (right[0].ref,), ()),
        Settled((), (), ((left[0].ref, right[0].ref),)),
    ):
        assert match(left, right, settled, whole=True) == []


def test_no_key_is_sure_while_a_record_cannot_be_read() -> None:
    """The record that cannot be read may bear the same key: a person looks."""
    assert said(match([home("1", key="7")], [other("2", key="7")], NOTHING, whole=False)) == [("1", "2", "STRONG")]


def test_what_half_the_firm_bears_tells_nobody_apart() -> None:
    """A name that many share makes no pairs, and lends its weight to none."""
    left = [home(str(number), key="0", name="Placeholder") for number in range(CROWD + 1)]
    assert match(left, [other("x", key="0", name="Placeholder")], NOTHING, whole=True) == []
    named = [*left, home("a", key="0", name="Ann Lee")]
    (pair,) = match(named, [other("x", key="0", name="Ann Lee")], NOTHING, whole=True)
    assert (pair.agrees, pair.score) == (("NAME",), Score.WEAK)


def test_the_evidence_shows_both_records() -> None:
    """What a person sees: what agrees, what differs, and what each side says."""
    (pair,) = match([home("1", key="7", name="Ann Lee")], [other("2", key="7", name="Ann Chan")], NOTHING, whole=True)
    assert pair.evidence == {
        "agrees": ["KEY"],
        "differs": ["NAME"],
        "home": {"key": "7", "name": "Ann Lee"},
        "source": {"key": "7", "name": "Ann Chan"},
    }


def test_words_of_a_name() -> None:
    """Case, accents, punctuation and order are no difference between names; another word is."""
    assert words("Calder & Voss Foods, Inc.") == words("inc calder voss FOODS") == ("calder", "foods", "inc", "voss")
    assert words("株式会社 みやしろ") == words("みやしろ・株式会社")
    assert words("Ann") != words("Anne")
