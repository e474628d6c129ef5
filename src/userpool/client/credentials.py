"""AWS credentials for administrators: given, from the environment, or from boto3 where that is installed.

Self-run services take their own admin keys in the same form.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from userpool.protocol.endpoints import is_loopback
from userpool.protocol.errors import MissingExtra, ParameterError
from userpool.protocol.sigv4 import Credentials

CredentialsSource: TypeAlias = Callable[[], Credentials | None]
"""Called before every request, so that credentials may change; may block. `None` sends requests unsigned."""


def no_credentials() -> Credentials | None:
    """For services in the same process, which know who calls."""
    return None


def credentials_source(given: Credentials | CredentialsSource | None, endpoint: str) -> CredentialsSource:
    """Say where the credentials for `endpoint` come from.

    Args:
        given: credentials, or a function that gets them; otherwise they are looked for when first needed.
        endpoint: on this very machine, requests go out unsigned where no credentials are found.
    """
    if isinstance(given, Credentials):
        return lambda: given
    return given or _Found(endpoint)


class _Found:
    """Looks in the environment, then asks boto3, and remembers which of the two had an answer."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._session: Any = None

    def __call__(self) -> Credentials | None:
        found = _from_environment() or self._from_boto3()
        if found is None and not is_loopback(urlsplit(self._endpoint).hostname or ""):
            raise ParameterError(
                "No AWS credentials were found: give credentials=Credentials(…), set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or configure boto3."
            )
        return found

    def _from_boto3(self) -> Credentials | None:
        try:
            import boto3
        except ImportError:
            if is_loopback(urlsplit(self._endpoint).hostname or ""):
                return None
            raise MissingExtra("boto3", "finding AWS credentials outside of the environment") from None
        # The session is kept: it refreshes credentials that expire, and caches those that do not.
        self._session = self._session or boto3.Session()
        credentials = self._session.get_credentials()
        if credentials is None:
            return None
        frozen = credentials.get_frozen_credentials()
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)


def _from_environment() -> Credentials | None:
    key_id, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if not key_id or not secret:
        return None
    return Credentials(key_id, secret, os.environ.get("AWS_SESSION_TOKEN") or None)
