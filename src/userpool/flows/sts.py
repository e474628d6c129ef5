"""A role by the basic flow: GetOpenIdToken, then AssumeRoleWithWebIdentity of AWS's Security Token Service.

That service speaks AWS's Query protocol: a form goes out, XML comes back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from xml.etree import ElementTree

from userpool.protocol.effects import Flow, send
from userpool.protocol.errors import ProtocolError, error_class
from userpool.protocol.http import Request, Response

from .identity import AwsCredentials, IdentityConfig, Logins, by_this_clock, get_open_id_token

OPERATION: Final = "AssumeRoleWithWebIdentity"
_VERSION: Final = "2011-06-15"
_NAMESPACE: Final = f"{{https://sts.amazonaws.com/doc/{_VERSION}/}}"
_MEMBERS: Final = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")


def assume_role(
    config: IdentityConfig,
    identity_id: str,
    logins: Logins | None,
    role_arn: str,
    *,
    session_name: str,
    duration: int | None = None,
) -> Flow[AwsCredentials]:
    """Take a role by the basic flow.

    Args:
        config: the pool, which must allow the basic (classic) flow.
        identity_id: whose.
        logins: tokens that prove it; none for a guest.
        role_arn: the role; its trust policy has to name the identity pool as the audience.
        session_name: what AWS's logs call the session.
        duration: seconds, 900 or more; by default 3,600.

    Raises:
        ServiceError: either service refused.
        ProtocolError: what came back is no answer of the Security Token Service.
    """
    token = yield from get_open_id_token(config, identity_id, logins)
    fields = {
        "Action": OPERATION,
        "Version": _VERSION,
        "RoleArn": role_arn,
        "RoleSessionName": session_name,
        "WebIdentityToken": token,
        **({} if duration is None else {"DurationSeconds": str(duration)}),
    }
    headers = {"content-type": "application/x-www-form-urlencoded", "user-agent": config.user_agent}
    request = Request("POST", "/", headers, urlencode(fields).encode()).at(config.sts_endpoint)
    response = yield from send(request, config.timeout)
    key, secret, session_token, ends = _credentials(response)
    return AwsCredentials(
        access_key_id=key,
        secret_access_key=secret,
        session_token=session_token,
        expires_at=(yield from by_this_clock(_moment(ends, response), response)),
        identity_id=identity_id,
    )


def _credentials(response: Response) -> tuple[str, ...]:
    root = _read(response)
    if response.status >= 400:
        code, message = (root.findtext(f".//{_NAMESPACE}{name}", "") for name in ("Code", "Message"))
        if not code:
            raise _unreadable(response)
        raise error_class(code)(message, code=code, status=response.status, operation=OPERATION)
    found = tuple(root.findtext(f".//{_NAMESPACE}Credentials/{_NAMESPACE}{name}", "") for name in _MEMBERS)
    if not all(found):
        raise _unreadable(response)
    return found


def _read(response: Response) -> ElementTree.Element:
    # An answer needs no document type; what one declares (entities that grow) is not for us.
    if b"<!" in response.body:
        raise _unreadable(response)
    try:
        return ElementTree.fromstring(response.body)  # noqa: S314 - without a document type it is harmless
    except ElementTree.ParseError:
        raise _unreadable(response) from None


def _moment(text: str, response: Response) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _unreadable(response) from None
    if moment.tzinfo is None:
        raise _unreadable(response)
    return moment


def _unreadable(response: Response) -> ProtocolError:
    return ProtocolError(
        f"The answer to {OPERATION} is none of the Security Token Service: is sts_endpoint its address?",
        operation=OPERATION,
        status=response.status,
    )
