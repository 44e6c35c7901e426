"""A write carried out at one bound system, exactly once whatever happens in between.

A write is sent once. Where its answer was lost, it is looked up whether it was done: by the system's own idempotency,
or by our key in the record. Only what is certainly not there is sent again; until that is certain the outcome is
unknown, which is a state and not an error.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from schema.problems import Code
from schema.rows import Ref
from sources.contract import Document, Request, SourceFailure, decode
from sources.writes import Done, Later, Write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sources.contract import Scope
    from sources.source import Source
    from sources.writes import Act, Call, Record, Talk

# Whoever refuses with one of these has done nothing. Everything else may have had its effect before it failed.
REFUSALS = frozenset(
    {
        Code.SOURCE_REFUSED,
        Code.SOURCE_DENIED,
        Code.SOURCE_THROTTLED,
        Code.PERIOD_CLOSED,
        Code.STALE_VERSION,
        Code.CALL_BUDGET,
    }
)

# Whoever says so may have done it already, when it was sent before: what was deleted is not there to be deleted.
PERHAPS_DONE = frozenset({Code.ALREADY_DONE, Code.SOURCE_REFUSED, Code.STALE_VERSION})


class OutcomeUnknownError(Exception):
    """A write was sent and its answer is missing: it is looked up later, and not sent again before."""

    def __init__(self, failure: SourceFailure | None = None) -> None:
        super().__init__("the outcome of a write is not known yet")
        self.failure = failure


class UnwordedError(Exception):
    """A record that the target does not know under any name."""

    def __init__(self, ref: Ref) -> None:
        super().__init__(f"no cross-reference of this {ref.type} leads to the system")
        self.ref = ref


class NotBroughtError(Exception):
    """A value that an earlier step was to bring, and did not although it is done."""


class Words:
    """How one system says our values in one write: see `sources.writes.Said`."""

    def __init__(self, key: str, at: datetime, ids: Mapping[Ref, str], codes: Mapping[str, Mapping[str, str]]) -> None:
        self.key, self.at, self._ids, self._codes = key, at, ids, codes

    def id(self, record: Record | None) -> str | None:
        """Return what the target calls a record, or raise UnwordedError."""
        if record is None:
            return None
        assert isinstance(record, Ref), "a write is carried out when nothing of it is to come any more"  # noqa: S101
        if record not in self._ids:
            raise UnwordedError(record)
        return self._ids[record]

    def code(self, table: str, word: Any) -> str:
        """Return the target's code for a word of ours, the first where several mean it; or raise LookupError."""
        name = getattr(word, "name", word)
        for code, said in self._codes[table].items():
            if said == name:
                return code
        raise LookupError(f"{table} has no code for {name}")


