"""`colonnade commands`: looks at commands and sees to what was set aside, through the running server.

A second process beside the server must not run commands (docs/decisions/0028): it asks the graph, as any other client.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, NamedTuple

import httpx
import typer
from rich.table import Table

from colonnade.settings import secret
from colonnade.terminal import plain, refuse, show
from schema.command import CommandStatus  # noqa: TC001  typer reads the annotations
from schema.tomlfile import FileError

app = typer.Typer(no_args_is_help=True, help="Commands, through the running server.")

SECONDS: Final = 60.0
MOST: Final = 200

Url = Annotated[str, typer.Option("--url", help="The address of the graph.")]
Key = Annotated[str, typer.Option("--key", help="Where the service key stands: env:NAME or file:PATH.")]
Behalf = Annotated[str | None, typer.Option("--on-behalf-of", help="The subject for whom you act.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the trail.")]
Id = Annotated[str, typer.Argument(metavar="COMMAND", help="The id of the command.")]
URL, KEY = "http://127.0.0.1:8000/graphql", "env:COLONNADE_KEY"

LIST: Final = """
query List($status: [CommandStatus!], $name: [String!], $first: Int!) {
  commands(first: $first, filter: {status: $status, name: $name}) {
    edges { node { id name status waitingFor actor acceptedAt endedAt } } pageInfo { hasNextPage }
  }
}"""
SHOW: Final = """
query Show($id: ID!) {
  command(id: $id) {
    id name status waitingFor actor correlationId acceptedAt changedAt endedAt
    input { path value restricted }
    steps { item name kind binding operation state attempts found doneAt code }
    exceptions { id item step code tier state message remedy dueAt resolvedBy }
    approvals { id rule role entity state expiresAt decidedBy }
  }
}"""
REPLAY: Final = """
mutation Replay($id: ID!, $reason: String!) {
  done: replayCommand(id: $id, reason: $reason) { command { status } problems { code message remedy } }
}"""
DISCARD: Final = """
mutation Discard($id: ID!, $reason: String!) {
  done: discardException(id: $id, reason: $reason) { command { status } problems { code message remedy } }
}"""


class Server(NamedTuple):
    """The running server, and as whom it is asked."""

    url: str
    key: str
    on_behalf_of: str | None

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return what the graph answers, or raise FileError. What may not be read is null, as for everybody."""
        behalf = {"On-Behalf-Of": self.on_behalf_of} if self.on_behalf_of else {}
        headers = {"Authorization": f"Bearer {secret(self.key, '--key')}", **behalf}
        body = {"query": query, "variables": variables}
        try:
            said = httpx.post(self.url, json=body, headers=headers, timeout=SECONDS).json()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            cause = type(error).__name__
            raise FileError(f"{self.url}: nobody answers there ({cause}); start the server, or name --url") from error
        except ValueError as error:
            raise FileError(f"{self.url}: what answers there is no graph; name --url") from error
        data = said.get("data") or {}
        if "errors" in said and not any(part is not None for part in data.values()):
            told = (f"{error['extensions']['code']}: {error['message']}" for error in said["errors"])
            raise FileError("; ".join(told))
        return data


@app.command("list")
def list_(  # noqa: PLR0917  options, each by its name
    status: Annotated[
        list[CommandStatus] | None, typer.Option(help="In this state; may be given several times.")
    ] = None,
    name: Annotated[list[str] | None, typer.Option(help="Of this name; may be given several times.")] = None,
    first: Annotated[int, typer.Option(min=1, max=MOST, help="So many.")] = 50,
    url: Url = URL,
    key: Key = KEY,
    on_behalf_of: Behalf = None,
) -> None:
    """List commands, the newest first."""
    states = [one.name for one in status] if status else None
    page = _ask(Server(url, key, on_behalf_of), LIST, status=states, name=name, first=first)["commands"]
    more = "and more: --first" if page["pageInfo"]["hasNextPage"] else None
    table = Table("id", "command", "status", "waits for", "actor", "accepted", "ended", caption=more)
    for node in (edge["node"] for edge in page["edges"]):
        _row(table, node, "id", "name", "status", "waitingFor", "actor", "acceptedAt", "endedAt")
    show(table)


@app.command("show")
def show_(id_: Id, url: Url = URL, key: Key = KEY, on_behalf_of: Behalf = None) -> None:
    """Show a command: its steps, what went wrong, and who has to approve it."""
    command = _ask(Server(url, key, on_behalf_of), SHOW, id=id_)["command"]
    if command is None:
        refuse(FileError(f"{id_}: there is no such command, or you may see nothing of it; see 'commands list'"))
    whole = Table("", "")
    for name in ("id", "name", "status", "waitingFor", "actor", "correlationId", "acceptedAt", "changedAt", "endedAt"):
        whole.add_row(name, plain(command[name] or ""))
    for value in command["input"] or ():
        whole.add_row(f"input {value['path']}", plain(value["value"] or f"({value['restricted']})"))
    show(whole)
    _list(command["steps"], "item", "name", "kind", "binding", "operation", "state", "attempts", "doneAt", "code")
    _list(
        command["exceptions"], "id", "item", "step", "code", "tier", "state", "message", "remedy", "dueAt", "resolvedBy"
    )
    _list(command["approvals"], "id", "rule", "role", "entity", "state", "expiresAt", "decidedBy")


@app.command()
def replay(id_: Id, reason: Reason, url: Url = URL, key: Key = KEY, on_behalf_of: Behalf = None) -> None:
    """Repeat what was set aside of a command, from the failed step on."""
    _done(_ask(Server(url, key, on_behalf_of), REPLAY, id=id_, reason=reason)["done"])


@app.command()
def discard(
    id_: Annotated[str, typer.Argument(metavar="EXCEPTION", help="The id of the exception, as 'show' has it.")],
    reason: Reason,
    url: Url = URL,
    key: Key = KEY,
    on_behalf_of: Behalf = None,
) -> None:
    """Give up what was set aside: the command ends without it."""
    _done(_ask(Server(url, key, on_behalf_of), DISCARD, id=id_, reason=reason)["done"])


def _ask(server: Server, query: str, **variables: Any) -> dict[str, Any]:
    try:
        return server.ask(query, **variables)
    except FileError as error:
        refuse(error)


def _done(done: dict[str, Any]) -> None:
    if done["problems"]:
        refuse(FileError("\n".join("{code}: {message}. {remedy}".format(**one) for one in done["problems"])))
    typer.echo(done["command"]["status"] if done["command"] else "done")


def _list(rows: list[dict[str, Any]], *names: str) -> None:
    if rows:
        table = Table(*names)
        for row in rows:
            _row(table, row, *names)
        show(table)


def _row(table: Table, row: dict[str, Any], *names: str) -> None:
    table.add_row(*(plain("" if row[name] is None else str(row[name])) for name in names))
