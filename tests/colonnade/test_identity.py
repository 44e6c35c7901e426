"""`colonnade identity`: files with mistakes, systems that are away, decisions by file, and a record that moved."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, NamedTuple

import pytest

from colonnade.demo import configure, over
from colonnade.linkfile import COLUMNS, cell, plain
from demo import kantata
from demo.systems import misbehave
from schema.rows import Ref
from tests.conftest import House
from tests.terminal import invoke

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from demo.systems import Bound


class Said(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


class Desk(NamedTuple):
    """A steward's terminal over the house's systems, and a store without links."""

    config: Path
    bound: Sequence[Bound]

    def run(self, *arguments: str) -> Said:
        """Run an identity command."""
        result = invoke("identity", *arguments, "--config", self.config)
        return Said(result.exit_code, result.stdout, result.stderr)

    def export(self) -> list[dict[str, str]]:
        """Return what is stored."""
        return list(csv.DictReader(io.StringIO(self.run("export").out)))


@pytest.fixture
def desk(house: House, tmp_path: Path) -> Desk:
    """The steward's terminal."""
    return Desk(configure(tmp_path, house.bound), house.bound)


def write(folder: Path, text: str, name: str = "links.csv") -> str:
    """Write a file, and return its path."""
    (folder / name).write_bytes(text.encode())
    return str(folder / name)


HEAD = "type,home_id,system,source_id"


def test_every_bad_line_is_named_with_its_cure(desk: Desk, tmp_path: Path) -> None:
    """Each line that cannot be a link is named by its number, the good ones are not stored, and the code is 2."""
    text = "\r\n".join(
        [
            f"{HEAD},role,valid_from,source_key",
            "Customer,C-10001,erp,C-10001,,,",
            "Client,C-10002,erp,C-10002,,,",
            "Customer,C-10003,sap,C-10003,,,",
            "Customer,,erp,C-10004,,,",
            "Customer,C-10005,crm,C-10005,,,",
            "Customer,C-10006,erp,C-10006,COPY,,",
            "Customer,C-10007,erp,C-10007,,yesterday,",
            'Customer,C-10008,erp,C-10008,,,"a key',
            'of two lines"',
            "Customer,C-10008,erp,C-10001,,,",
            f"Customer,C-10010,erp,{'9' * 256},,,",
            "",
        ]
    )
    said = desk.run("import", write(tmp_path, text))
    assert said.code == 2
    found = [line.removeprefix(str(tmp_path / "links.csv") + ":") for line in said.err.splitlines()]
    assert [line.partition(":")[0] for line in found[:-1]] == ["3", "4", "5", "6", "7", "8", "11", "12"]
    assert found[:2] == [
        found[0],
        "4: system 'sap' is not bound; write one of crm, erp, hr, psa",
    ]
    assert found[0].startswith("3: type 'Client' is none of ours; write one of Absence")
    assert found[-1] == "nothing was written"
    assert desk.export() == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "columns missing"),
        (b"type;home_id;system;source_id\n", "columns missing"),
        (f"{HEAD},colour\n".encode(), "unknown: ['colour']"),
        (f"{HEAD},type\n".encode(), "name each once"),
        (f"{HEAD}\nCustomer,1,erp\n".encode(), ":2: 3 values for 4 columns"),
        (f'{HEAD}\nCustomer,"1,erp,2\n'.encode(), "correct the quotes"),
        (f"{HEAD}\nCustomer,\xe4,erp,2\n".encode("latin-1"), "not written in UTF-8"),
    ],
)
def test_a_file_that_is_none_is_refused(desk: Desk, tmp_path: Path, content: bytes, said: str) -> None:
    """What is no CSV of links says what is wrong with it as a whole."""
    path = tmp_path / "links.csv"
    path.write_bytes(content)
    refused = desk.run("import", str(path))
    assert (refused.code, said in refused.err) == (2, True), refused


