"""What users' attributes may hold, who may write and read them, and in which order they are shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from userpool.protocol.errors import InvalidParameterException, NotAuthorizedException

from .records import User
from .schema import MAX_LENGTH, VERIFIED_FLAGS, Attribute, Kind
from .settings import ClientSettings, PoolSettings

if TYPE_CHECKING:
    from userpool.protocol.shapes import idp

_EMAIL = re.compile(
    r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}@[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)*"
)
_MAX_EMAIL = 254
_PHONE_NUMBER = re.compile(r"\+[1-9][0-9]{1,14}", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_TRUTH = {"true": "true", "false": "false"}


def is_email(text: str) -> bool:
    """Whether this has the syntax of an e-mail address (one `@`, nothing that could break a header)."""
    return len(text) <= _MAX_EMAIL and _EMAIL.fullmatch(text) is not None


def is_phone_number(text: str) -> bool:
    """Whether this is a phone number in E.164 form: `+`, then up to 15 digits."""
    return _PHONE_NUMBER.fullmatch(text) is not None


def given_attributes(given: Iterable[idp.AttributeType] | None) -> dict[str, str]:
    """The attributes of a request by name; of a name that is given twice the last one counts."""
    return {one.name: one.value or "" for one in given or ()}


def conform(settings: PoolSettings, given: Mapping[str, str]) -> dict[str, str]:
    """Check values against the pool's schema and give them their stored form; empty values stay as they are.

    Raises:
        InvalidParameterException: with every fault in one text, as Cognito writes it.
    """
    stored, faults = {}, []
    for name, value in given.items():
        attribute = settings.schema.get(name)
        if attribute is None:
            faults.append(f"{name}: Attribute does not exist in the schema.")
            continue
        stored[name] = _TRUTH.get(value.lower(), value) if attribute.kind is Kind.BOOLEAN else value
        if value and (fault := _fault(attribute, stored[name])):
            faults.append(f"{name}: {fault}")
    if faults:
        raise InvalidParameterException("Attributes did not conform to the schema: " + "; ".join(faults))
    _check_form(stored, "email", is_email, "Invalid email address format.")
    _check_form(stored, "phone_number", is_phone_number, "Invalid phone number format.")
    return stored


def _check_form(values: Mapping[str, str], name: str, check: Callable[[str], bool], text: str) -> None:
    value = values.get(name)
    if value and not check(value):
        raise InvalidParameterException(text)


def _fault(attribute: Attribute, value: str) -> str | None:
    match attribute.kind:
        case Kind.BOOLEAN:
            return None if value in _TRUTH.values() else "The value must be true or false."
        case Kind.NUMBER:
            return _number_fault(attribute, value)
        case _:
            return _length_fault(attribute, value)


def _number_fault(attribute: Attribute, value: str) -> str | None:
    if not _INTEGER.fullmatch(value):
        return "The value must be a number."
    number = int(value)
    if attribute.min_value is not None and number < attribute.min_value:
        return f"The value must not be less than {attribute.min_value}"
    if attribute.max_value is not None and number > attribute.max_value:
        return f"The value must not be greater than {attribute.max_value}"
    return None


def _length_fault(attribute: Attribute, value: str) -> str | None:
    most = MAX_LENGTH if attribute.max_length is None else min(attribute.max_length, MAX_LENGTH)
    if len(value) > most:
        return f"String must be no longer than {most} characters"
    if attribute.min_length is not None and len(value) < attribute.min_length:
        return f"String must be at least {attribute.min_length} characters long"
    return None


def check_required(settings: PoolSettings, attributes: Mapping[str, str]) -> None:
    """Refuse a new user who lacks what the pool requires.

    Raises:
        InvalidParameterException: naming all that are missing.
    """
    missing = missing_required(settings, attributes)
    if missing:
        faults = "; ".join(f"{name}: The attribute is required" for name in missing)
        raise InvalidParameterException(f"Attributes did not conform to the schema: {faults}")


def missing_required(settings: PoolSettings, attributes: Mapping[str, str]) -> list[str]:
    """The required attributes that are not there."""
    return [name for name in settings.required_attributes if not attributes.get(name)]


def check_writable(client: ClientSettings, names: Iterable[str]) -> None:
    """Refuse attributes that this app client cannot write: those not listed, `sub`, the verified flags,
    `dev:`.

    Raises:
        NotAuthorizedException: without saying which, as Cognito does.
    """
    if not all(client.may_write(name) and not name.startswith("dev:") for name in names):
        raise NotAuthorizedException("A client attempted to write unauthorized attribute")


def check_mutable(settings: PoolSettings, names: Iterable[str]) -> None:
    """Refuse to change what is fixed when a user is created.

    Raises:
        InvalidParameterException: naming the first one.
    """
    for name in names:
        attribute = settings.schema.get(name)
        if attribute is not None and not attribute.mutable:
            raise InvalidParameterException(f"user.{name}: Attribute cannot be updated.")


def check_flags(attributes: Mapping[str, str]) -> None:
    """Refuse a verified flag whose address is missing (an administrator may set flags, a client never).

    Raises:
        InvalidParameterException: with Cognito's text.
    """
    if attributes.get("email_verified") and not attributes.get("email"):
        raise InvalidParameterException("Email is required to verify/un-verify an email")
    if attributes.get("phone_number_verified") and not attributes.get("phone_number"):
        raise InvalidParameterException("Phone Number is required to verify/un-verify a phone number")


def readable(client: ClientSettings, user: User) -> dict[str, str]:
    """What this client may see of a user's attributes, `sub` first."""
    seen = {"sub": user.sub}
    seen.update((name, value) for name, value in user.attributes.items() if client.may_read(name))
    return seen


def merge(current: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """The attributes after an update: an empty value deletes, and a changed address is no longer verified."""
    merged = {**current}
    for name, value in changes.items():
        flag = VERIFIED_FLAGS.get(name)
        if flag is not None and current.get(name, "") != value:
            if value:
                merged[flag] = "false"
            else:
                merged.pop(flag, None)
        if value:
            merged[name] = value
        else:
            merged.pop(name, None)
    # An explicit flag among the changes wins, whatever the order in which they came.
    merged.update((name, changes[name]) for name in VERIFIED_FLAGS.values() if changes.get(name))
    return merged


def is_verified(attributes: Mapping[str, str], name: str) -> bool:
    """Whether the address in the attribute `name` was proved to be the user's."""
    return bool(attributes.get(name)) and attributes.get(VERIFIED_FLAGS[name]) == "true"
