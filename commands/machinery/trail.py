"""How what happens to a command is written into the audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from store.audit import Entry, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sources.contract import Scope
    from store.commands import Stored


def entry(stored: Stored, kind: Kind, body: Mapping[str, Any], personal: Mapping[str, str] | None = None) -> Entry:
    """Return a record of something that happened to a command, in the name of whoever gave it."""
    return Entry(
        kind=kind,
        actor=stored.acting_key or stored.actor,
        on_behalf_of=stored.actor if stored.acting_key else None,
        correlation_id=stored.correlation_id,
        command_id=stored.id,
        command=stored.name,
        roles=stored.roles,
        versions=stored.versions,
        body=body,
        personal=personal or {},
    )


def tried(name: str, scope: Scope, versions: Mapping[str, str], body: Mapping[str, Any]) -> Entry:
    """Return a record of a command that was judged alone, for a dry run."""
    told = Entry(kind=Kind.DECISION, actor="", correlation_id="", command=name, versions=versions, body=body)
    return by(told, scope)


def by(told: Entry, scope: Scope) -> Entry:
    """Return a record in the name of another one than who gave the command."""
    who = scope.principal
    return msgspec.structs.replace(
        told,
        actor=who.key or who.subject,
        on_behalf_of=who.subject if who.key else None,
        roles=sorted(who.grants.roles),
        correlation_id=scope.correlation_id,
    )
