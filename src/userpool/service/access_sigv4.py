"""Who may call administrators' operations: whoever signs with one of this service's admin keys.

The signature is checked by rebuilding what was signed (`userpool.protocol.sigv4`). Development mode and
callers in the same process are not asked to sign.
"""

from __future__ import annotations

from userpool.protocol import sigv4
from userpool.protocol.errors import AccessDeniedException, error_class
from userpool.protocol.http import Request

from .context import Settings
from .keyfile import KeySet
from .ports import Clock

_SERVICE = "cognito-idp"


class AdminAccess:
    """The door to administrators' operations.

    Args:
        keys: the access keys; revoked ones are as good as unknown.
        settings: the region that signatures must name, and whether they are asked for at all.
        clock: for the window around the time of signing, on true time.
    """

    def __init__(self, keys: KeySet, settings: Settings, clock: Clock) -> None:
        self._keys = keys
        self._settings = settings
        self._clock = clock

    def authorise(self, request: Request, operation: str) -> None:
        """Let a request pass that calls the operation of this name.

        Raises:
            ServiceError: with the code that AWS answers to a signature that is missing, stale or wrong.
            AccessDeniedException: the signature is right, but its key is not for this operation.
        """
        if self._settings.development or not self._settings.signed_admin:
            return
        try:
            access_key_id = sigv4.verify(
                request,
                secret_for=self._secret,
                region=self._settings.region,
                service=_SERVICE,
                now=self._clock.true(),
            )
        except sigv4.SigV4Error as error:
            raise error_class(error.code)(error.message) from None
        key = self._keys.admin_key(access_key_id)
        if key is None or not key.allows(operation):
            raise AccessDeniedException(f"The access key {access_key_id} may not call {operation}.")

    def _secret(self, access_key_id: str) -> str | None:
        key = self._keys.admin_key(access_key_id)
        return None if key is None else key.secret
