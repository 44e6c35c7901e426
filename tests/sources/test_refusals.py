"""Manifests that do not fit are refused at start, with the file, the place and what is wrong there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from colonnade.demo import over
from colonnade.wiring import SystemClock
from schema.rows import System
from schema.tomlfile import FileError
from sources.questions import QUESTIONS
from sources.registry import Binding, connect
from tests.conftest import House, rewritten
from tests.sources.hostile import ODATA, SECRETS

if TYPE_CHECKING:
    from pathlib import Path


def refusal(folder: Path, text: str, name: str = "erp") -> str:
    """Return the words with which a manifest is refused, the folder left out."""
    (folder / "source.toml").write_text(text, encoding="utf-8")
    with pytest.raises(FileError) as refused:
        connect(Binding(name, str(folder), "http://127.0.0.1:9", SECRETS[ODATA]), SystemClock())
    said = str(refused.value)
    assert said.startswith(str(folder / "source.toml"))
    return said.removeprefix(f"{folder}/")


def changed(old: str, new: str) -> str:
    """Return the sound manifest with one thing changed."""
    assert ODATA.count(old) == 1
    return ODATA.replace(old, new)


FIELD = 'country = "Country"'
WEEK = 'week_start = { at = "WeekStart", codes = "week_start" }'
NET = 'net = { amount = "Net", currency = "Currency" }'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            FIELD,
            'country = { at = "C", unit = "minutes" }',
            "LegalEntity.country: the unit 'minutes' does not fit the type of the field",
        ),
        (
            WEEK,
            'week_start = { at = "W", codes = "week_start", unit = "percent" }',
            "LegalEntity.week_start: the unit 'percent' does not fit the type of the field",
        ),
        (
            'legal_entity = "Company"',
            'legal_entity = { at = "Company", unit = "noon" }',
            "Invoice.legal_entity: the unit 'noon' does not fit the type of the field",
        ),
        (NET, 'net = "Net"', "Invoice.net: the unit None does not fit the type of the field"),
        (FIELD, 'country = { start = "C" }', "LegalEntity.country: the rule does not fit the type of the field"),
        (FIELD, 'country = ["C"]', "LegalEntity.country: the rule does not fit the type of the field"),
        (
            NET,
            'net = { currency = "Currency" }',
            "Invoice.net: of the parts ['amount', 'currency'] the rule has ['currency']; 'amount' is a must",
        ),
        (
            NET,
            'net = { amount = "Net", tax = "Tax" }',
            "Invoice.net: of the parts ['amount', 'currency'] the rule has ['amount', 'tax']; 'amount' is a must",
        ),
        (
            WEEK,
            'week_start = { at = "WeekStart", codes = "weeks" }',
            "LegalEntity.week_start: the table of codes 'weeks' is missing or has words of its own: []",
        ),
        (
            WEEK,
            'week_start = "WeekStart"',
            "LegalEntity.week_start: the table of codes None is missing or has words of its own: []",
        ),
        (
            '{ Monday = "MON", Sunday = "SUN" }',
            '{ Monday = "MON", Sunday = "SONNTAG" }',
            "LegalEntity.week_start: the table of codes 'week_start' is missing or has words of its own: ['SONNTAG']",
        ),
        (
            FIELD,
            'country = { at = "C", codes = "week_start" }',
            "LegalEntity.country: the table of codes 'week_start' does not fit the type of the field",
        ),
        (
            'issue_date = { at = "Date", unit = "noon" }',
            'issue_date = { constant = "today" }',
            "Invoice.issue_date: the constant 'today' does not fit the type of the field",
        ),
        (
            WEEK,
            'week_start = { constant = "TUE" }',
            "LegalEntity.week_start: the table of codes None is missing or has words of its own: ['TUE']",
        ),
        ('code = "Code"', "", "LegalEntity: not fields of this type: []; without a rule: ['code']"),
        (FIELD, 'contry = "Country"', "LegalEntity: not fields of this type: ['contry']; without a rule: []"),
        (FIELD, 'ref = "Id"', "LegalEntity: not fields of this type: ['ref']; without a rule: []"),
        (
            FIELD,
            'origin = "Id"\ntype = "Id"',
            "LegalEntity: not fields of this type: ['origin', 'type']; without a rule: []",
        ),
        (FIELD, 'country = "land()"', "LegalEntity: translate.py has no function 'land'"),
        ('id = "Id"', 'id = "name()"', "LegalEntity: translate.py has no function 'name'"),
        (
            'ask = { Customer = "Account" }',
            'ask = { Customers = "Account" }',
            "Invoice is not asked by ['Customers']; known: ['Customer', 'Engagement', 'Invoice', 'corrected']",
        ),
    ],
)
def test_a_rule_that_cannot_fill_its_field(tmp_path: Path, old: str, new: str, said: str) -> None:
    """No rule waits for a query to fail."""
    assert refusal(tmp_path, changed(old, new)) == f"source.toml: {said}"


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    [
        (FIELD, 'country = { at = "C", unit = "hours" }', FIELD, "Input should be 'minutes', 'percent' or 'noon'"),
        (FIELD, 'country = { at = "C", constant = "DE" }', FIELD, "say either 'at' or 'constant'"),
        (FIELD, 'country = { at = "C", table = "x" }', FIELD, "unknown key; remove it or correct its spelling"),
        (
            'role = "erp"',
            'role = "erp"\ncolour = "red"',
            'role = "erp"',
            "unknown key; remove it or correct its spelling",
        ),
        ("format = 1", "format = 2", "format = 1", "Input should be 1"),
        ("pages = 5", "pages = 0", "pages = 5", "Input should be greater than or equal to 1"),
    ],
)
def test_what_is_not_in_the_vocabulary(tmp_path: Path, old: str, new: str, place: str, said: str) -> None:
    """An unknown key or value is refused at its line."""
    text = changed(old, new)
    line = ODATA[: ODATA.index(place)].count("\n") + 1 + ("colour" in new)
    words = refusal(tmp_path, text)
    assert words.startswith(f"source.toml:{line}: ")
    assert words.endswith(f": {said}")


@pytest.mark.parametrize(
    "path", ["https://elsewhere.example/data", "//elsewhere.example", "/data?x=1", "/da ta", "/d#x"]
)
@pytest.mark.parametrize("old", ['path = "/token"', 'path = "/data/Entities"'])
def test_a_path_never_leaves_the_bound_address(tmp_path: Path, old: str, path: str) -> None:
    """Credentials go where the configuration says, not where a vendor's folder says."""
    assert "path" in refusal(tmp_path, changed(old, f'path = "{path}"'))


