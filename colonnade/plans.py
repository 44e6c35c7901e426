"""How a plan is told in an answer's `extensions.plan`: whom it asks what on which level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from execution.planned.explaining import asked
from sources.questions import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from execution.planned.explaining import Shared, Told
    from sources.source import Source


def report(found: Told, sources: Sequence[Source]) -> list[dict[str, Any]]:
    """Return the levels, each with its questions: how many fields ask them together, and for how many keys.

    Keys are reckoned as for the operation's cost; `calls` is how many that makes to each system that may be asked.
    """
    return [
        {
            "level": number,
            "questions": [_told(question, shared, sources) for question, shared in questions],
        }
        for number, questions in asked(found).items()
    ]


def calls(question: str, keys: int, sources: Sequence[Source]) -> dict[str, int]:
    """Return how many calls a question for so many keys makes to each system that may be asked."""
    wanted = QUESTIONS[question]
    playing = [source for source in sources if source.system is wanted.role]
    return {
        source.binding: source.calls(wanted.rows, wanted.by, keys)
        for source in playing
        if source.offers(wanted.rows, wanted.by)
    }


def _told(question: str, shared: Shared, sources: Sequence[Source]) -> dict[str, Any]:
    named = {"system": QUESTIONS[question].role.name, "question": question}
    return {**named, **shared._asdict(), "calls": calls(question, shared.keys, sources)}
