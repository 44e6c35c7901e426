"""The house over a running Tryton and a running Redmine, whose server may die at any moment; a deal's way there.

What came of a deal is counted in the two systems themselves.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, closing, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from demo.issuer import issuer
from demo.redmine.bound import with_redmine
from demo.redmine.ids import user_id
from demo.systems import Bound, forecast
from demo.tryton.access import ADMIN
from demo.tryton.bound import WRITTEN, Log, tryton_words
from demo.tryton.ids import load_ids
from demo.tryton.server import serve
from schema.rows import Ref
from tests.commands.giving import DECIDED, FOLLOWED, People
from tests.commands.guarded import as_
from tests.commands.rig import OVER, Forge, Rig
from tests.demo.test_tryton import Caller
from tests.journeys.deadly import HOURS, Death, road
from tests.journeys.test_deal_to_invoice import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.firm.model import Firm
    from demo.issuer import Persona
    from demo.redmine.bound import Running
    from demo.tryton.server import TrytonServer

SALES, APPROVERS, READER = "sales-operations", ("finance-controller", "delivery-director"), "auditor"
US_ANALYST, US_FINANCE = as_("analyst", "billing-analyst", "nb-us"), as_("operations", "finance", "nb-us")
LIKE, ENTITY = "OPP-020", "NB-US"
WORKER, MANAGER = "RES-018", "RES-006"
DAYS = {"2026-04-07": "6.00", "2026-04-08": "7.50"}
DEAL = """query ($id: ID!) { node(id: $id) { ... on Opportunity { stage engagement { id code setupState deliveryStatus
  erpStatus plannedStart customer { displayName } manager { displayName } plannedRevenue { amount currency }
  contract { currency legalEntity { code } lines { model amount { amount currency } rateCard { name } } }
  projects { name children { id name region } } demands { code role { code } status } } } } }"""
ENTITIES = "{ legalEntities { edges { node { id code } } } }"
STATUS = "query ($id: ID!) { command(id: $id) { status } }"
NOWHERE, BEYOND = "nowhere", {"answered": 3}
RECOVERY, POLL = 240.0, 0.05

WORK_AND_MONEY = """query ($id: ID!) { node(id: $id) { ... on Engagement {
  timeEntries { edges { node { workDate hours approvalStatus postingStatus postedHours postedRate { amount currency }
    accountingDate billingClass role { code } project { name } markedBilled } } }
  billingEvents { code kind status amount { amount currency } hours
    sources { edges { node { hours timeEntry { workDate } } } } }
  invoices { id number documentStatus lifecycle fiscalPeriod { code } total { amount currency } } } } }"""
# What a journey leaves, exactly once each.
ONCE = Counter(
    {
        "project": 1,
        "subproject": 2,
        "time entry": 2,
        "approved": 2,
        "invoiced": 2,
        "work": 1,
        "analytic account": 1,
        "order": 1,
        "order line": 1,
        "timesheet": 1,
        "timesheet line": 2,
        "invoice line": 2,
        "invoice": 1,
        "move": 1,
        "deal that says so": 1,
    }
)


class Immortal(Rig):
    """A rig of real systems, which have no controls; whoever asks it starts it again whenever it is dead.

    Where a `point` is named, each server dies when it has come there: but not at that from which the one before it did
    not come back, or two of them, for as many steps may be carried out at one time.
    """

    death: Death
    point: str | None = None
    deaths = 0

    def _controls(self) -> dict[str, str]:
        return {role: control for role, control in super()._controls().items() if role == "forecast"}

    def die(self) -> None:
        """Kill the server from another thread, and return when it is dead: whoever asks next sees that it is."""
        pid = self.pid
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            while True:
                os.kill(pid, 0)
                time.sleep(POLL / 10)

    def ask(
        self, persona: str | Persona, query: str, variables: dict[str, Any] | None = None, key: str | None = None
    ) -> Any:
        """Ask, and ask the same again under the same key where nobody has answered: what clients must do."""
        until = time.monotonic() + RECOVERY
        while time.monotonic() < until:
            if not self.alive:
                self.deaths += 1
                # It may die while it begins: with a point it is not waited for then.
                self.start(self.point or NOWHERE, BEYOND.get(self.point or "", 2))
            with suppress(httpx.TransportError):
                return super().ask(persona, query, variables, key)
        raise AssertionError("it never answers")


class Persistent(People):
    """People whose approval may have been taken although nobody has told them so."""

    def agree(self, *who: str) -> None:
        """Approve all that is asked of these people."""
        for one in who:
            for wanted in self.read(one, "{ approvals { id } }")["approvals"]:
                problems = self.read(one, DECIDED, id=wanted["id"])["decideApproval"]["problems"]
                assert {problem["code"] for problem in problems} <= {"ALREADY_DONE"}

    def taken(self, who: str | Persona, name: str, said: dict[str, Any]) -> str:
        """Give a command that is taken in, and return its id."""
        assert isinstance(self.house, Immortal)
        self.house.death.begin()
        return super().taken(who, name, said)

    def succeeds(self, who: str | Persona, command: str) -> None:
        """Wait until a command has succeeded, however often it had to begin anew."""
        until = time.monotonic() + RECOVERY
        while (status := self.read(who, STATUS, id=command)["command"]["status"]) != "SUCCEEDED":
            assert status not in OVER | {"DEAD_LETTERED"}, self.read(who, FOLLOWED, id=command)
            assert time.monotonic() < until, self.read(who, FOLLOWED, id=command)
            time.sleep(POLL)

    def done(self, who: str | Persona, name: str, said: dict[str, Any]) -> Any:
        """Give a command, and return it once it has succeeded."""
        command = self.taken(who, name, said)
        self.succeeds(who, command)
        return self.read(who, FOLLOWED, id=command)["command"]


class Real:
    """The house over the running systems, and a way into each of them for people of its own."""

    def __init__(self, rig: Immortal, redmine: Running, admin: Caller) -> None:
        self.rig, self.redmine, self.admin, self.ids = rig, redmine, admin, load_ids()
        self.people = Persistent(rig)
        said = self.people.read(READER, ENTITIES)
        self.entities = {one["code"]: one["id"] for one in nodes(said["legalEntities"])}

    @contextmanager
    def dying(self, hour: str) -> Iterator[None]:
        """Have the server die with every change, at this hour; or at a point of a command's run."""
        death, rig = self.rig.death, self.rig
        death.at.clear()
        death.hour, rig.point = (hour, None) if hour in HOURS else (None, hour)
        if rig.point is not None:
            rig.kill()
        # Its first life is none that it came back to.
        rig.deaths = -1
        try:
            yield
        finally:
            death.hour = rig.point = None
            rig.kill()

    def kills(self) -> Counter[str]:
        """Return where it died since that began."""
        return self.rig.death.at or Counter({"a point": self.rig.deaths})

    def press(self, model: str, method: str, *said: Any, entity: str = ENTITY) -> Any:
        """Do something in Tryton, as a person would."""
        answer = self.admin.answer(f"model.{model}.{method}", *said, {"company": self.ids.legal_entities[entity]})
        assert "error" not in answer, answer
        return answer["result"]

    def rows(self, table: str, where: str, *values: Any) -> list[Any]:
        """Return rows of Redmine's own database."""
        with closing(sqlite3.connect(self.redmine.server.database, timeout=10)) as database:
            return database.execute(f"SELECT * FROM {table} WHERE {where}", values).fetchall()  # noqa: S608

    def fields(self, kind: str, ids: list[int], number: int) -> list[str]:
        """Return what a custom field says on records of Redmine."""
        marks = ",".join("?" * len(ids))
        where = f"customized_type = ? AND custom_field_id = ? AND customized_id IN ({marks})"
        return sorted(row[-1] for row in self.rows("custom_values", where, kind, number, *ids))

    def let_in(self, engagement: str, person: str) -> None:
        """Let somebody work on a project, as its manager would in Redmine."""
        project = Ref.decode(engagement)
        assert isinstance(project, Ref)
        entered = httpx.BasicAuth(*self.redmine.credentials.values())
        address = f"{self.redmine.server.base_url}/projects/{project.id}/memberships.json"
        (role,) = self.rows("roles", "name = 'Consultant'")
        said = {"membership": {"user_id": int(user_id(person)), "role_ids": [role[0]]}}
        httpx.post(address, json=said, auth=entered, trust_env=False).raise_for_status()


