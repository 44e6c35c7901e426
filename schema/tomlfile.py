"""Files that people write in TOML: read into a model, every complaint with its file, line and cure."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

M = TypeVar("M", bound=BaseModel)

HEADER = re.compile(r"\s*\[{1,2}\s*(?P<keys>[^\[\]#]+?)\s*\]{1,2}")
ASSIGNMENT = re.compile(r"\s*(?P<keys>[A-Za-z0-9_\-.\"' ]+?)\s*=")
# How pydantic begins what a model's own check says.
OWN_WORDS = "Value error, "
PART = re.compile(r"\"([^\"]*)\"|'([^']*)'|([^.\s\"']+)")


class Strict(BaseModel):
    """The base of every file's model: unknown keys are refused, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FileError(Exception):
    """A file that cannot be used; the message names each place and its cure, one a line."""


def load(path: Path, model: type[M]) -> M:
    """Read a file into its model, or raise FileError with every complaint as `file:line: where: what`."""
    try:
        text = path.read_text(encoding="utf-8")
        return model.model_validate(tomllib.loads(text))
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror}); name an existing file") from error
    except UnicodeDecodeError as error:
        raise FileError(f"{path}: is not written in UTF-8; save it so") from error
    except tomllib.TOMLDecodeError as error:
        raise FileError(f"{path}: {error}; correct the TOML") from error
    except ValidationError as error:
        raise FileError("\n".join(_complaints(path, text, error))) from error


def _complaints(path: Path, text: str, error: ValidationError) -> list[str]:
    lines = _lines(text)
    said = []
    for detail in error.errors(include_url=False, include_input=False):
        where = tuple(str(step) for step in detail["loc"])
        unknown = detail["type"] == "extra_forbidden"
        what = "unknown key; remove it or correct its spelling" if unknown else detail["msg"].removeprefix(OWN_WORDS)
        said.append(f"{path}:{_nearest(lines, where)}: {'.'.join(where) or 'file'}: {what}")
    return said


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """Find the line of every key. Python's reader keeps no positions, and no kept TOML library for Python does."""
    table: tuple[str, ...] = ()
    arrays: dict[tuple[str, ...], int] = {}
    found: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := HEADER.match(line):
            table = keys = _element(_parts(header["keys"]), arrays, begins=line.lstrip().startswith("[["))
        elif assignment := ASSIGNMENT.match(line):
            keys = (*table, *_parts(assignment["keys"]))
        else:
            continue
        for depth in range(1, len(keys) + 1):
            found.setdefault(keys[:depth], number)
    return found


def _element(parts: Sequence[str], arrays: dict[tuple[str, ...], int], *, begins: bool) -> tuple[str, ...]:
    """Return a header's path with the number of the element, where it means or `begins` one of an array of tables."""
    path: tuple[str, ...] = ()
    for depth, part in enumerate(parts, start=1):
        path = (*path, part)
        if begins and depth == len(parts):
            arrays[path] = arrays.get(path, -1) + 1
        if path in arrays:
            path = (*path, str(arrays[path]))
    return path


def _parts(keys: str) -> tuple[str, ...]:
    return tuple(next((part for part in match if part), "") for match in PART.findall(keys))


def _nearest(lines: dict[tuple[str, ...], int], where: Sequence[str]) -> int:
    """Return the line of the longest part of the path that stands in the file: an inline table is one line."""
    return next((lines[tuple(where[:n])] for n in range(len(where), 0, -1) if tuple(where[:n]) in lines), 1)
