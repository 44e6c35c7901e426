"""Files exchanged with one system: what is collected is meant as a file, put there, and matched with its answers.

    collected --meant--> a file in our store, with its bytes --put--> there, under its name --answered--> line by line

The store says what is meant, and the other side what is there: before a file is put, its answers and its name are
looked for. Whoever is killed anywhere between leaves nothing but that to the next look. A file that nobody answers in
time is put again, with the same bytes under the same name; the other side takes a name, and a key, once.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
import structlog

from commands.plan import Gate
from sources import exchange
from sources.exchange import ACKNOWLEDGED, ANSWER_BYTES, EVERYTHING, REJECTED, UnreadableError
from sources.wire.sftp import RoadError, opened
from store import audit, files
from store.audit import Entry
from store.transaction import StoreUnavailableError, snapshot, transaction, turn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from schema.context import Clock
    from sources.exchange import Answered
    from sources.source import Source
    from sources.wire.metrics import Metrics
    from sources.wire.sftp import Folder, Road
    from store.files import File, Line

log = structlog.get_logger("colonnade.files")

US: Final = "colonnade"
# Of the lines of an answer that nobody sent, so many are told.
TOLD: Final = 20


class Exchange:
    """Looks after the files of one binding.

    `passes` tells whether a period is open, `answered` has a command go on.
    """

    def __init__(
        self,
        source: Source,
        road: Road,
        store: AsyncEngine,
        clock: Clock,
        metrics: Metrics,
        *,
        passes: Callable[[Gate], Awaitable[bool]],
        answered: Callable[[str], Awaitable[None]],
    ) -> None:
        assert source.manifest.exchange is not None, "a source takes files only where its manifest says how"  # noqa: S101
        self._store, self._binding, self._road, self._terms = store, source.binding, road, source.manifest.exchange
        self._passes, self._go_on, self._clock = passes, answered, clock
        self._metrics, self._labels = metrics, (source.system.value, source.binding)

    async def keep_going(self) -> None:
        """Look once a window, as long as the process lives."""
        while True:
            try:
                await self.look()
            except (StoreUnavailableError, RoadError) as error:
                log.warning("no files exchanged", binding=self._binding, error=str(error))
            except Exception as error:
                log.exception("exchanging files failed", binding=self._binding, error=type(error).__name__)
            await asyncio.sleep(self._road.seconds)

    async def look(self) -> None:
        """Make a file of what is collected, put what is to be put, and read what was answered."""
        await self._mean()
        async with snapshot(self._store) as connection:
            open_ = await files.unanswered(connection, self._binding)
        try:
            if open_:
                async with opened(self._road) as folder:
                    for file in open_:
                        await self._deliver(folder, file)
        finally:
            await self._count()

    async def _count(self) -> None:
        async with snapshot(self._store) as connection:
            count, since = await files.waiting(connection, self._binding)
        self._metrics.unanswered.labels(*self._labels).set(count)
        self._metrics.unanswered_since.labels(*self._labels).set(since.timestamp() if since else 0)

    async def _mean(self) -> None:
        """Make one file of the lines whose periods are open; the others stay where they are."""
        async with snapshot(self._store) as connection:
            gates = await files.gates(connection, self._binding)
        open_ = [gate for gate in gates if not gate or await self._passes(msgspec.json.decode(gate, type=Gate))]
        if not open_:
            return
        async with transaction(self._store) as connection:
            await turn(connection, files.FILE_LOCK)
            lines = await files.collected(connection, self._binding, open_, self._terms.lines)
            if lines:
                file = self._file(await files.next_sequence(connection, self._binding), lines)
                await files.mean(connection, file, lines)
                await self._tell(connection, file, "MEANT", lines)

    def _file(self, sequence: int, lines: Sequence[Line]) -> File:
        content = exchange.written(self._terms, sequence, [(line.key, line.fields) for line in lines])
        return files.File(
            binding=self._binding,
            sequence=sequence,
            name=exchange.name_of(self._terms, sequence),
            digest=exchange.digest(content),
            content=content.decode(),
            meant_at=self._clock.now(),
        )

    async def _deliver(self, folder: Folder, file: File) -> None:
        """Read the answers to a file; put it there if they are due and it does not stand there."""
        for kind in (ACKNOWLEDGED, REJECTED):
            file = await self._read(folder, file, kind)
        now = self._clock.now()
        if file.state == files.ANSWERED or (file.due_at is not None and now < file.due_at):
            return
        due = now + timedelta(seconds=self._terms.answered)
        async with transaction(self._store) as connection:
            mine = await files.change(connection, file, sends=file.sends + 1, due_at=due)
        if mine:
            await self._put(folder, msgspec.structs.replace(file, sends=file.sends + 1, due_at=due))

    async def _put(self, folder: Folder, file: File) -> None:
        path = f"{self._terms.drop}/{file.name}"
        try:
            stands = await folder.stands(path)
            if not stands:
                await folder.put(path, file.content.encode())
        except Exception:
            # Whatever became of it, it may be looked at again at once.
            async with transaction(self._store) as connection:
                await files.change(connection, file, due_at=self._clock.now())
            raise
        what = "FOUND" if stands else "SENT" if file.state == files.MEANT else "RESENT"
        async with transaction(self._store) as connection:
            sent_at = file.sent_at or self._clock.now()
            await files.change(connection, file, state=files.SENT, sent_at=sent_at)
            await self._tell(connection, file, what, await files.lines_of(connection, file))

    async def _read(self, folder: Folder, file: File, kind: str) -> File:
        """Read an answer that was not read yet, and return the file as it is by that."""
        name = f"{file.name}.{kind}"
        content = await folder.read(f"{self._terms.answers}/{name}", ANSWER_BYTES)
        if content is None or (digest := exchange.digest(content)) in file.answers:
            return file
        said: dict[str, Any] = {"answer": name, "answer_digest": digest}
        try:
            answers = exchange.read(self._terms, file.sequence, kind, content)
        except UnreadableError as error:
            log.warning("an answer is not believed", binding=self._binding, file=name, error=str(error))
            return await self._believe(file, "NOT_BELIEVED", said, [], kind)
        whole = next((one for one in answers if kind == REJECTED and one.key == EVERYTHING), None)
        if whole is not None:
            log.warning("a file was rejected", binding=self._binding, file=file.name)
            return await self._believe(file, "REFUSED", said, [], kind)
        return await self._believe(file, "ACKNOWLEDGED" if kind == ACKNOWLEDGED else "REJECTED", said, answers, kind)

    async def _believe(
        self, file: File, what: str, said: dict[str, Any], answers: Sequence[Answered], kind: str
    ) -> File:
        """Write down what was answered, line by line, and have the commands go on. A file that was refused is due."""
        now = self._clock.now()
        async with transaction(self._store) as connection:
            lines = {line.key: line for line in await files.lines_of(connection, file)}
            open_ = {key: line for key, line in lines.items() if line.state == files.FILED}
            told = {one.key: one for one in answers if one.key in open_}
            strange = sorted({one.key for one in answers} - lines.keys())
            values: dict[str, Any] = {"answers": [*file.answers, said["answer_digest"]]}
            if open_.keys() == told.keys():
                values |= {"state": files.ANSWERED, "answered_at": now}
            elif what == "REFUSED":
                values |= {"due_at": now}
            if not await files.change(connection, file, **values):
                # Another process is at it.
                return msgspec.structs.replace(file, state=files.ANSWERED)
            for key, one in told.items():
                await files.change_line(connection, open_[key], answered_at=now, **self._ended(kind, one))
            more = {**said, "strange": strange[:TOLD], "strangers": len(strange)} if strange else said
            await self._tell(connection, file, what, [open_[key] for key in told], more)
        if strange:
            log.warning("an answer has unknown lines", binding=self._binding, file=file.name, lines=len(strange))
        for id_ in dict.fromkeys(open_[key].command_id for key in told):
            await self._go_on(id_)
        return msgspec.structs.replace(file, **values)

    def _ended(self, kind: str, one: Answered) -> dict[str, Any]:
        if kind == ACKNOWLEDGED:
            return {"state": files.ACKNOWLEDGED, "answer": list(one.fields)}
        return {"state": files.REJECTED, "code": exchange.meaning(self._terms, one.fields[0]).name}

    async def _tell(
        self,
        connection: AsyncConnection,
        file: File,
        what: str,
        lines: Sequence[Line],
        more: dict[str, Any] | None = None,
    ) -> None:
        """Write into the trail what became of a file, with the commands whose lines it is about."""
        body = {
            "binding": file.binding,
            "file": file.name,
            "sequence": file.sequence,
            "what": what,
            "digest": file.digest,
            "commands": list(dict.fromkeys(line.command_id for line in lines)),
            **(more or {}),
        }
        told = Entry(kind=audit.Kind.FILE, actor=US, correlation_id=US, body=body)
        await audit.append(connection, self._clock.now(), [told])
