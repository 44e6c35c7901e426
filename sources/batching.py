"""A question asked in batches: keys said in the asked system's words, rows joined by id, an outcome for every key.

`Desk.answer` is the one reader of the sources. It tells whatever they say: who may see it is decided in
`sources/screening.py`, through which both executors ask.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from itertools import islice
from operator import attrgetter, eq, gt, itemgetter, lt
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from schema.problems import Code, Problem
from schema.rows import LIVE, Ref
from sources.cache import Told, Topic
from sources.contract import SourceFailure, bare
from sources.questions import QUESTIONS, Question
from sources.walk import contradicting
from store.transaction import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from schema.rows import Row, System
    from sources.cache import Cache
    from sources.contract import Scope
    from sources.source import Batch, Source

REFS = frozenset({Ref})

log = structlog.get_logger("colonnade.sources")

BINDING, ID, FIRST = attrgetter("binding"), attrgetter("id"), itemgetter(0)


class CrossReferences(Protocol):
    """Who is who in the other system: references in one system's words, said in another's."""

    async def words(self, refs: Iterable[Ref], role: str) -> Mapping[Ref, Sequence[Ref]]:
        """Return, for each reference, what the systems of the role call it; none where nothing is linked."""
        ...


class Desk:
    """Where questions are asked: the bound sources by role, the cross-references between them, and what was kept."""

    def __init__(self, sources: Sequence[Source], crossrefs: CrossReferences, cache: Cache | None = None) -> None:
        self.crossrefs, self.cache = crossrefs, cache
        self.sources = {source.binding: source for source in sources}
        self._answering: set[asyncio.Task[Any]] = set()

    @property
    def busy(self) -> bool:
        """Whether anything is being asked."""
        return bool(self._answering)

    async def settle(self, seconds: float) -> None:
        """Wait so long for what is being answered although whoever asked has gone, and end what takes longer."""
        tasks = self._answering | (self.cache.flights if self.cache else set())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=seconds)

    def playing(self, role: System) -> list[Source]:
        """Return the sources bound to a role, in the order of the configuration."""
        return [source for source in self.sources.values() if source.system is role]

    async def answer(self, name: str, keys: Sequence[Ref], scope: Scope) -> dict[Ref, Any]:
        """Ask once for all keys. The value of a key is a row, a list of rows, None or a Problem."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  this is a coroutine
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        question = QUESTIONS[name]
        # Before a missing cross-reference can pass for a record that is not there.
        if not any(source.offers(question.rows, question.by) for source in self.playing(question.role)):
            return dict.fromkeys(keys, _not_offered(name, question))
        meant = await self._worded(name, question, keys)
        # Two keys may mean one record: each gets its answer, the record is asked once.
        if (refs := _of_one_system(meant)) is not None:
            ids = list(map(ID, refs))
            known = await self._ask(name, question, refs[0].binding, list(dict.fromkeys(ids)), scope)
            return dict(zip(keys, map(known.__getitem__, ids), strict=True))
        asked: dict[str, dict[str, None]] = defaultdict(dict)
        for words in meant:
            for ref in () if isinstance(words, Problem) else words:
                asked[ref.binding][ref.id] = None
        said = await asyncio.gather(
            *(self._ask(name, question, binding, list(ids), scope) for binding, ids in asked.items())
        )
        outcomes = dict(zip(asked, said, strict=True))
        return {
            key: words if isinstance(words, Problem) else _told(outcomes, words)
            for key, words in zip(keys, meant, strict=True)
        }

    async def _worded(self, name: str, question: type[Question], keys: Sequence[Ref]) -> list[Sequence[Ref] | Problem]:
        """Say each key in the words of the asked role; a key that already is needs no look-up."""
        role = question.role.value
        bindings = set(map(BINDING, keys))
        own = {binding for binding in bindings if binding.partition(".")[0] == role}
        if len(own) == len(bindings):
            return [*zip(keys)]
        foreign = [key for key in keys if key.binding not in own] if own else keys
        try:
            words = await self.crossrefs.words(foreign, role)
        except StoreUnavailableError:
            log.exception("store unavailable")
            away = Problem(Code.STORE_UNAVAILABLE, "the cross-references cannot be read now", question=name)
            return [(key,) if key.binding in own else away for key in keys]
        if not own and len(words) == len(keys):
            said = [*map(words.__getitem__, keys)]
        else:
            said = [(key,) if key.binding in own else words.get(key, ()) for key in keys]
        if set(map(len, said)) == {1}:
            return [*said]
        return [self._meant(question, key, candidates) for key, candidates in zip(keys, said, strict=True)]

    def _meant(self, question: type[Question], key: Ref, candidates: Sequence[Ref]) -> Sequence[Ref] | Problem:
        """Return whom a key means: one record, or for a list one in each of several systems that play the role."""
        if len(candidates) == 1:
            return candidates
        place = {"system": question.role.name}
        if not candidates:
            return Problem(
                Code.REFERENCE_UNKNOWN, f"no cross-reference of this {key.type} leads to {question.role.name}", **place
            )
        bindings = {ref.binding for ref in candidates}
        if len(candidates) > (len(bindings) if question.many else 1):
            return Problem(
                Code.REFERENCE_AMBIGUOUS,
                f"more than one cross-reference of this {key.type} leads to {question.role.name}",
                **place,
            )
        order = list(self.sources)
        return sorted(candidates, key=lambda ref: order.index(ref.binding) if ref.binding in order else len(order))

    async def _ask(
        self, name: str, question: type[Question], binding: str, ids: list[str], scope: Scope
    ) -> dict[str, Any]:
        source = self.sources.get(binding)
        if source is None or not source.offers(question.rows, question.by):
            return dict.fromkeys(ids, _not_offered(name, question))

        async def ask(ids: Sequence[str]) -> Told:
            return await _fetch(name, question, source, ids, scope)

        cadence = question.rows.cadence
        if self.cache is None or cadence == LIVE:
            return dict((await ask(ids)).values)
        known = await self.cache.answer(Topic(source.whose(scope), binding, name), ids, cadence, scope.deadline, ask)
        late = failed(Code.SOURCE_TIMEOUT, name, question.role)
        return {id_: known.get(id_, late) for id_ in ids}


