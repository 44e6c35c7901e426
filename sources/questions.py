"""A question that the graph may ask of a role: which rows, by whose references, one or many."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from schema.rows import System

if TYPE_CHECKING:
    from schema.rows import Row

QUESTIONS: dict[str, type[Question]] = {}


class Question:
    """Asked in batches, answered by whichever systems play the role. A subclass is the question; its name says it.

    `rows` are what is answered, `by` is the type whose references are the keys (the rows' own type: by id), `many`
    tells whether a key has one row or a list.
    """

    role: ClassVar[System]
    rows: ClassVar[type[Row]]
    by: ClassVar[str]
    many: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """Register the question under its name in snake case."""
        cls.role = System(cls.__module__.split(".")[-2])
        QUESTIONS[question_name(cls)] = cls


def question_name(question: type[Question]) -> str:
    """Return the name by which a link asks: `InvoicesByEngagement` is `invoices_by_engagement`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", question.__name__).lower()
