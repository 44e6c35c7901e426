"""Forged, stale and confused tokens at the running demo's door: none opens it, and the good ones do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt
import pytest

from demo.issuer import PERSONAS
from demo.systems import HTTP
from tests.conformance.forging import forgeries, stale

if TYPE_CHECKING:
    from collections.abc import Callable

    from colonnade.demo import Running

pytestmark = pytest.mark.conformance

QUERY = {"query": "{ systems { name } }"}


def opens(demo: Running, *shown: str) -> bool:
    """Tell whether these Authorization headers open the graph; what is refused is refused with 401 and in one way."""
    headers = [("Authorization", value) for value in shown]
    response = HTTP.post(demo.url, json=QUERY, headers=headers)
    said = response.json()
    if response.status_code == 200:
        return said.get("data") is not None
    assert response.status_code == 401
    assert "data" not in said
    assert [error["extensions"]["code"] for error in said["errors"]] == ["UNAUTHENTICATED"]
    return False


def test_no_forged_token_opens(demo: Running, tell: Callable[[object], None]) -> None:
    """What was not signed by the issuer for this graph, for now and for somebody, opens nothing."""
    good = demo.issuer.token("auditor")
    (jwk,) = HTTP.get(f"{demo.issuer.url}/jwks").json()["keys"]
    head, claims = jwt.get_unverified_header(good), jwt.decode(good, options={"verify_signature": False})
    signer = demo.issuer._signer  # noqa: SLF001  only the issuer's own key can sign what is stale
    tokens = {**forgeries(good, jwk), **stale(head, claims, signer._key)}  # noqa: SLF001
    tried = {name: [f"Bearer {token}"] for name, token in tokens.items()}
    tried |= {
        "none": ["Bearer"],
        "twice": [f"Bearer {good}"] * 2,
        "Basic": [f"Basic {good}"],
        "two in one": [f"Bearer {good}, Bearer {good}"],
    }
    opened = [name for name, shown in tried.items() if opens(demo, *shown)]
    tell(f"FIGURE tokens {len(tried) - len(opened)} of {len(tried)} forged, stale or confused ones refused")
    assert opened == []
    assert opens(demo, f"Bearer {good}")


@pytest.mark.parametrize("persona", PERSONAS)
def test_every_persona_is_let_in(demo: Running, persona: str) -> None:
    """A token of the issuer is taken, whoever shows it: what they may ask is another question."""
    response = HTTP.post(demo.url, json=QUERY, headers={"Authorization": f"Bearer {demo.issuer.token(persona)}"})
    assert response.status_code != 401
