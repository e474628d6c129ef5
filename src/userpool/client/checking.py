"""Verifying what a sign-in or a refresh brought, before anybody relies on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from userpool.flows.config import ClientConfig
from userpool.protocol.effects import Flow

from .held import Held


class Checker:
    """Checks tokens that have just arrived."""

    def check(self, held: Held, *, username: str | None = None) -> Flow[None]:
        """Check that the tokens are this user's."""
        yield from ()


def checker(
    config: ClientConfig, *, verify: bool, jwks: Mapping[str, Any] | None, issuer: str | None
) -> Checker:
    """What checks the tokens of an app client."""
    return Checker()
