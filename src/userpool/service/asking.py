"""Making the next challenge: the sealed session that waits for its answer, what the client is told, and the
message that carries a code.
"""

from __future__ import annotations

import json

from userpool.protocol.enums import ChallengeNameType

from .context import Context
from .delivery import Parcel, code_hash, draw_code, pack
from .domain.codes import DIGITS, SIGN_IN_DIGITS, Delivery
from .domain.custom_auth import CustomChallenge
from .domain.factors.choices import ADDRESS
from .domain.factors.device import CARRIED
from .domain.factors.first import new_password_parameters
from .domain.factors.second import ATTRIBUTE, Ask
from .domain.sessions import Session
from .domain.settings import MfaMethod
from .messages.outbox import Purpose
from .passkeys import request_options
from .sessions import new_session
from .stage import Stage, proof_of

_STEP = ChallengeNameType


def challenge(context: Context, stage: Stage, ask: Ask) -> tuple[Session, dict[str, str], Parcel | None]:
    """The session of a challenge, its parameters, and the code that goes out with it."""
    if ask.available:
        return _first_factor(context, stage, ask)
    if ask.custom is not None:
        return _custom(context, stage, ask, ask.custom)
    realm, user = stage.realm, stage.present
    parameters = {"USER_ID_FOR_SRP": user.username}
    match ask.challenge:
        case _STEP.SMS_MFA | _STEP.EMAIL_OTP:
            attribute = ATTRIBUTE[MfaMethod(ask.challenge)]
            delivery = Delivery(attribute, ask.to or user.attributes[attribute])
            return _send_code(context, stage, ask, delivery, parameters)
        case _STEP.SOFTWARE_TOKEN_MFA:
            if user.totp is not None and user.totp.friendly_name:
                parameters["FRIENDLY_DEVICE_NAME"] = user.totp.friendly_name
        case _STEP.SELECT_MFA_TYPE:
            parameters["MFAS_CAN_CHOOSE"] = _listed(ask.choices)
        case _STEP.MFA_SETUP:
            parameters["MFAS_CAN_SETUP"] = _listed(ask.choices)
        case _STEP.DEVICE_SRP_AUTH:
            parameters |= {"USERNAME": user.username, "DEVICE_KEY": stage.course[CARRIED]}
        case _:
            parameters |= new_password_parameters(realm.settings, realm.client_settings, user)
    data = {"choices": ",".join(ask.choices)} if ask.choices else {}
    return _session(context, stage, ask, data), parameters, None


def _first_factor(context: Context, stage: Stage, ask: Ask) -> tuple[Session, dict[str, str], Parcel | None]:
    attribute = ADDRESS.get(ask.challenge)
    if attribute is None:
        data, parameters = {"first": "yes"}, dict[str, str]()
        if ask.challenge is _STEP.WEB_AUTHN:
            told, parameters = request_options(context, stage.realm, stage.present, ask.passkeys)
            data |= told
        return _session(context, stage, ask, data), parameters, None
    delivery = Delivery(attribute, stage.present.attributes[attribute])
    return _send_code(context, stage, ask, delivery, {})


def _custom(
    context: Context, stage: Stage, ask: Ask, made: CustomChallenge
) -> tuple[Session, dict[str, str], None]:
    data = {"private": json.dumps(dict(made.private), separators=(",", ":"))}
    if made.metadata is not None:
        data["metadata"] = made.metadata
    return _session(context, stage, ask, data), {**made.public, "USERNAME": stage.present.username}, None


def _session(context: Context, stage: Stage, ask: Ask, data: dict[str, str]) -> Session:
    user = stage.present
    data = {"proof": proof_of(user), **data}
    return new_session(
        context, stage.realm, user.sub, user.username, stage.typed, ask.challenge, data, stage.course
    )


def _listed(methods: tuple[MfaMethod, ...]) -> str:
    return json.dumps(methods, separators=(",", ":"))


def _send_code(
    context: Context, stage: Stage, ask: Ask, delivery: Delivery, parameters: dict[str, str]
) -> tuple[Session, dict[str, str], Parcel]:
    user, first = stage.present, bool(ask.available)
    code = draw_code(context, SIGN_IN_DIGITS if first else DIGITS)
    session = _session(context, stage, ask, {})
    hashed = code_hash(context, user.pool_id, user.sub, session.id, delivery, code)
    data = {**session.data, "code": hashed.hex(), "attribute": delivery.attribute, "to": delivery.to}
    if ask.to:
        data["setup"] = "yes"
    if first:
        data["first"] = "yes"
    parameters |= {
        "CODE_DELIVERY_DELIVERY_MEDIUM": delivery.medium,
        "CODE_DELIVERY_DESTINATION": delivery.masked,
    }
    purpose = Purpose.SIGN_IN if first else Purpose.MFA
    parcel = pack(context, user, delivery, purpose, code, session.expires_at)
    return session.with_data(data), parameters, parcel
