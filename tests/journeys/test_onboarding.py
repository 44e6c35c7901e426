"""A firm whose systems don't know each other is linked, by the very commands of docs/onboard-a-firm.md."""

from __future__ import annotations

import csv
import re
import shlex
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from colonnade.demo import over
from demo import bamboohr, kantata
from demo.crossrefs import cross_references
from demo.dynamics import postings
from demo.spoiling import copied, has
from demo.systems import crm, dynamics_as, forecast, history, hr, psa
from store import crossrefs
from store.register import Kind
from tests.conftest import House
from tests.terminal import invoke

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from demo.emulator import Change, Changes, Row
    from demo.firm.model import Firm
    from demo.systems import Bound
    from tests.conftest import Answer

DOCUMENT = Path("docs/onboard-a-firm.md")
README = Path("README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FEW = "00"
TWIN, DOUBLE = "RES-042", "RES-041"
Link: TypeAlias = tuple[str, str, str, str]
"""Type, id at home, system, id there."""


def changes() -> dict[str, Changes]:
    """Return what makes a person's account double, adds one with another one's name, and leaves few time entries."""
    users = [
        copied(has(id=kantata.user_id(DOUBLE)), lambda row: {**row, "id": "8100941"}),
        copied(has(id=kantata.user_id(TWIN)), lambda row: _nameless({**row, "id": "8100942", "email_address": None})),
    ]
    twin = copied(
        has(id=bamboohr.employee_id(TWIN)),
        lambda row: {**row, "id": "2942", "employeeNumber": "19942", "workEmail": "twin@northbeam.example"},
    )
    return {
        "kantata": {"users": users, "time_entries": [few(lambda row: row["custom_fields"]["entry_code"])]},
        "bamboohr": {"employees": [twin]},
        "dynamics": {"NBTimePostings": [few(lambda row: row["TimeEntryCode"])]},
    }


def few(code: Callable[[Row], str]) -> Change:
    """Return the change that leaves every hundredth time entry: thousands of them would only take longer."""
    return lambda rows: (row for row in rows if code(row).endswith(FEW))


def _nameless(user: dict[str, Any]) -> dict[str, Any]:
    return {**user, "custom_fields": {**user["custom_fields"], "employee_number": None}}


@pytest.fixture(scope="module")
def strangers(firm: Firm) -> Iterator[Sequence[Bound]]:
    """The firm's systems, of which two have records that may be more than one."""
    spoilt = changes()
    with ExitStack() as stack:
        yield [
            stack.enter_context(psa(firm, spoilt["kantata"])),
            *stack.enter_context(dynamics_as(firm, "erp", changes=spoilt["dynamics"])),
            stack.enter_context(crm(firm)),
            stack.enter_context(hr(firm, spoilt["bamboohr"])),
            stack.enter_context(forecast(firm)),
            stack.enter_context(history(firm)),
        ]


class Steward:
    """A person at a terminal, who works by the document."""

    def __init__(self, config: Path) -> None:
        self.config = config
        text = DOCUMENT.read_text(encoding="utf-8")
        blocks = BLOCK.findall(text)
        lines = [line for kind, block in blocks if not kind for line in block.splitlines()]
        self.commands = [line for line in lines if " rekey " not in line]
        self.entities = next(block for kind, block in blocks if kind == "csv")

    def run(self, command: str) -> str:
        """Run a command as the document has it, and return what it said."""
        arguments = shlex.split(command.removeprefix("colonnade "))
        result = invoke(*arguments, "--config", self.config)
        assert result.exit_code == 0, f"{command}: {result.output}"
        return result.output


def linked(rows: list[dict[str, str]]) -> set[Link]:
    """Return who is linked to whom."""
    return {(row["type"], row["home_id"], row["system"], row["source_id"]) for row in rows if row["state"] == "ACTIVE"}


def read(path: Path) -> list[dict[str, str]]:
    """Read a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def decide(path: Path, true: set[Link]) -> list[Link]:
    """Fill the queue in: what is not ambiguous is accepted. Return what would be wrong about that."""
    rows = read(path)
    wrong = []
    for row in rows:
        link = row["type"], row["home_id"], row["system"], row["source_id"]
        row["decision"] = "" if row["score"] == "AMBIGUOUS" else "accept"
        wrong += [link] if row["decision"] and link not in true else []
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return wrong


def readme(house: House) -> Answer:
    """Ask the README's query."""
    (query,) = [block for kind, block in BLOCK.findall(README) if kind == "graphql"]
    return house.ask(query)


def test_three_strangers_become_one_firm(
    firm: Firm,
    strangers: Sequence[Bound],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Import, match and review link all that is plain and nothing wrongly; what is ambiguous waits for a person."""
    # A running server forgets within this what it knew of nobody: here while the commands run.
    monkeypatch.setattr(crossrefs, "CACHE_SECONDS", 0.1)
    true = {
        (one.entity_type, one.canonical.id, one.binding, one.source_id) for one in cross_references(firm, strangers)
    }
    with over(strangers, linked=False) as running, over(strangers) as truth:
        house, steward = House(running), Steward(running.config)
        assert {code for code, _ in readme(house).codes} == {"REFERENCE_UNKNOWN"}
        monkeypatch.chdir(tmp_path)
        Path("entities.csv").write_text(steward.entities, encoding="utf-8")
        said: dict[str, str] = {}
        for command in steward.commands:
            if "--decisions" in command:
                assert decide(Path("queue.csv"), true) == []
            said[command] = steward.run(command)
        rows = read(Path("links.csv"))
        with capsys.disabled():
            print(summary(said, rows, linked(rows) - true))  # noqa: T201  the figures by which it is judged
        assert readme(house).data == readme(House(truth)).data
    assert linked(rows) - true == set()
    assert true - linked(rows) == {*nowhere(firm, strangers), doubled()}
    waiting = {(row["home_id"], row["source_id"]) for row in rows if row["state"] == "PENDING"}
    assert waiting == {
        (bamboohr.employee_id(DOUBLE), kantata.user_id(DOUBLE)),
        (bamboohr.employee_id(DOUBLE), "8100941"),
        ("2942", "8100942"),
    }


def nowhere(firm: Firm, strangers: Sequence[Bound]) -> set[Link]:
    """Return the links that lead nowhere: forecasting forgets deals lost or converted, the ERP knows what is posted.

    What a system only names on other records is not there while none of them does.
    """
    done = {deal.code for deal in firm.opportunities if deal.stage == "LOST" or deal.engagement}
    posted = {str(row["TimeEntryCode"]) for row in postings.time_postings(firm) if row["TimeEntryCode"].endswith(FEW)}
    posted |= {str(row["ExpenseCode"]) for row in postings.expense_postings(firm)}
    there: dict[Kind, set[str | None]] = {
        Kind("TimeEntry", "erp"): {*posted},
        Kind("Expense", "erp"): {*posted},
        Kind("Project", "forecast"): {demand.project for demand in firm.role_demands},
        Kind("RateCard", "erp"): {line.rate_card for contract in firm.contracts for line in contract.lines},
        Kind("CostCenter", "hr"): {person.cost_center for person in firm.people},
        Kind("RoleDemand", "psa"): {assignment.demand for assignment in firm.assignments},
    }
    return {
        (one.entity_type, one.canonical.id, one.binding, one.source_id)
        for one in cross_references(firm, strangers)
        if (Kind.of(one) == ("Opportunity", "forecast") and one.source_key in done)
        or (Kind.of(one) in there and one.source_key not in there[Kind.of(one)])
    }


def doubled() -> Link:
    """Return the link of whoever has two accounts in the PSA."""
    return "Resource", bamboohr.employee_id(DOUBLE), "psa", kantata.user_id(DOUBLE)


def summary(said: dict[str, str], rows: list[dict[str, str]], wrong: set[Link]) -> str:
    """Say how it went."""
    matched = next(output for command, output in said.items() if command.endswith("identity match"))
    waiting = sum(row["state"] == "PENDING" for row in rows)
    imported = sum(row["established_by"] == "IMPORT" for row in rows)
    accepted = sum(bool(row["decided_by"]) for row in rows)
    first = matched.splitlines()[0]
    return f"\nonboarding: imported {imported}; {first}; accepted {accepted}, wrong {len(wrong)}, waiting {waiting}"
