"""A wish for a list as a client says it: held against its bounds, named by a short mark, and its references worded."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
import structlog

from schema.connection import Days, Wanted
from schema.graph import HOMES
from schema.problems import Code, Problem
from schema.rows import Ref
from sources.scalars import ID_LENGTH
from sources.selection import kind_of, spoken
from store.transaction import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from schema.graph import Home
    from sources.batching import CrossReferences
    from sources.source import Source

log = structlog.get_logger("colonnade.sources")

VALUES: Final = 100
SEARCH_LENGTH, SEARCH_WORDS = 100, 8
# It stands for anything in some products' texts, and none of those can write it as itself.
WILDCARD: Final = "*"
ALL: Final = Wanted()


def mark(wanted: Wanted) -> str:
    """Return a short mark of a wish, the same for every way to write it."""
    if wanted == ALL:
        return ""
    filters = sorted((name, _plain(value)) for name, value in wanted.filters.items())
    said = msgspec.json.encode([filters, wanted.search, wanted.order, wanted.descending])
    return hashlib.sha256(said).hexdigest()[:16]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return sorted(str(getattr(one, "value", one)) for one in value)
    return [value.from_, value.to] if isinstance(value, Days) else value


def mistaken(wanted: Wanted) -> Problem | None:
    """Return what is wrong with a wish in itself, before anybody is asked."""
    for name, value in wanted.filters.items():
        if isinstance(value, list) and not 1 <= len(value) <= VALUES:
            return Problem(Code.BAD_INPUT, f"'{spoken(name)}' must have from 1 to {VALUES} values")
        if isinstance(value, list) and not all(_sound(one, ID_LENGTH) for one in value if isinstance(one, str)):
            return Problem(Code.BAD_INPUT, f"a value of '{spoken(name)}' is empty, too long or has control characters")
        if isinstance(value, Days) and value.from_ and value.to and value.to < value.from_:
            return Problem(Code.BAD_INPUT, f"'{spoken(name)}' ends before it begins")
    text = wanted.search
    if text is None:
        return None
    if not _sound(text, SEARCH_LENGTH) or WILDCARD in text or not 1 <= len(text.split()) <= SEARCH_WORDS:
        return Problem(
            Code.BAD_INPUT,
            f"'search' must have from 1 to {SEARCH_WORDS} words and {SEARCH_LENGTH} characters at most,"
            f" without control characters and '{WILDCARD}'",
        )
    return None


def _sound(text: str, most: int) -> bool:
    # Half a surrogate pair, which JSON lets through, is no character that a request can be written with.
    return 0 < len(text) <= most and text.isprintable()


async def worded(
    home: Home, sources: Sequence[Source], wanted: Wanted, crossrefs: CrossReferences
) -> dict[str, Wanted] | Problem:
    """Return the wish in each source's words, by binding: whom it means there, by the cross-references."""
    said: dict[str, dict[str, Any]] = {source.binding: dict(wanted.filters) for source in sources}
    for name, target, values in references(home, wanted):
        refs = [_meant(value, target) for value in values]
        wrong = next((ref for ref in refs if isinstance(ref, Problem)), None)
        if wrong is not None:
            return wrong
        meant = [ref for ref in refs if isinstance(ref, Ref)]
        known = await _words(meant, home, crossrefs)
        if isinstance(known, Problem):
            return known
        for binding, filters in said.items():
            own = [[word for word in known[ref] if word.binding == binding] for ref in meant]
            if any(len(words) > 1 for words in own):
                return _unclear(Code.REFERENCE_AMBIGUOUS, "more than one cross-reference", target, home)
            filters[name] = [Ref(target, binding, word.id) for words in own for word in words]
    return {binding: msgspec.structs.replace(wanted, filters=filters) for binding, filters in said.items()}


def references(home: Home, wanted: Wanted) -> Iterator[tuple[str, str, list[str]]]:
    """List the filters by reference: their names, whom they mean, and the ids that were given."""
    for name, value in wanted.filters.items():
        core, target = kind_of(home.row, name)
        if core is Ref and target is not None:
            yield name, target, value


def _meant(id_: str, target: str) -> Ref | Problem:
    ref = Ref.decode(id_)
    place = HOMES.get(target)
    if isinstance(ref, Ref) and (ref.type != target or place is None or place.system.value != ref.role):
        return Problem(Code.MALFORMED_ID, f"this is no id of this graph's type {target}", id=id_[:80])
    return ref


async def _words(refs: Sequence[Ref], home: Home, crossrefs: CrossReferences) -> Mapping[Ref, Sequence[Ref]] | Problem:
    role = home.system.value
    foreign = [ref for ref in refs if ref.role != role]
    try:
        words = await crossrefs.words(foreign, role) if foreign else {}
    except StoreUnavailableError:
        log.exception("store unavailable")
        return Problem(Code.STORE_UNAVAILABLE, "the cross-references cannot be read now")
    for ref in foreign:
        if not words.get(ref):
            # The owner may have records of it all the same: none would be a claim.
            return _unclear(Code.REFERENCE_UNKNOWN, "no cross-reference", ref.type, home)
    return {ref: words[ref] if ref.role != role else (ref,) for ref in refs}


def _unclear(code: Code, what: str, target: str, home: Home) -> Problem:
    role = home.system.name
    return Problem(code, f"{what} of this {target} leads to {role}", system=role)