def test_a_file_that_is_too_large_is_not_read(desk: Desk, tmp_path: Path) -> None:
    """A file beyond the bound is refused by its size."""
    with (tmp_path / "huge.csv").open("wb") as file:
        file.truncate(50_000_001)
    assert "cut it into several files" in desk.run("import", str(tmp_path / "huge.csv")).err


def test_an_export_is_imported_to_the_last_character(desk: Desk, house: House, tmp_path: Path) -> None:
    """Links, proposals, decisions and odd texts come out of a second store as they came out of the first."""
    odd = "\n".join(
        f'Customer,C-{number},erp,"{value}",key'
        for number, value in enumerate(("=1+1", "'=x", "-5", "a,b", "ä\t", "@"))
    )
    assert desk.run("import", write(tmp_path, f"{HEAD},source_key\n{odd}\n")).code == 0
    assert [row["source_id"] for row in desk.export()] == ["'=1+1", "'=x", "'-5", "a,b", "ä\t", "'@"]
    desk.run("match", "--type", "Resource")
    desk.run("review", "--accept", "7", "--reject", "8", "--by", "Ada")
    first = desk.run("export").out
    (tmp_path / "second").mkdir()
    second = Desk(configure(tmp_path / "second", house.bound), house.bound)
    assert second.run("import", write(tmp_path, first, "all.csv")).code == 0
    assert second.run("export").out == first
    assert "known before" in second.run("import", write(tmp_path, first, "all.csv")).out
    assert second.run("export").out == first


@pytest.mark.parametrize(
    "value", ["", "plain", "=1", "'=1", "''=1", "'s-Hertogenbosch", "'", "\t", "-", "'-", "+4", "@"]
)
def test_a_cell_is_text_to_a_spreadsheet_and_itself_again(value: str) -> None:
    """No exported cell begins like a formula, and reading undoes the writing."""
    assert plain(cell(value)) == value
    assert not cell(value).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(desk: Desk, tmp_path: Path) -> None:
    """The numbers are the real ones, 48 people in the PSA and in the ERP each, and the store stays empty."""
    path = write(tmp_path, f"{HEAD}\nCustomer,C-10001,psa,7300001\n")
    assert desk.run("import", path, "--dry-run").out.startswith("would be linked 1, known before 0")
    assert desk.run("match", "--type", "Resource", "--dry-run").out.startswith("would be proposed 96,")
    assert desk.export() == []


def test_a_system_that_is_away_is_named_and_its_proposals_stay(desk: Desk, house: House) -> None:
    """What cannot be read is unknown, not gone: the others are matched, and the command says so by its code."""
    assert desk.run("match", "--type", "Resource", "--type", "Customer").code == 0
    before = len(desk.export())
    house.misbehave("psa", "status_500", entity="users")
    said = desk.run("match", "--type", "Resource", "--type", "Customer")
    assert (said.code, "Resource of psa: could not be read (SOURCE_UNAVAILABLE)" in said.err) == (1, True)
    assert len(desk.export()) == before
    assert {row["type"] for row in desk.export()} == {"Resource", "Customer"}


def test_a_record_that_is_not_there_any_more_is_not_accepted(desk: Desk, tmp_path: Path) -> None:
    """A proposal whose record has gone since is refused; if the system is away, nothing is decided either."""
    pending = f"{HEAD},state,established_by,score\nCustomer,C-10001,psa,999,PENDING,MATCH,EXACT\n"
    desk.run("import", write(tmp_path, pending))
    said = desk.run("review", "--accept", "1", "--by", "Ada")
    assert (said.code, "psa has no Customer '999' any more" in said.err) == (2, True)
    misbehave(desk.bound[0].address, "status_500", entity="workspace_groups")
    said = desk.run("review", "--accept", "1", "--by", "Ada")
    assert (said.code, "nothing was written" in said.err) == (2, True)
    assert [row["state"] for row in desk.export()] == ["PENDING"]


