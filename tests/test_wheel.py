"""The wheel: beside PyPI's package of a room's name, away from the repository, it starts and answers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.wheel, pytest.mark.timeout(300), pytest.mark.xdist_group("wheel")]

ROOT = Path(__file__).parents[1]
ROOMS = ("schema", "resolvers", "commands", "sources", "policies", "execution", "store", "demo")
QUERY = """{
  engagements(first: 1) { edges { node {
    code name deliveryStatus
    customer { displayName legalName }
    contractValue { amount currency }
    manager { displayName }
  } } }
}"""
FIRST = {
    "code": "ENG-001",
    "name": "Timetable Resilience Strategy",
    "deliveryStatus": "ACTIVE",
    "customer": {"displayName": "Aldermoor Rail", "legalName": "Aldermoor Rail plc"},
    "contractValue": {"amount": "480000.00", "currency": "GBP"},
    "manager": {"displayName": "Declan Farquhar"},
}
# Neither the repository's settings of Python nor its packages may help the wheel.
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "VIRTUAL_ENV"))}


class Wheel(NamedTuple):
    """A wheel, and the files that have to be in it."""

    path: Path
    files: set[str]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    """The wheel, built from the working tree."""
    folder = tmp_path_factory.mktemp("wheel")
    rooms = {"colonnade": "colonnade", **{room: f"colonnade/_rooms/{room}" for room in ROOMS}}
    files = {
        f"{place}/{path.relative_to(ROOT / room)}"
        for room, place in rooms.items()
        for pattern in ("*.py", "*.toml", "requirements.*")
        for path in (ROOT / room).rglob(pattern)
    }
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return Wheel(built, files)


@pytest.fixture(scope="module")
def python(wheel: Wheel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python in an environment of its own, with the wheel, the locked versions of its needs, and PyPI's `schema`."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True, capture_output=True)
    python = folder / "venv" / "bin" / "python"
    # The locked versions without their hashes: as constraints, they leave the wheel itself without one.
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = re.findall(r"^[A-Za-z0-9_.\[\]-]+==[^\s\\]+(?: ; [^\\\n]+)?", lock, re.MULTILINE)
    (folder / "pins.txt").write_text("\n".join(re.sub(r"\[.*?\]", "", pin) for pin in pins), encoding="utf-8")
    install = [python, "-m", "pip", "install", "--quiet", "--no-compile", "--constraint", folder / "pins.txt"]
    done = subprocess.run(
        [*map(str, install), str(wheel.path), "schema"], capture_output=True, text=True, check=False, env=CLEAN
    )
    assert done.returncode == 0, done.stderr
    return python


def told(python: Path, folder: Path, code: str) -> str:
    """Return what a program prints in the environment, run from a folder outside the repository."""
    command = [str(python), "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, env=CLEAN).stdout.strip()


@contextmanager
def demo(python: Path, folder: Path) -> Iterator[dict[str, Any]]:
    """Run the installed command from a folder outside the repository, and give what it says of itself."""
    command = [str(python.with_name("colonnade")), "demo", "--fast", "--port", "0"]
    with (
        (folder / "stderr").open("wb") as stderr,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, cwd=folder, env=CLEAN) as running,
    ):
        try:
            assert running.stdout is not None
            line = running.stdout.readline()
            assert line, (folder / "stderr").read_text(encoding="utf-8")
            yield json.loads(line)
        finally:
            running.terminate()
            running.wait(20)
    assert running.returncode == 0


def test_the_rooms_lie_under_the_app(wheel: Wheel) -> None:
    """Nothing of the wheel is at the top but the app; the rooms lie beneath it, with everything that is no code."""
    names = zipfile.ZipFile(wheel.path).namelist()
    assert {name.partition("/")[0] for name in names} == {"colonnade", "colonnade-0.1.0.dist-info"}
    assert {Path(name).parts[2] for name in names if name.startswith("colonnade/_rooms/")} == set(ROOMS)
    assert sorted(wheel.files - set(names)) == []
    needed = {
        "sources/psa/kantata/source.toml",
        "sources/erp/dynamics/source.toml",
        "sources/crm/dynamics/source.toml",
        "sources/hr/dynamics/source.toml",
        "store/migrations/env.py",
        "store/migrations/versions/0001_cross_references.py",
    }
    assert sorted(needed - {name.removeprefix("colonnade/_rooms/") for name in names}) == []
    assert [name for name in names if re.search(r"__pycache__|\.db|\.secret|tests/|\.venv|\.systems", name)] == []


def test_pypis_schema_stays_its_own(python: Path, tmp_path: Path) -> None:
    """Who does not import Colonnade finds PyPI's `schema` as it was; who does finds our room, and both are whole."""
    theirs = "import schema; print(schema.Schema(int).validate(7), schema.__file__)"
    validated, path = told(python, tmp_path, theirs).split()
    assert (validated, "colonnade" in path) == ("7", False)
    ours = "import colonnade, schema.values, schema; print(schema.values.minor_units('KWD'), schema.__file__)"
    digits, path = told(python, tmp_path, ours).split()
    assert (digits, Path(path).parts[-4:]) == ("3", ("colonnade", "_rooms", "schema", "__init__.py"))


def test_the_installed_command(python: Path, tmp_path: Path) -> None:
    """The installed command prints the committed contract and knows the vendors."""
    command = str(python.with_name("colonnade"))
    printed = subprocess.run([command, "schema", "print"], capture_output=True, check=True, cwd=tmp_path, env=CLEAN)
    assert printed.stdout == (ROOT / "schema.graphql").read_bytes()


def test_the_installed_demo_answers(python: Path, tmp_path: Path) -> None:
    """The wheel's demo starts away from the repository and joins one engagement from its systems, exactly."""
    with demo(python, tmp_path) as said:
        assert set(said["systems"]) == {"psa", "erp", "crm", "hr", "forecast", "warehouse"}
        headers = {"Authorization": f"Bearer {said['tokens']['auditor']}"}
        answer = httpx.post(said["graphql"], json={"query": QUERY}, headers=headers, timeout=30, trust_env=False)
    assert (answer.status_code, answer.json()) == (200, {"data": {"engagements": {"edges": [{"node": FIRST}]}}})
    assert (tmp_path / "stderr").read_text(encoding="utf-8") == ""
    with pytest.raises(httpx.ConnectError):
        httpx.get(said["graphql"], trust_env=False)
