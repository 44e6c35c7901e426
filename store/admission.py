"""What a file of links would change: pure judgement, so that a dry run says what the real one does."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from schema.cross_reference import Established, LinkState
from store.reference import CrossReference, Neighbours

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Line(NamedTuple):
    """A reference as somebody wrote it down, and on which line."""

    number: int
    reference: CrossReference


class Refusal(NamedTuple):
    """What cannot be done, on which line or of which reference, and what to do about it."""

    number: int
    wrong: str
    cure: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.number}: {self.wrong}; {self.cure}"


class Admission(msgspec.Struct, frozen=True):
    """New rows, stored ones that now are so, proposals that they put an end to, and what cannot be."""

    added: list[CrossReference]
    activated: list[CrossReference]
    withdrawn: list[CrossReference]
    unchanged: int
    refused: list[Refusal]


class Judge:
    """Holds one line after another against what is stored and what the lines before it said."""

    def __init__(self, stored: Iterable[CrossReference]) -> None:
        self._known = Neighbours(stored)
        self._lines: dict[int, int] = {}
        self._added: list[CrossReference] = []
        self._activated: list[CrossReference] = []
        self._withdrawn: dict[int | None, CrossReference] = {}
        self._refused: list[Refusal] = []
        self._unchanged = 0

    def admit(self, lines: Sequence[Line]) -> Admission:
        """Judge all lines."""
        for line in lines:
            self._judge(line)
        withdrawn = list(self._withdrawn.values())
        return Admission(self._added, self._activated, withdrawn, self._unchanged, self._refused)

    def _judge(self, line: Line) -> None:
        new = line.reference
        same = self._known.same(new)
        if twin := next((number for known in same if (number := self._line_of(known))), None):
            self._refuse(line, f"line {twin} says the same records", "remove one of the two lines")
        elif new.state is LinkState.RETIRED:
            self._judge_retired(line, same)
        elif live := next((known for known in same if known.state is not LinkState.RETIRED), None):
            self._judge_known(line, live)
        elif self._may_stand(line):
            self._added.append(new)
            self._lines[id(new)] = line.number
            self._known.learn(new)

    def _judge_retired(self, line: Line, same: list[CrossReference]) -> None:
        if any(known.state is not LinkState.RETIRED for known in same):
            cure = "remove the line, or retire the link: colonnade identity review --reject"
            self._refuse(line, "this link is not retired here", cure)
        elif any(known.valid_from == line.reference.valid_from for known in same):
            self._unchanged += 1
        else:
            self._added.append(line.reference)

    def _judge_known(self, line: Line, live: CrossReference) -> None:
        new = line.reference
        if live.state in (new.state, LinkState.ACTIVE):
            self._unchanged += 1
        elif live.state is LinkState.PENDING and live.established_by is Established.COMMAND:
            self._refuse(line, "a command is about to make this link", "import the file again when it has ended")
        elif self._may_stand(line):
            self._activated.append(
                msgspec.structs.replace(
                    live, state=new.state, established_by=new.established_by, score=None, evidence=None
                )
            )

    def _may_stand(self, line: Line) -> bool:
        """Tell whether nothing that claims one of the two records is in the way; proposals give way to a fact."""
        new = line.reference
        rivals = self._known.rivals(new)
        yielding = [one for one in rivals if one.proposed and not self._line_of(one) and new.state is LinkState.ACTIVE]
        for rival in rivals:
            if new.claims and rival.claims and rival not in yielding:
                self._contradict(line, rival)
                return False
        self._withdrawn |= {one.id: one for one in yielding}
        return True

    def _contradict(self, line: Line, rival: CrossReference) -> None:
        said = f"{rival.binding} {rival.source_id!r} is linked to {rival.canonical.binding} {rival.canonical.id!r}"
        if number := self._line_of(rival):
            self._refuse(line, f"{said} by line {number}", "keep one of the two lines")
        else:
            cure = f"correct the line, or retire that link first: colonnade identity review --reject {rival.id}"
            self._refuse(line, f"{said} already", cure)

    def _line_of(self, reference: CrossReference) -> int:
        """Return the line that brought it, 0 for a stored one."""
        return self._lines.get(id(reference), 0)

    def _refuse(self, line: Line, wrong: str, cure: str) -> None:
        self._refused.append(Refusal(line.number, wrong, cure))
