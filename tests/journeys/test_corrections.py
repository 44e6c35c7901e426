"""Hours are never edited: what corrects an entry, and what it was split from, is said on it. And who is on a task."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from colonnade.demo import over
from demo import kantata
from demo.spoiling import copied, customized, has
from demo.systems import psa
from schema.rows import Ref
from tests.conftest import House

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.emulator import Changes, Row
    from demo.firm.model import Firm

WRONG, CUT = "TE-02117", "TE-02118"  # 8 hours, and 3.5
REVERSAL, REST, ASTRAY, TASK = "9990001", "9990002", "9990003", "ENG-007-W1-DESIGN-T1"
FIELDS = "code hours reverses { code hours } reversedBy { code hours } splitOf { code hours }"


def corrected() -> Changes:
    """Return what whoever corrects hours adds: one against a wrong entry, the rest of a cut one, and a stray one."""
    wrong, cut = kantata.time_entry_id(WRONG), kantata.time_entry_id(CUT)
    return {
        "time_entries": [
            copied(has(id=wrong), lambda row: added(row, REVERSAL, sign=-1, reverses_id=wrong)),
            customized(has(id=wrong), reversed_by_id=REVERSAL),
            copied(has(id=cut), lambda row: added(row, REST, split_of_id=cut)),
            copied(has(id=cut), lambda row: added(row, ASTRAY, reverses_id="9999999")),
        ]
    }


def added(row: Row, id_: str, *, sign: int = 1, **fields: str) -> Row:
    """Return an entry of the same work under an id of its own, which says what it has to do with another one."""
    said = {**row["custom_fields"], "entry_code": f"TE-{id_}", **fields}
    return {**row, "id": id_, "time_in_minutes": sign * row["time_in_minutes"], "custom_fields": said}


@pytest.fixture(scope="module")
def delivery(firm: Firm) -> Iterator[House]:
    """The PSA with corrected hours; no other system is bound."""
    with ExitStack() as stack:
        yield House(stack.enter_context(over([stack.enter_context(psa(firm, corrected()))])))


def read(house: House, type_: str, id_: str, fields: str) -> tuple[Any, list[tuple[str, list[str | int]]]]:
    """Read a record by the PSA's id: what is answered, and the errors' codes and paths."""
    answer = house.ask(f'{{ node(id: "{Ref(type_, "psa", id_).encode()}") {{ ... on {type_} {{ {fields} }} }} }}')
    return answer.data["node"], answer.codes


def test_a_reversal_and_what_it_reverses_name_each_other(delivery: House) -> None:
    """Both entries stand as they were written, and together they are nothing."""
    assert read(delivery, "TimeEntry", kantata.time_entry_id(WRONG), FIELDS) == (
        {
            "code": WRONG,
            "hours": "8.00",
            "reverses": None,
            "reversedBy": {"code": f"TE-{REVERSAL}", "hours": "-8.00"},
            "splitOf": None,
        },
        [],
    )
    assert read(delivery, "TimeEntry", REVERSAL, FIELDS) == (
        {
            "code": f"TE-{REVERSAL}",
            "hours": "-8.00",
            "reverses": {"code": WRONG, "hours": "8.00"},
            "reversedBy": None,
            "splitOf": None,
        },
        [],
    )


def test_an_entry_tells_what_it_was_split_from(delivery: House) -> None:
    """The one that was cut says nothing: nobody corrected it."""
    rest, codes = read(delivery, "TimeEntry", REST, FIELDS)
    assert (rest["splitOf"], rest["reverses"], codes) == ({"code": CUT, "hours": "3.50"}, None, [])
    cut, codes = read(delivery, "TimeEntry", kantata.time_entry_id(CUT), FIELDS)
    assert (cut["splitOf"], cut["reverses"], cut["reversedBy"], codes) == (None, None, None, [])


def test_a_reversal_of_nothing_is_no_guess(delivery: House) -> None:
    """An entry that the PSA does not have is null, and its error stands in its place."""
    astray, codes = read(delivery, "TimeEntry", ASTRAY, FIELDS)
    assert (astray["hours"], astray["reverses"]) == ("3.50", None)
    assert codes == [("NOT_FOUND", ["node", "reverses"])]


def test_a_task_has_the_bookings_of_whoever_is_on_it(firm: Firm, delivery: House) -> None:
    """Each booking once, in one call beside the task's; a task that nobody is on has none."""
    delivery.calm()
    fields = "code assignments { code range { start } }"
    task, codes = read(delivery, "Task", kantata.story_id(TASK), fields)
    assert codes == []
    assert [one["code"] for one in task["assignments"]] == ["ASG-004", "ASG-008", "ASG-010", "ASG-014", "ASG-018"]
    assert {one["range"]["start"] for one in task["assignments"]} == {"2026-01-05"}
    assert len(delivery.calls()) == 2
    idle = next(task.code for task in firm.tasks if task.project.startswith("ENG-019"))
    assert read(delivery, "Task", kantata.story_id(idle), fields) == ({"code": idle, "assignments": []}, [])
