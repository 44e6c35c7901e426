"""One binding's connection: it asks and returns answers, or raises a SourceFailure that names the kind.

A question has one deadline for everything: waiting for a turn, for a login, for a system that wants to be left alone,
and for another attempt. An attempt is one call that the breaker admitted, with a login where that is due.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from schema.problems import Code
from sources.contract import Scope, SourceFailure
from sources.wire.gate import Gate, Withheld
from sources.wire.meter import CANCELLED, LOGIN, OK
from sources.wire.retries import ATTEMPTS, PASSING, RetryBudget, pause

if TYPE_CHECKING:
    from sources.contract import Request
    from sources.manifest import Limits
    from sources.wire.auth import Entrance
    from sources.wire.breaker import Breaker
    from sources.wire.meter import Meter
    from sources.wire.pulse import Vitals
    from sources.wire.transport import Answered, Transport

UNAUTHORIZED = 401
TIMEOUT = Code.SOURCE_TIMEOUT.name
# What counts against a system. A refusal does not: whoever refuses is there.
TROUBLE = (Code.SOURCE_UNAVAILABLE.name, TIMEOUT)
# What is no word on it: it is there, but busy; or our caller has gone.
NO_WORD = (Code.SOURCE_THROTTLED.name, CANCELLED)
# Whoever had less time than this, since others had used it up, was not let down by this system.
FAIR_SECONDS = 1.0


class Attempt(msgspec.Struct, frozen=True):
    """For whom and what for a call is made; since when and until when; and in which era of the breaker."""

    scope: Scope
    operation: str
    came: float
    until: float
    era: int


class Wire:
    """All calls to one system go through here, with its credentials and within its limits, whatever the protocol."""

    def __init__(self, transport: Transport, login: Entrance, limits: Limits, breaker: Breaker, meter: Meter) -> None:
        self.login, self.limits, self.breaker = login, limits, breaker
        self._transport, self._meter = transport, meter
        self._gate = Gate(limits.at_once, breaker, meter)
        self._retries = RetryBudget()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    def vitals(self) -> Vitals:
        """Tell how the system has been doing; nobody is asked."""
        return self._meter.pulse.read(_now())

    def endings(self) -> list[tuple[str, str]]:
        """Tell what the system has announced of its end, by path; nobody is asked."""
        return self._meter.endings.told()

    async def enter(self, scope: Scope) -> None:
        """Fetch the credential, or raise SourceFailure with the reason why there is none."""
        try:
            async with asyncio.timeout_at(scope.deadline), self._gate.turn(scope.deadline) as era:
                await self._credential(Attempt(scope, LOGIN, _now(), scope.deadline, era))
        except TimeoutError as error:
            raise SourceFailure(Code.SOURCE_TIMEOUT, "no login within the deadline") from error

    async def send(self, request: Request, scope: Scope, operation: str) -> Answered:
        """Return a successful answer to what may be asked twice, for it changes nothing.

        `operation` says what is asked for in our words: a type's name, or `probe`.
        """
        try:
            return await self._in_time(request, scope, operation, min(scope.deadline, _now() + self.limits.seconds))
        except SourceFailure as failure:
            self._meter.failed(operation, str(failure))
            raise

    async def write(self, request: Request, scope: Scope, operation: str) -> Answered:
        """Send what changes something, once. Whether a failure changed anything is for the caller to find out."""
        until = min(scope.deadline, _now() + self.limits.seconds)
        try:
            async with asyncio.timeout_at(until):
                return await self._attempt(request, scope, operation, until, first=False)
        except TimeoutError as error:
            raise SourceFailure(Code.SOURCE_TIMEOUT, "no whole answer within the deadline") from error
        except Withheld as withheld:
            raise SourceFailure(withheld.code, str(withheld), unsent=True) from withheld

    async def _in_time(self, request: Request, scope: Scope, operation: str, until: float) -> Answered:
        """Try again what may pass by itself, while there is time and the budget allows it."""
        tried = 0
        try:
            async with asyncio.timeout_at(until):
                while True:
                    try:
                        return await self._attempt(request, scope, operation, until, first=tried == 0)
                    except SourceFailure as failure:
                        wait, tried = pause(tried), tried + 1
                        if not self._worth_another(failure, tried, until - wait):
                            raise
                    self._meter.retried()
                    await asyncio.sleep(wait)
        except TimeoutError as error:
            raise SourceFailure(Code.SOURCE_TIMEOUT, "no whole answer within the deadline") from error

    def _worth_another(self, failure: SourceFailure, tried: int, latest: float) -> bool:
        passing = failure.code in PASSING and not isinstance(failure, Withheld) and tried < ATTEMPTS
        in_time = max(_now(), self._gate.silent_until) < latest
        return passing and in_time and not self.breaker.is_open and self._retries.spend()

    async def _attempt(self, request: Request, scope: Scope, operation: str, until: float, *, first: bool) -> Answered:
        came = _now()
        async with self._gate.turn(until) as era:
            if first:
                self._retries.earn()
            return await self._authorised(request, Attempt(scope, operation, came, until, era))

    async def _authorised(self, request: Request, attempt: Attempt) -> Answered:
        """Send with the shared credential; one that the source no longer takes is renewed once.

        Where that does not help, no question renews it for a while: else each of them would be sent twice.
        """
        login = self.login.of(attempt.scope.principal)
        credential = await self._credential(attempt)
        try:
            return await self._exchange(request, attempt, credential)
        except SourceFailure as failure:
            if failure.status != UNAUTHORIZED or not login.may_renew(credential):
                raise
        await login.forget(credential)
        credential = await self._credential(attempt)
        try:
            return await self._exchange(request, attempt, credential)
        except SourceFailure as failure:
            if failure.status == UNAUTHORIZED:
                login.renewed_in_vain(credential)
            raise

    async def _credential(self, attempt: Attempt) -> str:
        async def ask(request: Request) -> Answered:
            return await self._exchange(request, msgspec.structs.replace(attempt, operation=LOGIN), None)

        return await self.login.of(attempt.scope.principal).credential(ask, attempt.came)

    async def _exchange(self, request: Request, attempt: Attempt, credential: str | None) -> Answered:
        """Make one call upstream. Every call of this binding is made here, and told to all who keep count."""
        scope, began = attempt.scope, _now()
        if attempt.operation != LOGIN:  # a login serves everybody
            scope.calls.spend(self._meter.binding)
        outcome, size, span = CANCELLED, 0, scope.trace.span()
        trace = {"X-Correlation-ID": scope.correlation_id, "traceparent": span}
        try:
            scope.hold()
            answered = await self._transport.exchange(request, credential, trace)
            outcome, size = OK, len(answered)
        except SourceFailure as failure:
            outcome = failure.code.name
            if failure.retry_after is not None and failure.code in PASSING:
                self._gate.silence(failure.code, failure.retry_after)
            raise
        except asyncio.CancelledError:
            outcome = TIMEOUT if _now() >= attempt.until else CANCELLED
            raise
        else:
            return answered
        finally:
            now = _now()
            self._meter.called(
                attempt.operation, outcome, now, now - began, path=request.path, size=size, traceparent=span
            )
            self._judge(attempt, outcome, began, now)

    def _judge(self, attempt: Attempt, outcome: str, began: float, now: float) -> None:
        """Tell the breaker what the call said of the system."""
        hurried = outcome == TIMEOUT and attempt.until - began < min(FAIR_SECONDS, 0.9 * self.limits.seconds)
        # Who lets us in may be another house than the one behind it; that it does not is the end for both.
        entered = attempt.operation == LOGIN and outcome == OK
        if hurried or entered or outcome in NO_WORD:
            return
        was_open = self.breaker.is_open
        self.breaker.record(attempt.era, now, good=outcome not in TROUBLE)
        if self.breaker.is_open is not was_open:
            self._meter.turned(is_open=self.breaker.is_open)


def _now() -> float:
    return asyncio.get_running_loop().time()
