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


class Told(NamedTuple):
    """What is asked by a plan, in the order of the answer. Where it is `serial`, one root begins behind another."""

    steps: Sequence[Step]
    serial: bool


def told(root: Selection, sizes: Sizes) -> Told:
    """Return what is asked for the root of a plan."""
    return Told(list(_steps(root, sizes, (), 1, {})), root.serial)


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


def asked(found: Told) -> dict[int, list[tuple[str, Shared]]]:
    """Return who asks which question on each level: they share one call for every batch of keys.

    What is done in turn shares none: a question stands there once for each root that asks it.
    """
    levels: dict[int, list[tuple[str, Shared]]] = {}
    for turn in [[step] for step in found.steps] if found.serial else [found.steps]:
        asking: dict[tuple[int, str], list[Step]] = {}
        for step in _all(turn):
            for ahead, question in enumerate(step.questions):
                asking.setdefault((step.level + ahead, question), []).append(step)
        for (level, question), fields in asking.items():
            levels.setdefault(level, []).append((question, Shared(len(fields), _keys(fields))))
    return {level: sorted(questions) for level, questions in sorted(levels.items())}


def _keys(asking: Sequence[Step]) -> int:
    return min(CAP, sum({step.asker: step.rows for step in asking}.values()))


def _all(found: Sequence[Step]) -> Iterator[Step]:
    for step in found:
        yield step
        yield from _all(step.below)
