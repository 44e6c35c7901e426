"""What was approved: the rules of files, each pinned in a lock. A rule that changed unseen is refused."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from schema.tomlfile import FileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

SIGNED = ("version", "approved_by")
HEAD = """\
# The rules that were approved, each as it reads in its file; of code, its SHA-256.
# `colonnade rules diff` shows what has changed since, `colonnade rules lock` pins it under a new version.
"""


class RuleSet(NamedTuple):
    """A set of rules by their places (`entities.Invoice.fields.net.amount`), its version, and who approved it."""

    name: str
    version: int
    approved_by: str
    rules: Mapping[str, Any]


class Change(NamedTuple):
    """A rule that is not what was approved. `was` or `now` is None where there was or is none."""

    rules: str
    place: str
    was: Any
    now: Any


def read(path: Path, name: str) -> RuleSet:
    """Read a file's rules under this name. Comments and layout are none, so they may change freely."""
    said = tomllib.loads(path.read_text(encoding="utf-8"))
    rules = {place: value for place, value in _leaves(said, "") if place not in SIGNED}
    return RuleSet(name, said["version"], said["approved_by"], rules)


def approved(path: Path) -> dict[str, RuleSet]:
    """Read a lock, or raise FileError; where there is no file, nothing was approved."""
    if not path.exists():
        return {}
    try:
        return _sets(path.read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError) as error:
        said = f"{path}: is no lock of rules ({type(error).__name__}); restore it from the last release"
        raise FileError(said) from error


@lru_cache(maxsize=8)
def _sets(text: str) -> dict[str, RuleSet]:
    """Read a lock's text once: all bindings are verified against the same one, and it is longer than a manifest."""
    sets = tomllib.loads(text)
    return {name: RuleSet(name, said["version"], said["approved_by"], said["rules"]) for name, said in sets.items()}


def verify(path: Path, said: RuleSet, lock: Path, relock: str) -> None:
    """Raise FileError unless the rules of a file are the approved ones; `relock` is the command that pins them."""
    known = approved(lock).get(said.name)
    if known is None:
        raise FileError(f"{path}: version {said.version} is not in {lock}; have it approved, then run {relock}")
    changed = list(_changes(said, known))
    if said.version != known.version:
        cure = f"have version {said.version} approved, then run {relock}"
        raise FileError(f"{path}: is version {said.version}, but {known.version} was approved; {cure}")
    if changed:
        raise FileError(
            f"{path}: {changed[0].place} and {len(changed) - 1} more have changed since version {known.version} was "
            f"approved by {known.approved_by}; undo that, or raise 'version', have it approved and run {relock}"
        )


def compare(sets: Iterable[RuleSet], lock: Path) -> list[Change]:
    """List what is not as a lock has it: rules that are new, gone or other. A whole set is told by its version."""
    present, known = {rules.name: rules for rules in sets}, approved(lock)
    found = [change for name, rules in present.items() for change in _changes(rules, known.get(name))]
    gone = [Change(name, "version", rules.version, None) for name, rules in known.items() if name not in present]
    return sorted([*found, *gone], key=lambda change: (change.rules, change.place))


def pin(sets: Iterable[RuleSet], lock: Path) -> None:
    """Write the lock of these sets, or raise FileError for one that changed under the version it had."""
    present, known = sorted(sets), approved(lock)
    for rules in present:
        before = known.get(rules.name)
        changed = before is not None and any(change.place not in SIGNED for change in _changes(rules, before))
        if before is not None and changed and rules.version <= before.version:
            raise FileError(
                f"{rules.name}: has changed under version {rules.version}, which {before.approved_by} approved; raise "
                "'version' and name in 'approved_by' who approved the new one"
            )
    texts = [HEAD, *(_spelled(rules) for rules in present)]
    lock.write_text("\n".join(texts), encoding="utf-8")


def _changes(now: RuleSet, was: RuleSet | None) -> Iterator[Change]:
    if was is None:
        yield Change(now.name, "version", None, now.version)
        return
    for name in SIGNED:
        if getattr(was, name) != getattr(now, name):
            yield Change(now.name, name, getattr(was, name), getattr(now, name))
    for place in sorted(was.rules.keys() | now.rules.keys()):
        before, after = was.rules.get(place), now.rules.get(place)
        if before != after:
            yield Change(now.name, place, before, after)


def _leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Walk down to the values; a list of plain ones is one value."""
    if isinstance(value, dict):
        items = [(json.dumps(name) if "." in name else name, item) for name, item in value.items()]
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        items = [(str(index), item) for index, item in enumerate(value)]
    else:
        yield place, value.isoformat() if isinstance(value, date) else value
        return
    for name, item in items:
        yield from _leaves(item, f"{place}.{name}" if place else name)


def _spelled(rules: RuleSet) -> str:
    # JSON's strings, numbers and lists are TOML's as well.
    name, lines = json.dumps(rules.name), sorted(rules.rules.items())
    head = f"[{name}]\nversion = {rules.version}\napproved_by = {json.dumps(rules.approved_by)}\n\n[{name}.rules]\n"
    return head + "".join(f"{json.dumps(place)} = {json.dumps(value, ensure_ascii=False)}\n" for place, value in lines)
