"""How a challenge comes to be: from a reply of the service, or from what `Challenge.to_dict` wrote."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from .challenges import (
    ChallengeStep,
    CustomChallenge,
    EmailCodeRequired,
    EmailSetupRequired,
    FactorSelectionRequired,
    MfaSelectionRequired,
    MfaSetupRequired,
    NewPasswordRequired,
    PasskeyRequired,
    PasswordRequired,
    SmsCodeRequired,
    TotpRequired,
    TotpSetupRequired,
    UnknownChallenge,
)
from .challenges.base import FORMAT
from .challenges.others import ATTRIBUTE_PREFIX
from .code_delivery import CodeDelivery
from .errors import ChallengeError, ProtocolError

T = TypeVar("T")
_Common = dict[str, Any]


def read_challenge(
    name: str,
    parameters: Mapping[str, str],
    *,
    username: str,
    client_id: str,
    issued_at: datetime,
    user_id: str | None = None,
    position: int = 1,
    session: str | None = None,
    device_key: str | None = None,
    available: Sequence[str] = (),
) -> ChallengeStep:
    """Make the challenge that a reply of InitiateAuth or RespondToAuthChallenge stands for.

    Args:
        name: `ChallengeName`.
        parameters: `ChallengeParameters`.
        username: the name in use so far; the reply's own name for the user wins.
        client_id: the app client that asked.
        issued_at: when the reply came.
        user_id: the service's own name for the user, if it has told before.
        position: the challenge's place in this sign-in, from 1.
        session: `Session`.
        device_key: the remembered device that was named, if any.
        available: `AvailableChallenges`.

    Raises:
        ProtocolError: a parameter that holds JSON does not.
    """
    common: _Common = {
        "name": name,
        "username": parameters.get("USER_ID_FOR_SRP") or parameters.get("USERNAME") or username,
        "client_id": client_id,
        "issued_at": issued_at,
        "user_id": parameters.get("USER_ID_FOR_SRP") or user_id,
        "position": position,
        "session": session,
        "parameters": dict(parameters),
        "device_key": device_key,
        "available_challenges": tuple(available),
    }
    make = _READERS.get(name)
    if make is not None:
        return make(common, parameters)
    return UnknownChallenge(**common)


def _factors(common: _Common, parameters: Mapping[str, str]) -> ChallengeStep:
    return FactorSelectionRequired(**common)


def _password(common: _Common, parameters: Mapping[str, str]) -> ChallengeStep:
    return PasswordRequired(**common)


def _passkey(common: _Common, parameters: Mapping[str, str]) -> ChallengeStep:
    return PasskeyRequired(**common, options=_json(parameters, "CREDENTIAL_REQUEST_OPTIONS", dict))


def _new_password(common: _Common, parameters: Mapping[str, str]) -> ChallengeStep:
    stored = _json(parameters, "userAttributes", dict)
    attributes = {str(name): value for name, value in stored.items() if isinstance(value, str)}
    required = [
        str(item).removeprefix(ATTRIBUTE_PREFIX) for item in _json(parameters, "requiredAttributes", list)
    ]
    missing = tuple(item for item in required if not attributes.get(item))
    return NewPasswordRequired(**common, missing_attributes=missing, attributes=attributes)


def _sms(common: _Common, parameters: Mapping[str, str]) -> ChallengeStep:
    return SmsCodeRequired(**common, delivery=_delivery(parameters, "SMS"))


def _email(common: _Common, parameters: Mapping[str, str]) -> ChallengeStep:
    return EmailCodeRequired(**common, delivery=_delivery(parameters, "EMAIL"))


def _totp(common: _Common, parameters: Mapping[str, str]) -> ChallengeStep:
    return TotpRequired(**common, device_name=parameters.get("FRIENDLY_DEVICE_NAME"))


def _selection(common: _Common, parameters: Mapping[str, str]) -> ChallengeStep:
    # The name of the guide, where the one that is sent is missing.
    member = "MFAS_CAN_SELECT" if "MFAS_CAN_CHOOSE" not in parameters else "MFAS_CAN_CHOOSE"
    return MfaSelectionRequired(**common, methods=_methods(parameters, member))


def _setup(common: _Common, parameters: Mapping[str, str]) -> ChallengeStep:
    return MfaSetupRequired(**common, methods=_methods(parameters, "MFAS_CAN_SETUP"))


def _custom(common: _Common, parameters: Mapping[str, str]) -> ChallengeStep:
    return CustomChallenge(**common)


_READERS: Final[Mapping[str, Callable[[_Common, Mapping[str, str]], ChallengeStep]]] = {
    "SELECT_CHALLENGE": _factors,
    "PASSWORD": _password,
    "PASSWORD_SRP": _password,
    "WEB_AUTHN": _passkey,
    "NEW_PASSWORD_REQUIRED": _new_password,
    "SMS_MFA": _sms,
    "SMS_OTP": _sms,
    "EMAIL_OTP": _email,
    "SOFTWARE_TOKEN_MFA": _totp,
    "SELECT_MFA_TYPE": _selection,
    "MFA_SETUP": _setup,
    "CUSTOM_CHALLENGE": _custom,
}


def _delivery(parameters: Mapping[str, str], medium: str) -> CodeDelivery:
    # The mask is there to be shown; a sign-in does not fail for want of it.
    return CodeDelivery(
        parameters.get("CODE_DELIVERY_DELIVERY_MEDIUM", medium),
        parameters.get("CODE_DELIVERY_DESTINATION", ""),
    )


def _methods(parameters: Mapping[str, str], member: str) -> tuple[str, ...]:
    return tuple(str(item) for item in _json(parameters, member, list))


def _json(parameters: Mapping[str, str], member: str, kind: type[T]) -> T:
    try:
        value = json.loads(parameters.get(member, "") or json.dumps(kind()))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, kind):
        raise ProtocolError(f"The challenge parameter {member} is not the JSON text that it should be.")
    return value


def from_dict(data: Mapping[str, Any]) -> ChallengeStep:
    """Read back what `Challenge.to_dict` wrote; members that are not known are ignored.

    Raises:
        ChallengeError: not a challenge, or of a version that this one cannot read.
    """
    given: object = data
    if not isinstance(given, Mapping):
        raise ChallengeError(
            f"A challenge is read from a mapping, as to_dict made it, not from {type(given).__name__}: "
            "Challenge.from_dict(json.loads(…)) where it was kept as JSON."
        )
    version = data.get("version")
    if version != FORMAT:
        raise ChallengeError(
            f"This is no challenge of version {FORMAT} but of version {version!r:.20}: read it with the "
            "version of userpool that wrote it, or sign in again."
        )
    name = _member(data, "name", str)
    available = tuple(str(item) for item in _member(data, "available_challenges", list, []))
    common: _Common = {
        "username": _member(data, "username", str),
        "client_id": _member(data, "client_id", str),
        "issued_at": _moment(data),
        "user_id": _member(data, "user_id", str, None),
        "position": _member(data, "position", int, 1),
        "session": _member(data, "session", str, None),
        "device_key": _member(data, "device_key", str, None),
    }
    parameters = _texts(data)
    match data.get("kind"):
        case TotpSetupRequired.kind:
            seed = _member(data, "secret_code", str)
            return TotpSetupRequired(
                name=name,
                parameters=parameters,
                secret_code=seed,
                available_challenges=available,
                **common,
            )
        case EmailSetupRequired.kind:
            return EmailSetupRequired(
                name=name, parameters=parameters, available_challenges=available, **common
            )
        case _:
            # The name decides, so that what was unknown to the writer may be known here.
            try:
                step = read_challenge(name, parameters, available=available, **common)
            except ProtocolError as error:
                raise ChallengeError(f"{error} Sign in again.") from None
            return step


def _member(data: Mapping[str, Any], name: str, kind: type, default: Any = ...) -> Any:
    value = data.get(name)
    if value is None and default is not ...:
        return default
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ChallengeError(f"The written challenge has no usable {name!r}: sign in again.")
    return value


def _moment(data: Mapping[str, Any]) -> datetime:
    try:
        moment = datetime.fromisoformat(_member(data, "issued_at", str))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ChallengeError("The written challenge has no usable 'issued_at': sign in again.")
    return moment


def _texts(data: Mapping[str, Any]) -> dict[str, str]:
    parameters = _member(data, "parameters", dict, {})
    if not all(isinstance(text, str) for pair in parameters.items() for text in pair):
        raise ChallengeError("The written challenge has no usable 'parameters': sign in again.")
    return dict(parameters)
