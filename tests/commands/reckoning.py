"""What stands in the systems, reckoned up with what commands say: every effect has its step, and only one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from demo.systems import HTTP
from schema.rows import Ref
from tests.commands.rig import OVER, still

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tests.commands.rig import Rig

FACADE = "facade"
NOTHING_DONE = {"REFUSED", "REJECTED", "EXPIRED", "AWAITING_APPROVAL"}
ALL_UNDONE = {"FAILED", "CANCELLED"}
# Where our key stands in the systems' own tables.
KEYS = ("NBFacadeKey", "NBPostingKey", "service_model_ref")
# What a system works out for itself may come to what stands there already.
WORKED_OUT = {"RecordActual", "ReplanRevenue"}
# How a record that cannot be removed says that it came to nothing.
CAME_TO_NOTHING: Mapping[str, Callable[[Any], bool]] = {
    "workspaces": lambda row: row["status"]["message"] == "Cancelled",
    "workspace_allocations": lambda row: row["custom_fields"]["booking"] == "withdrawn",
    "time_entries": lambda row: row["custom_fields"]["approval"] == "none",
}
# Numbers that were drawn stay drawn.
COUNTERS = {"NBNumberSequences"}
COMMAND = """query($id: ID!) { command(id: $id) {
    id name status waitingFor correlationId
    steps { item name binding operation state attempts found code }
    exceptions { state code step item tier }
    approvals { id role state }
} }"""


Place: TypeAlias = "tuple[str, str, str]"
"""A role, a table of its system, and a key in it."""


class Books(NamedTuple):
    """All rows of all systems."""

    rows: Mapping[Place, Any]

    @staticmethod
    def of(rig: Rig) -> Books:
        """Read them."""
        found: dict[Place, Any] = {}
        for role, address in systems(rig):
            tables = HTTP.get(f"{address}/_control/state").json()
            for table, rows in tables.items():
                found |= {(role, table, str(next(iter(row.values())))): row for row in rows}
        return Books(found)


class Called(NamedTuple):
    """One call that changed something."""

    role: str
    method: str
    path: str
    key: str | None
    lines: Sequence[Mapping[str, Any]]

    @property
    def identity(self) -> tuple[str, str, str | None]:
        """What it is the same call as, if it was made twice."""
        return (self.method, self.path, self.key)

    @property
    def made(self) -> bool:
        """Whether a record came of it that carries our key; any other one is a state that is set, as often as it is."""
        return self.key is not None and any(line["what"] == "came" for line in self.lines)


def systems(rig: Rig) -> list[tuple[str, str]]:
    """Return each system once, under the first role that it plays."""
    found = {address: role for role, address in reversed(rig.address.items()) if address.startswith("http")}
    return [(role, address.split("/api/gateway")[0]) for address, role in found.items()]


def calls(rig: Rig) -> dict[str, list[Called]]:
    """Return the calls that changed something, by the correlation id that they were made under."""
    found: dict[str, list[Called]] = {}
    for role, address in systems(rig):
        grouped: dict[int, list[Any]] = {}
        for line in HTTP.get(f"{address}/_control/effects").json():
            grouped.setdefault(line["call"], []).append(line)
        for lines in grouped.values():
            first = lines[0]
            called = Called(role, first["method"], first["path"], first["key"], lines)
            found.setdefault(first["correlation"] or "", []).append(called)
    return found


def reckon(rig: Rig, before: Books, commands: Sequence[Mapping[str, Any]]) -> int:
    """Compare what was done with what commands say that they did; return how many effects were compared."""
    done = calls(rig)
    known = {one["correlationId"]: one for one in commands}
    strangers = [called for correlation, made in done.items() if correlation not in known for called in made]
    assert strangers == [], "an effect without a command"
    for correlation, command in known.items():
        _ended(command)
        _effects(command, done.get(correlation, []))
    after = Books.of(rig)
    _keys(after, commands)
    _undone(before, after, done, known)
    return sum(map(len, done.values()))


def _ended(command: Mapping[str, Any]) -> None:
    """Compare a command's state with those of its steps."""
    status, states = command["status"], Counter(step["state"] for step in command["steps"])
    about = f"{command['name']} {command['id']} {status} {dict(states)}"
    assert status in OVER | {"AWAITING_APPROVAL", "DEAD_LETTERED"}, f"at rest: {about}"
    if status == "SUCCEEDED":
        assert set(states) <= {"DONE"}, about
    if status in NOTHING_DONE:
        assert set(states) <= {"PENDING"}, about
    if status in ALL_UNDONE:
        assert set(states) <= {"PENDING", "REFUSED", "COMPENSATED", "SKIPPED"}, about
    if status == "DEAD_LETTERED":
        assert any(one["state"] == "OPEN" for one in command["exceptions"]), f"nobody is told: {about}"
    if status == "SUCCEEDED_WITH_EXCEPTIONS":
        assert command["exceptions"], f"without a reason: {about}"


