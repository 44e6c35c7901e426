"""Which system takes which change, and how a lost answer to it is made good: the table of all vendors of this house."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from schema.rows import System
from schema.tomlfile import FileError, load
from sources.manifest import Manifest
from sources.registry import acts_of, vendors
from sources.writes import WRITES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
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


class Capabilities(NamedTuple):
    """One vendor: a word for each change that its role is asked for, and the reasons for those it does not take."""

    vendor: str
    words: Mapping[str, str]
    reasons: Mapping[str, str]


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
    acts, said = acts_of(path, kinds[0].system.value), load(path, Manifest).exempt
    words = {kind.called: _word(kind, acts[kind]) if kind in acts else EXEMPT for kind in kinds}
    refused = [called for called, word in words.items() if word == EXEMPT]
    reasons = {called: said[called] if called in said else said.get(OTHERS, "") for called in refused}
    unsaid = [called for called, reason in reasons.items() if not reason]
    strange = sorted(said.keys() - {*refused, OTHERS})
    if unsaid or strange:
        raise FileError(f"{path}: exempt: say why these are not taken: {unsaid}; these are taken or unknown: {strange}")
    return Capabilities(path.parent.name, words, reasons)


def _word(kind: type[Write], act: Act[Any]) -> str:
    if act.unique:
        return "key"
    if act.look is None:
        return "state"
    return "marker" if kind.keyed else "looked up"


def markdown(found: Sequence[Table]) -> str:
    """Write the tables as docs/capabilities.md has them."""
    lines = ["# Which system takes which change", ""]
    lines += [f"- `{word}`: {meaning}" for word, meaning in WORDS.items()]
    for table in found:
        names = [vendor.vendor for vendor in table.vendors]
        lines += ["", f"## {table.role.name}", "", _row("change", *names), _row(*["---"] * (len(names) + 1))]
        lines += [_row(called, *(one.words[called] for one in table.vendors)) for called in table.changes]
        said = [f"- {one.vendor}: {told}" for one in table.vendors for told in told_of(one)]
        lines += ["", *said] if said else []
    return "\n".join(lines) + "\n"


def told_of(vendor: Capabilities) -> Iterator[str]:
    """Yield each reason of a vendor, with the changes that it is for unless it is for all."""
    for reason in dict.fromkeys(vendor.reasons.values()):
        own = [called for called, said in vendor.reasons.items() if said == reason]
        yield reason if len(own) == len(vendor.words) else f"{reason} ({', '.join(own)})"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