def _of_one_system(meant: Sequence[Sequence[Ref] | Problem]) -> list[Ref] | None:
    """Return whom all keys mean, where each means one record, and all of these are one system's."""
    if Problem in set(map(type, meant)) or set(map(len, meant)) != {1}:  # type: ignore[arg-type]  # none is a Problem
        return None
    refs: list[Ref] = list(map(FIRST, meant))  # type: ignore[arg-type]  # as above
    return refs if len(set(map(BINDING, refs))) == 1 else None


def _told(outcomes: Mapping[str, Mapping[str, Any]], refs: Sequence[Ref]) -> Any:
    """Return what was said of a record; of several systems' lists one behind the other.

    Where one of them is unknown, so is the whole.
    """
    if len(refs) == 1:
        (ref,) = refs
        return outcomes[ref.binding][ref.id]
    said = [outcomes[ref.binding][ref.id] for ref in refs]
    unknown = next((one for one in said if isinstance(one, Problem)), None)
    return unknown or [row for rows in said for row in rows]


async def _fetch(name: str, question: type[Question], source: Source, ids: Sequence[str], scope: Scope) -> Told:
    """Ask the source itself."""
    found: dict[str, Any] = {}
    sure: list[str] = []
    for chunk, outcome in await source.by(question.rows, question.by, ids, scope):
        if isinstance(outcome, SourceFailure):
            found.update(dict.fromkeys(chunk, failed(outcome.code, name, question.role)))
        else:
            joined, doubted = _join(name, question, chunk, outcome, scope)
            found.update(joined)
            sure += [] if doubted else joined
    return Told(found, sure)


def _not_offered(name: str, question: type[Question]) -> Problem:
    return Problem(
        Code.NOT_OFFERED, f"no bound {question.role.name} answers this", system=question.role.name, question=name
    )


SAID = {
    Code.UNAUTHENTICATED: "{} answers only in the caller's own name, and this request has no token",
    Code.SOURCE_UNAVAILABLE: "{} does not answer",
    Code.SOURCE_TIMEOUT: "{} did not answer in time",
    Code.SOURCE_THROTTLED: "{} asks us to slow down",
    Code.SOURCE_DENIED: "{} does not accept our credential",
    Code.SOURCE_REFUSED: "{} refused the question",
    Code.SOURCE_MISBEHAVED: "{} gave an answer that cannot be trusted",
    Code.CALL_BUDGET: "{} would be called too often by one operation",
    Code.TOO_MANY: "{} has more records than may be read at once",
    Code.MALFORMED_CURSOR: "the list of {} has changed behind this cursor; begin again",
}


def failed(code: Code, question: str, role: System) -> Problem:
    """Say to a client what a failure was: its kind, never the upstream's own words."""
    said = SAID[code].format(role.name)
    return Problem(code, said, system=role.name, question=question)


