"""A question asked in batches: keys said in the asked system's words, rows joined by id, an outcome for every key.

Both executors call `Desk.answer`; nothing else reads the sources.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from schema.problems import Code, Problem
from schema.rows import Ref
from sources.contract import SourceFailure, bare
from sources.questions import QUESTIONS, Question
from sources.walk import contradicting
from store.crossrefs import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from schema.rows import Row, System
    from sources.contract import Scope
    from sources.source import Batch, Source

log = structlog.get_logger("colonnade.sources")


class CrossReferences(Protocol):
    """Who is who in the other system: references in one system's words, said in another's."""

    async def words(self, refs: Iterable[Ref], role: str) -> Mapping[Ref, Sequence[Ref]]:
        """Return, for each reference, what the systems of the role call it; none where nothing is linked."""
        ...


class Desk:
    """Where questions are asked: the bound sources by role, and the cross-references between them."""

    def __init__(self, sources: Sequence[Source], crossrefs: CrossReferences) -> None:
        self.crossrefs = crossrefs
        self.sources = {source.binding: source for source in sources}

    def playing(self, role: System) -> list[Source]:
        """Return the sources bound to a role, in the order of the configuration."""
        return [source for source in self.sources.values() if source.system is role]

    async def answer(self, name: str, keys: Sequence[Ref], scope: Scope) -> dict[Ref, Any]:
        """Ask once for all keys. The value of a key is a row, a list of rows, None or a Problem."""
        question = QUESTIONS[name]
        if not self.playing(question.role):
            return dict.fromkeys(keys, _not_offered(name, question))
        answer: dict[Ref, Any] = {}
        asked: dict[str, dict[str, Ref]] = defaultdict(dict)
        for key, ref in (await self._worded(name, question, keys)).items():
            if isinstance(ref, Problem):
                answer[key] = ref
            else:
                # Two keys may mean one record: each gets its answer, the record is asked once.
                asked[ref.binding].setdefault(ref.id, key)
                answer[key] = ref
        said = await asyncio.gather(
            *(self._ask(name, question, binding, list(ids), scope) for binding, ids in asked.items())
        )
        outcomes = dict(zip(asked, said, strict=True))
        return {key: outcomes[ref.binding][ref.id] if isinstance(ref, Ref) else ref for key, ref in answer.items()}

    async def _worded(self, name: str, question: type[Question], keys: Sequence[Ref]) -> dict[Ref, Ref | Problem]:
        """Say each key in the words of the asked role; a key that already is needs no look-up."""
        role = question.role.value
        foreign = [key for key in keys if key.role != role]
        try:
            words = await self.crossrefs.words(foreign, role) if foreign else {}
        except StoreUnavailableError:
            log.exception("store unavailable")
            away = Problem(Code.STORE_UNAVAILABLE, "the cross-references cannot be read now", question=name)
            return {key: away if key in set(foreign) else key for key in keys}
        worded: dict[Ref, Ref | Problem] = {}
        for key in keys:
            candidates = words.get(key, ()) if key.role != role else (key,)
            worded[key] = self._one(question, key, candidates)
        return worded

    def _one(self, question: type[Question], key: Ref, candidates: Sequence[Ref]) -> Ref | Problem:
        place = {"system": question.role.name}
        if not candidates:
            return Problem(
                Code.REFERENCE_UNKNOWN, f"no cross-reference of this {key.type} leads to {question.role.name}", **place
            )
        if len(candidates) > 1:
            return Problem(
                Code.REFERENCE_AMBIGUOUS,
                f"more than one cross-reference of this {key.type} leads to {question.role.name}",
                **place,
            )
        return candidates[0]

    async def _ask(
        self, name: str, question: type[Question], binding: str, ids: list[str], scope: Scope
    ) -> dict[str, Any]:
        source = self.sources.get(binding)
        if source is None or not source.offers(question.rows, question.by):
            return dict.fromkeys(ids, _not_offered(name, question))
        found: dict[str, Any] = {}
        for chunk, outcome in await source.by(question.rows, question.by, ids, scope):
            if isinstance(outcome, SourceFailure):
                found.update(dict.fromkeys(chunk, failed(outcome.code, name, question.role)))
            else:
                found.update(_join(name, question, chunk, outcome, scope))
        return found


def _not_offered(name: str, question: type[Question]) -> Problem:
    return Problem(
        Code.NOT_OFFERED, f"no bound {question.role.name} answers this", system=question.role.name, question=name
    )


SAID = {
    Code.SOURCE_UNAVAILABLE: "{} does not answer",
    Code.SOURCE_TIMEOUT: "{} did not answer in time",
    Code.SOURCE_THROTTLED: "{} asks us to slow down",
    Code.SOURCE_DENIED: "{} does not accept our credential",
    Code.SOURCE_REFUSED: "{} refused the question",
    Code.SOURCE_MISBEHAVED: "{} gave an answer that cannot be trusted",
    Code.TOO_MANY: "{} has more records than may be read at once",
    Code.MALFORMED_CURSOR: "the list of {} has changed behind this cursor; begin again",
}


def failed(code: Code, question: str, role: System) -> Problem:
    """Say to a client what a failure was: its kind, never the upstream's own words."""
    said = SAID[code].format(role.name)
    return Problem(code, said, system=role.name, question=question)


def _join(name: str, question: type[Question], ids: Sequence[str], batch: Batch, scope: Scope) -> dict[str, Any]:
    """Give every key its own rows: by id, never by position, and nobody else's."""
    rows: dict[str, dict[Ref, Row | Problem]] = {id_: {} for id_ in ids}
    strangers: Counter[str] = Counter()
    lost = not batch.whole
    for found in batch.found:
        if found.key is None:
            lost = True
        elif found.key not in rows:
            strangers[bare(found.key)] += 1
        else:
            _keep(rows[found.key], found.ref or Ref(question.rows.type, "", ""), found.row)
    if strangers or lost:
        log.warning(
            "contract alarm",
            question=name,
            strangers=strangers.total(),
            lost_rows=lost,
            correlation_id=scope.correlation_id,
        )
    # A row that cannot be attributed may be anybody's, and one whose id differs in its writing alone may be meant for
    # that id: what is missing is then unknown, not absent.
    doubt = failed(Code.SOURCE_MISBEHAVED, name, question.role)
    pick = _list if question.many else _single
    return {id_: pick(own, doubt if lost or bare(id_) in strangers else None) for id_, own in rows.items()}


def _keep(rows: dict[Ref, Row | Problem], ref: Ref, row: Row | Problem) -> None:
    """Keep a row once. A second one that says something else makes both unbelievable."""
    if rows.setdefault(ref, row) != row:
        rows[ref] = contradicting(ref.role.upper())


def _single(own: Mapping[Ref, Row | Problem], doubt: Problem | None) -> Any:
    if len(own) > 1:
        return next((row for row in own.values() if isinstance(row, Problem)), None) or _contradiction(own)
    return next(iter(own.values()), doubt)


def _contradiction(own: Mapping[Ref, Any]) -> Problem:
    name = next(iter(own.values())).origin.system.name
    return Problem(Code.REFERENCE_AMBIGUOUS, f"{name} has more than one record where there may be one", system=name)


def _list(own: Mapping[Ref, Row | Problem], doubt: Problem | None) -> Any:
    if doubt is not None:
        return doubt
    # The order of the owner's ids: a list reads the same however the source happens to send it.
    return [own[ref] for ref in sorted(own, key=lambda ref: (len(ref.id), ref.id))]