def test_a_translation_that_is_no_python(tmp_path: Path) -> None:
    """A `translate.py` that cannot be loaded is named like any other file that is wrong."""
    (tmp_path / "translate.py").write_text("import nowhere_to_be_found\n", encoding="utf-8")
    (tmp_path / "source.toml").write_text(ODATA, encoding="utf-8")
    with pytest.raises(FileError) as refused:
        connect(Binding("erp", str(tmp_path), "http://127.0.0.1:9", SECRETS[ODATA]), SystemClock())
    assert str(refused.value) == (
        f"{tmp_path}/translate.py: cannot be loaded "
        "(ModuleNotFoundError: No module named 'nowhere_to_be_found'); correct it"
    )


def test_a_role_that_is_not_the_bindings(tmp_path: Path) -> None:
    """An ERP's manifest cannot play the PSA."""
    assert refusal(tmp_path, ODATA, "psa") == "source.toml: plays the role 'erp', but binding 'psa' needs 'psa'"


def test_a_type_that_the_role_is_not_asked_for(tmp_path: Path) -> None:
    """Nobody asks an ERP for tasks: the entity is a mistake."""
    text = ODATA + '\n[entities.Task]\npath = "/data/Tasks"\nid = "Id"\n[entities.Task.fields]\nname = "Name"\n'
    asked = sorted({question.rows.type for question in QUESTIONS.values() if question.role is System.ERP})
    assert "Task" not in asked
    assert refusal(tmp_path, text) == f"source.toml: ['Task'] are not asked of this role; known: {asked}"


def test_a_vendor_that_is_not_there(tmp_path: Path) -> None:
    """The message lists those that are."""
    with pytest.raises(FileError) as refused:
        connect(Binding("psa", str(tmp_path / "nobody"), "http://127.0.0.1:9", {}), SystemClock())
    known = "known here: kantata, redmine"
    assert str(refused.value) == f"binding 'psa': no vendor '{tmp_path}/nobody' for this role; {known}"


def test_an_unmapped_code_is_null_with_its_error_on_its_field_alone(running: House, tmp_path: Path) -> None:
    """A PSA status that no rule maps: the field is null and named, every other field of every record is there."""
    forgetful = [
        rewritten(system, tmp_path, '310 = "ACTIVE"\n', "") for system in running.bound if system.role == "psa"
    ]
    bound = [*forgetful, *(system for system in running.bound if system.role != "psa")]
    query = "{ engagements(first: 20) { edges { node { code name deliveryStatus plannedStart } } } }"
    with over(bound) as graph:
        answer = House(graph).ask(query)
    nodes = [edge["node"] for edge in answer.data["engagements"]["edges"]]
    # Nineteen of the twenty are active; ENG-019 is planned.
    assert [node["code"] for node in nodes if node["deliveryStatus"] is not None] == ["ENG-019"]
    assert all(node["name"] and node["plannedStart"] for node in nodes)
    (error,) = answer.errors
    assert error["message"] == "PSA sent a code for Engagement.delivery_status that no rule maps"
    assert (error["extensions"]["code"], error["extensions"]["system"]) == ("UNMAPPED_VALUE", "PSA")
    assert error["extensions"]["retryable"] is False
    assert error["extensions"]["count"] == 19
    assert error["path"] == ["engagements", "edges", 0, "node", "deliveryStatus"]
