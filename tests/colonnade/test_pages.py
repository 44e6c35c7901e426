"""GraphiQL's page and files over HTTP: their headers, what browsers may keep, and that no path leads out."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette

from colonnade.pages import Provider, graphiql
from demo.emulator import serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import House

SECRET = "not for the browser"
PROVIDER = Provider("https://login.example.com:8443/realms/firm", "colonnade-pages", "openid")
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "font-src": "'self'",
    "img-src": "data:",
    "connect-src": "'self' {provider}",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


class Got(NamedTuple):
    """An answer, its header names in lower case."""

    status: int
    headers: dict[str, str]
    text: str


def get(url: str, path: str, method: str = "GET") -> Got:
    """Ask for a path exactly as it is written: other clients resolve its dots before they send it."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Got(response.status, headers, response.read().decode())
    finally:
        connection.close()


def is_strict(got: Got, provider: str = "https://login.example.com:8443") -> bool:
    """Tell whether an answer carries every header that keeps a page to itself, and to where people sign in."""
    policy = dict(part.split(" ", 1) for part in got.headers["content-security-policy"].split("; "))
    assert policy == {what: whence.format(provider=provider) for what, whence in POLICY.items()}
    others = ("x-content-type-options", "referrer-policy", "cross-origin-opener-policy", "cross-origin-resource-policy")
    return [got.headers[name] for name in others] == ["nosniff", "no-referrer", "same-origin", "same-origin"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of a small bundle, in a folder beside what it must not serve."""
    folder = tmp_path_factory.mktemp("static") / "graphiql"
    inner = folder / "inner"
    inner.mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>the page", encoding="utf-8")
    for name in ("main-0A1B2C3D.js", "main-0A1B2C3D.css", "codicon-0A1B2C3D.ttf", "LICENCES.txt"):
        (folder / name).write_text(name, encoding="utf-8")
    for path in (folder / "notes.md", folder / ".env", folder.parent / "secret.txt", inner / "main.js"):
        path.write_text(SECRET, encoding="utf-8")
    with serve(Starlette(routes=list(graphiql(PROVIDER, folder)))) as server:
        yield server.url


def test_the_page_is_strict_and_asked_for_again(built: str) -> None:
    """The page comes with the whole policy, and its next version is seen at once."""
    got = get(built, "/graphiql")
    assert (got.status, got.text) == (200, "<!doctype html>the page")
    assert got.headers["content-type"] == "text/html; charset=utf-8"
    assert got.headers["cache-control"] == "no-cache"
    assert got.headers["etag"]
    assert is_strict(got)


@pytest.mark.parametrize(
    ("name", "content_type", "caching"),
    [
        ("main-0A1B2C3D.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("main-0A1B2C3D.css", "text/css; charset=utf-8", "public, max-age=31536000, immutable"),
        ("codicon-0A1B2C3D.ttf", "font/ttf", "public, max-age=31536000, immutable"),
        ("LICENCES.txt", "text/plain; charset=utf-8", "no-cache"),
    ],
)
def test_a_file_is_kept_as_long_as_its_name_says_its_content(
    built: str, name: str, content_type: str, caching: str
) -> None:
    """A hashed name is kept for good, another one is asked for again; the type never depends on the machine."""
    got = get(built, f"/graphiql/{name}")
    assert (got.status, got.text) == (200, name)
    assert (got.headers["content-type"], got.headers["cache-control"]) == (content_type, caching)
    assert is_strict(got)


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "%2e%2e%2fsecret.txt",
        "..%252fsecret.txt",
        "..%5csecret.txt",
        "./../secret.txt",
        "main-0A1B2C3D.js/../../secret.txt",
        "main-0A1B2C3D.js/",
        "main-0A1B2C3D.js%00",
        "main-0a1b2c3d.js",
        "inner",
        "inner/main.js",
        "inner%2fmain.js",
        "..",
        ".",
        "%2e",
        ".env",
        "notes.md",
        "index.html",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "nothing.js",
    ],
)
def test_nothing_but_the_bundles_files_is_served(built: str, path: str) -> None:
    """No spelling of a way out, and no file that the bundle does not use, gives anything."""
    got = get(built, f"/graphiql/{path}")
    assert got.status == 404 or (got.status, got.headers["location"]) == (307, f"{built}/graphiql/main-0A1B2C3D.js")
    assert SECRET not in got.text
    assert "root:" not in got.text


def test_the_pages_are_only_read(built: str) -> None:
    """HEAD says what GET would; nothing is posted to a page."""
    head = get(built, "/graphiql", "HEAD")
    assert (head.status, head.text) == (200, "")
    assert is_strict(head)
    assert get(built, "/graphiql", "POST").status == 405


def test_without_the_bundle_the_page_says_how_to_make_it(tmp_path: Path) -> None:
    """A checkout starts without the bundle: the page then names the command, and is not kept."""
    with serve(Starlette(routes=list(graphiql(PROVIDER, tmp_path / "none")))) as server:
        got = get(server.url, "/graphiql")
        assert get(server.url, "/graphiql/main-0A1B2C3D.js").status == 404
    assert (got.status, got.headers["cache-control"]) == (503, "no-store")
    assert "make assets" in got.text
    assert is_strict(got)


def test_the_app_serves_the_page_beside_the_graph(house: House) -> None:
    """The whole app has the page, with a correlation id as everything has."""
    got = get(house.url, "/graphiql")
    assert got.status in (200, 503)
    assert got.headers["x-correlation-id"]
    assert is_strict(got, house.running.issuer.url)


def test_the_page_is_told_where_people_sign_in(built: str) -> None:
    """The provider, the client and the scope, and nothing else of the configuration; nobody keeps it."""
    got = get(built, "/signin.json")
    told = {"issuer": PROVIDER.issuer, "clientId": "colonnade-pages", "scope": "openid"}
    assert (got.status, json.loads(got.text)) == (200, told)
    assert got.headers["cache-control"] == "no-store"
    assert is_strict(got)
