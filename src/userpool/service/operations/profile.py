"""A user's own attributes: GetUser, UpdateUserAttributes, DeleteUserAttributes, their verification,
DeleteUser.
"""

from __future__ import annotations

from dataclasses import replace

from userpool.protocol import operations as ops
from userpool.protocol.errors import InvalidParameterException, NotAuthorizedException
from userpool.protocol.shapes import idp

from ..charges import charge_call
from ..codes import Offer
from ..context import Call, Caller, Context, handles
from ..delivery import Posted, details, post
from ..domain import lockout
from ..domain.attributes import check_mutable, check_writable, conform, given_attributes, merge, readable
from ..domain.codes import Delivery, Verdict, refusal
from ..domain.factors.second import ORDER
from ..domain.records import Code, CodePurpose, User
from ..domain.schema import VERIFIED_FLAGS
from ..domain.settings import ClientSettings, PoolSettings
from ..names import ADDRESSES, move_names
from ..ports import Reader, Writer
from .users import mfa_options

_PURPOSE = CodePurpose.VERIFY_ATTRIBUTE


@handles(ops.GET_USER)
def get_user(context: Context, call: Call[idp.GetUserRequest]) -> idp.GetUserResponse:
    """The caller's attributes, as far as the client may read them, and second factors."""
    caller = call.required_caller()
    user = caller.user
    attributes = readable(ClientSettings(caller.client), user)
    return idp.GetUserResponse(
        username=user.username,
        user_attributes=[idp.AttributeType(name=name, value=value) for name, value in attributes.items()],
        mfa_options=mfa_options(user),
        preferred_mfa_setting=user.mfa_preferred,
        user_mfa_setting_list=[method for method in ORDER if method in user.mfa_enabled] or None,
    )


def present_user(reader: Reader, caller: Caller) -> User:
    """The caller's user as the store has it at this moment.

    Raises:
        NotAuthorizedException: it was deleted or disabled since the access token was checked.
    """
    user = reader.user(caller.pool.id, caller.user.sub)
    if user is None or not user.enabled:
        raise NotAuthorizedException("Access Token has been revoked")
    return user


@handles(ops.UPDATE_USER_ATTRIBUTES)
def update_user_attributes(
    context: Context, call: Call[idp.UpdateUserAttributesRequest]
) -> idp.UpdateUserAttributesResponse:
    """Change attributes; an empty value deletes one.

    A changed address is not verified any more, and gets a code where the pool verifies it. Where the pool
    wants that, the old address stays until the new one is verified.
    """
    caller = call.required_caller()
    settings = PoolSettings(caller.pool)
    given = given_attributes(call.input.user_attributes)
    check_writable(ClientSettings(caller.client), given)
    changes = conform(settings, given)
    check_mutable(settings, changes)
    _check_not_required(settings, [name for name, value in changes.items() if not value])
    waiting = {
        name: value for name, value in changes.items() if value and name in settings.verify_before_update
    }
    posted = [
        post(context, caller.user, Delivery(name, changes[name]), _PURPOSE)
        for name in ADDRESSES
        if changes.get(name) and name in settings.auto_verified
    ]

    def apply(writer: Writer) -> list[Posted]:
        user = present_user(writer, caller)
        sent = [
            one
            for one in posted
            if user.attributes.get(one.record.attribute) != changes[one.record.attribute]
        ]
        now_waiting = {name: value for name, value in waiting.items() if user.attributes.get(name) != value}
        at_once = {name: value for name, value in changes.items() if name not in waiting}
        pending = {name: value for name, value in user.pending_attributes.items() if name not in changes}
        updated = replace(
            user,
            attributes=merge(user.attributes, at_once),
            pending_attributes={**pending, **now_waiting},
            modified_at=context.clock.now(),
        )
        move_names(writer, settings, user, updated)
        writer.put_user(updated)
        for one in sent:
            one.store(writer)
        return sent

    sent = context.store.write(apply)
    for one in sent:
        one.parcel.send(context)
    shown = [details(Delivery(one.record.attribute, changes[one.record.attribute])) for one in sent]
    return idp.UpdateUserAttributesResponse(code_delivery_details_list=shown)


