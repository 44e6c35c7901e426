"""The issuer's page: plain HTML for any browser and any screen reader, under a policy that lets nothing in."""

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from typing import Final

from demo.issuer.personas import PERSONAS

STYLE: Final = """
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif }
body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem }
ul { list-style: none; padding: 0; columns: 2 }
li { break-inside: avoid; padding-bottom: .5rem }
button { width: 100%; padding: .6rem .9rem; text-align: start; font: inherit; cursor: pointer }
button b { display: block }
"""
DIGEST: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEAD: Final = f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign in to Northbeam Advisory</title><style>{STYLE}</style></head>
<body><main>
"""
TAIL: Final = "</main></body></html>\n"


def headers(*targets: str) -> dict[str, str]:
    """Return what keeps a page to itself; its form may lead to itself and, redirected, to these origins."""
    policy = {
        "default-src": "'none'",
        "style-src": f"'sha256-{DIGEST}'",
        "base-uri": "'none'",
        "form-action": " ".join(["'self'", *targets]),
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{what} {whence}" for what, whence in policy.items()),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def choice(hidden: Sequence[tuple[str, str]]) -> str:
    """Return the page that asks whom to be."""
    kept = "".join(f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">\n' for name, value in hidden)
    buttons = "".join(
        f'<li><button name="persona" value="{name}"><b>{name}</b> {escape(persona.person)}</button></li>\n'
        for name, persona in PERSONAS.items()
    )
    return f"""{HEAD}<h1>Sign in to Northbeam Advisory</h1>
<p>The firm does not exist, and neither do its people: whom you choose decides what you may read.</p>
<form method="post" action="/authorize">
{kept}<ul>
{buttons}</ul>
</form>
{TAIL}"""


def refusal(why: str) -> str:
    """Return the page that says why there is no choice."""
    return f"{HEAD}<h1>You cannot sign in from there</h1>\n<p>{escape(why)}</p>\n{TAIL}"