class Writer:
    """Carries writes out at one bound system, by its vendor's acts."""

    def __init__(self, source: Source) -> None:
        self.source, self._acts = source, source.acts

    def offers(self, kind: type[Write]) -> bool:
        """Tell whether the system takes this kind of change."""
        return kind in self._acts

    async def perform(self, write: Write, words: Words, scope: Scope, attempted: datetime | None) -> Done:
        """Carry a write out; `attempted` is when it was last tried, if its outcome is not known.

        Raises SourceFailure where nothing was done and why, and OutcomeUnknownError where that cannot be told.
        """
        act: Act[Any] = self._acts[type(write)]
        if attempted is not None and act.look is not None:
            found = await self._look(act, write, words, scope)
            if found is not None:
                return found
            if words.at < attempted + timedelta(seconds=self.source.manifest.limits.settle):
                raise OutcomeUnknownError
        said = _said(act, write, words)
        try:
            if not isinstance(said, Request):
                return await self._talk(said, write, scope)
            answer = await self.source.wire.write(said, scope, write.called)
        except SourceFailure as failure:
            if failure.code in PERHAPS_DONE and (found := await self._look(act, write, words, scope)):
                return found
            if failure.unsent or failure.code in REFUSALS:
                raise
            raise OutcomeUnknownError(failure) from failure
        finally:
            self.source.forget()
        try:
            return act.done(write, _decoded(said, answer))
        except (SourceFailure, LookupError, TypeError, ValueError) as unreadable:
            if isinstance(unreadable, SourceFailure) and unreadable.status is not None and unreadable.code in REFUSALS:
                raise  # some refuse below an outer yes
            # It said yes in words that cannot be read: whatever it did, it is looked up.
            raise OutcomeUnknownError from unreadable

    async def _talk(self, talk: Talk, write: Write, scope: Scope) -> Done:
        """Carry an act of several calls out. What fails before a change is sent has certainly done nothing."""
        answer, changed = None, False
        try:
            while True:
                call = talk.send(answer)
                changed = changed or call.changes
                answer = _decoded(call.request, await self._called(call, write, scope, changed=changed))
        except StopIteration as end:
            done: Done = end.value
            return done
        except SourceFailure as failure:
            if changed:
                raise
            raise _unsent(failure) from failure
        except (LookupError, TypeError, ValueError) as unreadable:
            if changed:
                raise OutcomeUnknownError from unreadable
            said = "what must be known first is not said, or has no word here"
            raise SourceFailure(Code.SOURCE_REFUSED, said, unsent=True) from unreadable

    async def _called(self, call: Call, write: Write, scope: Scope, *, changed: bool) -> Any:
        if call.changes:
            return await self.source.wire.write(call.request, scope, write.called)
        try:
            return await self.source.wire.send(call.request, scope, write.called)
        except SourceFailure as failure:
            if changed:
                # That it is not answered says nothing of the change before it.
                raise OutcomeUnknownError(failure) from failure
            raise

    async def _look(self, act: Act[Any], write: Write, words: Words, scope: Scope) -> Done | None:
        if act.look is None:
            return None
        request = act.look(write, words)
        try:
            answer = await self.source.wire.send(request, scope, write.called)
        except SourceFailure as failure:
            # That it cannot be looked up says nothing of the write.
            raise OutcomeUnknownError(failure) from failure
        try:
            found = act.seen(write, _decoded(request, answer))
        except (SourceFailure, LookupError, TypeError, ValueError) as unreadable:
            raise OutcomeUnknownError from unreadable
        return None if found is None else msgspec.structs.replace(found, found=True)


def _unsent(failure: SourceFailure) -> SourceFailure:
    """Return a failure as one of a change that never reached the system."""
    return SourceFailure(
        failure.code, str(failure), failure.status, failure.retry_after, body=failure.body, unsent=True
    )


def _said(act: Act[Any], write: Write, words: Words) -> Request | Talk:
    """Say a write in the system's own words, or raise SourceFailure where it has none for a value of ours."""
    try:
        return act.send(write, words)
    except LookupError as error:
        raise SourceFailure(Code.SOURCE_REFUSED, "a value has no word in this system", unsent=True) from error


def references(value: Any) -> Iterator[Ref]:
    """List the references in a write, those in its parts too."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Write):
        for name in value.__struct_fields__:
            yield from references(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from references(item)


def settled(value: Any, brought: Mapping[str, tuple[str | None, str, Mapping[str, Any]]]) -> Any:
    """Return a write with what earlier steps brought in the place of every `Later`.

    `brought` is, by step: the type that it makes, the binding, and its values with its `id` among them. Raises KeyError
    where a step has not been done, and NotBroughtError where it was and has not brought the value.
    """
    if isinstance(value, Later):
        makes, binding, values = brought[value.later]
        type_ = value.type or (makes if value.value == "id" else None)
        if value.value not in values:
            raise NotBroughtError(value.later)
        said = values[value.value]
        return Ref(type_, binding, said) if type_ else f"{said}{value.suffix}"
    if isinstance(value, Write):
        fields = {name: settled(getattr(value, name), brought) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **fields)
    if isinstance(value, tuple):
        return tuple(settled(item, brought) for item in value)
    return value


def _decoded(request: Request, answer: bytes | Sequence[Any]) -> Any:
    if not isinstance(answer, bytes) or not answer:
        return None
    return request.body.read(answer) if isinstance(request.body, Document) else decode(answer)
