"""How a sign-in ends well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from userpool.flows.grant import NewDevice
    from userpool.protocol.errors import StorageError, UserPoolError

U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class SignedIn(Generic[U]):
    """The user is signed in. `user` is a `User`, or an `AsyncUser` on an `AsyncUserPool`."""

    user: U
    new_device: NewDevice | None = None
    """Set where the pool tracks devices and has not seen this one: whether it is confirmed, and whether the
    user is to be asked (`user_confirmation_necessary`).
    """
    device_forgotten: bool = False
    """The pool did not know this machine's device any more, and its data is gone. Said by the step in which
    that came out: where it was another one, the challenge that followed has no `device_key`.
    """


@dataclass(frozen=True, slots=True)
class SignOutResult:
    """What a sign-out came to. In this process the tokens are gone in any case."""

    revoked: bool
    """Whether the service knows: the refresh token and what came of it are dead."""
    error: UserPoolError | None = None
    """Why the service did not do all of it, where it did not agree or could not be reached."""
    everywhere: bool | None = None
    """Whether the service has ended every other sign-in of the user too; `None` where it was not asked to."""
    forgotten: bool = True
    """Whether the storage has let go of the tokens."""
    storage_error: StorageError | None = None
    """Why not; `pool.remove_user` tries again."""
