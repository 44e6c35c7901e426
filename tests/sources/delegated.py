"""A system of record that answers each caller with what is theirs, after an exchange of their token (RFC 8693)."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import jwt
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.emulator import serve
from tests.sources.hostile import HEAD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.requests import Request

CLIENT = {"client_id": "colonnade", "client_secret": "s3cret"}
AUTH = 'auth = { kind = "on_behalf_of", path = "/token", scope = "read", audience = "ledger" }\n'
BATCHED = (
    HEAD
    + AUTH
    + """
role = "erp"
dialect = { family = "odata" }
[entities.LegalEntity]
path = "/data/Entities"
id = "Id"
[entities.LegalEntity.fields]
code = "Id"
name = "Name"
functional_currency = "Currency"
[entities.Invoice]
path = "/data/Invoices"
id = "Id"
[entities.Invoice.fields]
number = "Name"
"""
)
SCANNED = (
    HEAD
    + AUTH
    + """
role = "hr"
dialect = { family = "scan", seconds = 0.05, rows = "people" }
[entities.Resource]
path = "/people"
id = "Id"
[entities.Resource.fields]
display_name = "Name"
"""
)
PEOPLE = 60


class Delegated:
    """The server. `exchanges` are the forms that its login got, `calls` in whose names it was asked for data."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """Know these callers by the subjects of their tokens."""
        self.url, self._names, self._number = "", names, count()
        self._issued: dict[str, str] = {}
        self.forget()

    def forget(self) -> None:
        """Count anew."""
        self.exchanges: list[dict[str, str]] = []
        self.calls: Counter[str] = Counter()

    def revoke(self, name: str) -> None:
        """Take a caller's issued tokens back."""
        self._issued = {token: whose for token, whose in self._issued.items() if whose != name}

    async def exchange(self, request: Request) -> Response:
        """Exchange a token, as the standard says; one that is not known is an invalid request (RFC 8693, 2.2.2)."""
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        self.exchanges.append(form)
        claims = jwt.decode(form["subject_token"], options={"verify_signature": False})
        name = self._names.get(claims["sub"])
        if {key: form.get(key) for key in CLIENT} != CLIENT or name is None:
            return JSONResponse({"error": "invalid_request", "error_description": form["subject_token"]}, 400)
        token = f"issued-{next(self._number)}"
        self._issued[token] = name
        kind = "urn:ietf:params:oauth:token-type:access_token"
        return JSONResponse(
            {"access_token": token, "issued_token_type": kind, "token_type": "Bearer", "expires_in": 3600}
        )

    async def answer(self, request: Request) -> Response:
        """Answer in the name of whoever asks; a session's cookie goes before the token, as in many a product."""
        name = request.cookies.get("session") or self._issued.get(
            request.headers.get("authorization", "").removeprefix("Bearer ")
        )
        if name is None:
            return Response(status_code=401)
        self.calls[name] += 1
        await asyncio.sleep(0.002)
        answer = JSONResponse(self._rows(request, name))
        answer.set_cookie("session", name)
        return answer

    @staticmethod
    def _rows(request: Request, name: str) -> dict[str, Any]:
        if request.url.path == "/people":
            return {"people": [_row(name, str(number)) for number in range(PEOPLE)]}
        wanted = request.query_params.get("$filter", "'1'").split("'")[1::2]
        return {"value": [_row(name, id_) for id_ in wanted]}


def _row(name: str, id_: str) -> dict[str, str]:
    return {"Id": id_, "Name": f"{name}'s {id_}", "Currency": "EUR"}


@contextmanager
def delegated(names: Mapping[str, str]) -> Iterator[Delegated]:
    """Run one on loopback that knows these subjects."""
    server = Delegated(names)
    routes = [
        Route("/token", server.exchange, methods=["POST"]),
        Route("/{path:path}", server.answer, methods=["GET"]),
    ]
    with serve(Starlette(routes=routes)) as running:
        server.url = running.url
        yield server
