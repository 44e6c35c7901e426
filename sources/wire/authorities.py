"""Whose certificates are believed."""

from __future__ import annotations

import ssl
from functools import cache

import certifi


@cache
def authorities() -> ssl.SSLContext:
    """Read the certificate authorities once for all bindings: it takes longer than most calls."""
    return ssl.create_default_context(cafile=certifi.where())
