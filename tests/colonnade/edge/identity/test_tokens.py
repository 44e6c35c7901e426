"""Forged, stale and confused tokens at the graph's own door: all refused in one way, and every good one let in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm

from colonnade.demo import configure
from colonnade.http import create
from colonnade.settings import Settings
from colonnade.wiring import Application
from demo.emulator import serve
from demo.systems import Bound, Silent
from tests.colonnade.edge.identity.provider import (
    AUDIENCE,
    CLIENT,
    SUBJECT,
    Provider,
    edwards,
    elliptic,
    public,
    signed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.colonnade.edge.identity.provider import Settable

QUERY = {"query": "{ __typename }"}
ANSWER = {"data": {"__typename": "Query"}}
SAID = {
    "message": "this needs a caller that can be told who it is",
    "extensions": {"code": "UNAUTHENTICATED", "retryable": False, "correlationId": "forged"},
}
MOST = 8192
STRONG, WEAK = (rsa.generate_private_key(public_exponent=65537, key_size=bits) for bits in (2048, 1024))
EC384, EC521, ED, STRANGER, PRIVATE = elliptic(ec.SECP384R1), elliptic(ec.SECP521R1), edwards(), elliptic(), elliptic()
SECRET = b"a symmetric key of thirty-two bytes or more"


def b64(data: bytes | object) -> str:
    """Write as a token does."""
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def hs(idp: Provider, key: bytes, name: str = "HS256", **headers: Any) -> str:
    """Sign good claims with a symmetric key, whichever it is."""
    text = f"{b64({'alg': name, 'kid': 'one', **headers})}.{b64(idp.claims())}"
    return f"{text}.{b64(hmac.new(key, text.encode(), getattr(hashlib, f'sha{name[2:]}')).digest())}"


def unsigned(idp: Provider, name: str) -> str:
    """Return good claims that nobody signed."""
    return f"{b64({'alg': name, 'kid': 'one'})}.{b64(idp.claims())}."


def padded(idp: Provider, more: int) -> str:
    """Return a good token of the greatest length, and so many letters more."""
    for letters in range(5_000, 7_000):
        token = idp.token(padding="x" * letters)
        if len(token) > MOST - 4 + more:
            return token
    raise AssertionError


class Graph(NamedTuple):
    """A graph behind the provider's door."""

    idp: Provider
    url: str
    http: httpx.Client

    def ask(self, *shown: str, more: Mapping[str, str] | None = None) -> httpx.Response:
        """Ask as whoever shows these Authorization headers."""
        headers = [
            ("X-Correlation-ID", "forged"),
            *(("Authorization", value) for value in shown),
            *(more or {}).items(),
        ]
        return self.http.post(self.url, json=QUERY, headers=headers)


