"""What a page asks of the issuer: judged by OAuth 2.1 before anybody is shown anything."""

import base64
import hashlib
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

from demo.issuer.tokens import CLIENT

# The pages of the graph that people sign in from.
PAGES: Final = ("/", "/desk", "/graphiql")
CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
LONGEST: Final = 8 * 1024
FIELDS: Final = 20


class Refused(Exception):
    """A request that is no right one: its OAuth error, and what to tell a developer."""

    def __init__(self, error: str, why: str) -> None:
        super().__init__(why)
        self.error = error


class Asked(NamedTuple):
    """A request that may be answered."""

    redirect: str
    challenge: str
    openid: bool
    state: str | None
    nonce: str | None

    def back(self, **answer: str) -> str:
        """Return the page's address with an answer."""
        return back(self.redirect, self.state, **answer)


def back(redirect: str, state: str | None, **answer: str) -> str:
    """Return an address to go back to."""
    return f"{redirect}?{urlencode(answer | ({} if state is None else {'state': state}))}"


def fields(text: str | bytes) -> dict[str, str]:
    """Return a query's or form's fields; each may stand there once (RFC 6749, 3.1)."""
    try:
        said = text if isinstance(text, str) else text.decode()
        pairs = parse_qsl(said, keep_blank_values=True, max_num_fields=FIELDS)
    except ValueError as error:
        raise Refused("invalid_request", "this is no form") from error
    if len(dict(pairs)) != len(pairs):
        raise Refused("invalid_request", "the request says something twice")
    return dict(pairs)


def destination(said: Mapping[str, str], origins: Collection[str]) -> str:
    """Return where the answer may go; it goes nowhere else, not even a refusal."""
    if said.get("client_id") != CLIENT:
        raise Refused("unauthorized_client", "this client is not known here")
    if (redirect := said.get("redirect_uri", "")) not in [origin + page for origin in origins for page in PAGES]:
        raise Refused("invalid_request", "this redirect_uri is not registered")
    return redirect


def judged(said: Mapping[str, str], redirect: str) -> Asked:
    """Return what is asked for, or raise Refused."""
    if said.get("response_type") != "code":
        raise Refused("unsupported_response_type", "response_type must be code")
    challenge = said.get("code_challenge", "")
    if said.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(challenge):
        raise Refused("invalid_request", "PKCE is required, by S256")
    openid = "openid" in said.get("scope", "").split(" ")
    return Asked(redirect, challenge, openid, said.get("state"), said.get("nonce"))


def proves(verifier: str, challenge: str) -> bool:
    """Tell whether who shows this is who sent the challenge (RFC 7636, 4.6)."""
    hashed = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return VERIFIER.fullmatch(verifier) is not None and secrets.compare_digest(hashed, challenge.encode())


def hidden(said: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """Return what the page's form sends again with the choice."""
    return [(name, value) for name, value in said.items() if name != "persona"]
