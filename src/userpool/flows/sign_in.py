"""Signing in: the first call, and for SRP the proof. It ends with tokens or with a challenge for a person.

InitiateAuth, RespondToAuthChallenge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from userpool.protocol.effects import Flow
from userpool.protocol.errors import InvalidParameterException, NotAuthorizedException, ParameterError

from . import members, srp
from .auth_calls import SignIn, conclude, initiate
from .config import AuthFlow, ClientConfig, UserContext
from .grant import Device, Grant
from .known_device import KnownDevice, or_without_device

if TYPE_CHECKING:
    from userpool.protocol.challenges import AuthFactor, ChallengeStep


def sign_in(
    config: ClientConfig,
    username: str,
    password: str | None = None,
    *,
    auth_flow: AuthFlow | str | None = None,
    preferred_challenge: AuthFactor | str | None = None,
    session: str | None = None,
    acr_values: Iterable[str] | None = None,
    max_age: int | None = None,
    access_token: str | None = None,
    client_metadata: Mapping[str, str] | None = None,
    user_context: UserContext | None = None,
    device: Device | None = None,
    device_name: str | None = None,
) -> Flow[Grant | ChallengeStep]:
    """Sign `username` in. It never falls back from SRP to the clear password.

    Args:
        config: the app client.
        username: user name or alias, as typed.
        password: taken byte for byte, and held no longer than this conversation.
        auth_flow: how it begins; by default with SRP, and with `AuthFlow.CHOICE` where an argument is given
            that only this one has: the next five.
        preferred_challenge: the first factor to use.
        session: of the sign-up that this sign-in follows on.
        acr_values: levels of assurance to reach, the most wanted first.
        max_age: seconds since when the last proof still counts.
        access_token: of the signed-in user who steps up to `acr_values`.
        client_metadata: what the triggers are told (`ClientMetadata`), in place of the configuration's.
        user_context: what threat protection is told (`UserContextData`), likewise.
        device: a device that the pool knows.
        device_name: what the user will find a new device under; by default what the program calls itself.

    Raises:
        ParameterError: user name, password or flow cannot be right; nothing was sent.
        ClockSkewError: this machine's clock would spoil the proof.
        ProtocolError: the service's part of the exchange is malformed, unsafe, or out of order.
        ServiceError: the service refused; a wrong password is a `NotAuthorizedException`.
        TransportError: no answer arrived.
    """
    members.check_username(username)
    members.check_proof(password)
    along = SignIn(config, client_metadata, user_context, KnownDevice.of(device, name=device_name))
    only_by_choice = (preferred_challenge, session, acr_values or None, max_age, access_token)
    wishes = any(wish is not None for wish in only_by_choice)
    chosen = auth_flow or (AuthFlow.CHOICE if wishes else AuthFlow.SRP)
    if wishes and chosen != AuthFlow.CHOICE:
        raise ParameterError(
            "A preferred challenge, a session of a sign-up, acr_values, max_age and an access token go with "
            f"auth_flow=AuthFlow.CHOICE; this is {chosen}."
        )
    try:
        match chosen:
            case AuthFlow.SRP:
                return (yield from _with_srp(along, username, _needed(password)))
            case AuthFlow.PASSWORD:
                return (yield from _with_password(along, username, _needed(password)))
            case AuthFlow.CUSTOM:
                from .custom_auth import by_triggers

                return (yield from by_triggers(along, username, password))
            case AuthFlow.CHOICE:
                from .choice import Wishes, by_choice

                wanted = Wishes(
                    preferred_challenge=preferred_challenge,
                    session=session,
                    acr_values=acr_values,
                    max_age=max_age,
                    access_token=access_token,
                )
                return (yield from by_choice(along, username, password, wanted))
            case _:
                raise ParameterError(
                    f"{chosen!r} is no flow of sign_in; choose one of {', '.join(AuthFlow)}."
                )
    except NotAuthorizedException as refusal:
        if password is not None and chosen != AuthFlow.PASSWORD:
            srp.hint_at_migration(refusal)
        raise
    except InvalidParameterException as error:
        if "not enabled for this client" in error.message:
            error.hint = (
                f"Allow it on the app client (ExplicitAuthFlows: ALLOW_{chosen}), or choose another "
                "auth_flow. A pool that takes users over from elsewhere at their first sign-in needs "
                "AuthFlow.PASSWORD."
            )
        raise


def _needed(password: str | None) -> str:
    if password is None:
        raise ParameterError(
            "This flow needs the password. auth_flow=AuthFlow.CHOICE signs in by a code or a passkey, and "
            "session=… straight from a sign-up."
        )
    return password


@or_without_device
def _with_password(along: SignIn, username: str, password: str) -> Flow[Grant | ChallengeStep]:
    parameters = {"USERNAME": username, "PASSWORD": password}
    reply = yield from initiate(along, AuthFlow.PASSWORD, parameters, username=username)
    return (yield from conclude(along, reply.output, step=AuthFlow.PASSWORD, username=username))


@or_without_device
def _with_srp(along: SignIn, username: str, password: str) -> Flow[Grant | ChallengeStep]:
    side = yield from srp.begin()
    parameters = {"USERNAME": username, "SRP_A": side.public}
    reply = yield from initiate(along, AuthFlow.SRP, parameters, username=username)
    return (yield from srp.go_on(along, side, password, reply, step=AuthFlow.SRP, username=username))
