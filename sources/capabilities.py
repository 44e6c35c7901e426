"""Which system takes which change, and how a lost answer to it is made good: the table of all vendors of this house."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from schema.rows import System
from schema.tomlfile import FileError, load
from sources.manifest import Manifest
from sources.registry import acts_of, lines_of, vendors
from sources.writes import WRITES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from sources.writes import Act, Write

EXEMPT: Final = "exempt"
OTHERS: Final = "*"
WORDS: Final = {
    "key": "the system knows our key, and answers the same request a second time like the first",
    "marker": "our key stands in the record, by which it is looked up before anything is sent again",
    "looked up": "whether it was done is seen in the records themselves, before it is sent again",
    "state": "it sets a record to a state: twice is once",
    EXEMPT: "it is not taken there, for the reason below; a command that needs it is refused before anything happens",
}


BY_FILE: Final = "it may go by file, where the binding has an [exchange]"
COMMANDS: Final = """\
A command asks for changes as the case demands. Below those of a role stands for each command that may ask for some of
them which system takes `all` of these, which `none`, and which ones one does not take."""


class Capabilities(NamedTuple):
    """One vendor: a word for each change that its role is asked for, and the reasons for those it does not take.

    `kept` says where that stands for which the product has no place, by the changes that put it there; `by_file` are
    the changes that may go in a file, and says so.
    """

    vendor: str
    words: Mapping[str, str]
    reasons: Mapping[str, str]
    kept: Mapping[str, str]
    by_file: Mapping[str, str]

    def carried(self, changes: AbstractSet[str]) -> str:
        """Say of changes whether the system takes them: all, none, or which not."""
        missing = [called for called, word in self.words.items() if called in changes and word == EXEMPT]
        if missing and len(missing) < len(changes):
            return f"not {', '.join(called.partition('.')[2] for called in missing)}"
        return "none" if missing else "all"


class Table(NamedTuple):
    """One role: the changes that it is asked for, and the vendors that play it."""

    role: System
    changes: Sequence[str]
    vendors: Sequence[Capabilities]


def tables() -> list[Table]:
    """Return a table for each role that is asked to change anything, or raise FileError."""
    return [
        Table(role, [kind.called for kind in kinds], [_capabilities(path, kinds) for path in paths])
        for role, paths in _played().items()
        if (kinds := list(_asked(role)))
    ]


def _played() -> dict[System, list[Path]]:
    found: dict[System, list[Path]] = {}
    for role, _, path in vendors():
        found.setdefault(System(role), []).append(path)
    return found


def _asked(role: System) -> Iterator[type[Write]]:
    try:
        import_module(f"sources.{role.value}.writes")
    except ModuleNotFoundError:
        return
    yield from (kind for kind in WRITES.values() if kind.system is role)


def _capabilities(path: Path, kinds: Sequence[type[Write]]) -> Capabilities:
    acts, manifest = acts_of(path, kinds[0].system.value), load(path, Manifest)
    said = manifest.exempt
    words = {kind.called: _word(kind, acts[kind]) if kind in acts else EXEMPT for kind in kinds}
    refused = [called for called, word in words.items() if word == EXEMPT]
    reasons = {called: said[called] if called in said else said.get(OTHERS, "") for called in refused}
    unsaid = [called for called, reason in reasons.items() if not reason]
    strange = sorted(said.keys() - {*refused, OTHERS})
    if unsaid or strange:
        raise FileError(f"{path}: exempt: say why these are not taken: {unsaid}; these are taken or unknown: {strange}")
    if idle := sorted(called for called in manifest.kept if words.get(called, EXEMPT) == EXEMPT):
        raise FileError(f"{path}: kept: these are not taken, or unknown: {idle}")
    by_file = {kind.called: BY_FILE for kind in lines_of(path)}
    return Capabilities(path.parent.name, words, reasons, manifest.kept, by_file)


def _word(kind: type[Write], act: Act[Any]) -> str:
    if act.unique:
        return "key"
    if act.look is None:
        return "state"
    return "marker" if kind.keyed else "looked up"


def commanded(table: Table, commands: Mapping[str, AbstractSet[str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield each command that may ask for changes of a role, and for each vendor whether it takes them all."""
    for name, changes in commands.items():
        if own := changes & set(table.changes):
            yield name, [vendor.carried(own) for vendor in table.vendors]


def markdown(found: Sequence[Table], commands: Mapping[str, AbstractSet[str]]) -> str:
    """Write the tables as docs/capabilities.md has them; `commands` are the changes that each may ask for."""
    lines = ["# Which system takes which change", ""]
    lines += [f"- `{word}`: {meaning}" for word, meaning in WORDS.items()]
    lines += ["", COMMANDS]
    for table in found:
        names = [vendor.vendor for vendor in table.vendors]
        lines += ["", f"## {table.role.name}"]
        lines += _table(
            "change", names, {called: [one.words[called] for one in table.vendors] for called in table.changes}
        )
        told = [f"- {one.vendor}: {said}" for one in table.vendors for said in told_of(one)]
        lines += ["", *told] if told else []
        lines += _table("command", names, dict(commanded(table, commands)))
    return "\n".join(lines) + "\n"


def told_of(vendor: Capabilities) -> Iterator[str]:
    """Yield what is kept where, what may go by file, and each reason, with its changes if these are not all."""
    for said in (vendor.kept, vendor.by_file, vendor.reasons):
        for text in dict.fromkeys(said.values()):
            own = [called for called, each in said.items() if each == text]
            yield text if len(own) == len(vendor.words) else f"{text} ({', '.join(own)})"


def _table(first: str, names: Sequence[str], rows: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield from ("", _row(first, *names), _row(*["---"] * (len(names) + 1)))
    yield from (_row(name, *cells) for name, cells in rows.items())


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
