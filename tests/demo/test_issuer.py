"""The demo's issuer: a sign-in by authorization code and PKCE, and everything that is refused on the way."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from demo.firm import northbeam
from demo.issuer import AUDIENCE, CLIENT, GROUPS, PERSONAS, Issuer, issuer

if TYPE_CHECKING:
    from collections.abc import Iterator

ORIGIN = "http://127.0.0.1:9"
VERIFIER = "a-verifier-of-forty-three-characters-or-more"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "response_type": "code",
    "client_id": CLIENT,
    "redirect_uri": f"{ORIGIN}/graphiql",
    "state": 'a "state" & <more>',
    "scope": "openid",
    "nonce": "n-1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


class Desk(NamedTuple):
    """The issuer, and a client that follows no redirect."""

    issuer: Issuer
    http: httpx.Client

    def signed_in(self, persona: str = "finance", **other: str) -> dict[str, list[str]]:
        """Choose a persona; return what the page is told in its address."""
        answer = self.http.post("/authorize", data=ASKED | other | {"persona": persona})
        assert answer.status_code == 303
        return parse_qs(urlsplit(answer.headers["location"]).query)

    def redeem(self, code: str, **other: str) -> httpx.Response:
        """Show a code at the token endpoint."""
        form = {"grant_type": "authorization_code", "code": code, "client_id": CLIENT, "code_verifier": VERIFIER}
        return self.http.post("/token", data=form | {"redirect_uri": ASKED["redirect_uri"]} | other)


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """A running issuer that knows one graph."""
    with issuer() as running, httpx.Client(base_url=running.url, trust_env=False) as http:
        running.register(ORIGIN)
        yield Desk(running, http)


def claims(desk: Desk, token: str, audience: str) -> dict[str, Any]:
    """Verify a token with the key that the issuer shows."""
    key = jwt.PyJWK(desk.http.get("/jwks").json()["keys"][0])
    return jwt.decode(token, key, algorithms=["ES256"], audience=audience, issuer=desk.issuer.url)


def test_a_sign_in_from_the_page_to_the_token(desk: Desk) -> None:
    """Choose, go back with code and state, redeem the code: an access token for the persona, and one for the page."""
    page = desk.http.get("/authorize", params=ASKED)
    assert page.status_code == 200
    assert re.findall(r'<button name="persona" value="([^"]+)">', page.text) == list(PERSONAS)
    assert 'name="state" value="a &quot;state&quot; &amp; &lt;more&gt;"' in page.text
    told = desk.signed_in()
    assert (told["state"], told["iss"]) == ([ASKED["state"]], [desk.issuer.url])
    answer = desk.redeem(told["code"][0])
    assert answer.status_code == 200
    content = answer.json()
    assert set(content) == {"access_token", "id_token", "token_type", "expires_in"}
    access = claims(desk, content["access_token"], AUDIENCE)
    assert (access["sub"], access["groups"], access["name"]) == (
        "northbeam.10025",
        ["finance", "nb-uk"],
        "Harriet Inskip",
    )
    assert {"iss", "aud", "sub", "iat", "nbf", "exp", "jti", "groups", "name"} <= access.keys()
    assert jwt.get_unverified_header(content["access_token"])["typ"] == "at+jwt"
    assert claims(desk, content["id_token"], CLIENT)["nonce"] == "n-1"


def test_a_code_is_good_once(desk: Desk) -> None:
    """A second showing gives nothing."""
    (code,) = desk.signed_in()["code"]
    assert desk.redeem(code).status_code == 200
    again = desk.redeem(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "other",
    [
        {"code_verifier": "another-verifier-of-forty-three-characters-x"},
        {"code_verifier": ""},
        {"code_verifier": CHALLENGE},
        {"redirect_uri": f"{ORIGIN}/desk"},
        {"client_id": "another"},
    ],
)
def test_a_code_is_of_no_use_to_another(desk: Desk, other: dict[str, str]) -> None:
    """Another verifier, page or client gets nothing, and has spent the code."""
    (code,) = desk.signed_in()["code"]
    refused = desk.redeem(code, **other)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert desk.redeem(code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "other",
    [
        {"client_id": "another"},
        {"redirect_uri": "https://attacker.example/graphiql"},
        {"redirect_uri": f"{ORIGIN}.attacker.example/graphiql"},
        {"redirect_uri": f"{ORIGIN}/graphiql/../elsewhere"},
        {"redirect_uri": f"{ORIGIN}/graphiql?next=x"},
        {"redirect_uri": "http://127.0.0.1:10/graphiql"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": ""},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_strangers_are_not_answered_at_their_address(desk: Desk, method: str, other: dict[str, str]) -> None:
    """An unknown client or an address that is not registered is told so here, and nobody is sent anywhere."""
    said = ASKED | other | {"persona": "finance"}
    sent = {"params": said} if method == "GET" else {"data": said}
    answer = desk.http.request(method, "/authorize", **sent)  # type: ignore[arg-type]
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"persona": "nobody"}, "access_denied"),
    ],
)
def test_a_page_that_asks_wrongly_is_told_so(desk: Desk, other: dict[str, str], error: str) -> None:
    """Without S256, or for another flow or person, the page gets an error and no code."""
    told = desk.signed_in(**other) if "persona" not in other else desk.signed_in("nobody")
    assert told["error"] == [error]
    assert "code" not in told


def test_a_field_stands_once(desk: Desk) -> None:
    """Two redirect addresses are none: no reading of the form can disagree with another."""
    answer = desk.http.get("/authorize", params=[*ASKED.items(), ("redirect_uri", "https://attacker.example")])
    assert answer.status_code == 400
    assert desk.http.post("/token", content=b"a=" + b"x" * 9_000).json()["error"] == "invalid_request"


def test_the_pages_are_closed(desk: Desk) -> None:
    """The page runs no script, is framed by nobody, posts to itself and the graph alone, and is kept by nobody."""
    headers = desk.http.get("/authorize", params=ASKED).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", policy.pop("style-src"))
    assert policy == {
        "default-src": "'none'",
        "base-uri": "'none'",
        "form-action": f"'self' {ORIGIN}",
        "frame-ancestors": "'none'",
    }
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


@pytest.mark.parametrize("path", ["/token", "/jwks", "/.well-known/openid-configuration"])
def test_only_the_graphs_pages_may_read_answers(desk: Desk, path: str) -> None:
    """CORS opens to the graph's origin and to no other; nothing is kept."""
    method = "POST" if path == "/token" else "GET"
    ours, theirs = (
        desk.http.request(method, path, headers={"Origin": origin}).headers
        for origin in (ORIGIN, "https://attacker.example")
    )
    assert ours["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-origin" not in theirs
    assert (theirs["vary"], theirs["cache-control"]) == ("Origin", "no-store")


def test_the_personas_fit_the_firm() -> None:
    """Each stands for somebody who makes sense in the role, and no two are one."""
    firm = northbeam()
    people = {person.employee_number: person for person in firm.people}
    assert len({persona.subject for persona in PERSONAS.values()}) == len(PERSONAS)
    assert {persona.employee for persona in PERSONAS.values()} - {None} <= set(people)
    assert {group for persona in PERSONAS.values() for group in persona.groups} == set(GROUPS)
    person = {name: people[persona.employee] for name, persona in PERSONAS.items() if persona.employee}
    managed = {one.code for one in firm.engagements if one.manager == person["engagement-manager"].code}
    assert managed == {"ENG-001", "ENG-004", "ENG-011", "ENG-019"}
    assert (person["consultant"].primary, person["consultant"].secondary) == ("ENG-002", "ENG-005")
    assert person["consultant"].role == "CONSULTANT"
    assert person["practice-lead"].code in {practice.leader for practice in firm.practices}
    assert person["time-approver"].code in {entry.approver for entry in firm.time_entries}
    assert PERSONAS["finance"].groups == ("finance", "nb-uk")
    assert PERSONAS["client-contact"].customer == "CUS-07"
    assert (PERSONAS["auditor"].employee, PERSONAS["auditor"].customer) == (None, None)
