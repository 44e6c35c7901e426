"""Somebody who asks the running graph, and what the node programs are told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from demo.systems import HTTP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colonnade.demo import Running


class Caller(msgspec.Struct, frozen=True):
    """The address of a graph, and the headers by which somebody is known there."""

    url: str
    headers: dict[str, str] = {}

    @classmethod
    def signed(cls, demo: Running, persona: str) -> Caller:
        """Sign in as a persona of the demo."""
        return cls(demo.url, {"Authorization": f"Bearer {demo.issuer.token(persona)}"})

    def through(self, router: Mapping[str, str]) -> Caller:
        """Return the same, asking through a supergraph's router."""
        return Caller(self.url, {**self.headers, **router})

    def ask(self, query: str, variables: Mapping[str, Any] | None = None) -> Any:
        """Ask by POST and return the whole answer."""
        body = {"query": query, "variables": variables or {}}
        return HTTP.post(self.url, json=body, headers=self.headers, timeout=60).json()
