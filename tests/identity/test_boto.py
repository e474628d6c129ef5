"""Sessions of boto3 whose credentials renew themselves."""

from __future__ import annotations

import sys

import pytest

from tests.identity.test_identity_sync import HOUR, Desk, credentials, found, google
from userpool import MissingExtra
from userpool.identity import boto3_session
from userpool.identity.boto import botocore_session


def test_a_session_takes_the_credentials_of_the_moment() -> None:
    far = 4_000_000_000.0  # beyond the clock of botocore, which a test cannot move
    desk = Desk(found(), credentials(1, ends=far), credentials(2, ends=far))
    session = boto3_session(desk.pool.of_provider("ada", google))
    assert session.region_name == "us-east-1"
    frozen = session.get_credentials().get_frozen_credentials()
    assert (frozen.access_key, frozen.secret_key, frozen.token) == ("ASIA1", "hidden", "token")
    assert (
        boto3_session(desk.pool.of_provider("ada", google), region_name="eu-west-1").region_name
        == "eu-west-1"
    )


def test_old_credentials_are_renewed_by_botocore_itself() -> None:
    desk = Desk(found(), credentials(1), credentials(2, ends=4_000_000_000.0))
    session = botocore_session(desk.pool.of_provider("ada", google), region_name="eu-west-1")
    desk.now += HOUR
    frozen = session.get_credentials().get_frozen_credentials()
    assert frozen.access_key == "ASIA2"
    assert session.get_config_variable("region") == "eu-west-1"


@pytest.mark.parametrize(
    ("make", "library"), [(boto3_session, "boto3"), (botocore_session, "botocore.session")]
)
def test_without_boto3_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, make: object, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtra, match=r"userpool\[boto3\]"):
        make(Desk().pool.of_provider("ada", google))  # type: ignore[operator]  # one of the two
