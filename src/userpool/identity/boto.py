"""boto3 with an identity's credentials, which refresh by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from userpool.protocol.errors import MissingExtra

if TYPE_CHECKING:
    import boto3
    import botocore.session

    from userpool.identity._sync.identity import Identity


def botocore_session(identity: Identity, *, region_name: str | None = None) -> botocore.session.Session:
    """A botocore session whose requests are signed with this identity's credentials of the moment.

    Args:
        identity: from `IdentityPool`.
        region_name: where the session works; by default as botocore finds it.

    Raises:
        MissingExtra: boto3 is not installed.
        ServiceError, TransportError: there are no credentials; botocore lets them through.
    """
    try:
        import botocore.session
        from botocore.credentials import RefreshableCredentials
    except ImportError:
        raise MissingExtra("boto3", "a session of boto3") from None

    def metadata() -> dict[str, str]:
        held = identity.credentials()
        return {
            "access_key": held.access_key_id,
            "secret_key": held.secret_access_key,
            "token": held.session_token,
            "expiry_time": held.expires_at.isoformat(),
        }

    session = botocore.session.Session()
    # What botocore itself offers for credentials that change; boto3's documents name no other way.
    session._credentials = RefreshableCredentials.create_from_metadata(
        metadata(), refresh_using=metadata, method="cognito-identity"
    )
    if region_name is not None:
        session.set_config_variable("region", region_name)
    return session


def boto3_session(identity: Identity, *, region_name: str | None = None, **options: Any) -> boto3.Session:
    """A boto3 session whose clients sign with this identity's credentials of the moment.

    Args:
        identity: from `IdentityPool`.
        region_name: where its clients work; by default the identity pool's region.
        options: of `boto3.Session`.

    Raises:
        MissingExtra: boto3 is not installed.
        ServiceError, TransportError: there are no credentials.
    """
    try:
        import boto3
    except ImportError:
        raise MissingExtra("boto3", "a session of boto3") from None
    below = botocore_session(identity)
    return boto3.Session(botocore_session=below, region_name=region_name or identity.region, **options)
