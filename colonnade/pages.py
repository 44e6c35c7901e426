"""GraphiQL at /graphiql: the page that `make assets` built, under a policy that allows its own files and no others.

People sign in at the firm's identity provider: /signin.json tells the page where that is.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

BUILT: Final = Path(__file__).parent / "static" / "graphiql"
PAGE: Final = "index.html"

POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",  # the editor places its lines and makes its colours as it goes
    "font-src": "'self'",  # the editor's icons
    "img-src": "data:",  # its squiggles, which are inside its styles
    "connect-src": "'self'",  # the graph; with the identity provider
    "worker-src": "'self'",  # what checks and completes while somebody types
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
STRICT: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# Said here, since browsers take no script of a doubtful type, and the machine's own table may say anything.
TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".ttf": "font/ttf", ".txt": "text/plain"}
HASHED: Final = re.compile(r".+-[0-9A-Z]{8}\.[a-z]+")
FOREVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
ASK_AGAIN: Final = {"Cache-Control": "no-cache"}

NOT_BUILT: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Colonnade: GraphiQL is not built</title></head>
<body>
<h1>GraphiQL is not built</h1>
<p>Its files are made, not committed: run <code>make assets</code> in the repository, then start Colonnade again.
The graph itself answers at <code>graphql</code> beside this page.</p>
</body>
</html>
"""


class Provider(NamedTuple):
    """Where people sign in, as which client of the identity provider, and what they ask it for."""

    issuer: str
    client_id: str
    scope: str

    @property
    def origin(self) -> str:
        """The origin that the page may ask beside its own."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"


def _strict(provider: Provider) -> dict[str, str]:
    """Return the headers of the page and of its files: a worker lives under the policy of its own script."""
    policy = POLICY | {"connect-src": f"{POLICY['connect-src']} {provider.origin}"}
    return STRICT | {"Content-Security-Policy": "; ".join(f"{what} {whence}" for what, whence in policy.items())}


def graphiql(provider: Provider, folder: Path = BUILT) -> list[Route]:
    """Return the routes of the page, of its files, and of what it needs to know to let people sign in.

    The files are listed once, here: a name is looked up among them and never becomes a path, so none leads out.
    """
    files = {path.name: path for path in folder.glob("*") if path.is_file() and path.suffix in TYPES}
    page, strict = folder / PAGE, _strict(provider)
    told = {"issuer": provider.issuer, "clientId": provider.client_id, "scope": provider.scope}

    async def show(_request: Request) -> Response:
        if page.is_file():
            return FileResponse(page, headers=strict | ASK_AGAIN, media_type="text/html")
        return HTMLResponse(NOT_BUILT, 503, headers=strict | {"Cache-Control": "no-store"})

    async def send(request: Request) -> Response:
        path = files.get(request.path_params["name"])
        if path is None:
            return PlainTextResponse("Not Found", 404, headers=strict | {"Cache-Control": "no-store"})
        caching = FOREVER if HASHED.fullmatch(path.name) else ASK_AGAIN
        return FileResponse(path, headers=strict | caching, media_type=TYPES[path.suffix])

    async def tell(_request: Request) -> Response:
        return JSONResponse(told, headers=strict | {"Cache-Control": "no-store"})

    return [Route("/graphiql", show), Route("/graphiql/{name}", send), Route("/signin.json", tell)]
