"""The scripted tour: one query over all systems, what it cost them, and what is left of it when one of them is away."""

import json
from collections import Counter
from collections.abc import Sequence
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
      }
    }
  }
}
"""


def ask(graph: str, query: str) -> Any:
    """Ask the graph."""
    return HTTP.post(graph, json={"query": query}).raise_for_status().json()


def tour(graph: str, bound: Sequence[Bound]) -> None:
    """Show one query and its answer; then the same with the ERP out of order, where it is an emulated one."""
    console = Console(highlight=False)
    console.print(f"[bold]Northbeam Advisory, a firm that does not exist.[/] The graph over its systems: {graph}\n")
    for system in bound:
        console.print(f"  {system.role:<4} is played by {system.vendor} at {system.address}")
    console.print("\n[bold]One query[/]\n")
    console.print(Syntax(QUERY, "graphql", background_color="default"))
    for system in bound:
        system.traffic.clear()
    answer = ask(graph, QUERY)
    console.print("[bold]Its answer[/]\n")
    console.print(Syntax(_shortened(answer), "json", background_color="default"))
    _cost(console, bound)
    erp = next(system for system in bound if system.role == "erp")
    if erp.vendor == "dynamics":
        misbehave(erp.address, "status_503", entity="NBProjectInvoices")
        console.print("\n[bold]The same query while the ERP cannot show invoices[/]: the rest is complete\n")
        without = ask(graph, QUERY)
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
