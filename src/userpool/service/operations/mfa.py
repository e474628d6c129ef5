"""A user's second factors: SetUserMFAPreference, AssociateSoftwareToken, VerifySoftwareToken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from userpool.protocol import operations as ops
from userpool.protocol import totp as codes
from userpool.protocol.enums import ChallengeNameType, VerifySoftwareTokenResponseType
from userpool.protocol.errors import (
    EnableSoftwareTokenMFAException,
    InvalidParameterException,
    NotAuthorizedException,
    PasswordResetRequiredException,
    SoftwareTokenMFANotFoundException,
    TooManyRequestsException,
    UserNotConfirmedException,
)
from userpool.protocol.shapes import idp

from ..charges import charge_answer, charge_call
from ..context import Call, Caller, Context, handles
from ..domain import lockout
from ..domain.factors import totp
from ..domain.factors.preference import Wish, prefer
from ..domain.factors.second import check_set_up_due
from ..domain.records import User
from ..domain.sessions import MAX_SETUP_ATTEMPTS, Session
from ..domain.settings import MfaMethod, PoolSettings
from ..ports import Reader, Writer
from ..realm import Realm
from ..sessions import new_session, open_session, seal_session, use_up, use_up_in
from ..sign_in import still_good
from ..totp_seeds import open_seed, seal_seed
from .profile import present_user

_STEP = ChallengeNameType.MFA_SETUP


@handles(ops.SET_USER_MFA_PREFERENCE)
def set_user_mfa_preference(
    context: Context, call: Call[idp.SetUserMFAPreferenceRequest]
) -> idp.SetUserMFAPreferenceResponse:
    """Switch the caller's second factors on or off, and say which one is asked for."""
    caller = call.required_caller()
    change = preference(context, call.input)
    context.store.write(
        lambda writer: change(writer, PoolSettings(caller.pool), present_user(writer, caller))
    )
    return idp.SetUserMFAPreferenceResponse()


def preference(
    context: Context, given: idp.SetUserMFAPreferenceRequest | idp.AdminSetUserMFAPreferenceRequest
) -> Callable[[Writer, PoolSettings, User], None]:
    """The change of a user that SetUserMFAPreference asks for, or an administrator; errors as `prefer`."""
    wishes = [
        Wish(method, bool(setting.enabled), bool(setting.preferred_mfa))
        for method, setting in (
            (MfaMethod.SMS, given.sms_mfa_settings),
            (MfaMethod.TOTP, given.software_token_mfa_settings),
            (MfaMethod.EMAIL, given.email_mfa_settings),
        )
        if setting is not None
    ]
    by_passkey = given.web_authn_mfa_settings
    passkey = None if by_passkey is None else bool(by_passkey.enabled)

    def change(writer: Writer, settings: PoolSettings, user: User) -> None:
        updated = prefer(settings, user, wishes, passkey=passkey)
        writer.put_user(replace(updated, modified_at=context.clock.now()))

    return change


@handles(ops.ASSOCIATE_SOFTWARE_TOKEN)
def associate_software_token(
    context: Context, call: Call[idp.AssociateSoftwareTokenRequest]
) -> idp.AssociateSoftwareTokenResponse:
    """Make a seed for an authenticator app, for a signed-in user or in the course of a sign-in."""
    seed = codes.new_secret(context.random(codes.SECRET_BYTES))
    if call.caller is not None:
        _associate(context, call.caller, seed)
        return idp.AssociateSoftwareTokenResponse(secret_code=seed)
    set_up = _open(context, call.input.session)
    use_up(context, set_up.session)
    session = set_up.next_session(context, {"seed": seed})
    return idp.AssociateSoftwareTokenResponse(secret_code=seed, session=session)


def _associate(context: Context, caller: Caller, seed: str) -> None:
    if not PoolSettings(caller.pool).totp_mfa_enabled:
        raise SoftwareTokenMFANotFoundException("Software Token MFA has not been enabled by the userPool")
    sealed = seal_seed(context, caller.user, seed)

    def apply(writer: Writer) -> None:
        user = present_user(writer, caller)
        writer.put_user(replace(user, totp=totp.associated(user.totp, sealed)))

    context.store.write(apply)


