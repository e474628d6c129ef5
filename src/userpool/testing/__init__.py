"""For tests of your own code: doubles, and kits that hold what you write to its protocol.

SoftwareAuthenticator   makes passkeys without a browser or a key (`userpool.testing.authenticator`)
ScriptedTransport       answers from a script (`userpool.testing.scripted`)
StorageKit              tests a storage of yours (`userpool.testing.storage_kit`)
TransportKit            tests a transport of yours (`userpool.testing.transport_kit`)

Nothing is loaded before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .authenticator import Misbehaviour as Misbehaviour
    from .authenticator import SoftwareAuthenticator as SoftwareAuthenticator
    from .authenticator import SoftwareCredential as SoftwareCredential

_HOMES = {
    "Misbehaviour": "authenticator",
    "SoftwareAuthenticator": "authenticator",
    "SoftwareCredential": "authenticator",
}

__all__ = ["Misbehaviour", "SoftwareAuthenticator", "SoftwareCredential"]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
