"""A plan, told: which field asks what on which level, as a tree of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from execution.planned.fields import Asked, Called
from execution.sizes import CAP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from execution.planned.rows import Selection
    from execution.sizes import Sizes


class Step(NamedTuple):
    """A field that asks: its place in the answer below the step before, its level, and its questions in order.

    One without a question is answered by its resolver; each question behind the first is a level more. It stands in
    so many `rows`, as lists are reckoned for an operation's cost; `asker` is equal where it asks for the same keys.
    """

    place: str
    level: int
    questions: Sequence[str]
    rows: int
    asker: tuple[int, str]
    below: Sequence[Step]


class Shared(NamedTuple):
    """Of a question on a level: how many fields ask it together, and for how many keys."""

    fields: int
    keys: int


def steps(selection: Selection, sizes: Sizes) -> list[Step]:
    """Return what is asked for a selection, in the order of the answer."""
    return list(_steps(selection, sizes, (), 1, {}))


def _steps(
    selection: Selection, sizes: Sizes, path: tuple[str, ...], rows: int, told: Mapping[str, int]
) -> Iterator[Step]:
    for field in selection.fields:
        if field.constant is not None:
            continue
        weight, size = sizes.of(field.place.nodes[0], field.place.parent)
        items = told.get(field.place.name, size if weight.is_list else 1)
        among = min(CAP, rows * items), dict.fromkeys(weight.sized, size)
        if isinstance(field, Asked | Called):
            below = [step for name, kind in _kinds(field) for step in _steps(kind, sizes, name, *among)]
            asking, asker = (field.questions, field.by) if isinstance(field, Asked) else ((), field.key)
            yield Step(".".join((*path, field.key)), field.level, asking, rows, (id(selection), asker), below)
        else:
            for name, kind in _kinds(field):
                yield from _steps(kind, sizes, (*path, field.key, *name), *among)


def _kinds(field: Any) -> Iterator[tuple[tuple[str, ...], Selection]]:
    """Yield what is selected of each type that a field may have; where it may have several, with its name."""
    below: Mapping[str, Selection] = field.completion.below
    for name, selection in below.items():
        yield (f"[{name}]",) if len(below) > 1 else (), selection


def asked(found: Sequence[Step]) -> dict[int, dict[str, Shared]]:
    """Return who asks which question on each level: they share one call for every batch of keys."""
    levels: dict[int, dict[str, list[Step]]] = {}
    for step in _all(found):
        for ahead, question in enumerate(step.questions):
            levels.setdefault(step.level + ahead, {}).setdefault(question, []).append(step)
    return {
        level: {question: Shared(len(asking), _keys(asking)) for question, asking in questions.items()}
        for level, questions in sorted(levels.items())
    }


def _keys(asking: Sequence[Step]) -> int:
    return min(CAP, sum({step.asker: step.rows for step in asking}.values()))


def _all(found: Sequence[Step]) -> Iterator[Step]:
    for step in found:
        yield step
        yield from _all(step.below)
