"""Files that people write: every complaint names its file, its line and its cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import Field, field_validator

from schema.tomlfile import FileError, Strict, load

if TYPE_CHECKING:
    from pathlib import Path


class Door(Strict):
    """A part of a house."""

    width: int
    colour: str = "white"


class Room(Strict):
    """A room, its doors and its lamps."""

    name: str
    size: int = Field(default=1, ge=1)
    door: Door | None = None
    doors: tuple[Door, ...] = ()


class Plan(Strict):
    """A whole file."""

    title: str
    rooms: dict[str, Room] = Field(default_factory=dict)
    street: tuple[Door, ...] = ()

    @field_validator("title")
    @classmethod
    def _short(cls, title: str) -> str:
        if len(title) > 10:
            raise ValueError("ten letters at most")
        return title


UNKNOWN = "unknown key; remove it or correct its spelling"
MISSING = "Field required"
NUMBER = "Input should be a valid integer, unable to parse string as an integer"


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """The file that a test writes."""
    return tmp_path / "plan.toml"


def complaints(path: Path, text: str) -> list[str]:
    """Return the complaints about a text, each without the folder of its file."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError) as refused:
        load(path, Plan)
    lines = str(refused.value).splitlines()
    assert all(line.startswith(str(path)) for line in lines)
    return [line.removeprefix(f"{path.parent}/") for line in lines]


def test_a_right_file_becomes_its_model(plan: Path) -> None:
    """What is right is read whole, and cannot be changed afterwards."""
    plan.write_text('title = "home"\n[rooms.hall]\nname = "hall"\ndoor = { width = 90 }\n', encoding="utf-8")
    hall = Room(name="hall", size=1, door=Door(width=90, colour="white"), doors=())
    assert load(plan, Plan) == Plan(title="home", rooms={"hall": hall})
    with pytest.raises(ValueError, match="Instance is frozen"):
        load(plan, Plan).title = "other"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('title = "home"\ntytle = "hoem"\n', [f"plan.toml:2: tytle: {UNKNOWN}"], id="top level"),
        pytest.param(
            'title = "home"\n\n# the hall\n[rooms.hall]\nname = "hall"\nsized = 2\n',
            [f"plan.toml:6: rooms.hall.sized: {UNKNOWN}"],
            id="in a table",
        ),
        pytest.param(
            'title = "home"\n[rooms.hall]\nsize = 2\n[rooms.attic]\nname = "attic"\n',
            [f"plan.toml:2: rooms.hall.name: {MISSING}"],
            id="what is missing stands at its table",
        ),
        pytest.param(
            'title = "home"\n[ rooms . "the hall" ]   # spaced\nname = "hall"\nsize = 0\n',
            ["plan.toml:4: rooms.the hall.size: Input should be greater than or equal to 1"],
            id="a quoted name in a spaced header",
        ),
        pytest.param(
            'title = "home"\nrooms.hall.name = "hall"\nrooms.hall.door.width = "wide"\n',
            [f"plan.toml:3: rooms.hall.door.width: {NUMBER}"],
            id="dotted keys",
        ),
        pytest.param(
            'title = "home"\nrooms.hall = 3\n',
            ["plan.toml:2: rooms.hall: Input should be a valid dictionary or instance of Room"],
            id="a dotted key of the wrong kind",
        ),
        pytest.param(
            'title = "home"\nrooms.hall.size = 2\n',
            [f"plan.toml:2: rooms.hall.name: {MISSING}"],
            id="a table that only dotted keys spell",
        ),
        pytest.param(
            'title = "home"\n[rooms.hall]\nname = "hall"\ndoor = { width = "wide", color = "red" }\n',
            [f"plan.toml:4: rooms.hall.door.width: {NUMBER}", f"plan.toml:4: rooms.hall.door.color: {UNKNOWN}"],
            id="an inline table is one line",
        ),
        pytest.param(
            'title = "home"\n[rooms.hall]\nname = "hall"\ndoors = [\n  { width = 1 },\n  { width = "wide" },\n]\n',
            [f"plan.toml:4: rooms.hall.doors.1.width: {NUMBER}"],
            id="a list begins on its key's line",
        ),
        pytest.param(
            'title = "home"\n[[street]]\nwidth = 1\n[[street]]\nwidth = "wide"\n[[street]]\ncolor = "red"\n',
            [
                f"plan.toml:5: street.1.width: {NUMBER}",
                f"plan.toml:6: street.2.width: {MISSING}",
                f"plan.toml:7: street.2.color: {UNKNOWN}",
            ],
            id="an array of tables",
        ),
        pytest.param(
            'title = "home"\n[rooms.hall]\nname = "hall"\n[[rooms.hall.doors]]\nwidth = 1\n[[rooms.hall.doors]]\n',
            [f"plan.toml:6: rooms.hall.doors.1.width: {MISSING}"],
            id="an array of tables in a table",
        ),
        pytest.param('[rooms.hall]\nname = "hall"\n', [f"plan.toml:1: title: {MISSING}"], id="nothing stands there"),
        pytest.param(
            'rooms = {}\ntitle = "a palace of pleasure"\n',
            ["plan.toml:2: title: ten letters at most"],
            id="a check of the model's own",
        ),
        pytest.param('"" = 1\ntitle = "home"\n', [f"plan.toml:1: file: {UNKNOWN}"], id="a key without a name"),
    ],
)
def test_complaints_name_their_line(plan: Path, text: str, said: list[str]) -> None:
    """All that is wrong is named at once, each with its line and its path."""
    assert complaints(plan, text) == said


def test_a_value_is_never_repeated(plan: Path) -> None:
    """A complaint does not show what was written: it may be a secret in the wrong place."""
    said = complaints(plan, 'title = "home"\n[rooms.hall]\nname = 1\nsize = "hunter2"\n')
    assert said == [
        "plan.toml:3: rooms.hall.name: Input should be a valid string",
        f"plan.toml:4: rooms.hall.size: {NUMBER}",
    ]


def test_broken_toml(plan: Path) -> None:
    """A file that is no TOML is refused with the reader's own line and column."""
    assert complaints(plan, 'title = "home"\n[rooms\n') == [
        "plan.toml: Expected ']' at the end of a table declaration (at line 2, column 7); correct the TOML"
    ]


def test_a_file_in_another_encoding(plan: Path) -> None:
    """TOML is UTF-8; another encoding is refused with its cure, not with a traceback."""
    plan.write_bytes('title = "Café"\n'.encode("latin-1"))
    with pytest.raises(FileError) as refused:
        load(plan, Plan)
    assert str(refused.value) == f"{plan}: is not written in UTF-8; save it so"


def test_a_missing_file(plan: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(FileError) as refused:
        load(plan, Plan)
    assert str(refused.value) == f"{plan}: cannot be read (No such file or directory); name an existing file"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A folder in a file's place is named with what the system says of it."""
    with pytest.raises(FileError) as refused:
        load(tmp_path, Plan)
    assert str(refused.value) == f"{tmp_path}: cannot be read (Is a directory); name an existing file"
