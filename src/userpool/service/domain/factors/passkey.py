"""Passkeys as factors: who may have and use them, when one counts for two, and what their use changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from userpool.protocol.enums import ChallengeNameType
from userpool.protocol.errors import (
    InvalidParameterException,
    LimitExceededException,
    WebAuthnConfigurationMissingException,
    WebAuthnNotEnabledException,
)

from ..attributes import is_verified
from ..ceremony import AuthenticatorData
from ..existence import Keyed
from ..records import Passkey, User, UserStatus
from ..schema import VERIFIED_FLAGS
from ..settings import MfaMode, PoolSettings
from .choices import ADDRESS
from .first import check_state
from .second import Ask, has_second_factor, second_factor

FACTOR = ChallengeNameType.WEB_AUTHN
"""Its name among the first factors, and among the methods that a user switched on."""

MAX_PASSKEYS = 20
"""Of one user."""


def relying_party(settings: PoolSettings) -> str:
    """The relying party of a pool that has passkeys.

    Raises:
        WebAuthnNotEnabledException: passkeys are no first factor of this pool.
        WebAuthnConfigurationMissingException: nobody said for which domain they are.
    """
    if FACTOR not in settings.first_factors:
        raise WebAuthnNotEnabledException(
            "Passkeys are not enabled for this user pool: AllowedFirstAuthFactors has no WEB_AUTHN."
        )
    if settings.rp_id is None:
        raise WebAuthnConfigurationMissingException(
            "This user pool has no relying party: WebAuthnConfiguration.RelyingPartyId is not set."
        )
    return settings.rp_id


def usable(settings: PoolSettings, passkeys: Sequence[Passkey]) -> tuple[Passkey, ...]:
    """Those passkeys that were made for the pool's relying party of today."""
    if FACTOR not in settings.first_factors:
        return ()
    return tuple(one for one in passkeys if one.rp_id == settings.rp_id)


def is_offered(settings: PoolSettings, user: User, passkeys: Sequence[Passkey]) -> bool:
    """Whether a user may sign in with one of these passkeys, as Cognito's table of passwordless sign-in and
    MFA has it: where no second factor is due, or where the passkey counts for both.
    """
    if user.status is UserStatus.FORCE_CHANGE_PASSWORD or not usable(settings, passkeys):
        return False
    if counts_twice(settings, user):
        return True
    return settings.mfa is not MfaMode.ON and not has_second_factor(settings, user)


def counts_twice(settings: PoolSettings, user: User) -> bool:
    """Whether this user's passkeys count as first and second factor at once, if they verify their user."""
    return settings.mfa is not MfaMode.OFF and settings.passkeys_count_twice and FACTOR in user.mfa_enabled


def needs_verification(settings: PoolSettings, user: User) -> bool:
    """Whether this user's passkeys have to verify their user, by a PIN or a finger."""
    return settings.passkeys_verify_user or counts_twice(settings, user)


def after_passkey(settings: PoolSettings, user: User, *, verified: bool) -> Ask | None:
    """What comes after a right answer of a passkey; `None` when nothing is left to ask.

    Args:
        settings: of the pool, as they are now.
        user: as stored now.
        verified: whether the passkey verified its user.

    Raises:
        NotAuthorizedException, UserNotConfirmedException, PasswordResetRequiredException: the user may not
            sign in as things are.
    """
    check_state(user)
    if user.status is UserStatus.FORCE_CHANGE_PASSWORD:
        return Ask(ChallengeNameType.NEW_PASSWORD_REQUIRED)
    if verified and counts_twice(settings, user):
        return None
    return second_factor(settings, user)


def used(passkey: Passkey, told: AuthenticatorData) -> Passkey | None:
    """A passkey after its use; `None` when it cannot be the one that was registered.

    A counter that does not grow tells of a copy (WebAuthn level 3, section 6.1.1), and whether a passkey can
    be backed up never changes (section 6.1.3).

    Args:
        passkey: as stored now.
        told: what the authenticator says.
    """
    if (told.sign_count or passkey.sign_count) and told.sign_count <= passkey.sign_count:
        return None
    if told.backup_eligible != passkey.backup_eligible:
        return None
    return replace(passkey, sign_count=told.sign_count, backed_up=told.backed_up)


def check_room(passkeys: Sequence[Passkey]) -> None:
    """Refuse one passkey more than a user may have.

    Raises:
        LimitExceededException: there are as many.
    """
    if len(passkeys) >= MAX_PASSKEYS:
        raise LimitExceededException(
            f"A user has at most {MAX_PASSKEYS} passkeys. Delete one that is not needed any more."
        )


def check_removable(settings: PoolSettings, user: User, left: Sequence[Passkey]) -> None:
    """Refuse to delete the last thing that lets a user in.

    Args:
        settings: of the pool.
        user: whose passkey is to go.
        left: the passkeys that stay.

    Raises:
        InvalidParameterException: without it the user could neither sign in nor get a password.
    """
    if user.password is not None or usable(settings, left):
        return
    if any(name in settings.first_factors and user.attributes.get(ADDRESS[name]) for name in ADDRESS):
        return
    recoverable = {f"verified_{name}" for name in VERIFIED_FLAGS if is_verified(user.attributes, name)}
    if recoverable & set(settings.recovery):
        return
    raise InvalidParameterException(
        "This passkey is the only way in: without a password or a verified address the user could not sign "
        "in again. Set a password or register another passkey first."
    )


def seeming(settings: PoolSettings, sub: str, keyed: Keyed) -> tuple[Passkey, ...]:
    """The passkeys that an unknown user seems to have: none or one, the same for ever.

    Were there always none, whoever has a passkey would be known to exist.

    Args:
        settings: of the pool.
        sub: the one that the unknown user seems to have.
        keyed: makes the bytes; nobody else can.
    """
    drawn = keyed("ghost passkey", f"{settings.pool.id}\0{sub}".encode())
    if drawn[0] % 2:
        return ()
    return (
        Passkey(
            pool_id=settings.pool.id,
            sub=sub,
            credential_id=keyed("ghost credential", drawn)[: _ID_BYTES[drawn[1] % len(_ID_BYTES)]],
            public_key=b"",
            sign_count=0,
            friendly_name="",
            rp_id=settings.rp_id or "",
            attachment=None,
            transports=_TRANSPORTS[drawn[2] % len(_TRANSPORTS)],
            aaguid="",
            backup_eligible=True,
            backed_up=True,
            created_at=0.0,
        ),
    )


def with_passkeys(user: User, passkeys: Sequence[Passkey]) -> User:
    """An unknown user who seems to have passkeys: they are switched on, for where they count twice."""
    return replace(user, mfa_enabled=frozenset({FACTOR})) if passkeys else user


_ID_BYTES = (16, 20, 32)
"""How long the ids of the widespread providers are."""
_TRANSPORTS = (("hybrid", "internal"), ("internal", "hybrid"), ("internal",))