@pytest.fixture(scope="module")
def graph(running_idp: Provider, clock: Settable, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    """A graph over nothing; its provider shows a key of every kind, and several that nobody should use."""
    folder: Path = tmp_path_factory.mktemp("graph")
    running_idp.forget()
    running_idp.shown += [
        public(STRONG, "rsa"),
        public(STRONG, "pss", alg="PS256"),
        public(EC384, "p384"),
        public(ED, "ed"),
        public(EC521, "p521"),
        public(WEAK, "weak"),
        public(STRANGER, "one"),
        public(STRANGER, "enc", use="enc"),
        public(STRANGER, "ops", key_ops=["sign"]),
        public(STRANGER, "confused", alg="RS256"),
        {**ECAlgorithm.to_jwk(PRIVATE, as_dict=True), "kid": "private"},
        {"kty": "oct", "k": b64(SECRET), "kid": "oct", "alg": "HS256"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "broken"},
    ]
    nowhere = Bound("psa", "kantata", "http://127.0.0.1:9", {"token": "t"}, {}, Silent())
    settings = Settings.read(configure(folder, [nowhere], running_idp.url))
    application = Application(settings, clock, role="api")
    with serve(create(application)) as server, httpx.Client(trust_env=False) as http:
        yield Graph(running_idp, f"{server.url}/graphql", http)


def good(idp: Provider) -> dict[str, str]:
    """Return tokens that prove somebody."""
    now = int(idp.claims()["nbf"])
    return {
        "ES256": idp.token(),
        "RS256 by default": signed(idp.claims(), STRONG, "RS256", {"kid": "rsa"}),
        "PS256 as the key says": signed(idp.claims(), STRONG, "PS256", {"kid": "pss"}),
        "ES384": signed(idp.claims(), EC384, "ES384", {"kid": "p384"}),
        "EdDSA": signed(idp.claims(), ED, "EdDSA", {"kid": "ed"}),
        "a list of audiences": idp.token(aud=["other", AUDIENCE]),
        "expired within the leeway": idp.token(exp=now - 59),
        "not valid yet, within the leeway": idp.token(nbf=now + 59),
        "times with a fraction": idp.token(nbf=now - 0.5, exp=now + 0.5),
        "a subject beyond ASCII": idp.token(sub="Zoë Müller"),
        "the longest subject": idp.token(sub="x" * 255),
        "another type": idp.token({"typ": "at+jwt"}),
        "a header of the provider's own": idp.token({"x-own": 1}),
        "the greatest length": padded(idp, 0),
    }


def stale(idp: Provider) -> dict[str, str]:
    """Return tokens that the provider did sign, but not for this graph, now, in these words."""
    now = int(idp.claims()["nbf"])
    return {
        **{f"without {name}": idp.token(**{name: None}) for name in ("iss", "aud", "exp", "nbf", "sub")},
        "another audience": idp.token(aud="another"),
        "other audiences": idp.token(aud=["another", CLIENT]),
        "the page's own token": idp.token(aud=CLIENT),
        "an audience that is none": idp.token(aud={"colonnade": 1}),
        "another issuer": idp.token(iss="https://login.example.com"),
        "the issuer with a slash": idp.token(iss=f"{idp.url}/"),
        "a list of issuers": idp.token(iss=[idp.url]),
        "expired": idp.token(exp=now - 61),
        "not valid yet": idp.token(nbf=now + 61),
        "expires in words": idp.token(exp=str(now + 600)),
        "expires in truth": idp.token(exp=True),
        "expires never": idp.token(exp=float("inf")),
        "expires at no number": idp.token(exp=float("nan")),
        "begins at no number": idp.token(nbf=float("nan")),
        "begins in truth": idp.token(nbf=True),
        "begins in a list": idp.token(nbf=[now]),
        "a subject that is a number": idp.token(sub=10022),
        "no subject": idp.token(sub=""),
        "a subject that is too long": idp.token(sub="x" * 256),
        "a subject of two lines": idp.token(sub="northbeam.10022\nauditor"),
        "a subject that is a service key": idp.token(sub="key:night"),
        "a list": signed([idp.claims()], idp.key, "ES256", {"kid": "one"}),
        "no JSON": signed(b"{", idp.key, "ES256", {"kid": "one"}),
        "no UTF-8": signed(b"\xff", idp.key, "ES256", {"kid": "one"}),
        "nested without end": signed(b"[" * 5_000, idp.key, "ES256", {"kid": "one"}),
        "one letter too long": padded(idp, 4),
    }


def forged(idp: Provider) -> dict[str, str]:
    """Return tokens that the provider did not sign, or not by the way its key says."""
    token, pem = idp.token(), idp.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header, payload, signature = token.split(".")
    attacker = public(STRANGER, "mine")
    by_stranger: dict[str, dict[str, Any]] = {
        "jwk": {"jwk": attacker},
        "jku": {"jku": "http://127.0.0.1:9/jwks"},
        "x5u": {"x5u": "http://x"},
    }
    by_stranger |= {"x5c": {"x5c": [b64(b"certificate")]}, "its own": {}}
    forgeries = {
        "garbage": "x.y.z",
        "two parts": f"{header}.{payload}",
        "five parts": f"{token}.a.b",
        "tampered": f"{header}.{b64(idp.claims(sub='root'))}.{signature}",
        "signature cut": f"{header}.{payload}.",
        "signature flipped": f"{header}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
        "signature of another": f"{header}.{payload}.{idp.token(sub='other').split('.')[2]}",
        "sixteen kilobytes": "a" * 16_000,
        "HS256 with the public key": hs(idp, pem),
        "HS512 with the public key": hs(idp, pem, "HS512"),
        "HS256 with the JWK": hs(idp, json.dumps(idp.shown[0]).encode()),
        "HS256 with nothing": hs(idp, b""),
        "HS256 with 'secret'": hs(idp, b"secret"),
        "a path for a key id": hs(idp, b"", kid="../../../../dev/null"),
        "SQL for a key id": hs(idp, b"k", kid="x' UNION SELECT 'k'--"),
        "a symmetric key that is shown": hs(idp, SECRET, kid="oct"),
        "an embedded symmetric key": hs(idp, b"k", jwk={"kty": "oct", "k": b64(b"k")}),
        "no key id": signed(idp.claims(), idp.key, "ES256", {}),
        "a key id that is a number": f"{b64({'alg': 'ES256', 'kid': 1})}.{payload}.{signature}",
        "an unknown key id": signed(idp.claims(), idp.key, "ES256", {"kid": "two"}),
        "no algorithm": f"{b64({'kid': 'one'})}.{payload}.{signature}",
        "an RSA key under ES256": f"{b64({'alg': 'ES256', 'kid': 'rsa'})}.{payload}.{signature}",
        "an EC key under RS256": f"{b64({'alg': 'RS256', 'kid': 'one'})}.{payload}.{signature}",
        "PS256 by a key for RS256": signed(idp.claims(), STRONG, "PS256", {"kid": "rsa"}),
        "RS256 by a key for PS256": signed(idp.claims(), STRONG, "RS256", {"kid": "pss"}),
        "a weak key": signed(idp.claims(), WEAK, "RS256", {"kid": "weak"}),
        "a curve that is not used": signed(idp.claims(), EC521, "ES512", {"kid": "p521"}),
        "a key for encryption": signed(idp.claims(), STRANGER, "ES256", {"kid": "enc"}),
        "a key for signing alone": signed(idp.claims(), STRANGER, "ES256", {"kid": "ops"}),
        "a key of a confused kind": signed(idp.claims(), STRANGER, "ES256", {"kid": "confused"}),
        "a private key in public": signed(idp.claims(), PRIVATE, "ES256", {"kid": "private"}),
        "a broken key": signed(idp.claims(), STRANGER, "ES256", {"kid": "broken"}),
        "critical and unknown": _critical(idp, {"crit": ["x"], "x": 1}),
        "critical and known": _critical(idp, {"crit": ["exp"], "exp": 1}),
        "critical and known to the library": _critical(idp, {"crit": ["b64"], "b64": True}),
        "critical and nothing": _critical(idp, {"crit": []}),
        "a payload that is not encoded": _critical(idp, {"crit": ["b64"], "b64": False}),
    }
    forgeries |= {f"alg {name}": unsigned(idp, name) for name in ("none", "NoNe", "NONE", "")}
    forgeries |= {
        f"a stranger's signature: {name}": signed(idp.claims(), STRANGER, "ES256", {"kid": "one", **headers})
        for name, headers in by_stranger.items()
    }
    return forgeries | {"an embedded key by its own id": _by_its_own(idp, attacker)}


def _critical(idp: Provider, headers: dict[str, Any]) -> str:
    """Sign under a header that the library itself would not write."""
    text = f"{b64({'alg': 'ES256', 'kid': 'one', **headers})}.{b64(idp.claims())}"
    return f"{text}.{b64(ECAlgorithm(ECAlgorithm.SHA256, ec.SECP256R1).sign(text.encode(), idp.key))}"


def _by_its_own(idp: Provider, attacker: dict[str, Any]) -> str:
    return signed(idp.claims(), STRANGER, "ES256", {"kid": "mine", "jwk": attacker})


def headers_that_prove_nothing(idp: Provider) -> dict[str, list[str]]:
    """Return what stands around a good token and makes it none."""
    token = idp.token()
    return {
        "no scheme": [token],
        "another scheme": [f"Basic {token}"],
        "a scheme alone": ["Bearer"],
        "twice": [f"Bearer {token}"] * 2,
        "with another beside": [f"Bearer {token}", "Basic YTpi"],
        "two that a proxy made one": [f"Bearer {token}, Bearer {token}"],
        "two in one": [f"Bearer {token} {token}"],
        "quoted": [f'Bearer "{token}"'],
        "padded": [f"Bearer {token}="],
        "a service key that is none": ["Bearer ck_0123456789abcdef_" + "A" * 43],
        "half a service key": ["Bearer ck_0123456789abcdef"],
    }


def test_forged_and_stale_tokens(graph: Graph) -> None:
    """Each is refused with the very same answer, whatever is wrong with it; the good ones read data."""
    idp = graph.idp
    accepted = {name: graph.ask(f"Bearer {token}") for name, token in good(idp).items()}
    assert [name for name, answer in accepted.items() if (answer.status_code, answer.json()) != (200, ANSWER)] == []
    shown = {name: [f"Bearer {token}"] for name, token in (stale(idp) | forged(idp)).items()}
    shown |= headers_that_prove_nothing(idp)
    answers = {name: graph.ask(*values) for name, values in shown.items()}
    answers["a user who speaks for another"] = graph.ask(f"Bearer {idp.token()}", more={"On-Behalf-Of": "x"})
    answers["nobody who speaks for another"] = graph.ask(more={"On-Behalf-Of": SUBJECT})
    told = {name: (answer.status_code, answer.json(), *_headers(answer)) for name, answer in answers.items()}
    expected = (401, {"errors": [SAID]}, "Bearer")
    assert {name: said for name, said in told.items() if said[:3] != expected} == {}
    assert len({str(said) for said in told.values()}) == 1
    print(f"identity: {len(answers)} forged or stale refused, {len(accepted)} good accepted")  # noqa: T201


def _headers(answer: httpx.Response) -> tuple[str, list[str]]:
    return answer.headers.get("www-authenticate", ""), sorted(answer.headers)


def test_who_shows_nothing_gets_nothing(graph: Graph) -> None:
    """Without a token nothing is executed, and what to do is said."""
    answer = graph.ask()
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["UNAUTHENTICATED"]
    assert "data" not in answer.json()


def test_a_token_ends_while_it_is_remembered(graph: Graph, clock: Settable) -> None:
    """A token that was let in a moment ago is refused once its time and the leeway have passed."""
    token = graph.idp.token(exp=int(clock.now().timestamp()) + 5)
    assert graph.ask(f"Bearer {token}").status_code == 200
    clock.wait(64)
    assert graph.ask(f"bearer {token}").status_code == 200
    clock.wait(2)
    assert graph.ask(f"Bearer {token}").status_code == 401
