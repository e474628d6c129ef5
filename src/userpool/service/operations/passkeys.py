"""A user's passkeys: StartWebAuthnRegistration, CompleteWebAuthnRegistration, ListWebAuthnCredentials,
DeleteWebAuthnCredential.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NoReturn

from userpool.crypto.strict import b64url_decode, b64url_encode
from userpool.protocol import operations as ops
from userpool.protocol.errors import (
    InvalidParameterException,
    NotAuthorizedException,
    PasswordResetRequiredException,
    ResourceNotFoundException,
    ServiceError,
    WebAuthnChallengeNotFoundException,
    WebAuthnCredentialNotSupportedException,
    WebAuthnOriginNotAllowedException,
    WebAuthnRelyingPartyMismatchException,
)
from userpool.protocol.shapes import idp

from ..charges import charge_answer
from ..context import Call, Caller, Context, handles
from ..domain.ceremony import CREATE, Expected, Fault, fault_in
from ..domain.factors.passkey import (
    MAX_PASSKEYS,
    check_removable,
    check_room,
    relying_party,
)
from ..domain.pagination import split
from ..domain.passkey_names import friendly_name
from ..domain.records import Passkey, UserStatus
from ..domain.settings import PoolSettings
from ..passkeys import creation_options, open_registration, registration_challenge
from ..ports import Conflict, Writer
from ..webauthn import Made, read_made
from .lookup import page_start, page_token
from .profile import present_user

_LIST = "ListWebAuthnCredentials"


@handles(ops.START_WEB_AUTHN_REGISTRATION)
def start_web_authn_registration(
    context: Context, call: Call[idp.StartWebAuthnRegistrationRequest]
) -> idp.StartWebAuthnRegistrationResponse:
    """Give the options with which a browser makes a passkey."""
    caller = call.required_caller()
    settings = PoolSettings(caller.pool)
    rp_id = _allowed(context, caller, settings)
    passkeys = context.store.read(lambda reader: reader.passkeys(caller.pool.id, caller.user.sub))
    check_room(passkeys)
    challenge = registration_challenge(context, caller)
    return idp.StartWebAuthnRegistrationResponse(
        credential_creation_options=creation_options(settings, caller.user, rp_id, passkeys, challenge)
    )


@handles(ops.COMPLETE_WEB_AUTHN_REGISTRATION)
def complete_web_authn_registration(
    context: Context, call: Call[idp.CompleteWebAuthnRegistrationRequest]
) -> idp.CompleteWebAuthnRegistrationResponse:
    """Register the passkey that a browser has made."""
    caller = call.required_caller()
    settings = PoolSettings(caller.pool)
    rp_id = _allowed(context, caller, settings)
    made = read_made(call.input.credential)
    challenge = made.client.challenge
    registration = open_registration(context, caller, challenge)
    try:
        charge_answer(context, registration, limit=1)
    except NotAuthorizedException:
        raise WebAuthnChallengeNotFoundException(
            "The challenge of this registration was used already. Start the registration again."
        ) from None
    verification = settings.passkeys_verify_user
    expected = Expected(CREATE, rp_id, challenge, verification, context.settings.passkey_origins)
    fault = fault_in(made.client, made.authenticator, expected)
    if fault is not None:
        _refuse(fault)
    now = context.clock.now()

    def apply(writer: Writer) -> None:
        user = present_user(writer, caller)
        others = writer.passkeys(user.pool_id, user.sub)
        check_room(others)
        taken = {one.friendly_name for one in others}
        name = friendly_name(made.aaguid, made.attachment, made.transports, taken)
        writer.add_passkey(_record(made, caller, rp_id, name, now))

    try:
        context.store.write(apply)
    except Conflict:  # of the credential's id: the user was just seen
        raise InvalidParameterException("This passkey is registered already. Use another one.") from None
    return idp.CompleteWebAuthnRegistrationResponse()


@handles(ops.LIST_WEB_AUTHN_CREDENTIALS)
def list_web_authn_credentials(
    context: Context, call: Call[idp.ListWebAuthnCredentialsRequest]
) -> idp.ListWebAuthnCredentialsResponse:
    """The caller's passkeys, oldest first."""
    caller = call.required_caller()
    _check_state(caller)
    pool_id, sub = caller.pool.id, caller.user.sub
    after = page_start(context, _LIST, call.input.next_token, pool_id, sub)
    passkeys = context.store.read(lambda reader: reader.passkeys(pool_id, sub))
    left = [one for one in passkeys if after is None or _place(one) > after]
    page, following = split(left, call.input.max_results or MAX_PASSKEYS, _place)
    return idp.ListWebAuthnCredentialsResponse(
        credentials=[_described(one) for one in page],
        next_token=page_token(context, _LIST, following, pool_id, sub),
    )