@handles(ops.VERIFY_SOFTWARE_TOKEN)
def verify_software_token(
    context: Context, call: Call[idp.VerifySoftwareTokenRequest]
) -> idp.VerifySoftwareTokenResponse:
    """Register an authenticator app that shows a right code."""
    given, success = call.input, VerifySoftwareTokenResponseType.SUCCESS
    if call.caller is not None:
        _verify(context, call.caller, given.user_code, given.friendly_device_name)
        return idp.VerifySoftwareTokenResponse(status=success)
    set_up = _open(context, given.session)
    seed = set_up.session.data.get("seed")
    if seed is None:
        raise InvalidParameterException("Call AssociateSoftwareToken with this session first.")
    charge_answer(context, set_up.session, limit=MAX_SETUP_ATTEMPTS)
    step = _matched(context, seed, given.user_code)
    record = totp.registered(seal_seed(context, set_up.user, seed), step, given.friendly_device_name)

    def apply(writer: Writer) -> None:
        use_up_in(context, writer, set_up.session)
        user = still_good(set_up.session, writer.user(set_up.user.pool_id, set_up.user.sub))
        check_set_up_due(set_up.realm.settings, user)
        # Set up because a sign-in asked for it: the next one asks for its code.
        enabled = user.mfa_enabled | {MfaMethod.TOTP}
        writer.put_user(replace(user, totp=record, mfa_enabled=enabled, modified_at=context.clock.now()))

    context.store.write(apply)
    session = set_up.next_session(context, {"verified": "yes"})
    return idp.VerifySoftwareTokenResponse(status=success, session=session)


def _verify(context: Context, caller: Caller, code: str, friendly_name: str | None) -> None:
    user = caller.user
    if user.totp is None or user.totp.pending is None:
        raise SoftwareTokenMFANotFoundException(
            "Call AssociateSoftwareToken first: there is no app to verify."
        )
    pending = user.totp.pending
    charge_call(context, lockout.VERIFY_TOTP, user.pool_id, user.sub, TooManyRequestsException)
    record = totp.registered(
        pending, _matched(context, open_seed(context, user, pending), code), friendly_name
    )

    def apply(writer: Writer) -> None:
        present = present_user(writer, caller)
        if present.totp is None or present.totp.pending != pending:
            raise EnableSoftwareTokenMFAException("Code mismatch and fail enable Software Token MFA")
        writer.put_user(replace(present, totp=record, modified_at=context.clock.now()))

    context.store.write(apply)


def _matched(context: Context, seed: str, code: str) -> int:
    step = codes.matched_step(seed, code, context.clock.true())
    if step is None:
        raise EnableSoftwareTokenMFAException("Code mismatch and fail enable Software Token MFA")
    return step


@dataclass(frozen=True, slots=True)
class _SetUp:
    """A set-up in the course of a sign-in."""

    realm: Realm
    user: User
    session: Session

    def next_session(self, context: Context, data: dict[str, str]) -> str:
        """The session of the next call."""
        one = self.session
        data = {"choices": one.data["choices"], "proof": one.data["proof"], **data}
        return seal_session(
            context,
            new_session(context, self.realm, one.sub, one.username, one.typed, _STEP, data, one.carried),
        )


def _open(context: Context, text: str | None) -> _SetUp:
    session = open_session(context, text, _STEP)
    if MfaMethod.TOTP not in session.data["choices"].split(","):
        raise SoftwareTokenMFANotFoundException("Software Token MFA has not been enabled by the userPool")

    def read(reader: Reader) -> tuple[Realm, User | None]:
        return Realm.read(reader, session.client_id), reader.user(session.pool_id, session.sub)

    realm, user = context.store.read(read)
    try:
        found = still_good(session, user)
    except (PasswordResetRequiredException, UserNotConfirmedException):
        # AssociateSoftwareToken declares neither.
        raise NotAuthorizedException("Invalid session for the user.") from None
    check_set_up_due(realm.settings, found)
    return _SetUp(realm, found, session)
