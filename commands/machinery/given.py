"""How a command was given: its input as it is stored and told from another, and its idempotency key."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from commands.command import COMMANDS, CommandInput
from commands.plan import digest
from schema.problems import Code, Problem

if TYPE_CHECKING:
    from sources.contract import Scope

KEY = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,254}")
GENERAL = frozenset({"idempotency_key", "dry_run"})


class Given(NamedTuple):
    """How a command was given: by whom, through which service key, and under which idempotency key."""

    name: str
    input: CommandInput
    scope: Scope
    key: str | None
    acting_key: str | None = None


def stored_input(given: CommandInput) -> dict[str, Any]:
    """Return what a command was given, as JSON: without its key, which is scoped and hashed.

    The reason is in it, for it is judged and written like the rest. The trail keeps it apart, where it can be erased.
    """
    text = msgspec.to_builtins(given)
    return {name: value for name, value in text.items() if name not in GENERAL and value is not None}


def fingerprint(given: CommandInput) -> str:
    """Return what tells one input from another, whatever the order of its fields."""
    text = msgspec.to_builtins(given)
    return digest({name: value for name, value in text.items() if name not in GENERAL and value is not None})


def approved_digest(print_: str, plan: dict[str, Any]) -> str:
    """Return what an approval is bound to: the input and every write that was planned."""
    return digest(print_, plan)


def input_of(name: str, text: dict[str, Any]) -> CommandInput:
    """Return what a command was given, from JSON."""
    given: CommandInput = msgspec.convert(text, COMMANDS[name].input)
    return given


def scoped(given: Given) -> str:
    """Return the key as it is stored: scoped by actor and command, each part framed by its length."""
    header, field = given.key, given.input.idempotency_key
    if header is not None and field is not None and header != field:
        raise Problem(Code.BAD_INPUT, "the header Idempotency-Key and the input's idempotencyKey differ")
    key = field if header is None else header
    if not key:
        raise Problem(Code.IDEMPOTENCY_KEY_MISSING, "name this act with an Idempotency-Key")
    if not KEY.fullmatch(key):
        raise Problem(Code.BAD_INPUT, "an idempotency key has up to 255 printable ASCII characters")
    hashed = hashlib.sha256()
    for part in ("colonnade", given.scope.principal.subject, given.name, key):
        encoded = part.encode()
        hashed.update(len(encoded).to_bytes(8, "big") + encoded)
    return hashed.hexdigest()
