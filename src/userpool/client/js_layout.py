"""Users as amazon-cognito-identity-js and Amplify keep them in a browser: a dozen texts a user.

Both libraries use one layout, `CognitoIdentityServiceProvider.<client id>.<user>.<member>`, in localStorage
or in cookies, where names and values are percent-encoded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote

from userpool.flows.grant import Device, Tokens
from userpool.protocol.errors import ParameterError

_PREFIX: Final = "CognitoIdentityServiceProvider"
_REACT_NATIVE: Final = "@MemoryStorage:"
_NOTHING: Final = frozenset({"", "null", "undefined", "NaN"})
"""What JavaScript makes of a value that is missing."""
_UNRESERVED: Final = "!~*'()"
"""What `encodeURIComponent` leaves alone beside letters, digits and `-_.`."""


@dataclass(frozen=True, slots=True)
class MovedUser:
    """A user as the JavaScript libraries keep one."""

    name: str
    """The user name, or what was typed at the sign-in."""
    tokens: Tokens
    device: Device | None = field(default=None, repr=False)
    device_key: str | None = field(default=None, repr=False)
    last: bool = False
    """Whether this is who signed in last."""


def read(items: Mapping[str, object] | str, client_id: str, *, cookies: bool = False) -> list[MovedUser]:
    """All users of an app client who have an access token, by name.

    Their clock drift is not taken over: it is that of the browser's machine, and the two libraries write it
    with different signs and units.

    Args:
        items: what localStorage or the cookies hold, by name; a text is read as a JSON object.
        client_id: the app client.
        cookies: whether names and values are percent-encoded, as they are in cookies.

    Raises:
        ParameterError: the text is no JSON object.
    """
    prefix = f"{_PREFIX}.{client_id}."
    kept: dict[str, dict[str, str]] = {}
    last = None
    for name, value in _parsed(items).items():
        key, text = name.removeprefix(_REACT_NATIVE), str(value or "")
        if cookies:
            key, text = unquote(key), unquote(text)
        if not key.startswith(prefix) or text in _NOTHING:
            continue
        user, _, member = key.removeprefix(prefix).rpartition(".")
        if user:
            kept.setdefault(user, {})[member] = text
        elif member == "LastAuthUser":
            last = text
    return [
        _user(name, kept[name], last=name == last) for name in sorted(kept) if "accessToken" in kept[name]
    ]


def write(users: Iterable[MovedUser], client_id: str, *, cookies: bool = False) -> dict[str, str]:
    """The same users as the JavaScript libraries read them. Both take a clock drift of 0."""
    prefix = f"{_PREFIX}.{client_id}."
    items: dict[str, str] = {}
    for user in users:
        members = {
            "accessToken": user.tokens.access_token,
            "idToken": user.tokens.id_token,
            "refreshToken": user.tokens.refresh_token,
            "clockDrift": "0",
            "deviceKey": user.device_key,
        }
        if user.device is not None:
            members |= {
                "deviceKey": user.device.key,
                "deviceGroupKey": user.device.group_key,
                "randomPasswordKey": user.device.password,
            }
        items |= {f"{prefix}{user.name}.{name}": text for name, text in members.items() if text}
        if user.last:
            items[f"{prefix}LastAuthUser"] = user.name
    if cookies:
        return {quote(name, safe=_UNRESERVED): quote(text, safe=_UNRESERVED) for name, text in items.items()}
    return items


def _parsed(items: Mapping[str, object] | str) -> Mapping[str, object]:
    if not isinstance(items, str):
        return items
    try:
        found = json.loads(items)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ParameterError(
            "This is no JSON object: give what `JSON.stringify(localStorage)` says in the browser, or a "
            "mapping."
        )
    return found


def _user(name: str, members: Mapping[str, str], *, last: bool) -> MovedUser:
    tokens = Tokens(
        access_token=members["accessToken"],
        id_token=members.get("idToken"),
        refresh_token=members.get("refreshToken"),
    )
    key, group, password = (
        members.get(each) for each in ("deviceKey", "deviceGroupKey", "randomPasswordKey")
    )
    device = Device(key, group, password) if key and group and password else None
    return MovedUser(name, tokens, device, key, last)