@handles(ops.DELETE_WEB_AUTHN_CREDENTIAL)
def delete_web_authn_credential(
    context: Context, call: Call[idp.DeleteWebAuthnCredentialRequest]
) -> idp.DeleteWebAuthnCredentialResponse:
    """Delete one of the caller's passkeys."""
    caller = call.required_caller()
    _check_state(caller)
    try:
        credential_id = b64url_decode(call.input.credential_id.encode())
    except ValueError:
        credential_id = b""

    def apply(writer: Writer) -> None:
        user = present_user(writer, caller)
        passkeys = writer.passkeys(user.pool_id, user.sub)
        left = [one for one in passkeys if one.credential_id != credential_id]
        if len(left) == len(passkeys):
            raise ResourceNotFoundException("Passkey does not exist.")
        check_removable(PoolSettings(caller.pool), user, left)
        writer.delete_passkey(user.pool_id, credential_id)

    context.store.write(apply)
    return idp.DeleteWebAuthnCredentialResponse()


def _allowed(context: Context, caller: Caller, settings: PoolSettings) -> str:
    """The relying party, if the caller may register a passkey for it."""
    rp_id = relying_party(settings)
    _check_state(caller)
    limit = context.settings.passkey_fresh_seconds
    if limit is not None and context.clock.now() - caller.family.auth_time > limit:
        raise NotAuthorizedException(
            f"A passkey can be registered within {limit:g} seconds of a sign-in only. Sign in again first."
        )
    return rp_id


def _check_state(caller: Caller) -> None:
    if caller.user.status is UserStatus.RESET_REQUIRED:
        raise PasswordResetRequiredException("Password reset required for the user")


_REFUSALS: dict[Fault, tuple[type[ServiceError], str]] = {
    Fault.ORIGIN: (
        WebAuthnOriginNotAllowedException,
        "The passkey was made on a page that does not belong to the user pool's relying party.",
    ),
    Fault.RELYING_PARTY: (
        WebAuthnRelyingPartyMismatchException,
        "The passkey was made for another relying party than the user pool's.",
    ),
    Fault.NOT_VERIFIED: (
        WebAuthnCredentialNotSupportedException,
        "The passkey did not verify its user, which this user pool requires. Use one that asks for a PIN, a "
        "finger or a face.",
    ),
}


def _refuse(fault: Fault) -> NoReturn:
    error, text = _REFUSALS.get(fault, (InvalidParameterException, f"Credential is not valid: {fault}."))
    raise error(text)


def _record(made: Made, caller: Caller, rp_id: str, name: str, now: float) -> Passkey:
    return Passkey(
        pool_id=caller.pool.id,
        sub=caller.user.sub,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.authenticator.sign_count,
        friendly_name=name,
        rp_id=rp_id,
        attachment=made.attachment,
        transports=made.transports,
        aaguid=made.aaguid,
        backup_eligible=made.authenticator.backup_eligible,
        backed_up=made.authenticator.backed_up,
        created_at=now,
    )


def _place(passkey: Passkey) -> str:
    return f"{passkey.created_at:020.6f} {passkey.credential_id.hex()}"


def _described(passkey: Passkey) -> idp.WebAuthnCredentialDescription:
    return idp.WebAuthnCredentialDescription(
        credential_id=b64url_encode(passkey.credential_id),
        friendly_credential_name=passkey.friendly_name,
        relying_party_id=passkey.rp_id,
        authenticator_attachment=passkey.attachment,
        authenticator_transports=list(passkey.transports),
        created_at=datetime.fromtimestamp(passkey.created_at, UTC),
    )
