"""What was looked up lately is never older, nor much more, than it may be."""

from __future__ import annotations

from store.lately import Lately


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_nothing_outlives_its_seconds() -> None:
    """Whenever it is looked at, a value is there for half of the seconds at least, and never for longer than all."""
    clock = Clock()
    lately = Lately[str, int](30, 1_000, clock)
    for second in range(200):
        clock.now = float(second)
        found = lately.find([f"k{number}" for number in range(200)])
        ages = [second - value for value in found.values()]
        assert all(age < 30 for age in ages)
        assert sorted(ages)[:14] == list(range(1, 15))[: min(second, 14)]
        lately.keep({f"k{second}": second})
    clock.now = 229.0
    assert lately.find(["k199"]) == {}


def test_what_nobody_looked_at_is_old_all_the_same() -> None:
    """A generation that nobody asked for ages like the others."""
    clock = Clock()
    lately = Lately[str, int](30, 1_000, clock)
    lately.keep({"first": 1})
    clock.now = 29.0
    assert lately.find(["first"]) == {"first": 1}
    clock.now = 30.0
    assert lately.find(["first"]) == {}


def test_it_is_bounded() -> None:
    """About so many are kept, the later ones, and an empty value is one, too."""
    clock = Clock()
    lately = Lately[int, list[int]](30, 100, clock)
    for number in range(1_000):
        lately.keep({number: []})
    found = lately.find(range(1_000))
    assert 50 <= len(found) <= 100
    assert found == {key: [] for key in range(1_000 - len(found), 1_000)}
    lately.clear()
    assert lately.find(range(1_000)) == {}
