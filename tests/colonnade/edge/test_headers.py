"""What stands on every answer, and what a foreign page can make a browser do: nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.colonnade.edge.small import small

if TYPE_CHECKING:
    from tests.colonnade.edge.small import Small
    from tests.conftest import House

EVIL = "https://evil.example"
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@pytest.mark.parametrize(
    "path", ["/graphql", "/graphql?query={__typename}", "/livez", "/readyz", "/metrics", "/nothing"]
)
def test_the_headers_of_every_answer(running: House, path: str) -> None:
    """An answer, a refusal, a page that is none: all of them, once each, and no name of the server."""
    response = httpx.get(running.url.removesuffix("/graphql") + path, trust_env=False)
    assert {name: response.headers.get_list(name) for name in HEADERS} == {name: [it] for name, it in HEADERS.items()}
    assert "server" not in response.headers


def test_pages_keep_their_own_policy(running: House) -> None:
    """GraphiQL brings its scripts with it."""
    response = httpx.get(running.url.removesuffix("/graphql") + "/graphiql", trust_env=False)
    (policy,) = response.headers.get_list("content-security-policy")
    assert "script-src 'self'" in policy


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", None]
)
def test_what_a_foreign_form_can_send(graph: Small, kind: str | None) -> None:
    """A browser sends it without asking (a simple request): each is refused, and nothing happens."""
    before = graph.told.executed
    headers = {"Origin": EVIL, "Cookie": "session=open", **({"Content-Type": kind} if kind else {})}
    response = graph.http.post(graph.url, content=b'{"query": "mutation { add }"}', headers=headers)
    assert response.status_code == 415
    response = graph.http.get(graph.url, params={"query": "{ hello }"}, headers={"Origin": EVIL, "Cookie": "a=open"})
    assert response.status_code == 401
    response = graph.http.get(graph.url, params={"query": "mutation { add }"}, headers={"Origin": EVIL})
    assert response.status_code in (401, 405)
    assert graph.told.executed == before
    assert "set-cookie" not in response.headers


def preflight(graph: Small, origin: str) -> httpx.Response:
    """Ask as a browser does before it sends JSON and a token from another origin."""
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    return graph.http.options(graph.url, headers={"Origin": origin, **asked})


def test_closed_to_other_origins(graph: Small) -> None:
    """By default no page of another origin is told that it may ask, or reads an answer."""
    for response in (preflight(graph, EVIL), graph.post({"query": "{ hello }"}, Origin=EVIL)):
        assert [name for name in response.headers if name.startswith("access-control")] == []


def test_open_to_a_named_origin() -> None:
    """A page of the configuration may; no other one, and no cookies."""
    with small(origins=["https://app.example"]) as named:
        allowed = preflight(named, "https://app.example")
        assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, "https://app.example")
        assert "access-control-allow-credentials" not in allowed.headers
        answer = named.post({"query": "{ hello }"}, Origin="https://app.example")
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert "access-control-allow-origin" not in preflight(named, EVIL).headers
        assert "access-control-allow-origin" not in named.post({"query": "{ hello }"}, Origin=EVIL).headers
