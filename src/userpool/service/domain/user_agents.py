"""What a program calls itself, in a few words: `Firefox on Linux`.

It is for a user's eyes, who looks for the session that is not hers. A program can call itself anything, so
nothing is decided by it.
"""

from __future__ import annotations

import re

_LOOKED_AT = 1024
_SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("macOS", "macOS"),
    ("Linux", "Linux"),
)
# Most browsers call themselves by several names: the first of these that is there says the most.
_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_PRODUCT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,62}")


def device_type(user_agent: str) -> str | None:
    """A short description by a `User-Agent`; `None` where it tells nothing."""
    text = user_agent[:_LOOKED_AT]
    product = _PRODUCT.match(text)
    name = _first(text, _BROWSERS) or (product.group() if product else None)
    system = _first(text, _SYSTEMS)
    if name is None:
        return system
    return name if system is None else f"{name} on {system}"


def _first(text: str, known: tuple[tuple[str, str], ...]) -> str | None:
    return next((name for sign, name in known if sign in text), None)
