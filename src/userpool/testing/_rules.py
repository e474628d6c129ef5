"""What the kits share."""

from __future__ import annotations


def expect(condition: bool, rule: str) -> None:
    """Fail with `rule` where `condition` does not hold, also under `python -O`."""
    if not condition:
        raise AssertionError(rule)
