"""The two calls that every sign-in is made of, InitiateAuth and RespondToAuthChallenge, and what they come
to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Self, TypeAlias

from userpool.protocol import operations as ops
from userpool.protocol._challenge_order import TOKENS, may_follow
from userpool.protocol.effects import Flow
from userpool.protocol.errors import ProtocolError

from . import members
from .client_secret import SecretPair, either_secret
from .config import ClientConfig, UserContext
from .grant import Grant, NewDevice, Tokens
from .invoke import Reply, exchange
from .known_device import KnownDevice, or_without_device

if TYPE_CHECKING:
    from userpool.protocol._generated.idp.auth import (
        AuthenticationResultType,
        InitiateAuthResponse,
        RespondToAuthChallengeResponse,
    )
    from userpool.protocol.challenges import ChallengeStep

    AuthReply: TypeAlias = InitiateAuthResponse | RespondToAuthChallengeResponse


DEVICE_STEP: Final = "DEVICE_SRP_AUTH"
"""Where a sign-in asks for the device's proof, and no person."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """What goes along with every request of one sign-in."""

    config: ClientConfig
    client_metadata: Mapping[str, str] | None = field(default=None, repr=False)
    user_context: UserContext | None = None
    device: KnownDevice = field(default_factory=KnownDevice)

    @property
    def device_key(self) -> str | None:
        """The device to name, unless the service has forgotten it."""
        return self.device.key

    @property
    def secrets(self) -> SecretPair | None:
        """Both secrets of the app client, while one replaces the other."""
        return self.config.secrets

    def with_secret(self, secret: str) -> Self:
        """The same, with this secret."""
        return replace(self, config=self.config.with_secret(secret))


@or_without_device
@either_secret
def initiate(
    along: SignIn,
    auth_flow: str,
    parameters: Mapping[str, str],
    *,
    username: str,
    session: str | None = None,
) -> Flow[Reply[InitiateAuthResponse]]:
    """InitiateAuth with `parameters`, and what belongs to every one: secret hash (over `username`),
    device, context; with the `session` of a sign-up where the sign-in follows on it.
    """
    request = ops.INITIATE_AUTH.input(
        auth_flow=auth_flow,
        client_id=along.config.client_id,
        auth_parameters={**parameters, **_proof_of_client(along, username)},
        session=session,
        client_metadata=members.client_metadata(along.config, along.client_metadata),
        analytics_metadata=members.analytics_metadata(along.config),
        user_context_data=(yield from members.user_context_data(along.config, along.user_context, username)),
    )
    return (yield from exchange(along.config, ops.INITIATE_AUTH, request))


@or_without_device
def answer(
    along: SignIn, challenge_name: str, responses: Mapping[str, str], *, username: str, session: str | None
) -> Flow[Reply[RespondToAuthChallengeResponse]]:
    """RespondToAuthChallenge with `responses`, the user name, and what belongs to every one, as in
    `initiate`.
    """
    return (yield from answer_once(along, challenge_name, responses, username=username, session=session))


@either_secret
def answer_once(
    along: SignIn, challenge_name: str, responses: Mapping[str, str], *, username: str, session: str | None
) -> Flow[Reply[RespondToAuthChallengeResponse]]:
    """As `answer`, but not again where the service has forgotten the device."""
    request = ops.RESPOND_TO_AUTH_CHALLENGE.input(
        client_id=along.config.client_id,
        challenge_name=challenge_name,
        session=session,
        challenge_responses={**responses, "USERNAME": username, **_proof_of_client(along, username)},
        client_metadata=members.client_metadata(along.config, along.client_metadata),
        analytics_metadata=members.analytics_metadata(along.config),
        user_context_data=(yield from members.user_context_data(along.config, along.user_context, username)),
    )
    return (yield from exchange(along.config, ops.RESPOND_TO_AUTH_CHALLENGE, request))


def conclude(
    along: SignIn,
    reply: AuthReply,
    *,
    step: str,
    username: str,
    user_id: str | None = None,
    position: int = 1,
) -> Flow[Grant | ChallengeStep]:
    """Say what `reply` comes to: tokens, or the next challenge. A new device is confirmed on the way, and a
    remembered one proves itself: neither asks a person.

    Args:
        along: as for the request.
        reply: what the request was answered with.
        step: the flow or challenge that the request answered, for the legal order.
        username: the name that the request carried.
        user_id: the service's own name for the user, if it has told.
        position: the place of the challenge that may follow, counted from 1.

    Raises:
        ProtocolError: tokens and a challenge, neither, or one that may not follow `step`; or too many.
        ChallengeError: the secret of the device that the service asks for is not at hand.
    """
    result, following = reply.authentication_result, reply.challenge_name
    if (result is None) == (not following):
        what = "both tokens and" if result else "neither tokens nor"
        raise ProtocolError(f"The reply after {step} holds {what} a challenge.")
    if not may_follow(step, following or TOKENS):
        raise ProtocolError(f"The service went on with {following or 'tokens'}, which may not follow {step}.")
    if result is not None:
        granted = grant(result, user_id=user_id, device_key=along.device_key)
        if granted.new_device is None:
            return granted
        from .devices import confirm_at_sign_in

        return (yield from confirm_at_sign_in(along, granted, granted.new_device))
    if following == DEVICE_STEP:
        from .device_proof import prove_device

        return (yield from prove_device(along, reply, username=username, user_id=user_id, position=position))
    # Loaded when somebody is asked, not before the first request can go out.
    from .asking import ask

    return (
        yield from ask(
            along, reply, following or "", step=step, username=username, user_id=user_id, position=position
        )
    )


def grant(
    result: AuthenticationResultType,
    *,
    user_id: str | None = None,
    device_key: str | None = None,
    refresh_token: str | None = None,
) -> Grant:
    """Take tokens over from `result`; `refresh_token` is kept where the service gave no new one.

    Raises:
        ProtocolError: there is no access token.
    """
    if not result.access_token:
        raise ProtocolError("The service signed in without giving an access token.")
    device = result.new_device_metadata
    new_device = (
        NewDevice(device.device_key, device.device_group_key)
        if device and device.device_key and device.device_group_key
        else None
    )
    tokens = Tokens(
        access_token=result.access_token,
        id_token=result.id_token,
        refresh_token=result.refresh_token or refresh_token,
    )
    return Grant(tokens=tokens, user_id=user_id, device_key=device_key, new_device=new_device)


def _proof_of_client(along: SignIn, username: str) -> dict[str, str]:
    optional = {
        "SECRET_HASH": members.secret_hash(along.config, username),
        "DEVICE_KEY": along.device_key,
    }
    return {name: value for name, value in optional.items() if value is not None}
