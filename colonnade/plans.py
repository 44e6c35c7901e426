"""How a plan is told in an answer's `extensions.plan`: whom it asks what on which level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from execution.planned.explaining import asked
from sources.questions import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from execution.planned.explaining import Step


def report(found: Sequence[Step]) -> list[dict[str, Any]]:
    """Return the levels, each with its questions: whose they are, and how many fields ask them together."""
    return [
        {
            "level": number,
            "questions": [
                {"system": QUESTIONS[question].role.name, "question": question, "fields": fields}
                for question, fields in sorted(questions.items())
            ],
        }
        for number, questions in asked(found).items()
    ]
