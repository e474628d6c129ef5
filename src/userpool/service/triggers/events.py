"""The triggers around sign-up and sign-in: what each is told, and what it may decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from userpool.protocol.errors import InvalidLambdaResponseException

from ..context import Context
from ..domain.records import User
from ..domain.schema import VERIFIED_FLAGS
from ..ports import Trigger
from ..realm import Realm
from .calling import Occasion, call

Metadata = Mapping[str, str] | None


def occasion(trigger: Trigger, kind: str, realm: Realm, user_name: str) -> Occasion:
    """What a trigger is called for, at an app client."""
    return Occasion(trigger, kind, realm.pool.id, realm.client.id, user_name)


def given(metadata: Metadata) -> dict[str, str] | None:
    """Data of the caller's as an event has them."""
    return None if metadata is None else dict(metadata)


def user_attributes(user: User | None) -> dict[str, str]:
    """A user's attributes as triggers see them; none of one who does not exist."""
    return {} if user is None else {**user.attributes, "cognito:user_status": str(user.status)}


def hidden(realm: Realm, user: User | None) -> dict[str, Any]:
    """`userNotFound`, at a client that hides who exists; the only one at which a trigger hears of nobody."""
    return {"userNotFound": user is None} if realm.client_settings.prevent_user_existence_errors else {}


@dataclass(frozen=True, slots=True)
class SignUpVerdict:
    """What a pre sign-up function says of a new user whom it does not refuse."""

    confirmed: bool = False
    verified: tuple[str, ...] = ()
    """The attributes whose addresses count as verified."""

    def flags(self) -> dict[str, str]:
        """The verified flags that this sets."""
        return {VERIFIED_FLAGS[name]: "true" for name in self.verified}


def pre_sign_up(
    context: Context, about: Occasion, user: User, validation: Metadata, metadata: Metadata
) -> SignUpVerdict:
    """Ask whether a user may be made.

    Args:
        context: the world.
        about: who would make it, and its name.
        user: as it would be stored.
        validation: `ValidationData` of the request.
        metadata: `ClientMetadata` of the request.

    Raises:
        UserLambdaValidationException: it may not, in the function's words.
        InvalidLambdaResponseException: an address is to count as verified that is not there.
    """
    if not context.triggers.has(Trigger.PRE_SIGN_UP):
        return SignUpVerdict()
    attributes = {name: value for name, value in user.attributes.items() if name != "sub"}
    request = {
        "userAttributes": attributes,
        "validationData": given(validation),
        "clientMetadata": given(metadata),
    }
    flags = {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}
    answer = call(context, about, request, flags)
    wishes = {"email": answer.flag("autoVerifyEmail"), "phone_number": answer.flag("autoVerifyPhone")}
    verified = tuple(name for name, wish in wishes.items() if wish)
    if not all(attributes.get(name) for name in verified):
        raise InvalidLambdaResponseException(
            "Invalid lambda function output : PreSignUp verifies an attribute that the user does not have"
        )
    return SignUpVerdict(answer.flag("autoConfirmUser"), verified)


def post_confirmation(context: Context, about: Occasion, user: User, metadata: Metadata) -> None:
    """Tell of a user who is confirmed now, or has a new password after a lost one.

    Args:
        context: the world.
        about: which of the two, and the user's name.
        user: as stored now.
        metadata: `ClientMetadata` of the request.

    Raises:
        UserLambdaValidationException: the function failed; what it was told of has happened all the same.
    """
    if context.triggers.has(Trigger.POST_CONFIRMATION):
        request = {"userAttributes": user_attributes(user), "clientMetadata": given(metadata)}
        call(context, about, request, {})


def pre_authentication(
    context: Context, realm: Realm, user: User | None, typed: str, validation: Metadata
) -> None:
    """Ask whether somebody may try to sign in, before anything is checked.

    Args:
        context: the world.
        realm: where.
        user: whom the name finds.
        typed: the name, as given.
        validation: `ClientMetadata` of InitiateAuth.

    Raises:
        UserLambdaValidationException: not so, in the function's words.
    """
    if not context.triggers.has(Trigger.PRE_AUTHENTICATION):
        return
    request = {
        "userAttributes": user_attributes(user),
        "validationData": given(validation),
        **hidden(realm, user),
    }
    name = typed if user is None else user.username
    call(context, occasion(Trigger.PRE_AUTHENTICATION, "Authentication", realm, name), request, {})


def post_authentication(
    context: Context, realm: Realm, user: User, *, new_device: bool, metadata: Metadata
) -> None:
    """Tell of a sign-in whose every step is proved, before there are tokens.

    Args:
        context: the world.
        realm: where.
        user: as it signs in.
        new_device: whether the sign-in comes from a device that is not known yet.
        metadata: `ClientMetadata` of the last answer.

    Raises:
        UserLambdaValidationException: the function refuses it, or failed.
    """
    if context.triggers.has(Trigger.POST_AUTHENTICATION):
        request = {
            "userAttributes": user_attributes(user),
            "newDeviceUsed": new_device,
            "clientMetadata": given(metadata),
        }
        about = occasion(Trigger.POST_AUTHENTICATION, "Authentication", realm, user.username)
        call(context, about, request, {})
