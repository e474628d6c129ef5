"""InitiateAuth and AdminInitiateAuth: how a sign-in begins."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from userpool.protocol import operations as ops
from userpool.protocol.enums import ChallengeNameType
from userpool.protocol.errors import (
    InvalidParameterException,
    NotAuthorizedException,
    PasswordResetRequiredException,
    ServiceError,
    UnsupportedOperationException,
    UserNotFoundException,
)
from userpool.protocol.shapes import idp
from userpool.protocol.srp import SECRET_BYTES, ServerSide, SrpError, parse_public

from ..charges import charge_proof, lock_key, refund_proof
from ..context import Call, Context, handles
from ..domain.existence import ghost
from ..domain.factors.first import after_password
from ..domain.records import User, UserStatus
from ..domain.settings import Flow
from ..passwords import credentials
from ..ports import Reader
from ..realm import Realm, find_user
from ..sessions import new_session, seal_bytes
from ..sign_in import proceed, settled
from ..stage import Outcome, Stage, proof_of
from .refresh import by_auth_flow


@dataclass(frozen=True, slots=True)
class Start:
    """A sign-in as it is asked for, by a user or for one."""

    flow: str
    client_id: str
    parameters: Mapping[str, str] = field(repr=False)
    pool_id: str | None = None
    """Given by administrators."""

    def parameter(self, name: str) -> str:
        """A parameter that the flow needs.

        Raises:
            InvalidParameterException: it is missing.
        """
        return required(self.parameters, name)


def required(parameters: Mapping[str, str], name: str) -> str:
    """The value of a parameter; an empty one counts as missing.

    Raises:
        InvalidParameterException: naming the parameter.
    """
    value = parameters.get(name)
    if not value:
        raise InvalidParameterException(f"Missing required parameter {name}")
    return value


@handles(ops.INITIATE_AUTH)
def initiate_auth(context: Context, call: Call[idp.InitiateAuthRequest]) -> idp.InitiateAuthResponse:
    """Begin a sign-in by SRP or password, or refresh tokens."""
    given = call.input
    start = Start(given.auth_flow, given.client_id, given.auth_parameters or {})
    return _begin(context, start, _USER_FLOWS).shaped(idp.InitiateAuthResponse)


@handles(ops.ADMIN_INITIATE_AUTH)
def admin_initiate_auth(
    context: Context, call: Call[idp.AdminInitiateAuthRequest]
) -> idp.AdminInitiateAuthResponse:
    """The same for administrators, who may also hand a password over for a user."""
    given = call.input
    start = Start(given.auth_flow, given.client_id, given.auth_parameters or {}, given.user_pool_id)
    return _begin(context, start, _ADMIN_FLOWS).shaped(idp.AdminInitiateAuthResponse)


Run = Callable[[Context, Start, Realm, User | None], Outcome]


@dataclass(frozen=True, slots=True)
class _Way:
    """One auth flow: what allows it, and how it runs. A flow that names no user gets none."""

    flow: Flow
    run: Run
    refusal: str
    names_user: bool = True


def _begin(context: Context, start: Start, ways: Mapping[str, _Way]) -> Outcome:
    way = ways.get(start.flow)

    def read(reader: Reader) -> tuple[Realm, User | None]:
        realm = Realm.read(reader, start.client_id, start.pool_id)
        if way is None or not way.names_user or not realm.client_settings.allows(way.flow):
            return realm, None
        return realm, find_user(reader, realm.settings, start.parameter("USERNAME"))

    realm, user = context.store.read(read)
    if way is None:
        raise InvalidParameterException("Initiate Auth method not supported.")
    if not realm.client_settings.allows(way.flow):
        raise InvalidParameterException(way.refusal)
    return way.run(context, start, realm, user)


def _by_password(context: Context, start: Start, realm: Realm, user: User | None) -> Outcome:
    typed, password = start.parameter("USERNAME"), start.parameter("PASSWORD")
    _check_caller(context, start, realm, user)
    sub, username = _identity(context, realm, user, typed)
    charge_proof(context, realm.pool.id, sub)
    right = credentials(context, realm.pool, user, sub, username).match(context, password)
    if user is None or not right:
        raise NotAuthorizedException("Incorrect username or password.")
    return password_proved(context, realm, user, typed)


def _by_srp(context: Context, start: Start, realm: Realm, user: User | None) -> Outcome:
    typed, public = start.parameter("USERNAME"), start.parameter("SRP_A")
    try:
        number = parse_public(public, name="SRP_A")
    except SrpError as error:
        raise InvalidParameterException(str(error)) from None
    _check_caller(context, start, realm, user)
    sub, username = _identity(context, realm, user, typed)
    held = credentials(context, realm.pool, user, sub, username)
    server = ServerSide.generate(held.verifier, context.random(SECRET_BYTES), context.power)
    # Of one length, so that the length of the block tells nothing.
    data = {"a": f"{number:0768x}", "b": f"{server.secret:x}", "public": f"{server.number:0768x}"}
    step = ChallengeNameType.PASSWORD_VERIFIER
    block = seal_bytes(context, new_session(context, realm, sub, username, typed, step, data))
    return Outcome(
        step,
        parameters={
            "SALT": held.salt.hex(),
            "SECRET_BLOCK": base64.b64encode(block).decode(),
            "SRP_B": server.public,
            "USERNAME": username,
            "USER_ID_FOR_SRP": username,
        },
    )


def _check_caller(context: Context, start: Start, realm: Realm, user: User | None) -> None:
    realm.check_secret_hash(context.keys, start.parameters.get("SECRET_HASH"), start.parameter("USERNAME"))
    if realm.client_settings.prevent_user_existence_errors:
        return
    if user is None:
        raise UserNotFoundException("User does not exist.")
    if user.password is None and user.status is UserStatus.RESET_REQUIRED:
        raise PasswordResetRequiredException("Password reset required for the user")


def _identity(context: Context, realm: Realm, user: User | None, typed: str) -> tuple[str, str]:
    """The `sub` and the user name under which the sign-in runs, for users that exist and others alike."""
    if user is not None:
        return user.sub, user.username
    shade = ghost(realm.settings, typed, context.keys.digest)
    return shade.sub, shade.username


def password_proved(context: Context, realm: Realm, user: User, typed: str) -> Outcome:
    """Go on after a right password, whichever way it was proved.

    Raises:
        NotAuthorizedException, UserNotConfirmedException, PasswordResetRequiredException: the state of the
            user does not allow it. The attempt does not count as a failure then.
    """

    def attempt(present: User) -> Outcome:
        if proof_of(present) != proof_of(user):
            raise NotAuthorizedException("Incorrect username or password.")
        try:
            ask = after_password(realm.settings, present, context.clock.now())
        except ServiceError:
            key = lock_key(context, user.pool_id, user.sub)
            context.store.write(lambda writer: refund_proof(writer, key))
            raise
        return proceed(context, Stage(realm, present, typed, charged=True), ask)

    return settled(context, user, attempt)


def _refresh(context: Context, start: Start, realm: Realm, user: User | None) -> Outcome:
    token = start.parameter("REFRESH_TOKEN")
    return Outcome(result=by_auth_flow(context, realm, token, start.parameters.get("SECRET_HASH")))


def _without_triggers(context: Context, start: Start, realm: Realm, user: User | None) -> Outcome:
    raise InvalidParameterException("Custom auth lambda trigger is not configured for the user pool.")


def _not_here(context: Context, start: Start, realm: Realm, user: User | None) -> Outcome:
    raise UnsupportedOperationException(
        f"{start.flow} is not carried out by userpool yet. Use USER_SRP_AUTH or USER_PASSWORD_AUTH."
    )


_REFRESH = _Way(Flow.REFRESH_TOKEN_AUTH, _refresh, "Auth flow not enabled for this client", names_user=False)
_COMMON = {
    "USER_SRP_AUTH": _Way(Flow.USER_SRP_AUTH, _by_srp, "USER_SRP_AUTH flow not enabled for this client"),
    "REFRESH_TOKEN_AUTH": _REFRESH,
    "REFRESH_TOKEN": _REFRESH,
    "CUSTOM_AUTH": _Way(
        Flow.CUSTOM_AUTH, _without_triggers, "CUSTOM_AUTH flow not enabled for this client", names_user=False
    ),
    "USER_AUTH": _Way(
        Flow.USER_AUTH, _not_here, "USER_AUTH flow not enabled for this client", names_user=False
    ),
}
_ADMIN_PASSWORD = _Way(Flow.ADMIN_USER_PASSWORD_AUTH, _by_password, "Auth flow not enabled for this client")
_USER_FLOWS = {
    **_COMMON,
    "USER_PASSWORD_AUTH": _Way(
        Flow.USER_PASSWORD_AUTH, _by_password, "USER_PASSWORD_AUTH flow not enabled for this client"
    ),
}
_ADMIN_FLOWS = {
    **_COMMON,
    "ADMIN_USER_PASSWORD_AUTH": _ADMIN_PASSWORD,
    "ADMIN_NO_SRP_AUTH": _ADMIN_PASSWORD,
}
