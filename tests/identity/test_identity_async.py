"""Identities of an identity pool, against a scripted service."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from tests.client.helpers import PASSWORD
from userpool import (
    AsyncUser,
    AsyncUserPool,
    MemoryStorage,
    NotAuthorizedException,
    ParameterError,
    ProtocolError,
    ResourceNotFoundException,
    SignedIn,
    SignedOutError,
    StorageError,
    TransportError,
)
from userpool.identity import AsyncIdentityPool, user_pool_provider
from userpool.protocol.http import Request, Response
from userpool.testing.scripted import ScriptedTransport, Step, answer, refusal

POOL = "us-east-1:0a1b2c3d-4e5f-6789-abcd-ef0123456789"
ADA = "us-east-1:11111111-4e5f-6789-abcd-ef0123456789"
GUEST = "us-east-1:22222222-4e5f-6789-abcd-ef0123456789"
NOW = 1_790_000_000.0
HOUR = 3600.0
STS = (
    '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
    "<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA7</AccessKeyId>"
    "<SecretAccessKey>hidden</SecretAccessKey><SessionToken>token</SessionToken>"
    "<Expiration>2026-09-21T16:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"
    "</AssumeRoleWithWebIdentityResponse>"
)
STS_REFUSAL = (
    '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
    "<Code>AccessDenied</Code><Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message>"
    "</Error><RequestId>1</RequestId></ErrorResponse>"
)


class Desk:
    """An identity pool that is played by `steps`, and a clock that a test moves."""

    def __init__(self, *steps: Step, storage: MemoryStorage | None = None, margin: float = 300.0) -> None:
        self.now = NOW
        self.transport = ScriptedTransport(steps)
        self.storage = storage or MemoryStorage()
        self.pool = AsyncIdentityPool(
            POOL,
            transport=self.transport,
            storage=self.storage,
            margin=margin,
            attempts=1,
            clock=lambda: self.now,
        )

    def sent(self, place: int) -> dict[str, object]:
        """The body of a request."""
        body = json.loads(self.transport.requests[place].body)
        assert isinstance(body, dict)
        return body


def found(identity_id: str = ADA) -> Response:
    return answer({"IdentityId": identity_id})


def credentials(number: int = 1, *, ends: float = NOW + HOUR, identity_id: str = ADA) -> Response:
    held = {
        "AccessKeyId": f"ASIA{number}",
        "SecretKey": "hidden",
        "SessionToken": "token",
        "Expiration": ends,
    }
    return answer({"IdentityId": identity_id, "Credentials": held})


async def google() -> Mapping[str, str]:
    return {"accounts.google.com": "token of Google"}


@pytest.fixture
async def user() -> AsyncIterator[AsyncUser]:
    """Ada, signed in to a user pool."""
    async with AsyncUserPool.embedded() as pool:
        await pool.sign_up("ada", PASSWORD, {"email": "ada@example.com"})
        await pool.confirm_sign_up("ada", pool.outbox.code())
        step = await pool.sign_in("ada", PASSWORD)
        assert isinstance(step, SignedIn)
        yield step.user


async def test_i02_credentials_of_a_user_by_the_id_token_and_no_other(user: AsyncUser) -> None:
    desk = Desk(found(), credentials())
    identity = desk.pool.of_user(user)
    held = await identity.credentials()
    assert (held.access_key_id, held.secret_access_key, held.session_token) == ("ASIA1", "hidden", "token")
    assert held.expires_at == datetime.fromtimestamp(NOW + HOUR, UTC)
    assert "hidden" not in repr(held)
    assert "token" not in repr(held)
    assert held.identity_id == await identity.identity_id() == ADA
    assert desk.transport.targets == ["GetId", "GetCredentialsForIdentity"]
    logins = {user_pool_provider(user.id_claims["iss"]): (await user.tokens()).id_token}
    assert desk.sent(0) == {"IdentityPoolId": POOL, "Logins": logins}
    assert desk.sent(1) == {"IdentityId": ADA, "Logins": logins}
    assert await identity.credentials() is held
    assert desk.transport.remaining == 0
    assert repr(identity) == f"AsyncIdentity({ADA!r})"
    assert repr(desk.pool) == f"AsyncIdentityPool({POOL!r})"


async def test_i04_a_role_is_asked_for_by_name_and_a_foreign_one_is_refused(user: AsyncUser) -> None:
    desk = Desk(found(), refusal("NotAuthorizedException", "Role is not in the token."))
    with pytest.raises(NotAuthorizedException):
        await desk.pool.of_user(user, role_arn="arn:aws:iam::123456789012:role/admin").credentials()
    assert desk.sent(1)["CustomRoleArn"] == "arn:aws:iam::123456789012:role/admin"


async def test_i08_a_user_never_turns_into_a_guest(user: AsyncUser) -> None:
    desk = Desk(refusal("NotAuthorizedException", "Token is not from a supported provider."))
    identity = desk.pool.of_user(user)
    with pytest.raises(NotAuthorizedException):
        await identity.credentials()
    await user.sign_out()
    with pytest.raises(SignedOutError):
        await identity.credentials()
    with pytest.raises(SignedOutError):
        await identity.identity_id()
    assert desk.transport.targets == ["GetId"]


async def test_i09_credentials_are_renewed_before_their_end() -> None:
    desk = Desk(found(), credentials(1), credentials(2, ends=NOW + 2 * HOUR))
    identity = desk.pool.of_provider("ada", google)
    assert (await identity.credentials()).access_key_id == "ASIA1"
    desk.now += HOUR - 301
    assert (await identity.credentials()).access_key_id == "ASIA1"
    desk.now += 2
    assert (await identity.credentials()).access_key_id == "ASIA2"


@pytest.mark.parametrize("ends", [NOW + 1, NOW, NOW - 60])
async def test_i09_credentials_that_hardly_last_are_given_out_once(ends: float) -> None:
    desk = Desk(found(), credentials(1, ends=ends), credentials(2))
    identity = desk.pool.of_provider("ada", google)
    assert (await identity.credentials()).access_key_id == "ASIA1"
    desk.now += 1
    assert (await identity.credentials()).access_key_id == "ASIA2"


async def test_i09_the_end_is_read_by_the_clock_of_the_service() -> None:
    given = credentials(ends=NOW + HOUR)
    at = datetime.now(UTC).timestamp() + 600  # the service is ten minutes ahead
    date = datetime.fromtimestamp(at, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    desk = Desk(found(), Response(200, {**given.headers, "date": date}, given.body))
    held = await desk.pool.of_provider("ada", google).credentials()
    early = datetime.fromtimestamp(NOW + HOUR, UTC) - held.expires_at
    assert timedelta(seconds=595) < early < timedelta(seconds=605)


@pytest.mark.parametrize(
    "fault",
    [
        TransportError("gone"),
        refusal("InternalErrorException", status=500),
        refusal("TooManyRequestsException"),
    ],
)
async def test_old_credentials_serve_through_an_outage_as_long_as_they_last(fault: Step) -> None:
    desk = Desk(found(), credentials(1), fault, fault)
    identity = desk.pool.of_provider("ada", google)
    await identity.credentials()
    desk.now += HOUR - 10
    assert (await identity.credentials()).access_key_id == "ASIA1"
    desk.now += 10
    with pytest.raises(type(fault) if isinstance(fault, BaseException) else Exception):
        await identity.credentials()
    assert desk.transport.remaining == 0


async def test_what_is_refused_for_good_is_not_served_from_old_credentials() -> None:
    desk = Desk(found(), credentials(1), refusal("NotAuthorizedException", "Identity is disabled."))
    identity = desk.pool.of_provider("ada", google)
    await identity.credentials()
    desk.now += HOUR - 10
    with pytest.raises(NotAuthorizedException):
        await identity.credentials()


async def test_an_id_is_kept_and_credentials_are_not() -> None:
    storage = MemoryStorage()
    first = Desk(found(), credentials(), storage=storage)
    await first.pool.of_provider("ada", google).credentials()
    (kept,) = [storage.load(key) or b"" for key in list(storage.keys())]
    assert b"ASIA" not in kept
    again = Desk(credentials(), storage=storage)
    identity = again.pool.of_provider("ada", google)
    assert await identity.identity_id() == ADA
    await identity.credentials()
    assert again.transport.targets == ["GetCredentialsForIdentity"]
    await identity.forget()
    assert storage.keys() == []


async def test_an_identity_that_was_deleted_is_found_anew_once() -> None:
    storage = MemoryStorage()
    await Desk(found(), credentials(), storage=storage).pool.of_provider("ada", google).credentials()
    gone = refusal("ResourceNotFoundException", f"Identity '{ADA}' not found.")
    desk = Desk(gone, found(GUEST), credentials(identity_id=GUEST), storage=storage)
    identity = desk.pool.of_provider("ada", google)
    assert (await identity.credentials()).identity_id == GUEST
    desk = Desk(found(), gone)
    with pytest.raises(ResourceNotFoundException):
        await desk.pool.of_provider("ada", google).credentials()


async def test_two_identities_that_became_one_are_kept_as_the_one() -> None:
    desk = Desk(found(GUEST), credentials(identity_id=ADA))
    identity = desk.pool.of_provider("ada", google)
    assert (await identity.credentials()).identity_id == ADA
    assert await identity.identity_id() == ADA


async def test_a_guest_keeps_its_identity_and_a_user_may_adopt_it(user: AsyncUser) -> None:
    storage = MemoryStorage()
    desk = Desk(found(GUEST), credentials(identity_id=GUEST), storage=storage)
    held = await desk.pool.guest().credentials()
    assert held.identity_id == GUEST
    assert "Logins" not in desk.sent(0)
    assert "Logins" not in desk.sent(1)
    adopting = Desk(credentials(identity_id=GUEST), storage=storage)
    identity = adopting.pool.of_user(user, adopt_guest=True)
    assert (await identity.credentials()).identity_id == GUEST
    assert adopting.sent(0)["IdentityId"] == GUEST
    assert adopting.sent(0)["Logins"]
    fresh = Desk(found("us-east-1:33333333-0000-0000-0000-000000000000"), storage=storage)
    assert await fresh.pool.guest().identity_id() != GUEST


async def test_i03_a_pool_without_guests_says_so() -> None:
    desk = Desk(refusal("NotAuthorizedException", "Unauthenticated access is not supported."))
    with pytest.raises(NotAuthorizedException):
        await desk.pool.guest().identity_id()


async def test_developer_authenticated_identities() -> None:
    async def from_our_back_end() -> Mapping[str, str]:
        return {"cognito-identity.amazonaws.com": "token of our own"}

    desk = Desk(credentials())
    identity = desk.pool.of_provider("ada", from_our_back_end, identity_id=ADA)
    await identity.credentials()
    assert desk.sent(0)["Logins"] == {"cognito-identity.amazonaws.com": "token of our own"}
    assert desk.transport.targets == ["GetCredentialsForIdentity"]


async def test_logins_are_taken_away() -> None:
    desk = Desk(found(), answer())
    identity = desk.pool.of_provider("ada", google)
    await identity.unlink("accounts.google.com")
    assert desk.sent(1) == {
        "IdentityId": ADA,
        "Logins": {"accounts.google.com": "token of Google"},
        "LoginsToRemove": ["accounts.google.com"],
    }
    assert desk.storage.keys() == []


async def test_a_role_by_the_basic_flow() -> None:
    opened = answer({"IdentityId": ADA, "Token": "open id"})
    desk = Desk(found(), opened, Response(200, {}, STS.encode()), opened)
    identity = desk.pool.of_provider("ada", google)
    held = await identity.assume_role("arn:aws:iam::123456789012:role/a", session_name="me", duration=900)
    assert (held.access_key_id, held.identity_id) == ("ASIA7", ADA)
    assert held.expires_at == datetime(2026, 9, 21, 16, tzinfo=UTC)
    request: Request = desk.transport.requests[2]
    assert request.url == "https://sts.us-east-1.amazonaws.com/"
    assert request.body.decode() == (
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
        "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fa&RoleSessionName=me"
        "&WebIdentityToken=open+id&DurationSeconds=900"
    )
    assert await identity.open_id_token() == "open id"


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (403, STS_REFUSAL, "Not authorized to perform"),
        (200, STS.replace("ASIA7", ""), "none of the Security Token Service"),
        (200, STS.replace("2026-09-21T16:00:00Z", "tomorrow"), "none of the Security Token Service"),
        (200, STS.replace("2026-09-21T16:00:00Z", "2026-09-21"), "none of the Security Token Service"),
        (200, "<!DOCTYPE a [<!ENTITY b 'c'>]>" + STS, "none of the Security Token Service"),
        (502, "<html>", "none of the Security Token Service"),
        (502, "<html/>", "none of the Security Token Service"),
    ],
)
async def test_what_the_security_token_service_may_not_answer(status: int, body: str, fault: str) -> None:
    desk = Desk(found(), answer({"Token": "t"}), Response(status, {}, body.encode()))
    with pytest.raises(Exception, match=fault) as caught:
        await desk.pool.of_provider("ada", google).assume_role("arn:aws:iam::123456789012:role/a")
    assert getattr(caught.value, "operation", "") == "AssumeRoleWithWebIdentity"


@pytest.mark.parametrize(
    "steps",
    [
        [answer({})],
        [found(), answer({"IdentityId": ADA})],
        [found(), answer({"IdentityId": ADA, "Credentials": {"AccessKeyId": "ASIA"}})],
    ],
)
async def test_answers_that_lack_something_are_no_answers(steps: list[Step]) -> None:
    with pytest.raises(ProtocolError, match="holds no"):
        await Desk(*steps).pool.of_provider("ada", google).credentials()


class Broken(MemoryStorage):
    """A storage that keeps nothing."""

    def load(self, key: str) -> bytes | None:
        raise StorageError("broken")

    def save(self, key: str, data: bytes) -> None:
        raise StorageError("broken")


async def test_a_storage_that_does_not_work_stops_nobody() -> None:
    desk = Desk(found(), credentials(), storage=Broken())
    held = await desk.pool.of_provider("ada", google).credentials()
    assert held.access_key_id == "ASIA1"


@pytest.mark.parametrize("record", [b"", b"[]", b"{", b'{"version": 2, "identity_id": "x"}'])
async def test_a_record_that_cannot_be_read_counts_as_absent(record: bytes) -> None:
    storage = MemoryStorage()
    storage.save(f"{POOL}/identities/other/ada", record)
    desk = Desk(found(), credentials(), storage=storage)
    assert (await desk.pool.of_provider("ada", google).credentials()).identity_id == ADA


async def test_a_user_without_an_id_token_is_told_what_is_missing(user: AsyncUser) -> None:
    pool = AsyncUserPool("us-east-1_aB12cDe34", user.id_claims["aud"])
    bare = pool.user(access_token=(await user.tokens()).access_token)
    with pytest.raises(ParameterError, match="asks for the ID token"):
        await Desk().pool.of_user(bare, provider="login.example.com").credentials()
    with pytest.raises(ParameterError, match="name the provider"):
        Desk().pool.of_user(bare)
    await pool.aclose()


@pytest.mark.parametrize("name", ["", "guest"])
def test_a_person_needs_a_name(name: str) -> None:
    with pytest.raises(ParameterError):
        Desk().pool.of_provider(name, google)


@pytest.mark.parametrize("identity_pool_id", ["", "us-east-1", "us-east-1_abc", "us east:0", "a:0" * 30])
def test_what_is_no_identity_pool_id(identity_pool_id: str) -> None:
    with pytest.raises(ParameterError, match="identity pool id"):
        AsyncIdentityPool(identity_pool_id)


def test_a_margin_below_nothing() -> None:
    with pytest.raises(ParameterError, match="margin"):
        AsyncIdentityPool(POOL, margin=-1)


async def test_it_can_be_closed() -> None:
    async with AsyncIdentityPool(POOL) as pool:
        assert pool.config.endpoint == "https://cognito-identity.us-east-1.amazonaws.com"
        assert pool.config.sts_endpoint == "https://sts.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("issuer", "name"),
    [
        (
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_aB12cDe34",
            "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_aB12cDe34",
        ),
        (
            "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_aB12cDe34",
            "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_aB12cDe34",
        ),
        (
            "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_aB12cDe34",
            "cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_aB12cDe34",
        ),
        ("https://login.example.com/us-east-1_aB12cDe34", "login.example.com/us-east-1_aB12cDe34"),
    ],
)
def test_what_a_user_pool_is_called_in_logins(issuer: str, name: str) -> None:
    assert user_pool_provider(issuer) == name


def test_an_issuer_that_is_none() -> None:
    with pytest.raises(ParameterError):
        user_pool_provider("ada")
