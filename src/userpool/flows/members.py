"""Members that many requests share, and the plain values that their shapes stand for."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from userpool.protocol.effects import Flow, now
from userpool.protocol.errors import ParameterError
from userpool.protocol.secret_hash import secret_hash as make_secret_hash

from .config import ClientConfig, UserContext

if TYPE_CHECKING:
    from userpool.protocol._generated.idp.common import (
        AnalyticsMetadataType,
        AttributeType,
        CodeDeliveryDetailsType,
        UserContextDataType,
    )
    from userpool.protocol.code_delivery import CodeDelivery

_LONGEST_USERNAME: Final = 128
_CATEGORIES: Final = frozenset("LMSNP")
"""Letters, marks, symbols, numbers and punctuation: no control characters, no spaces."""


def check_username(username: str) -> str:
    """Return `username` if the service could know it.

    The sign-in's parameters are a free map on the wire, so the limits of `Username` are kept here.

    Raises:
        ParameterError: it is empty, longer than 128 characters, or has spaces or control characters.
    """
    if not 1 <= len(username) <= _LONGEST_USERNAME:
        raise ParameterError(
            f"A user name has 1 to {_LONGEST_USERNAME} characters; this one: {len(username)}."
        )
    if any(unicodedata.category(character)[0] not in _CATEGORIES for character in username):
        raise ParameterError("A user name has no spaces and no control characters.")
    return username


def check_proof(password: object) -> None:
    """Hold a password that is to be proved, where there is one, against what no password can be.

    Raises:
        ParameterError: it is empty, or no text, such as bytes that were not decoded; its value is not shown.
    """
    if password == "":
        raise ParameterError("The password is empty.")
    if password is not None and not isinstance(password, str):
        raise ParameterError(f"The password is text (str), not {type(password).__name__}.")


def check_password(config: ClientConfig, password: str | None) -> None:
    """Hold a new password against the policy of the configuration, where there is one.

    Raises:
        PasswordPolicyError: it breaks a rule.
    """
    if config.password_policy is not None and password:
        config.password_policy.require(password)


def secret_hash(config: ClientConfig, username: str) -> str | None:
    """`SECRET_HASH` for the name of this very request; `None` for a client without a secret."""
    if config.client_secret is None:
        return None
    return make_secret_hash(username, config.client_id, config.client_secret)


def client_metadata(config: ClientConfig, given: Mapping[str, str] | None) -> dict[str, str] | None:
    """`ClientMetadata`: what was `given` with the call, or else the configuration's."""
    chosen = config.client_metadata if given is None else given
    return dict(chosen) if chosen else None


def user_context_data(
    config: ClientConfig, given: UserContext | None, username: str
) -> Flow[UserContextDataType | None]:
    """`UserContextData` of a request for `username`: what was `given` with the call, or else the
    configuration's.
    """
    from userpool.protocol.shapes import idp

    chosen = given or config.user_context
    if chosen is None:
        return None
    encoded = chosen.encoded_data
    if encoded is None and chosen.device is not None:
        from userpool.protocol.context_data import encoded_data

        encoded = encoded_data(
            chosen.device.as_context(),
            username=username,
            user_pool_id=config.user_pool_id,
            client_id=config.client_id,
            at=(yield from now()),
        )
    return idp.UserContextDataType(ip_address=chosen.ip_address, encoded_data=encoded)


def analytics_metadata(config: ClientConfig) -> AnalyticsMetadataType | None:
    """`AnalyticsMetadata` of the configuration."""
    from userpool.protocol.shapes import idp

    if config.analytics_endpoint_id is None:
        return None
    return idp.AnalyticsMetadataType(analytics_endpoint_id=config.analytics_endpoint_id)


def attribute_list(attributes: Mapping[str, str] | None) -> list[AttributeType] | None:
    """Attributes by name in the form that requests carry; nothing for none.

    Raises:
        ParameterError: they are a list, as in boto3 and JavaScript, or one has no value.
    """
    from userpool.protocol.shapes import idp

    if isinstance(attributes, Iterable) and not isinstance(attributes, Mapping):
        raise ParameterError('Attributes are given by name: {"email": "ada@example.com"}.')
    given: Mapping[str, object] = attributes or {}
    without = sorted(name for name, value in given.items() if value is None)
    if without:
        raise ParameterError(f"Leave out what has no value: {', '.join(without)}.")
    return [idp.AttributeType(name=name, value=value) for name, value in (attributes or {}).items()] or None


def attribute_map(attributes: Iterable[AttributeType]) -> dict[str, str]:
    """The form that replies carry as attributes by name."""
    return {attribute.name: attribute.value or "" for attribute in attributes}


def code_delivery(details: CodeDeliveryDetailsType | None) -> CodeDelivery | None:
    """Where a code went, if one did."""
    from userpool.protocol.code_delivery import CodeDelivery

    if details is None:
        return None
    return CodeDelivery(details.delivery_medium or "", details.destination or "", details.attribute_name)
