"""A plan, told: which field asks what on which level, as a tree of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from execution.planned.fields import Asked, Called

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from execution.planned.rows import Selection


class Step(NamedTuple):
    """A field that asks: its place in the answer below the step before, its level, and its questions in order.

    One without a question is answered here; each question behind the first is a level more.
    """

    place: str
    level: int
    questions: Sequence[str]
    below: Sequence[Step]


def steps(selection: Selection) -> list[Step]:
    """Return what is asked for a selection, in the order of the answer."""
    return list(_steps(selection, ()))


def _steps(selection: Selection, path: tuple[str, ...]) -> Iterator[Step]:
    for field in selection.fields:
        if isinstance(field, Asked | Called):
            below = [step for kind in _kinds(field) for step in kind]
            yield Step(".".join((*path, field.key)), field.level, getattr(field, "questions", ()), below)
        elif field.constant is None:
            for name, chosen in field.completion.below.items():
                on = (f"[{name}]",) if len(field.completion.below) > 1 else ()
                yield from _steps(chosen, (*path, field.key, *on))


def _kinds(field: Any) -> Iterator[Iterator[Step]]:
    """Yield the steps of each type that a field may have; where it may have several, their places tell which."""
    below: Mapping[str, Selection] = field.completion.below
    for name, selection in below.items():
        yield _steps(selection, (f"[{name}]",) if len(below) > 1 else ())


def asked(found: Sequence[Step]) -> dict[int, dict[str, int]]:
    """Return how many fields ask which question on each level: they share one call for every batch of keys."""
    levels: dict[int, dict[str, int]] = {}
    for step in found:
        for ahead, question in enumerate(step.questions):
            level = levels.setdefault(step.level + ahead, {})
            level[question] = level.get(question, 0) + 1
        for number, questions in asked(step.below).items():
            level = levels.setdefault(number, {})
            level.update({name: level.get(name, 0) + count for name, count in questions.items()})
    return dict(sorted(levels.items()))
