"""The client's conversations with the service, one file each: generators that yield effects and return data.

A flow is given a configuration and arguments, and holds nothing else. `userpool.transports.drive` runs it; a
test can run it by hand with `next` and `send`. A module of this package is loaded when it is first named:
`flows.sign_up.confirm_sign_up(…)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from . import admin as admin
    from . import devices as devices
    from . import feedback as feedback
    from . import machine as machine
    from . import mfa as mfa
    from . import passkeys as passkeys
    from . import password as password
    from . import profile as profile
    from . import refresh as refresh
    from . import respond as respond
    from . import sign_in as sign_in
    from . import sign_out as sign_out
    from . import sign_up as sign_up
    from . import user_sessions as user_sessions

_CONVERSATIONS = frozenset(
    {
        "admin",
        "devices",
        "feedback",
        "machine",
        "mfa",
        "passkeys",
        "password",
        "profile",
        "refresh",
        "respond",
        "sign_in",
        "sign_out",
        "sign_up",
        "user_sessions",
    }
)


def __getattr__(name: str) -> ModuleType:
    if name not in _CONVERSATIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return import_module(f".{name}", __name__)
