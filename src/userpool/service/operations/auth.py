"""InitiateAuth and AdminInitiateAuth: how a sign-in begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from userpool.protocol import operations as ops
from userpool.protocol.errors import (
    InvalidParameterException,
    NotAuthorizedException,
    PasswordResetRequiredException,
)
from userpool.protocol.shapes import idp

from ..charges import charge_proof, lock_key
from ..context import Call, Context, handles
from ..domain.records import User, UserStatus
from ..domain.settings import Flow
from ..migration import migrated, migrates
from ..ports import Reader
from ..proving import by_password, offer_srp, password_proved, public_number
from ..realm import Realm, find_user
from ..stage import Outcome
from ..steps import Start, admit, check_caller, claimant, prove_client
from .choice import by_choice
from .custom import by_custom
from .refresh import by_auth_flow


@handles(ops.INITIATE_AUTH)
def initiate_auth(context: Context, call: Call[idp.InitiateAuthRequest]) -> idp.InitiateAuthResponse:
    """Begin a sign-in by SRP or password, or refresh tokens."""
    given = call.input
    start = Start(
        given.auth_flow,
        given.client_id,
        given.auth_parameters or {},
        session=given.session,
        metadata=given.client_metadata,
        source_ip=call.source_ip,
    )
    return _begin(context, start, _USER_FLOWS).shaped(idp.InitiateAuthResponse)


@handles(ops.ADMIN_INITIATE_AUTH)
def admin_initiate_auth(
    context: Context, call: Call[idp.AdminInitiateAuthRequest]
) -> idp.AdminInitiateAuthResponse:
    """The same for administrators, who may also hand a password over for a user."""
    given = call.input
    start = Start(
        given.auth_flow,
        given.client_id,
        given.auth_parameters or {},
        given.user_pool_id,
        given.session,
        given.client_metadata,
        given.context_data.ip_address if given.context_data else "",
    )
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
        realm = Realm.read(reader, start.client_id, start.pool_id, start.source_ip)
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
    password = start.parameter("PASSWORD")
    prove_client(context, start, realm)
    if user is None and migrates(context):
        return _by_migration(context, start, realm, password)
    admit(context, start, realm, user)
    _check_password_there(realm, user)
    return by_password(context, claimant(context, start, realm, user), password)


def _by_migration(context: Context, start: Start, realm: Realm, password: str) -> Outcome:
    """Sign a user in whom a function gives for a name that is not known here; it has checked the password."""
    nobody = claimant(context, start, realm, None)
    charge_proof(context, realm.pool.id, nobody.sub)
    user = migrated(context, realm, nobody.typed, password=password, validation=start.metadata)
    if user is None:
        # Whoever signed in as the same user a moment ago may have brought it over.
        user = context.store.read(lambda reader: find_user(reader, realm.settings, nobody.typed))
        admit(context, start, realm, user)
        if user is None:
            raise NotAuthorizedException("Incorrect username or password.")
        return by_password(context, claimant(context, start, realm, user), password)
    admit(context, start, realm, user)
    key = lock_key(context, realm.pool.id, nobody.sub)
    context.store.write(lambda writer: writer.delete_attempts(key))
    return password_proved(context, claimant(context, start, realm, user), user)


def _by_srp(context: Context, start: Start, realm: Realm, user: User | None) -> Outcome:
    number = public_number(start.parameter("SRP_A"))
    check_caller(context, start, realm, user)
    _check_password_there(realm, user)
    return offer_srp(context, claimant(context, start, realm, user), number)


def _check_password_there(realm: Realm, user: User | None) -> None:
    if realm.client_settings.prevent_user_existence_errors or user is None:
        return
    if user.password is None and user.status is UserStatus.RESET_REQUIRED:
        raise PasswordResetRequiredException("Password reset required for the user")


def _refresh(context: Context, start: Start, realm: Realm, user: User | None) -> Outcome:
    token, given = start.parameter("REFRESH_TOKEN"), start.parameters
    return Outcome(
        result=by_auth_flow(context, realm, token, given.get("SECRET_HASH"), given.get("DEVICE_KEY"))
    )


_REFRESH = _Way(Flow.REFRESH_TOKEN_AUTH, _refresh, "Auth flow not enabled for this client", names_user=False)
_COMMON = {
    "USER_SRP_AUTH": _Way(Flow.USER_SRP_AUTH, _by_srp, "USER_SRP_AUTH flow not enabled for this client"),
    "REFRESH_TOKEN_AUTH": _REFRESH,
    "REFRESH_TOKEN": _REFRESH,
    "CUSTOM_AUTH": _Way(Flow.CUSTOM_AUTH, by_custom, "CUSTOM_AUTH flow not enabled for this client"),
    "USER_AUTH": _Way(Flow.USER_AUTH, by_choice, "USER_AUTH flow not enabled for this client"),
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
