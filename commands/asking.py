"""What a judgement may ask: the systems, live and in our words, on behalf of whoever gives the command.

An answer that cannot be had now is `Unanswered`: nothing is decided on what is not known. What is not there, or not to
be seen by the actor, is a `Stop` with its place in the input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast
from zoneinfo import ZoneInfo

from commands.command import Finding, Stop
from policies.converting import converted
from schema.connection import Wanted
from schema.exchange_rate import ExchangeRateType
from schema.graph import HOMES
from schema.problems import Code, Problem
from schema.rows import Ref, Row, System
from sources.questions import QUESTIONS
from store.transaction import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime
    from decimal import Decimal

    from commands.plan import Gate
    from schema.context import Clock
    from schema.exchange_rate import ExchangeRateRow
    from schema.fiscal_period import FiscalPeriodRow, PeriodStatus
    from schema.legal_entity import LegalEntityRow
    from schema.values import Money
    from sources.batching import Desk
    from sources.bonds import Bonds
    from sources.contract import Scope
    from sources.listing import Lists
    from sources.writes import Write
    from store.commands import Doers

R = TypeVar("R", bound=Row)
MOST = 200


class Unanswered(Exception):
    """A system that could not be asked: the judgement is made again later."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Live(NamedTuple):
    """The firm as judgements ask it. `desk` and `lists` keep nothing: every answer is the owner's own, now."""

    desk: Desk
    lists: Lists
    bonds: Bonds
    clock: Clock
    doers: Doers


