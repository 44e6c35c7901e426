"""A developer with docs/add-a-command.md and a checkout: the page is followed to the letter."""

from __future__ import annotations

import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from commands.asking import Asking
from commands.command import Claimed, Finding, Judgement
from commands.plan import Branch, Gate, Plan, Step
from demo.systems import HTTP
from sources.writes import Later
from tests.journeys.page import Developer, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.journeys.page import Block

HOUSE = Path(__file__).parents[2]
PAGE = HOUSE / "docs" / "add-a-command.md"
TOOLS = Path(sys.executable).parent
POLICY = "policies/authority.toml"
PERSONA = "resource-manager"
# What no page can know stands there as this.
ANY = "…"
VERSION = re.compile(r"^version = (\d+)$", re.MULTILINE)


class Colleague(Developer):
    """Somebody in a checkout of their own, whose environment is this one's."""

    def follow(self, block: Block) -> None:
        """Append to what is there already, and raise the version of a policy."""
        path = self.folder / block.file
        if block.file != POLICY:
            return super().follow(block)
        before = path.read_text(encoding="utf-8")
        raised = VERSION.sub(lambda found: f"version = {int(found[1]) + 1}", before, count=1)
        return self.write(path, raised + block.text)

    @property
    def demo(self) -> dict[str, Any]:
        """What the demo says of itself, a moment after it begins to answer."""
        while not (line := (self.folder / "demo.json").read_text(encoding="utf-8")).endswith("\n"):
            time.sleep(0.05)
        told: dict[str, Any] = json.loads(line)
        return told

    def post(self, query: str, **headers: str) -> Any:
        """Ask the demo's graph as the page's persona."""
        token = {"Authorization": f"Bearer {self.demo['tokens'][PERSONA]}"}
        return HTTP.post(self.demo["graphql"], json={"query": query}, headers=token | headers, timeout=30)

    def ask(self, query: str) -> Any:
        """Return the answer to a query; to a subscription the last one, for it ends by itself."""
        if not query.startswith("subscription"):
            return self.post(query).json()
        events = self.post(query, Accept="text/event-stream").text
        return json.loads(re.findall(r"^data: (.+)$", events, re.MULTILINE)[-1])

    def effects(self) -> list[str]:
        """Return every change that was made in any of the systems."""
        addresses = {at.split("/api/gateway")[0] for at in self.demo["systems"].values() if at.startswith("http")}
        made = [one for at in sorted(addresses) for one in HTTP.get(f"{at}/_control/effects").json()]
        return [f"{one['method']} {one['table']}" for one in made]


def checkout(folder: Path) -> None:
    """Copy the files of this checkout, as they are."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=HOUSE, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (HOUSE / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HOUSE / name, folder / name)


@pytest.fixture
def colleague(tmp_path: Path) -> Iterator[Colleague]:
    """Somebody with a checkout; what they started ends with the test."""
    checkout(tmp_path)
    # As `make install` leaves it, which the copied files must not seem to be newer than.
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(TOOLS)
    (tmp_path / ".venv" / ".installed").touch()
    environment = {"PATH": f"{TOOLS}:{os.environ['PATH']}", "PYTHONPATH": str(tmp_path)}
    with ExitStack() as running:
        yield Colleague(tmp_path, environment, {"colonnade": "8010"}, running)


def met(said: Any, shown: Any) -> list[str]:
    """Return what stands where the page cannot know it; whatever else is not as the page shows it fails the test."""
    if shown == ANY:
        return [said]
    if isinstance(shown, dict):
        assert said.keys() == shown.keys()
        return [one for name in shown for one in met(said[name], shown[name])]
    if isinstance(shown, list):
        assert len(said) == len(shown)
        return [one for pair in zip(said, shown, strict=True) for one in met(*pair)]
    assert said == shown
    return []


@pytest.mark.commands
@pytest.mark.timeout(180)
def test_the_page_leads_to_its_answers(colleague: Colleague) -> None:
    """Three files and a test are written, and every question gets the page's answer; each system is changed once."""
    page = blocks(PAGE)
    known, given = ANY, ""
    for block, after in zip(page, [*page[1:], page[0]], strict=True):
        colleague.follow(block)
        if block.language != "graphql":
            continue
        query = block.text.replace(ANY, known)
        assert after.language == "json"
        known = next(iter(met(colleague.ask(query), json.loads(after.text))), known)
        given = query if "idempotencyKey" in query else given
    changes = ["PUT assignments", "PUT workspace_allocations"]
    assert sorted(colleague.effects()) == changes
    again = colleague.post(given)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert sorted(colleague.effects()) == changes
    assert "7 passed" in colleague.said["pytest -q -n0 tests/commands/test_extend_assignment.py"]
    assert touched(colleague.folder) == {
        *("commands/extend_assignment.py", POLICY, "policies/policies.lock", "schema.graphql"),
        "docs/capabilities.md",
        "tests/commands/test_extend_assignment.py",
    }


def touched(folder: Path) -> set[str]:
    """Return the files of a checkout that are other ones than here, but for what tools and the demo leave there."""
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    kept = {name for name in names if not re.search(r"^(\.|demo\.json|log$)|__pycache__", name)}
    return {name for name in kept if not same(HOUSE / name, folder / name)}


def same(one: Path, other: Path) -> bool:
    """Tell whether a file is like the one that may stand there."""
    return one.exists() and one.read_bytes() == other.read_bytes()


def meaning(of: Any) -> str:
    """Return the first paragraph of a docstring."""
    return " ".join(inspect.getdoc(of).partition("\n\n")[0].split())  # type: ignore[union-attr]


def test_the_tables_are_the_whole_vocabulary() -> None:
    """The page lists all that a judgement may ask and say, in the words of the code itself."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    asked = [f"| `{name}` | {meaning(one)} |" for name, one in vars(Asking).items() if not name.startswith("_")]
    said = [
        f"| {part.__name__} | {', '.join(f'`{key}`' for key in inspect.signature(part).parameters)} | {meaning(part)} |"
        for part in (Judgement, Finding, Claimed, Plan, Branch, Step, Later, Gate)
    ]
    start = lines.index("## All that a judgement may ask")
    assert [line for line in lines[start:] if line.startswith("| ") and "---" not in line] == [
        *("| `ask.` | what it does |", *asked),
        *("| part | keys | what it is |", *said),
    ]
