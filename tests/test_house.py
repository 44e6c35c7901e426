"""The house rules: imports go one way, rooms are nobody else's, and no file says where or by whose product it lives."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
ROOMS: list[str] = LINTER["root_packages"]
CONTRACTS: list[str] = [contract["name"] for contract in LINTER["contracts"]]
LAYERS = "Imports go one way through the house"
DEMO = "The demo is imported by the CLI's demo command alone"
ROLES = "Systems of record are independent of each other"
HTTP = "Only the wire, and the app, speak HTTP"
LINES, TABLE_LINES = 400, 800

# What no checkout, container or home of another machine has.
MACHINE_PATH = re.compile(
    r"(?<![\w.:/}\]-])/(?:home|root|Users|work|workspace|tmp|opt|mnt|srv|var|private)/[\w.]|\b[A-Z]:\\\w"
)
REGISTRY = re.compile(r"pypi\.org|files\.pythonhosted|registry\.npmjs|deb\.debian|registry\.yarnpkg", re.IGNORECASE)
PRODUCTS = (
    "salesforce",
    "netsuite",
    "redmine",
    "mavenlink",
    "certinia",
    "hubspot",
    "servicenow",
    "bamboohr",
    "trytond",
)


class House(NamedTuple):
    """A copy of the rooms, to plant things in."""

    folder: Path

    def lint(self) -> tuple[int, list[str]]:
        """Check the import contract there; return the exit code and the names of the broken contracts."""
        command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        told = re.findall(r"^(.+) (KEPT|BROKEN)(?: \(.*\))?$", done.stdout, re.MULTILINE)
        assert [name for name, _ in told] == CONTRACTS, done.stdout + done.stderr
        return done.returncode, [name for name, state in told if state == "BROKEN"]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """The rooms and their contract, copied out of the repository."""
    folder = tmp_path_factory.mktemp("house")
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return House(folder)


def sources() -> Iterator[Path]:
    """Yield the rooms' own files of code and data."""
    for room in ROOMS:
        yield from sorted(path for path in (ROOT / room).rglob("*") if path.suffix in {".py", ".toml"})