def _effects(command: Mapping[str, Any], made: Sequence[Called]) -> None:
    """Compare the effects of a command with its steps, system by system."""
    by_role: dict[str, list[Called]] = {}
    for called in made:
        by_role.setdefault(called.role, []).append(called)
    steps: dict[str, list[Mapping[str, Any]]] = {}
    for step in command["steps"]:
        steps.setdefault(step["binding"], []).append(step)
    for role, those in by_role.items():
        about = f"{command['name']} {command['id']} {command['status']} in {role}: {[one[1:4] for one in those]}"
        assert role in steps, f"no step: {about}"
        twice = {one: times for one, times in Counter(one.identity for one in those if one.made).items() if times > 1}
        assert not twice, f"made twice: {about}"
        most = sum(_most(step) for step in steps[role])
        assert len({one.identity for one in those}) <= most, f"more than was done: {about} {steps[role]}"
    for role, asked in steps.items():
        least = sum(_least(step) for step in asked)
        found = {one.identity for one in by_role.get(role, ())}
        about = f"{command['name']} {command['id']} {command['status']} in {role}"
        assert role == FACADE or len(found) >= least, f"less than was done: {about}: {found} {asked}"


def _most(step: Mapping[str, Any]) -> int:
    """Return by how many calls a step may have changed anything: one, and one that undoes it."""
    # Of what was refused for good, or withdrawn, nothing is there; what is undone was done before.
    return {"DONE": 1, "COMPENSATED": 2, "COMPENSATION_FAILED": 2}.get(step["state"], 0)


def _least(step: Mapping[str, Any]) -> int:
    """Return by how many calls a step must have changed something."""
    done = step["state"] in {"DONE", "COMPENSATED", "COMPENSATION_FAILED"}
    return int(done and step["operation"] not in WORKED_OUT and not step["found"])


def _keys(after: Books, commands: Iterable[Mapping[str, Any]]) -> None:
    """Exactly one record carries the key of a step that is done."""
    ids = {_hex(one["id"]) for one in commands}
    carried = Counter(
        (role, table, column, row[column])
        for (role, table, _), row in after.rows.items()
        for column in KEYS
        if row.get(column) and row[column].partition("/")[0] in ids and "lock" not in row[column]
    )
    twice = [one for one, times in carried.items() if times > 1]
    assert twice == [], "two records carry one key"


def _undone(
    before: Books, after: Books, done: Mapping[str, Sequence[Called]], known: Mapping[str, Mapping[str, Any]]
) -> None:
    """What commands touched that were wholly undone is as it was, or was never there."""
    touched: dict[Place, set[str]] = {}
    for correlation, those in done.items():
        for called in those:
            for line in called.lines:
                touched.setdefault((called.role, line["table"], line["id"]), set()).add(correlation)
    for place, correlations in touched.items():
        names = [known[one]["name"] for one in correlations]
        if all(known[one]["status"] in ALL_UNDONE for one in correlations):
            was, stands = before.rows.get(place), after.rows.get(place)
            back = _gone(place, after) if was is None else still(was) == still(stands)
            assert back or place[1] in COUNTERS, f"not undone: {place} {names} {was} {stands}"


def _gone(place: Place, after: Books) -> bool:
    """Tell whether a record is no more, or says of itself that it came to nothing."""
    row = after.rows.get(place)
    if row is None or place[1] == "external_references":
        return True
    if place[1] == "stories":
        return _gone((place[0], "workspaces", row["workspace_id"]), after)
    came_to_nothing = CAME_TO_NOTHING.get(place[1])
    return came_to_nothing is not None and came_to_nothing(row)


def _hex(id_: str) -> str:
    ref = Ref.decode(id_)
    assert isinstance(ref, Ref)
    return ref.id