@contextmanager
def running(firm: Firm) -> Iterator[Real]:
    """Run all of it, each system behind a road on which the server may die."""
    death = Death()
    with ExitStack() as stack:
        server = stack.enter_context(serve())
        redmine = stack.enter_context(with_redmine(firm))
        bound = [
            stack.enter_context(road(redmine, death)),
            *(stack.enter_context(road(one, death)) for one in _tryton(server)),
            stack.enter_context(road(stack.enter_context(forecast(firm)), death)),
        ]
        forge = Forge()
        stack.callback(forge.stop)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="colonnade-rig-")))
        rig = Immortal(forge, bound, stack.enter_context(issuer()), folder, None)
        stack.callback(rig.end)
        rig.death, death.kill = death, rig.die
        rig.fresh()
        rig.start()
        yield Real(rig, redmine, stack.enter_context(closing(Caller(server, ADMIN))))


def _tryton(server: TrytonServer) -> Iterator[Bound]:
    for role, words in tryton_words(load_ids()).items():
        secrets = {"user": server.writer if role in WRITTEN else server.user, "password": server.password}
        yield Bound(role, "tryton", f"{server.base_url}/{server.database}", secrets, words, Log(server))


class Journey:
    """The way of one deal to its money."""

    def __init__(self, real: Real) -> None:
        self.real, self.people = real, real.people
        self.deal, self.engagement, self.code, self.node = "", "", "", ""

    def win(self) -> None:
        """A deal is written into Tryton's list, and won there."""
        (made,) = self.real.press("sale.opportunity", "copy", [self.real.ids.opportunities[LIKE]])
        self.real.press("sale.opportunity", "write", [made], {"state": "won"})
        self.deal = Ref("Opportunity", "crm", str(made)).encode()

    def told(self) -> Any:
        """Return what the graph tells of the deal."""
        return self.people.read(READER, DEAL, id=self.deal)["node"]

    def work(self) -> Any:
        """Return what the graph tells of the work and its money."""
        return self.people.read(READER, WORK_AND_MONEY, id=self.engagement)["node"]

    def convert(self) -> Any:
        """Sales hands the deal over; the controller agrees."""
        manager = Ref("Resource", "hr", str(self.real.ids.people[MANAGER])).encode()
        said = {"opportunityId": self.deal, "managerId": manager, "plannedStart": "2026-04-06"}
        command = self.people.taken(SALES, "convertOpportunity", said)
        assert self.people.rested(SALES, command)["status"] == "AWAITING_APPROVAL"
        # Nobody knows its margin, for the ledger has no rates of cost: the director agrees, too.
        self.people.agree(*APPROVERS)
        self.people.succeeds(SALES, command)
        told = self.told()["engagement"]
        self.engagement, self.code = told["id"], told["code"]
        self.node = told["projects"][0]["children"][1]["id"]
        return told

    def record(self) -> list[str]:
        """Somebody is let into the project, and hands in two days."""
        self.real.let_in(self.engagement, WORKER)
        entries = [{"projectId": self.node, "workDate": day, "hours": hours} for day, hours in DAYS.items()]
        found = self.people.done("consultant", "submitTimeEntries", {"entries": entries})
        return [step["record"]["id"] for step in found["steps"] if step["name"] == "psa.entry"]

    def accept(self, entries: list[str]) -> None:
        """They are approved, which posts them and makes them billable."""
        said = {"entryIds": entries, "action": "APPROVE"}
        # Whom one leads is known for a minute: of a new engagement its manager does not see every record at once.
        self.people.succeeds("time-approver", self.people.taken("time-approver", "approveTimeEntries", said))

    def draft(self) -> Any:
        """What is ready is put on a draft."""
        said = {
            "engagementId": self.engagement,
            "legalEntityId": self.real.entities[ENTITY],
            "cutoffDate": "2026-04-30",
        }
        self.people.done(US_ANALYST, "prepareInvoice", said)
        (draft,) = self.work()["invoices"]
        return draft

    def post(self, draft: Any) -> str:
        """It is to be posted; the command is returned."""
        said = {"invoiceId": draft["id"], "expectedTotal": draft["total"], "postingDate": "2026-04-08"}
        return self.people.taken(US_FINANCE, "postInvoice", said)

    def whole(self) -> None:
        """All of it, one after the other."""
        self.win()
        self.convert()
        self.accept(self.record())
        self.people.succeeds(US_FINANCE, self.post(self.draft()))

    def counted(self) -> Counter[str]:
        """Count what there is of this deal in Redmine and in Tryton, asking nobody but them."""
        return Counter({**self._in_redmine(), **self._in_tryton()})

    def _in_redmine(self) -> dict[str, int]:
        project = Ref.decode(self.engagement)
        assert isinstance(project, Ref)
        code = self.code.lower()
        entries = [row[0] for row in self.real.rows("time_entries", "project_id = ?", project.id)]
        return {
            "project": len(self.real.rows("projects", "identifier = ?", code)),
            "subproject": len(self.real.rows("projects", "identifier LIKE ?", f"{code}-%")),
            "time entry": len(entries),
            "approved": self.real.fields("TimeEntry", entries, 13).count("APPROVED"),
            "invoiced": self.real.fields("TimeEntry", entries, 16).count("true"),
        }

    def _in_tryton(self) -> dict[str, int]:
        count = self._count
        posted = [["origin.lines.analytic_accounts.account.code", "=", self.code, "account.invoice"]]
        return {
            "work": count("project.work", ["number", "=", self.code]),
            "analytic account": count("analytic_account.account", ["code", "=", self.code]),
            "order": count("sale.sale", ["reference", "=", self.code]),
            "order line": count("sale.line", ["sale.reference", "=", self.code]),
            "timesheet": count("timesheet.work", ["name", "=", self.code]),
            "timesheet line": count("timesheet.line", ["work.name", "=", self.code]),
            "invoice line": count("account.invoice.line", ["analytic_accounts.account.code", "=", self.code]),
            "invoice": count("account.invoice", ["lines.analytic_accounts.account.code", "=", self.code]),
            "move": count("account.move", ["state", "=", "posted"], *posted),
            "deal that says so": count("sale.opportunity", ["comment", "like", f"%engagement: {self.code}%"]),
        }

    def _count(self, model: str, *domain: list[Any]) -> int:
        return int(self.real.admin.call(f"model.{model}.search_count", list(domain), {"active_test": False}))

    def revenue(self) -> Decimal:
        """Return what the deal has brought in Tryton's ledger."""
        domain = [["move.state", "=", "posted"], ["account.code", "=", "4000"]]
        ours = ["analytic_lines.account.code", "=", self.code]
        rows = self.real.admin.rows("account.move.line", [*domain, ours], "credit")
        return sum((Decimal(row["credit"]["decimal"]) for row in rows), Decimal(0))