class Asking:
    """One judgement's questions."""

    def __init__(self, live: Live, scope: Scope) -> None:
        self._live, self._scope = live, scope

    @property
    def now(self) -> datetime:
        """The instant of the judgement, in UTC."""
        return self._live.clock.now()

    def today(self, zone: str | None) -> date:
        """Return the day that it is in a time zone: in UTC, if none is known."""
        return self.now.astimezone(ZoneInfo(zone or "UTC")).date()

    @property
    def subject(self) -> str:
        """Who gives the command, by the name that the identity provider or the service key gives them."""
        return self._scope.principal.subject

    async def person(self) -> Ref | None:
        """Return the person that the actor is linked to, in HR's words."""
        held = await self._live.bonds.person(self._scope)
        if isinstance(held, Problem):
            raise Unanswered(held)
        return next(iter(held), None)

    async def doers(self, command: str, ref: Ref, since: datetime | None = None) -> frozenset[str]:
        """Return the identities of those who ran a command about a record, as our own journal knows them."""
        try:
            return await self._live.doers.of(command, ref.encode(), since)
        except StoreUnavailableError as error:
            raise Unanswered(Problem(Code.STORE_UNAVAILABLE, "the journal of commands cannot be read now")) from error

    def ref(self, text: str, type_: str, *path: str) -> Ref:
        """Return the record that an id of the input means, or stop: it must be of this type, and of its home."""
        ref = Ref.decode(text)
        if isinstance(ref, Problem) or ref.type != type_ or ref.role != HOMES[type_].system.value:
            raise Stop(Finding(Code.BAD_INPUT, f"'{path[-1]}' is not the id of one {type_}", path))
        return ref

    async def one(self, question: str, ref: Ref, *path: str, row: type[R] = Row) -> R:  # type: ignore[assignment]
        """Return the row of a record, or stop where there is none."""
        found = await self.maybe(question, ref, row=row)
        if found is None:
            asked = QUESTIONS[question]
            said = f"{asked.role.name} has no {asked.rows.type} for this {ref.type}"
            raise Stop(Finding(Code.NOT_FOUND, said, path), subjects=(ref,))
        return found

    async def maybe(self, question: str, ref: Ref, *, row: type[R] = Row) -> R | None:  # type: ignore[assignment]
        """Return the row of a record, None where its owner has none."""
        del row
        return cast("R | None", await self._answer(question, ref))

    async def many(self, question: str, ref: Ref, *, row: type[R] = Row) -> list[R]:  # type: ignore[assignment]
        """Return the rows of a list. One that cannot be read makes the whole list unknown."""
        del row
        rows = await self._answer(question, ref) or []
        bad = next((one for one in rows if isinstance(one, Problem)), None)
        if bad is not None:
            raise Unanswered(bad)
        return cast("list[R]", rows)

    async def all(self, question: str, refs: Sequence[Ref]) -> dict[Ref, Any]:
        """Return the answers for many records at once, in the source's own batches; None for what is not there."""
        answers = await self._live.desk.answer(question, refs, self._scope) if refs else {}
        return {ref: self._known(answer) for ref, answer in answers.items()}

    async def find(self, type_: str, **chosen: Sequence[Any]) -> list[Row]:
        """Return the rows of a type's list that have these values, of its first page."""
        page = await self._live.lists.page(
            HOMES[type_], MOST, None, self._scope, Wanted(cast("Mapping[str, Any]", chosen))
        )
        if isinstance(page, Problem):
            raise Unanswered(page)
        return [row for _, row in page.rows if isinstance(row, Row)]

    async def word(self, ref: Ref, role: System) -> Ref | None:
        """Return what a role's system calls a record; None where none knows it, or several do."""
        if ref.role == role.value:
            return ref
        try:
            words = (await self._live.desk.crossrefs.words([ref], role.value)).get(ref, ())
        except StoreUnavailableError as error:
            raise Unanswered(Problem(Code.STORE_UNAVAILABLE, "the cross-references cannot be read now")) from error
        return words[0] if len(words) == 1 else None

    def binding(self, role: System, near: Ref | None = None) -> str:
        """Return the system that plays a role: that of `near`, where the record is its own, else the only one."""
        if near is not None and near.role == role.value:
            return near.binding
        playing = [source.binding for source in self._live.desk.playing(role)]
        if not playing:
            raise Stop(Finding(Code.NOT_OFFERED, f"no system is bound as {role.name}"))
        return playing[0]

    def offers(self, binding: str, kind: type[Write]) -> bool:
        """Tell whether a system takes a kind of change."""
        return self._live.desk.sources[binding].takes(kind)

    async def entity(self, ref: Ref) -> LegalEntityRow:
        """Return a legal entity, or stop."""
        return cast("LegalEntityRow", await self.one("legal_entities_by_id", ref))

    async def period(self, gate: Gate) -> FiscalPeriodRow | None:
        """Return the period of a legal entity that has the day, None where the ERP has none."""
        periods = cast("list[FiscalPeriodRow]", await self.many("fiscal_periods_by_legal_entity", gate.entity))
        return next((one for one in periods if _has(one, gate.on)), None)

    async def status(self, gate: Gate) -> PeriodStatus | None:
        """Return how a module of the gate's period stands; None where the ERP does not say."""
        period = await self.period(gate)
        stands = () if period is None else period.module_status or ()
        status = next((one.status for one in stands if one.module.name == gate.module), None)
        return None if isinstance(status, Problem) else status

    async def functional(self, money: Money | None, entity: LegalEntityRow, on: date) -> Decimal | None:
        """Return an amount in an entity's functional currency, by the day's spot rate; None without one."""
        if money is None or money.currency == entity.functional_currency:
            return None if money is None else money.amount
        currencies = [money.currency, entity.functional_currency]
        rates = cast(
            "list[ExchangeRateRow]", await self.find("ExchangeRate", kind=[ExchangeRateType.SPOT], base=currencies)
        )
        return converted(money, entity.functional_currency, [one for one in rates if one.day <= on])

    async def _answer(self, question: str, ref: Ref) -> Any:
        return self._known((await self._live.desk.answer(question, [ref], self._scope))[ref])

    @staticmethod
    def _known(answer: Any) -> Any:
        if isinstance(answer, Problem):
            if answer.code in {Code.REFERENCE_UNKNOWN, Code.NOT_OFFERED, Code.NOT_FOUND}:
                return None
            raise Unanswered(answer)
        return answer


def _has(period: FiscalPeriodRow, on: date) -> bool:
    range_ = period.range
    return range_ is not None and range_.start <= on and (range_.end is None or on <= range_.end)
