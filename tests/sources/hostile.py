"""A system of record that answers whatever a test says, and the sources that are bound to it."""

from __future__ import annotations

import asyncio
import tomllib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from colonnade.principals import Facade
from colonnade.wiring import SystemClock
from demo.emulator import serve
from schema.problems import Problem
from schema.rows import Ref
from sources.batching import Desk
from sources.contract import Scope
from sources.registry import Binding, connect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from starlette.requests import Request

    from schema.rows import Row
    from sources.source import Source

    Say: TypeAlias = Callable[[Request], Awaitable[Response]]

HEAD = """
format = 1
version = 1
approved_by = "a test"
product = "Hostile"
api = "1"
quality = {}
"""
# The three families, each with one type of few fields that are of every kind.
ODATA = (
    HEAD
    + """
role = "erp"
auth = { kind = "client_credentials", path = "/token", scope = "all" }
dialect = { family = "odata" }
codes.week_start = { Monday = "MON", Sunday = "SUN" }

[limits]
pages = 5

[entities.LegalEntity]
path = "/data/Entities"
id = "Id"
[entities.LegalEntity.fields]
code = "Code"
name = "Name"
functional_currency = "Currency"
country = "Country"
week_start = { at = "WeekStart", codes = "week_start" }

[entities.Invoice]
path = "/data/Invoices"
id = "Number"
ask = { Customer = "Account" }
[entities.Invoice.fields]
number = "Number"
legal_entity = "Company"
issue_date = { at = "Date", unit = "noon" }
net = { amount = "Net", currency = "Currency" }
"""
)
RPC = (
    HEAD
    + """
role = "erp"
auth = { kind = "rpc_session", path = "/rpc/", method = "common.db.login" }
dialect = { family = "jsonrpc", path = "/rpc/", method = "model.{entity}.search_read", hint = "__class__" }

[entities.Invoice]
path = "invoice"
id = "id"
ask = { Customer = "party" }
[entities.Invoice.fields]
number = "number"
legal_entity = "company"
issue_date = "date"
net = { amount = "net", currency = "currency.code" }
"""
)
REST = (
    HEAD
    + """
role = "psa"
auth = { kind = "bearer" }
dialect = { family = "rest", results = "results", total_at = "count", pages_at = "meta.pages", size_at = "meta.size" }

[limits]
pages = 5

[entities.Task]
path = "/tasks"
id = { at = "id", param = "only" }
ask = { Engagement = { at = "project_id", param = "projects" } }
[entities.Task.fields]
name = "title"
project = "parent_id"
progress = { at = "done", unit = "percent" }
planned_hours = { at = "minutes", unit = "minutes" }
"""
)
SECRETS: dict[str, Mapping[str, str]] = {
    ODATA: {"client_id": "us", "client_secret": "s3cret"},
    RPC: {"user": "us", "password": "s3cret"},
    REST: {"token": "s3cret"},
}


class Call(NamedTuple):
    """One request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    authorization: str | None
    body: bytes


class Hostile:
    """The server: `say` is the answer of the moment, `calls` are all requests but logins, `logins` those."""

    def __init__(self) -> None:
        """Answer without rows."""
        self.url = ""
        self.forget()

    def forget(self) -> None:
        """Be as at first."""
        self.say: Say = self.rows()
        self.enter: Say = self.grant()
        self.calls: list[Call] = []
        self.logins: list[Call] = []

    @staticmethod
    def always(response: Callable[[], Response]) -> Say:
        """Answer every request so."""

        async def say(_request: Request) -> Response:
            return response()

        return say

    @classmethod
    def json(cls, content: Any) -> Say:
        """Answer every request with this JSON."""
        return cls.always(lambda: JSONResponse(content))

    @classmethod
    def text(cls, body: bytes, status: int = 200, **headers: str) -> Say:
        """Answer every request with this body; an underscore in a header's name is a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls.always(lambda: Response(body, status, named))

    @classmethod
    def rows(cls, *rows: Any, **beside: Any) -> Say:
        """Answer as OData does."""
        return cls.json({"value": list(rows), **beside})

    def grant(self, seconds: object = 3600, delay: float = 0.0) -> Say:
        """Let everybody in, with a token or session of its own for each login."""

        async def enter(_request: Request) -> Response:
            await asyncio.sleep(delay)
            number = len(self.logins)
            lifetime = {} if seconds is None else {"expires_in": seconds}
            return JSONResponse({"access_token": f"t{number}", "result": [1, f"t{number}"], **lifetime})

        return enter

    async def answer(self, request: Request) -> Response:
        """Note the request, and answer."""
        body = await request.body()
        call = Call(
            request.method, request.url.path, dict(request.query_params), request.headers.get("authorization"), body
        )
        login = call.path == "/token" or b"common.db.login" in body
        (self.logins if login else self.calls).append(call)
        return await (self.enter if login else self.say)(request)


@contextmanager
def hostile() -> Iterator[Hostile]:
    """Run one on loopback."""
    server = Hostile()
    methods = ["GET", "POST", "PUT", "DELETE"]
    with serve(Starlette(routes=[Route("/{path:path}", server.answer, methods=methods)])) as running:
        server.url = running.url
        yield server


class NoReferences:
    """Cross-references of a firm with one system."""

    async def words(self, refs: Iterable[Ref], role: str) -> Mapping[Ref, Sequence[Ref]]:
        """Know nobody."""
        del role
        return dict.fromkeys(refs, ())


def bind(  # noqa: PLR0917  as in a configuration
    folder: Path, manifest: str, url: str, limits: str = "", name: str = "", probe_interval: float = 5.0
) -> Source:
    """Bind a manifest, with more limits if given, as the only system of its role."""
    vendor = folder / f"vendor{len(list(folder.iterdir()))}"
    vendor.mkdir()
    text = manifest
    if limits:
        text = manifest.replace("[limits]", f"[limits]\n{limits}") if "[limits]" in manifest else manifest
        if "[limits]" not in manifest:
            text += f"\n[limits]\n{limits}\n"
    (vendor / "source.toml").write_text(text, encoding="utf-8")
    role = tomllib.loads(manifest)["role"]
    binding = Binding(name or role, str(vendor), url, SECRETS[manifest], probe_interval=probe_interval)
    return connect(binding, SystemClock())


def scope(seconds: float = 20.0) -> Scope:
    """Return a request's scope with so much time."""
    return Scope(Facade(), "a-test", asyncio.get_running_loop().time() + seconds)


async def ask(
    source: Source, question: str, *ids: str, by: str = "", seconds: float = 20.0, within: Scope | None = None
) -> dict[str, Any]:
    """Ask the source for these ids, in a scope of its own or within a given one; a Problem is its code's name."""
    type_ = by or {"legal_entities_by_id": "LegalEntity", "tasks_by_id": "Task"}.get(question, "Invoice")
    refs = [Ref(type_, source.binding, id_) for id_ in ids]
    answer = await Desk([source], NoReferences()).answer(question, refs, within or scope(seconds))
    return {ref.id: coded(value) for ref, value in answer.items()}


def coded(value: Row | Problem | list[Any] | None) -> Any:
    """Give a Problem as its code's name, also within a list."""
    if isinstance(value, list):
        return [coded(item) for item in value]
    return value.code.name if isinstance(value, Problem) else value
