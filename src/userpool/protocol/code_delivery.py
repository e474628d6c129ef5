"""Where a code went: part of many answers, those of calls that know no challenge among them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CodeDelivery:
    """Where a code went."""

    medium: str
    """`SMS` or `EMAIL`."""
    destination: str
    """The address as Cognito shows it, with stars; empty where it was not told."""
    attribute: str | None = None
    """The attribute that holds the address, where it was told."""
