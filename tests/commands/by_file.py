"""A house whose legacy ERP is given files: NB-DE's postings go by them, everybody else's by calls."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from demo.heritage.bound import free_port, heritage
from demo.heritage.sftp import Road
from demo.issuer import issuer
from demo.systems import HTTP, crm, hr, psa
from schema.rows import Ref
from tests.commands.giving import GIVEN, People
from tests.commands.guarded import as_
from tests.commands.rig import Rig
from tests.journeys.test_two_erps import LEGACY, finance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.firm.model import Firm
    from demo.issuer import Persona
    from tests.commands.rig import Forge

CLERK = as_("finance", "finance", "nb-de")
DAY, SECONDS, POLL = "2026-04-08", 20.0, 0.05
POST = f"mutation ($input: PostInvoiceInput!) {{ postInvoice(input: $input) {{ {GIVEN} }} }}"
TOTAL = "query ($id: ID!) { node(id: $id) { ... on Invoice { total { amount currency } } } }"


class Shown(NamedTuple):
    """A file as the other side has it: its name, and the keys of its lines."""

    name: str
    keys: list[str]


class Files(Rig):
    """The same house, every time with a road for files."""

    road: Road
    killed = 0
    revived = True

    def fresh(self) -> None:
        """Begin anew, with an empty folder."""
        super().fresh()
        self.killed, self.revived = 0, True
        said = {**self.road.said, "seconds": 0.2}
        lines = [f"{name} = {json.dumps(value)}" for name, value in said.items()]
        with self.config.open("a", encoding="utf-8") as file:
            file.write("\n".join([f'[bindings."{LEGACY}".exchange]', *lines]) + "\n")

    def mood(self, mood: str) -> None:
        """Have something go wrong with the next file; `none` ends it."""
        HTTP.put(f"{self.address[LEGACY]}/_control/files/{mood}").raise_for_status()

    def closed(self, until: str) -> None:
        """Close the legacy ERP's books up to a day."""
        HTTP.put(f"{self.address[LEGACY]}/_control/closed/{until}").raise_for_status()

    def booked_by_others(self, number: str) -> None:
        """Have somebody else book a draft."""
        HTTP.put(f"{self.address[LEGACY]}/_control/booked/{number}").raise_for_status()

    def posted(self) -> list[str]:
        """Return what was booked, in the ledger's own words."""
        booked: list[str] = HTTP.get(f"{self.address[LEGACY]}/_control/posted").json()
        return booked

    def came(self) -> list[str]:
        """Return the names of the files that came there, as often as they did."""
        names: list[str] = HTTP.get(f"{self.address[LEGACY]}/_control/files").json()
        return names

    def taken(self) -> list[Shown]:
        """Return the files that the other side has taken."""
        done = sorted((self.road.folder / "files" / "done").iterdir())
        split = {path.name: [line.split("|") for line in path.read_text("ascii").splitlines()] for path in done}
        return [Shown(name, [fields[1] for fields in lines if fields[0] == "L"]) for name, lines in split.items()]

    def ask(
        self, persona: str | Persona, query: str, variables: dict[str, Any] | None = None, key: str | None = None
    ) -> Any:
        """Ask as a persona; where the server was killed, another one is asked the same, unless `revived` is off."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            try:
                return super().ask(persona, query, variables, key)
            except httpx.TransportError:
                if not self.revived:
                    raise
                time.sleep(POLL)
                if not self.alive:
                    self.killed += 1
                    self.start()
        raise AssertionError(self.output.read_text(encoding="utf-8")[-2000:])

    def give(self, number: str, key: str, day: str = DAY) -> str:
        """Have a draft posted, and return the command's id."""
        id_ = Ref("Invoice", LEGACY, number).encode()
        total = self.ask(CLERK, TOTAL, {"id": id_})["data"]["node"]["total"]
        said = {"invoiceId": id_, "expectedTotal": total, "postingDate": day}
        answer = self.ask(CLERK, POST, {"input": said}, key)
        assert "errors" not in answer, answer
        given = answer["data"]["postInvoice"]
        assert given["problems"] == [], given
        command = Ref.decode(given["command"]["id"])
        assert isinstance(command, Ref)
        return command.id

    def ended(self, id_: str, *states: str) -> Any:
        """Return a command once it stands in one of these states."""
        return People(self).rested(CLERK, Ref("Command", "facade", id_).encode(), *(states or ("SUCCEEDED", "FAILED")))


@contextmanager
def house(firm: Firm, forge: Forge, store: str | None = None) -> Iterator[Files]:
    """Run systems, an issuer and, when it is started, a server; a file is due again after a second."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="colonnade-files-")))
        (folder / "other").mkdir()
        road = Road.make(folder / "other", free_port())
        vendor = Path(shutil.copytree("sources/erp/heritage", folder / "erp" / "ours"))
        manifest = (vendor / "source.toml").read_text(encoding="utf-8")
        (vendor / "source.toml").write_text(manifest.replace("[exchange]", "[exchange]\nanswered = 1.0"), "utf-8")
        legacy = stack.enter_context(heritage(firm, LEGACY, road))
        bound = [
            stack.enter_context(psa(firm)),
            stack.enter_context(finance(firm, "erp", "dynamics", german=False)),
            replace(legacy, vendor=str(vendor)),
            stack.enter_context(crm(firm)),
            stack.enter_context(hr(firm)),
        ]
        made = Files(forge, bound, stack.enter_context(issuer()), folder, store)
        made.road = road
        try:
            yield made
        finally:
            made.end()