def files() -> list[Path]:
    """Return every file of the repository, those included that are not committed yet."""
    try:
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"NOT CHECKED: which files belong to the repository is known to git alone, and it says {error}")
    return [path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def hits(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """Return each line that matches, as `file:line: text`."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_the_imports_go_one_way(house: House) -> None:
    """The import contract holds for the rooms as they are, read without any cache of an earlier state."""
    assert house.lint() == (0, [])


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        pytest.param("schema/values.py", "import sources.questions", LAYERS, id="schema to sources"),
        pytest.param("store/tables.py", "from sources.contract import Scope", LAYERS, id="store to sources"),
        pytest.param("sources/listing.py", "import resolvers.node", LAYERS, id="sources to resolvers"),
        pytest.param("resolvers/node.py", "from colonnade import settings", LAYERS, id="resolvers to the app"),
        pytest.param("sources/erp/loaders.py", "from sources.psa import loaders", ROLES, id="one role to another"),
        pytest.param("resolvers/lists.py", "from demo.firm import northbeam", DEMO, id="resolvers to the demo"),
        pytest.param("colonnade/wiring.py", "import demo.systems", DEMO, id="the app to the demo"),
        pytest.param("sources/listing.py", "import httpx", HTTP, id="HTTP beside the wire"),
        pytest.param("sources/families/odata.py", "from httpx import URL", HTTP, id="HTTP in a family"),
        pytest.param("store/database.py", "def _get():\n    import httpx", HTTP, id="HTTP in a function"),
    ],
)
def test_a_forbidden_import_is_caught(house: House, file: str, line: str, broken: str) -> None:
    """One import against the contract is enough to break it, and it breaks the very one it offends."""
    path = house.folder / file
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}\n{line}\n", encoding="utf-8")
    try:
        assert house.lint() == (1, [broken])
    finally:
        path.write_text(before, encoding="utf-8")


def test_every_room_is_under_the_contract() -> None:
    """A folder with code at the top is a room of the contract, a room of the types' check and of the wheel."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert found == set(ROOMS)
    assert found <= set(project["mypy"]["packages"])
    wheel = project["hatch"]["build"]["targets"]["wheel"]
    assert found == set(wheel["packages"])
    assert {room: f"colonnade/_rooms/{room}" for room in found - {"colonnade"}} == wheel["sources"]


@pytest.mark.parametrize("room", ROOMS)
def test_no_distribution_takes_a_rooms_name(room: str) -> None:
    """No installed distribution but ours provides a room's name, and the room that is imported is this one."""
    assert set(importlib.metadata.packages_distributions().get(room, [])) <= {"colonnade"}
    spec = importlib.util.find_spec(room)
    assert spec is not None
    assert spec.origin == str(ROOT / room / "__init__.py")


def test_no_file_names_a_place_on_a_machine() -> None:
    """No file of the repository holds an absolute path of somebody's machine: it would be right nowhere else."""
    assert hits(MACHINE_PATH, files()) == []
    assert hits(re.compile(rf"(?<![\w.:/-]){re.escape(str(ROOT))}(?![\w-])"), files()) == []


def test_no_file_names_a_registry() -> None:
    """No file says where packages come from: that is the configuration of whoever installs."""
    assert hits(REGISTRY, files()) == []


def test_the_searches_find_what_they_look_for() -> None:
    """The patterns of these tests match what they are to find, and no address or path of an interface."""
    places = ["home/ann/colonnade", "Users/ann", "tmp/store.db", "work/main", "root/.netrc", "var/lib/colonnade"]
    assert [place for place in places if not MACHINE_PATH.search(f'at = "/{place}"')] == []
    assert MACHINE_PATH.search("at = 'C:" + "\\Users'")
    harmless = ['"/api/v1/users.json"', "http://127.0.0.1/work/x", "sources/erp/home/x", "{folder}/tmp/x", "/graphql"]
    assert [text for text in harmless if MACHINE_PATH.search(text)] == []
    assert REGISTRY.search("--index-url https://" + "pypi" + ".org/simple")


def test_vendors_are_named_in_their_folders_only() -> None:
    """A vendor's word stands under its own folder, in the demo, and in the demo command; else the code knows none."""
    vendors = {path.parent.name for path in (ROOT / "sources").glob("*/*/source.toml")}
    assert {"kantata", "dynamics"} <= vendors
    # Whole, or as a part of a name: get_running_loop does not speak of Runn.
    words = re.compile(rf"(?<![a-z])(?:{'|'.join(sorted({*vendors, *PRODUCTS}))})(?![a-z])", re.IGNORECASE)
    demo_command = range(*_lines_of_the_demo_command())
    neutral = [
        path
        for path in sources()
        if path.relative_to(ROOT).parts[0] != "demo"
        and path != ROOT / "colonnade" / "demo.py"
        and not (path.relative_to(ROOT).parts[0] == "sources" and path.parent.name in vendors)
    ]
    assert len(neutral) > 50
    found = hits(words, neutral)
    allowed = {f"colonnade/cli.py:{number}:" for number in demo_command}
    assert [hit for hit in found if not any(hit.startswith(place) for place in allowed)] == []


def _lines_of_the_demo_command() -> tuple[int, int]:
    tree = ast.parse((ROOT / "colonnade" / "cli.py").read_text(encoding="utf-8"))
    (command,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "demo")
    assert command.end_lineno is not None
    return command.lineno, command.end_lineno + 1


def test_no_file_is_too_long_to_read() -> None:
    """A file of the rooms has 400 lines at most; a manifest, which is a table to look things up in, twice as many."""
    long = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert {
        str(path.relative_to(ROOT)): lines
        for path, lines in long.items()
        if lines > (TABLE_LINES if path.suffix == ".toml" else LINES)
    } == {}
