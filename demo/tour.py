"""The scripted tour: a query over all systems and what it cost them, a command, and the query with one system away."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table

from demo.systems import HTTP, Bound, misbehave

QUERY = """\
{
  engagements(first: 3) {
    edges {
      node {
        name
        deliveryStatus                                         # PSA
        erpStatus                                              # ERP
        customer { displayName billingCountry }                # CRM, ERP
        assignments { resource { displayName hireDate } }      # PSA, HR
        invoices { number total { amount currency } lines { description } }
        demands { code status }                                # FORECAST
        reportedRevenue { amount } reportedAt                  # WAREHOUSE
      }
    }
  }
}
"""

DEAL = """{ opportunities(filter: {code: ["OPP-020"]}) { edges { node { id } } } }"""
COMMAND = """\
mutation {
  convertOpportunity(input: {opportunityId: "%s"}) {
    command { id status approvals { id rule role } }
    problems { code message }
  }
}
"""
DECISION = """mutation { decideApproval(id: "%s", approve: true) { problems { message } } }"""
PROGRESS = """subscription { commandProgress(id: "%s") {
  status steps { system operation kind state } result { ... on Engagement { code } }
} }"""
AGAIN = """
The same by curl, while the graph is up: it gets the same answer, marked Idempotency-Replayed, and does nothing.

  curl -i {url} -H 'Idempotency-Key: {key}' \\
      --json '{body}' \\
      -H 'Authorization: Bearer {token}'"""
READER, SALES = "auditor", "sales-operations"
KEY = "opp-020"
# Far longer than a command takes here.
SECONDS = 30.0


class Graph:
    """The graph, asked as anybody of the firm: `token` signs a persona in."""

    def __init__(self, url: str, token: Callable[[str], str]) -> None:
        self.url, self.token = url, token

    def ask(self, persona: str, query: str, **headers: str) -> Any:
        """Return the answer to a query or a mutation."""
        return json.loads(self._post(persona, query, headers))

    def follow(self, persona: str, subscription: str) -> Any:
        """Return the last of a subscription's answers, once it has ended."""
        events = self._post(persona, subscription, {"Accept": "text/event-stream"})
        return json.loads([line for line in events.splitlines() if line.startswith("data: {")][-1].partition(" ")[2])

    def _post(self, persona: str, query: str, headers: dict[str, str]) -> str:
        signed = {"Authorization": f"Bearer {self.token(persona)}", **headers}
        return HTTP.post(self.url, json={"query": query}, headers=signed, timeout=SECONDS).raise_for_status().text


def tour(url: str, bound: Sequence[Bound], token: Callable[[str], str]) -> None:
    """Show one query, and one command; then, where the systems are emulated, the query with the ERP out of order."""
    console, graph = Console(highlight=False), Graph(url, token)
    console.print(f"[bold]Northbeam Advisory, a firm that does not exist.[/] The graph over its systems: {url}\n")
    for system in bound:
        console.print(f"  {system.role:<9} is played by {system.vendor} at {system.address}")
    console.print("\n[bold]One query[/]\n")
    console.print(Syntax(QUERY, "graphql", background_color="default"))
    for system in bound:
        system.traffic.clear()
    answer = graph.ask(READER, QUERY)
    console.print("[bold]Its answer[/]\n")
    console.print(Syntax(_shortened(answer), "json", background_color="default"))
    _cost(console, bound)
    _command(console, graph)
    erp = next(system for system in bound if system.role == "erp")
    if erp.vendor == "dynamics":
        _without(console, graph, erp)


def _command(console: Console, graph: Graph) -> None:
    """Give a command, approve it, and show what it did."""
    deal = graph.ask(SALES, DEAL)["data"]["opportunities"]["edges"][0]["node"]["id"]
    mutation = COMMAND % deal
    console.print("\n[bold]One command[/]: a deal that was won becomes an engagement, as sales wants it\n")
    console.print(Syntax(mutation, "graphql", background_color="default"))
    answer = graph.ask(SALES, mutation, **{"Idempotency-Key": KEY})
    console.print("[bold]Its answer[/]: it is kept, and waits for somebody else\n")
    console.print(Syntax(json.dumps(answer, indent=2), "json", background_color="default"))
    command = answer["data"]["convertOpportunity"]["command"]
    for approval in command["approvals"]:
        # For each role that approves somebody of the firm has its name.
        graph.ask(approval["role"], DECISION % approval["id"])
    done = graph.follow(READER, PROGRESS % command["id"])["data"]["commandProgress"]
    code = next(record["code"] for record in done["result"] if record)
    console.print(f"\n[bold]Whoever must, approves[/]: the command is {done['status']}, the engagement {code}\n")
    table = Table(
        "system", "what was written", "kind", "state", title="What it did, in this order", title_justify="left"
    )
    for step in done["steps"]:
        table.add_row(step["system"], step["operation"], step["kind"], step["state"])
    console.print(table)
    body = json.dumps({"query": " ".join(mutation.split())})
    again = AGAIN.format(url=graph.url, key=KEY, body=body, token=graph.token(SALES))
    console.print(again, soft_wrap=True, markup=False)


def _without(console: Console, graph: Graph, erp: Bound) -> None:
    """Show what is left of the query while the ERP cannot show invoices."""
    misbehave(erp.address, "status_503", entity="NBProjectInvoices")
    console.print("\n[bold]The first query while the ERP cannot show invoices[/]: the rest is complete\n")
    without = graph.ask(READER, QUERY)
    misbehave(erp.address, "none")
    errors = [{"message": error["message"], **error["extensions"]} for error in without["errors"]]
    for error in errors:
        error["paths"] = f"{len(error['paths'])} paths"
    console.print(Syntax(json.dumps(errors, indent=2), "json", background_color="default"))


def _shortened(answer: Any) -> str:
    """Print the first engagement, two of each of its lists."""
    first = answer["data"]["engagements"]["edges"][0]["node"]
    node = {name: value[:2] if isinstance(value, list) else value for name, value in first.items()}
    more = {"... and": f"{len(answer['data']['engagements']['edges']) - 1} more engagements, and the rest of the lists"}
    return json.dumps({**node, **more} | ({"errors": answer["errors"]} if "errors" in answer else {}), indent=2)


def _cost(console: Console, bound: Sequence[Bound]) -> None:
    table = Table("system", "was asked for", "calls", title="What it cost the systems", title_justify="left")
    for system in {system.address: system for system in bound}.values():
        for asked, times in Counter(call.partition("?")[0] for call in system.traffic.calls()).items():
            table.add_row(system.vendor, asked, str(times))
    console.print(table)