def test_links_are_verified_at_both_systems(desk: Desk, tmp_path: Path) -> None:
    """A link to a record that is gone is broken; a system that is away breaks nothing."""
    desk.run("import", write(tmp_path, f"{HEAD}\nCustomer,C-10001,psa,7300001\nCustomer,C-10002,psa,999\n"))
    misbehave(desk.bound[0].address, "status_500", entity="workspace_groups")
    away = desk.run("verify")
    assert (away.code, "nothing was written" in away.err) == (2, True)
    misbehave(desk.bound[0].address, "none")
    said = desk.run("verify")
    assert (said.out, said.err) == ("seen 1, broken 1, mended 0\n", "broken: Customer psa 999\n")
    rows = [(row["source_id"], row["state"], bool(row["last_verified_at"])) for row in desk.export()]
    assert rows == [("7300001", "ACTIVE", True), ("999", "BROKEN", False)]


def test_decisions_come_by_file_and_name_who_decided(desk: Desk, tmp_path: Path) -> None:
    """A queue with its decisions filled in is carried out; a line about another proposal refuses all of it."""
    desk.run("match", "--type", "Customer")
    queue = tmp_path / "queue.csv"
    assert desk.run("review", "--to", str(queue)).out.endswith("waiting 28\n")
    rows = list(csv.DictReader(io.StringIO(queue.read_text(encoding="utf-8"))))
    for row, decision in zip(rows, ("accept", "reject", "Accept ", "", "maybe"), strict=False):
        row["decision"] = decision
    decided = io.StringIO()
    writer = csv.DictWriter(decided, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    wrong = decided.getvalue()
    assert "6: 'maybe' is no decision" in desk.run("review", "--decisions", write(tmp_path, wrong), "--by", "Ada").err
    right = wrong.replace("maybe", "")
    stale = right.replace(rows[0]["source_id"], "C-9")
    assert (
        "2: this is not what was proposed"
        in desk.run("review", "--decisions", write(tmp_path, stale), "--by", "Ada").err
    )
    assert "say who decides" in desk.run("review", "--decisions", write(tmp_path, right)).err
    assert desk.run("review", "--decisions", write(tmp_path, right), "--by", " Ada ").out.startswith(
        "accepted 2, rejected 1, before 0"
    )
    done = [(row["state"], row["decided_by"]) for row in desk.export() if row["decided_by"]]
    assert sorted(done) == [("ACTIVE", "Ada"), ("ACTIVE", "Ada"), ("RETIRED", "Ada")]
    again = desk.run("match", "--type", "Customer").out
    assert again.startswith("proposed 0, proposed before 25, withdrawn 0")


def test_a_name_that_would_be_markup_is_shown_as_it_is(desk: Desk, tmp_path: Path) -> None:
    """What a system wrote neither styles the table nor steers the terminal."""
    evidence = json.dumps({"home": {"name": "[red]Ann[/red]\x1b[2J"}, "agrees": ["NAME"]}).replace('"', '""')
    row = f'Customer,C-10001,psa,7300001,PENDING,MATCH,WEAK,"{evidence}"'
    desk.run("import", write(tmp_path, f"{HEAD},state,established_by,score,evidence\n{row}\n"))
    shown = desk.run("review").out
    assert "[red]Ann[/red]" in shown
    assert "\x1b[2J" not in shown


def test_a_store_that_is_away_is_said_without_a_trace(desk: Desk, tmp_path: Path) -> None:
    """A store that cannot be reached is one line and exit code 2."""
    text = desk.config.read_text(encoding="utf-8")
    away = re.sub(r'url = "sqlite[^"]*"', 'url = "postgresql+psycopg://nobody@127.0.0.1:9/none"', text)
    desk.config.write_text(away, encoding="utf-8")
    said = desk.run("import", write(tmp_path, f"{HEAD}\n"))
    assert (said.code, said.err) == (
        2,
        "the store does not take it now; see to store.url, or try again; nothing was written\n",
    )


def test_a_demo_of_strangers_says_how_to_go_on() -> None:
    """`colonnade demo --unlinked` has nothing to show but the first command, with its configuration."""
    said = invoke("demo", "--once", "--unlinked", "--port", "0").stdout
    assert "colonnade identity coverage --config /" in said
    assert "One query" not in said


def test_a_graph_of_strangers_knows_nobody(house: House) -> None:
    """Without links every name of another system is unknown, and the export is empty."""
    with over(house.bound, linked=False) as running:
        by_name = 'nodeBySource(entityType: Customer, system: ERP, sourceId: "C-10001") { id }'
        assert House(running).ask(f"{{ {by_name} }}").codes == [("REFERENCE_UNKNOWN", ["nodeBySource"])]
        assert Desk(running.config, house.bound).export() == []


def test_the_columns_of_a_file_are_those_of_the_export(desk: Desk) -> None:
    """An empty export is a header."""
    assert desk.run("export").out.splitlines() == [",".join(COLUMNS)]


@pytest.fixture
def moving(house: House) -> Iterator[tuple[Desk, House]]:
    """The terminal over a graph that runs, and the graph."""
    with over(house.bound) as running:
        yield Desk(running.config, house.bound), House(running)


def test_an_old_id_keeps_resolving(moving: tuple[Desk, House], tmp_path: Path) -> None:
    """A customer that was re-keyed is found by its old id, with all that other systems say of it."""
    desk, graph = moving
    old = Ref("Customer", "crm", "C-900").encode()
    node = f'{{ node(id: "{old}") {{ id ... on Customer {{ displayName legalName }} }} }}'
    assert graph.ask(node).data == {"node": None}
    path = write(tmp_path, "type,old_home_id,home_id\nCustomer,C-900,C-10001\n")
    assert desk.run("rekey", path, "--by", "Ada").out == "moved 1, moved before 0\n"
    answer = graph.ask(node)
    assert (answer.errors, answer.data["node"]["legalName"]) == ([], "Aldermoor Rail plc")
    references = graph.ask(f'{{ crossReferences(id: "{old}") {{ system sourceId }} }}').data["crossReferences"]
    assert {"system": "ERP", "sourceId": "C-10001"} in references
    by_source = 'nodeBySource(entityType: Customer, system: CRM, sourceId: "C-900") { id }'
    assert graph.ask(f"{{ {by_source} }}").data["nodeBySource"]["id"] == answer.data["node"]["id"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Customer,C-10002,C-10001", "still has a record of the old id"),
        ("Customer,C-900,C-901", "has no record of the new id"),
        ("Client,C-900,C-10001", "is none of ours"),
    ],
)
def test_an_id_that_may_mean_another_record_is_not_moved(desk: Desk, tmp_path: Path, line: str, said: str) -> None:
    """The old id must be gone and the new one there: else an id could mean two records."""
    refused = desk.run("rekey", write(tmp_path, f"type,old_home_id,home_id\n{line}\n"), "--by", "Ada")
    assert (refused.code, said in refused.err) == (2, True), refused


def test_what_a_system_names_on_other_records_is_there_while_one_names_it(desk: Desk, tmp_path: Path) -> None:
    """The ERP has no milestones, and names them on the lines that bill them: one that no line names is gone."""
    first, second = (kantata.story_id(f"ENG-002-M{number}") for number in (1, 2))
    lines = [HEAD, f"Milestone,{first},erp,ENG-002-M1", f"Milestone,{second},erp,ENG-999-M9"]
    assert desk.run("import", write(tmp_path, "\n".join(lines))).code == 0
    assert desk.run("verify").code == 0
    states = {row["source_id"]: row["state"] for row in desk.export()}
    assert states == {"ENG-002-M1": "ACTIVE", "ENG-999-M9": "BROKEN"}
    misbehave(desk.bound[1].address, "status_500", entity="NBBillingScheduleLines")
    away = desk.run("verify")
    assert (away.code, "nothing was written" in away.err) == (2, True)
