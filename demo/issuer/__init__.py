"""The firm's identity provider: a small, real OpenID Connect issuer where anybody may be any persona. Loopback only.

GET  /.well-known/openid-configuration   where everything is
GET  /jwks                               the public key
GET  /authorize                          a page that asks whom to be
POST /authorize                          back to the graph's page with a code
POST /token                              an access token for the code and its PKCE verifier
"""

from demo.issuer.personas import GROUPS, PERSONAS, Persona
from demo.issuer.service import Issuer, issuer
from demo.issuer.tokens import AUDIENCE, CLIENT

__all__ = ["AUDIENCE", "CLIENT", "GROUPS", "PERSONAS", "Issuer", "Persona", "issuer"]
