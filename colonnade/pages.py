"""GraphiQL at /graphiql: the page that `make assets` built, under a policy that allows its own files and no others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse
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
    "connect-src": "'self'",  # the graph
    "worker-src": "'self'",  # what checks and completes while somebody types
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
# On the files too, not on the page alone: a worker lives under the policy that its own script came with.
STRICT: Final = {
    "Content-Security-Policy": "; ".join(f"{what} {whence}" for what, whence in POLICY.items()),
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


def graphiql(folder: Path = BUILT) -> list[Route]:
    """Return the routes of the page and of its files.

    The files are listed once, here: a name is looked up among them and never becomes a path, so none leads out.
    """
    files = {path.name: path for path in folder.glob("*") if path.is_file() and path.suffix in TYPES}
    page = folder / PAGE

    async def show(_request: Request) -> Response:
        if page.is_file():
            return FileResponse(page, headers=STRICT | ASK_AGAIN, media_type="text/html")
        return HTMLResponse(NOT_BUILT, 503, headers=STRICT | {"Cache-Control": "no-store"})

    async def send(request: Request) -> Response:
        path = files.get(request.path_params["name"])
        if path is None:
            return PlainTextResponse("Not Found", 404, headers=STRICT | {"Cache-Control": "no-store"})
        caching = FOREVER if HASHED.fullmatch(path.name) else ASK_AGAIN
        return FileResponse(path, headers=STRICT | caching, media_type=TYPES[path.suffix])

    return [Route("/graphiql", show), Route("/graphiql/{name}", send)]
