"""How one call goes wrong on demand: before or after its effect, kept back, lost on the way, or refused.

A quirk misbehaves until it is switched off, and in lists alone; a fault meets one call, and ends with it.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

FaultName: TypeAlias = Literal["hold_before", "hold_after", "lose_answer", "fail_before", "fail_after", "refuse"]
REFUSED: Final = 422


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens to the nth call whose method and path, such as `POST /api/v1/workspaces`, match a pattern.

    `hold_before` and `hold_after` keep the effect, or the answer alone, back for some `seconds`, whether or not the
    client waits; `lose_answer` closes the connection after the effect; `fail_before` and `fail_after` answer `status`
    in its place, or after it; `refuse` is the product's own refusal of what is not valid.
    """

    match: str
    what: FaultName
    nth: Annotated[int, msgspec.Meta(ge=1)] = 1
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    status: Literal[429, 500, 503] = 500

    def __post_init__(self) -> None:
        """Refuse what is no pattern."""
        try:
            re.compile(self.match)
        except re.error as error:
            message = f"match: {error}"
            raise ValueError(message) from error

    @property
    def instead(self) -> int | None:
        """The status answered in the effect's place, if it is not made."""
        return {"fail_before": self.status, "refuse": REFUSED}.get(self.what)


class Faults:
    """The faults that are still to come, each with the calls that it lets pass first."""

    def __init__(self, listed: Iterable[Fault] = ()) -> None:
        """Wait for the calls of these."""
        self._awaited = [(fault, fault.nth) for fault in listed]

    def meet(self, method: str, target: str) -> Fault | None:
        """Count a call, and return the fault whose turn it is; the first, if there are several."""
        called = f"{method} {target}"
        counted = [(fault, left - bool(re.search(fault.match, called))) for fault, left in self._awaited]
        due = next((fault for fault, left in counted if left == 0), None)
        self._awaited = [(fault, left) for fault, left in counted if left > 0]
        return due

    def to_come(self) -> list[Fault]:
        """Return those that have met no call yet."""
        return [fault for fault, _ in self._awaited]