def _join(
    name: str, question: type[Question], ids: Sequence[str], batch: Batch, scope: Scope
) -> tuple[dict[str, Any], bool]:
    """Give every key its own rows: by id, never by position, and nobody else's. Tell whether anything was amiss."""
    if (joined := _plainly(question, ids, batch)) is not None:
        return joined, False
    # All are of one type at one binding: an id tells them apart.
    rows: dict[str, dict[str, Row | Problem]] = {id_: {} for id_ in ids}
    strangers: Counter[str] = Counter()
    lost = not batch.whole
    for key, ref, row in zip(*batch.found, strict=True):
        if key is None:
            lost = True
        elif key not in rows:
            strangers[bare(key)] += 1
        else:
            _keep(rows[key], ref, row)
    if strangers or lost:
        log.warning(
            "contract alarm",
            question=name,
            strangers=strangers.total(),
            lost_rows=lost,
            correlation_id=scope.correlation_id,
        )
    # A row that cannot be attributed may be anybody's, and one whose id differs in its writing alone may be meant for
    # that id, or in its length, for some have a short and a long form: what is missing is then unknown, not absent.
    doubt = failed(Code.SOURCE_MISBEHAVED, name, question.role)
    pick = _list if question.many else _single
    said = {
        id_: pick(own, doubt if lost or (not own and _otherwise(id_, strangers)) or bare(id_) in strangers else None)
        for id_, own in rows.items()
    }
    return said, lost or bool(strangers)


def _otherwise(id_: str, strangers: Iterable[str]) -> bool:
    """Tell whether a stranger's id is a longer form of this one."""
    return any(stranger.startswith(bare(id_)) for stranger in strangers)


def _plainly(question: type[Question], ids: Sequence[str], batch: Batch) -> dict[str, Any] | None:
    """Join a batch in which nothing is doubled, strange or missing; None of any other."""
    keys, refs, rows = batch.found
    said: dict[str, Any] = dict.fromkeys(ids)
    known = set(keys)
    if not batch.whole or not set(map(type, refs)) <= REFS or not said.keys() >= known:
        return None
    if not question.many:
        said.update(zip(keys, rows, strict=True))  # type: ignore[arg-type]  # each key is one of the ids
        return said if len(known) == len(keys) else None
    own = list(map(ID, refs))
    if len(set(own)) < len(own):
        return None
    lists: dict[Any, list[Any]] = {id_: [] for id_ in said}
    if _listed(keys, own, len(known)):
        for key, row in zip(keys, rows, strict=True):
            lists[key].append(row)
        return lists
    # The order of the owner's ids, as in _list; no two are alike, so nothing behind them is compared.
    for _, _, key, row in sorted(zip(map(len, own), own, keys, rows, strict=True)):
        lists[key].append(row)
    return lists


def _listed(keys: Sequence[Any], own: Sequence[str], known: int) -> bool:
    """Tell whether the rows of each of so many keys stand together, in the order of their own ids."""
    if len(set(map(len, own))) > 1:
        return False
    again = [*map(eq, keys, islice(keys, 1, None))]
    # False where the next row has another key; True beside a False where it has the same one, and comes too early.
    return again.count(False) < known and not any(map(gt, again, map(lt, own, islice(own, 1, None))))


def _keep(rows: dict[str, Row | Problem], ref: Ref | None, row: Row | Problem) -> None:
    """Keep a row once. A second one that says something else makes both unbelievable."""
    id_ = ref.id if ref else ""
    if id_ not in rows:
        rows[id_] = row
    elif rows[id_] != row:
        rows[id_] = contradicting(ref.role.upper() if ref else "")


def _single(own: Mapping[str, Row | Problem], doubt: Problem | None) -> Any:
    if len(own) > 1:
        return next((row for row in own.values() if isinstance(row, Problem)), None) or _contradiction(own)
    return next(iter(own.values()), doubt)


def _contradiction(own: Mapping[str, Any]) -> Problem:
    name = next(iter(own.values())).origin.system.name
    return Problem(Code.REFERENCE_AMBIGUOUS, f"{name} has more than one record where there may be one", system=name)


def _list(own: Mapping[str, Row | Problem], doubt: Problem | None) -> Any:
    if doubt is not None:
        return doubt
    # The order of the owner's ids: a list reads the same however the source happens to send it.
    return [own[id_] for id_ in sorted(own, key=_order)] if len(own) > 1 else list(own.values())


def _order(id_: str) -> tuple[int, str]:
    return len(id_), id_