@handles(ops.DELETE_USER_ATTRIBUTES)
def delete_user_attributes(
    context: Context, call: Call[idp.DeleteUserAttributesRequest]
) -> idp.DeleteUserAttributesResponse:
    """Delete attributes; those that the pool requires stay."""
    caller = call.required_caller()
    settings, names = PoolSettings(caller.pool), call.input.user_attribute_names
    check_writable(ClientSettings(caller.client), names)
    conform(settings, dict.fromkeys(names, ""))
    check_mutable(settings, names)
    _check_not_required(settings, names)

    def apply(writer: Writer) -> None:
        user = present_user(writer, caller)
        updated = replace(
            user,
            attributes=merge(user.attributes, dict.fromkeys(names, "")),
            pending_attributes={k: v for k, v in user.pending_attributes.items() if k not in names},
            modified_at=context.clock.now(),
        )
        move_names(writer, settings, user, updated)
        writer.put_user(updated)

    context.store.write(apply)
    return idp.DeleteUserAttributesResponse()


def _check_not_required(settings: PoolSettings, names: list[str]) -> None:
    fixed = settings.username_attributes
    for name in names:
        if name in settings.required_attributes or (name in fixed and len(fixed) == 1):
            raise InvalidParameterException(
                f"Attributes did not conform to the schema: {name}: The attribute is required"
            )


@handles(ops.GET_USER_ATTRIBUTE_VERIFICATION_CODE)
def get_user_attribute_verification_code(
    context: Context, call: Call[idp.GetUserAttributeVerificationCodeRequest]
) -> idp.GetUserAttributeVerificationCodeResponse:
    """Send a code to an address of the caller; the one before is worthless from now on."""
    caller, attribute = call.required_caller(), call.input.attribute_name
    settings = PoolSettings(caller.pool)
    _check_verifiable(settings, attribute)
    charge_call(context, lockout.ATTRIBUTE_CODE, caller.pool.id, caller.user.sub)
    user = context.store.read(lambda reader: present_user(reader, caller))
    address = _address_to_prove(user, attribute)
    if not address:
        raise InvalidParameterException(f"The user has no {attribute} to verify.")
    delivery = Delivery(attribute, address)
    posted = post(context, user, delivery, _PURPOSE)
    context.store.write(posted.store)
    posted.parcel.send(context)
    return idp.GetUserAttributeVerificationCodeResponse(code_delivery_details=details(delivery))


@handles(ops.VERIFY_USER_ATTRIBUTE)
def verify_user_attribute(
    context: Context, call: Call[idp.VerifyUserAttributeRequest]
) -> idp.VerifyUserAttributeResponse:
    """Prove by a code that an address is the caller's; an address that waited for it takes its place."""
    caller, attribute = call.required_caller(), call.input.attribute_name
    pool_id, sub = caller.pool.id, caller.user.sub
    settings = PoolSettings(caller.pool)
    _check_verifiable(settings, attribute)
    charge_call(context, lockout.VERIFY_ATTRIBUTE, pool_id, sub)
    offer = Offer(pool_id, sub, _PURPOSE, call.input.code)

    def read(reader: Reader) -> tuple[User, Code | None]:
        return present_user(reader, caller), reader.code(pool_id, sub, _PURPOSE, attribute)

    user, code = context.store.read(read)
    verdict = offer.judge(context, code, _address_to_prove(user, attribute))
    if verdict is not Verdict.RIGHT:
        raise refusal(verdict)

    def apply(writer: Writer) -> None:
        user = present_user(writer, caller)
        address = _address_to_prove(user, attribute)
        offer.use(context, writer, attribute, address)
        updated = replace(
            user,
            attributes={**user.attributes, attribute: address, VERIFIED_FLAGS[attribute]: "true"},
            pending_attributes={k: v for k, v in user.pending_attributes.items() if k != attribute},
            modified_at=context.clock.now(),
        )
        move_names(writer, settings, user, updated)
        writer.put_user(updated)

    context.store.write(apply)
    return idp.VerifyUserAttributeResponse()


def _address_to_prove(user: User, attribute: str) -> str:
    """The address that a code is for: one that waits to take the place of another, or the present one."""
    return user.pending_attributes.get(attribute) or user.attributes.get(attribute, "")


def _check_verifiable(settings: PoolSettings, attribute: str) -> None:
    if attribute not in ADDRESSES or attribute not in settings.auto_verified:
        raise InvalidParameterException(f"The attribute {attribute} is none that this user pool verifies.")


@handles(ops.DELETE_USER)
def delete_user(context: Context, call: Call[idp.DeleteUserRequest]) -> idp.DeleteUserResponse:
    """Delete the caller with all that belongs to it; the name is free afterwards."""
    user = call.required_caller().user
    context.store.write(lambda writer: writer.delete_user(user.pool_id, user.sub))
    return idp.DeleteUserResponse()
