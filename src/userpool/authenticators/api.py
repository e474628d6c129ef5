"""What makes passkeys and signs with them: a security key, a platform's own store, a double in a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Authenticator(Protocol):
    """Makes passkeys, and signs with them.

    Both methods take the options as the service gave them and return the credential, each as plain JSON in
    the form of browsers: `PublicKeyCredential.parseCreationOptionsFromJSON`, `parseRequestOptionsFromJSON`
    and `toJSON` (WebAuthn level 3, section 5.1). They may block for as long as a person takes to touch a key;
    `AsyncUserPool` and `AsyncUser` call them in a thread. They raise `AuthenticatorError`.

    An authenticator stands for the browser too: it puts the origin into `clientDataJSON`, and refuses a
    relying party that the origin does not belong to.
    """

    def create(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make a passkey. `options` are those of `start_web_authn_registration`."""
        ...

    def get(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Sign with a passkey. `options` are those of `PasskeyRequired`."""
        ...
