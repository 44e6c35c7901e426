"""Logins of callers: bounded, and no way for the firm itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from colonnade.caller import Caller
from colonnade.principals import Acting, Facade
from colonnade.wiring import SystemClock
from schema.tomlfile import FileError
from sources.checkup import Finding, examine
from sources.dialects import OnBehalfOfAuth
from sources.registry import Binding, connect
from sources.wire.auth import CALLERS, OnBehalfOf
from tests.sources.delegated import AUTH, BATCHED, CLIENT

if TYPE_CHECKING:
    from pathlib import Path


def holder(token: str, subject: str = "northbeam.10018") -> Acting:
    """Return somebody who has shown a token."""
    return Acting(subject=subject, token=token)


def test_callers_logins_are_bounded() -> None:
    """A caller keeps their login while they come; behind a thousand others it is given up."""
    entrance = OnBehalfOf(OnBehalfOfAuth(kind="on_behalf_of", path="/token"), CLIENT, "http://127.0.0.1:9", "")
    first = entrance.of(holder("token"))
    for number in range(CALLERS - 1):
        entrance.of(holder(f"another-{number}"))
    assert entrance.of(holder("token")) is first
    for number in range(CALLERS):
        entrance.of(holder(f"one-more-{number}"))
    assert entrance.of(holder("token")) is not first


def test_a_callers_next_token_is_exchanged_itself() -> None:
    """A login holds the token it began with, which ends: the same caller's next one has a login of its own."""
    entrance = OnBehalfOf(OnBehalfOfAuth(kind="on_behalf_of", path="/token"), CLIENT, "http://127.0.0.1:9", "")
    assert entrance.of(holder("first")) is entrance.of(holder("first"))
    assert entrance.of(holder("first")) is not entrance.of(holder("second"))


def test_a_token_is_in_no_repr() -> None:
    """What is written down of a caller is the name."""
    token = "a-secret"
    assert repr(Caller(subject="northbeam.10018", token=token)) == "Caller('northbeam.10018')"


def test_a_database_is_entered_by_its_own_login(tmp_path: Path) -> None:
    """A database knows no callers, and a server no login of a database: either manifest is refused at start."""
    database = BATCHED.replace('family = "odata"', 'family = "sql"')
    for text in (database, BATCHED.replace(AUTH, 'auth = { kind = "database" }\n')):
        (tmp_path / "source.toml").write_text(text, encoding="utf-8")
        with pytest.raises(FileError, match="a database is entered by 'database', and nothing else is"):
            connect(Binding("erp", str(tmp_path), "http://127.0.0.1:9", CLIENT), SystemClock())


async def test_a_check_says_that_it_has_no_caller(tmp_path: Path) -> None:
    """`sources check` is nobody's caller: it says so, instead of asking in the firm's name or calling it right."""
    (tmp_path / "source.toml").write_text(BATCHED, encoding="utf-8")
    source = connect(Binding("erp", str(tmp_path), "http://127.0.0.1:9", CLIENT), SystemClock())
    findings = await examine(source, Facade())
    await source.wire.aclose()
    assert findings == [
        Finding(
            "erp",
            "credential",
            "not checked: it lets nobody in but callers",
            "ask the graph for it with a caller's token: it is never asked in the firm's own name",
        )
    ]
