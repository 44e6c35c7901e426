"""Batch files and their answers: written to the byte, and believed only if whole and of this file."""

from __future__ import annotations

import hashlib

import pytest

from schema.problems import Code
from sources.exchange import Answered, UnreadableError, digest, meaning, name_of, read, written
from sources.manifest import Exchange

TERMS = Exchange(prefix="COL", drop="in", answers="out", codes={"PERIOD": "period_closed", "CONFLICT": "conflict"})
HEAD = "H|COL|000017\n"


def sealed(body: str) -> bytes:
    """Return an answer with its trailer."""
    lines = body.count("\n") - 1
    return f"{body}T|{lines}|{hashlib.sha256(body.encode()).hexdigest()}\n".encode()


def test_what_is_written() -> None:
    """A head, a line for each change in their order, and a trailer over all of it; twice it is the same bytes."""
    lines = [("a/b", ["D-1", "1.00"]), ("c/d", [])]
    content = written(TERMS, 17, lines)
    assert content == sealed(f"{HEAD}L|a/b|D-1|1.00\nL|c/d\n")
    assert written(TERMS, 17, lines) == content
    assert (name_of(TERMS, 17), digest(content)) == ("COL000017", hashlib.sha256(content).hexdigest())


def test_what_is_read() -> None:
    """Each line by its key, with its fields."""
    assert read(TERMS, 17, "ack", sealed(f"{HEAD}A|a/b|D-1|2026-1\n")) == [Answered("a/b", ("D-1", "2026-1"))]
    assert read(TERMS, 17, "rej", sealed(f"{HEAD}R|a/b|PERIOD\nR|c/d|NO\n")) == [
        Answered("a/b", ("PERIOD",)),
        Answered("c/d", ("NO",)),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\xff\n",
        sealed(f"{HEAD}A|a/b|D-1\n")[:-1],
        sealed(f"{HEAD}A|a/b|D-1\n").replace(b"D-1", b"D-2"),
        sealed(f"{HEAD}A|a/b|D-1\n").replace(b"T|1|", b"T|2|"),
        sealed("H|COL|000018\nA|a/b|D-1\n"),
        sealed(f"{HEAD}R|a/b|D-1\n"),
        sealed(f"{HEAD}A|a/b\n"),
        sealed(f"{HEAD}A|a/b{'|x' * 30}\n"),
        sealed(f"{HEAD}A|a/b|{'x' * 201}\n"),
        sealed(f"{HEAD}A|a/b|\x1b[2J\n"),
        sealed(f"{HEAD}{'A|a/b|D-1' + chr(10)}" * 200_000),
    ],
    ids=["empty", "blank", "bytes", "cut", "changed", "count", "other", "kind", "short", "wide", "long", "esc", "big"],
)
def test_what_is_not_believed(content: bytes) -> None:
    """Cut off, changed, of another file or kind, or beyond bounds: nothing of it counts."""
    with pytest.raises(UnreadableError):
        read(TERMS, 17, "ack", content)


def test_what_a_rejection_means() -> None:
    """What the manifest has a word for, and a refusal otherwise."""
    assert [meaning(TERMS, word) for word in ("PERIOD", "CONFLICT", "ELSE")] == [
        Code.PERIOD_CLOSED,
        Code.STALE_VERSION,
        Code.TARGET_REJECTED,
    ]
