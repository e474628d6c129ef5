"""Users that come over from elsewhere when they first sign in by password, or have forgotten it.

A function of the operator's says who they are. It is asked only about names that nobody here has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from userpool.protocol.errors import (
    InvalidLambdaResponseException,
    InvalidParameterException,
    UserLambdaValidationException,
)

from .context import Context
from .domain.records import User, UserStatus
from .domain.settings import MfaMethod
from .operations.users import new_user, take_names
from .passwords import make_record
from .ports import Conflict, Trigger, Writer
from .realm import Realm
from .triggers.calling import Answer, call
from .triggers.events import Metadata, given, occasion

AT_SIGN_IN = "Authentication"
AT_FORGOT_PASSWORD = "ForgotPassword"

_MEMBERS = (
    "userAttributes",
    "finalUserStatus",
    "messageAction",
    "desiredDeliveryMediums",
    "forceAliasCreation",
    "enableSMSMFA",
)
_USERNAME = "username"


def migrates(context: Context) -> bool:
    """Whether there is anybody to ask."""
    return context.triggers.has(Trigger.USER_MIGRATION)


def migrated(
    context: Context,
    realm: Realm,
    typed: str,
    *,
    password: str | None = None,
    validation: Metadata = None,
    metadata: Metadata = None,
) -> User | None:
    """The user whom the function gives for a name; it is stored. `None` where it knows of nobody, or fails.

    The attempt must have been counted before: the function compares the password.

    Args:
        context: the world; it has the function.
        realm: where somebody wants to sign in.
        typed: the name, which finds nobody here.
        password: as it was given; without one, it is a password that was forgotten.
        validation: `ClientMetadata` of a sign-in.
        metadata: `ClientMetadata` of any other call.

    Raises:
        InvalidLambdaResponseException: what it says makes no user.
        UnexpectedLambdaException: it could not be called, or took too long.
    """
    kind = AT_FORGOT_PASSWORD if password is None else AT_SIGN_IN
    request: dict[str, object] = {
        "validationData": given(validation),
        "clientMetadata": given(metadata),
    }
    if password is not None:
        request = {"password": password, **request}
    about = occasion(Trigger.USER_MIGRATION, kind, realm, typed)
    try:
        answer = call(context, about, request, dict.fromkeys(_MEMBERS))
    except UserLambdaValidationException:
        return None
    attributes = answer.texts("userAttributes")
    return _store(context, realm, typed, attributes, password, answer) if attributes else None


def _store(
    context: Context,
    realm: Realm,
    typed: str,
    attributes: Mapping[str, str],
    password: str | None,
    answer: Answer,
) -> User | None:
    settings, status = realm.settings, answer.text("finalUserStatus")
    if status not in (None, UserStatus.CONFIRMED, UserStatus.RESET_REQUIRED):
        raise answer.invalid("finalUserStatus")
    kept = {name: value for name, value in attributes.items() if name != _USERNAME}
    try:
        user, names = new_user(context, settings, attributes.get(_USERNAME, typed), kept)
    except InvalidParameterException as error:
        raise InvalidLambdaResponseException(f"Invalid lambda function output : {error.message}") from None
    if status == UserStatus.CONFIRMED and password is not None:
        record = make_record(context, realm.pool, user.sub, user.username, password)
        user = replace(user, password=record)
    else:
        user = replace(user, status=UserStatus.RESET_REQUIRED)
    if answer.flag("enableSMSMFA"):
        user = replace(user, mfa_enabled=frozenset({MfaMethod.SMS}))
    force = answer.flag("forceAliasCreation")

    def add(writer: Writer) -> User | None:
        if force:
            take_names(writer, settings, names, context.clock.now())
        writer.add_user(user, names)
        return writer.user(user.pool_id, user.sub)

    try:
        return context.store.write(add)
    except Conflict:
        # Somebody here has one of the names, since a moment ago or under an address: they are not replaced.
        return None
