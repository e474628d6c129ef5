"""The records of devices: what a sign-in gives, ConfirmDevice, and what users and administrators do."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest

from tests.service.phones import LOGGED, OPT_IN, TRACKED, Phone
from tests.service.world import (
    OTHER_PASSWORD,
    PASSWORD,
    ROTATING,
    TOTP_OPTIONAL,
    ClientOf,
    World,
    claims,
    together,
    with_app,
)
from userpool.protocol import srp
from userpool.protocol.errors import (
    DeviceKeyExistsException,
    InvalidParameterException,
    NotAuthorizedException,
    ResourceNotFoundException,
    ServiceError,
    UserNotFoundException,
)

UNKNOWN = "us-east-1_00000000-0000-4000-8000-000000000000"
OFF = "Device tracking not currently enabled for this pool."
NONE = "Device does not exist."
DAY = 86_400.0


@pytest.fixture
def client(world: World) -> ClientOf:
    client = world.pool(**TRACKED).client()
    client.signed_up("ada")
    return client


def is_unknown(error: ServiceError) -> bool:
    return isinstance(error, ResourceNotFoundException) and error.message == NONE


def attributes(device: dict[str, Any]) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in device["DeviceAttributes"]}


class TestNewDevice:
    """The key that a sign-in from no known device is given."""

    def test_every_flow_gives_one(self, client: ClientOf) -> None:
        admin = client.pool.admin(
            "AdminInitiateAuth",
            ClientId=client.id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
        )
        answers = [client.by_password(), client.by_srp(), admin]
        keys = {answer["AuthenticationResult"]["NewDeviceMetadata"]["DeviceKey"] for answer in answers}
        groups = {answer["AuthenticationResult"]["NewDeviceMetadata"]["DeviceGroupKey"] for answer in answers}
        assert len(keys) == len(answers)
        assert all(re.fullmatch(r"us-east-1_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", key) for key in keys)
        [group] = groups
        assert re.fullmatch(r"-[\w-]{8}", group)

    def test_the_group_is_the_pool(self, client: ClientOf, world: World) -> None:
        other = world.pool(**TRACKED).client()
        other.signed_up("ada")
        assert Phone.new(client, client.by_password()).group != Phone.new(other, other.by_password()).group

    def test_it_comes_at_the_end_of_a_sign_in_with_more_steps(self, world: World) -> None:
        client = world.pool(mfa=TOTP_OPTIONAL, **TRACKED).client()
        client.pool.admin("AdminCreateUser", Username="ada", TemporaryPassword=PASSWORD)
        challenge = client.by_password()
        answer = client.answer(challenge, NEW_PASSWORD=OTHER_PASSWORD)
        assert Phone.new(client, answer).key
        app = with_app(client, client.tokens(answer))
        asked = client.by_password("ada", OTHER_PASSWORD)
        assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
        assert Phone.new(client, client.answer(asked, SOFTWARE_TOKEN_MFA_CODE=app.code())).key

    def test_the_access_token_names_it(self, client: ClientOf) -> None:
        answer = client.by_password()
        tokens = client.tokens(answer)
        assert claims(tokens.access)["device_key"] == Phone.new(client, answer).key
        assert "device_key" not in claims(tokens.id)

    def test_a_pool_that_does_not_track_devices_gives_none(self, world: World) -> None:
        client = world.pool().client()
        client.signed_up("ada")
        answer = client.by_password(DEVICE_KEY=UNKNOWN)
        assert "NewDeviceMetadata" not in answer["AuthenticationResult"]
        assert "device_key" not in claims(client.tokens(answer).access)

    def test_a_known_device_is_given_none(self, client: ClientOf) -> None:
        phone = Phone.confirmed(client)
        answer = phone.sign_in()
        assert "NewDeviceMetadata" not in answer["AuthenticationResult"]
        assert claims(client.tokens(answer).access)["device_key"] == phone.key
        by_srp = client.srp(DEVICE_KEY=phone.key).answer()
        assert "NewDeviceMetadata" not in by_srp["AuthenticationResult"]
        named_late = client.srp().answer(DEVICE_KEY=phone.key)
        assert "NewDeviceMetadata" not in named_late["AuthenticationResult"]


class TestConfirm:
    @pytest.mark.parametrize(
        ("configuration", "asks"), [(TRACKED, False), (LOGGED, False), (OPT_IN, True)], ids=str
    )
    def test_the_answer_says_whether_the_user_has_to_be_asked(
        self, world: World, configuration: dict[str, Any], asks: bool
    ) -> None:
        client = world.pool(**configuration).client()
        client.signed_up("ada")
        answer = client.by_password()
        phone, tokens = Phone.new(client, answer), client.tokens(answer)
        assert phone.confirm(tokens) == {"UserConfirmationNecessary": asks}
        device = client.pool.admin("AdminGetDevice", Username="ada", DeviceKey=phone.key)["Device"]
        status = "not_remembered" if asks else "remembered"
        assert attributes(device)["dev:device_remembered_status"] == status

    def test_what_is_kept(self, client: ClientOf, world: World) -> None:
        answer = client.by_password()
        phone, tokens = Phone.new(client, answer), client.tokens(answer)
        world.source_ip = "2001:db8:0::1"
        phone.confirm(tokens, DeviceName="Ada\u2019s phone \0")
        device = tokens.call("GetDevice", DeviceKey=phone.key)["Device"]
        assert device["DeviceKey"] == phone.key
        assert attributes(device) == {
            "device_status": "valid",
            "device_name": "Ada\u2019s phone \0",
            "last_ip_used": "2001:db8::1",
        }
        dates = {device[f"Device{name}Date"] for name in ("Create", "LastModified", "LastAuthenticated")}
        assert dates == {int(world.clock.now())} or dates == {world.clock.now()}

    def test_the_verifier_is_sealed(self, client: ClientOf, world: World) -> None:
        phone = Phone.confirmed(client)
        sub = client.pool.user("ada").sub
        device = world.store.read(lambda reader: reader.device(client.pool.id, sub, phone.key))
        assert device is not None
        assert base64.b64decode(phone.secret.verifier)[1:] not in device.sealed_verifier
        assert len(device.sealed_verifier) > 384

    def test_a_device_is_confirmed_once(self, client: ClientOf) -> None:
        answer = client.by_password()
        phone, tokens = Phone.new(client, answer), client.tokens(answer)
        phone.confirm(tokens)
        error = tokens.error("ConfirmDevice", DeviceKey=phone.key, DeviceSecretVerifierConfig=phone.config)
        assert isinstance(error, DeviceKeyExistsException)

    def test_of_many_who_confirm_it_at_once_one_does(self, client: ClientOf) -> None:
        answer = client.by_password()
        phone, tokens = Phone.new(client, answer), client.tokens(answer)
        outcomes = together(8, lambda _: phone.confirm(tokens))
        assert sum(isinstance(one, dict) for one in outcomes) == 1
        assert sum(isinstance(one, DeviceKeyExistsException) for one in outcomes) == 7

    @pytest.mark.parametrize("whose", ["another user's", "another sign-in's", "nobody's"])
    def test_a52_only_the_key_of_this_sign_in_is_confirmed(self, client: ClientOf, whose: str) -> None:
        client.signed_up("eve")
        mine = client.by_password()
        match whose:
            case "another user's":
                phone = Phone.new(client, client.by_password("eve"))
            case "another sign-in's":
                phone = Phone.new(client, client.by_password())
            case _:
                phone = Phone.new(client, mine)
                phone.key = UNKNOWN
        error = client.tokens(mine).error(
            "ConfirmDevice", DeviceKey=phone.key, DeviceSecretVerifierConfig=phone.config
        )
        assert (type(error), error.message) == (InvalidParameterException, "Invalid device key given.")

    @pytest.mark.parametrize(
        "changes",
        [
            {"Salt": None},
            {"PasswordVerifier": None},
            {"Salt": ""},
            {"Salt": "!"},
            {"Salt": base64.b64encode(bytes(7)).decode()},
            {"Salt": base64.b64encode(bytes(65)).decode()},
            {"PasswordVerifier": "!"},
            {"PasswordVerifier": base64.b64encode(b"\0").decode()},
            {"PasswordVerifier": base64.b64encode(b"\1").decode()},
            {"PasswordVerifier": base64.b64encode(srp.pad(srp.N - 1)).decode()},
            {"PasswordVerifier": base64.b64encode(srp.pad(srp.N)).decode()},
            {"PasswordVerifier": base64.b64encode(bytes(400)).decode()},
            {"PasswordVerifier": "A" * 100_000},
        ],
        ids=lambda changes: next(f"{name} {len(value or '')}" for name, value in changes.items()),
    )
    def test_t06_a_malformed_verifier_is_refused(
        self, client: ClientOf, changes: dict[str, str | None]
    ) -> None:
        answer = client.by_password()
        phone, tokens = Phone.new(client, answer), client.tokens(answer)
        config = {name: value for name, value in {**phone.config, **changes}.items() if value is not None}
        error = tokens.error("ConfirmDevice", DeviceKey=phone.key, DeviceSecretVerifierConfig=config)
        assert isinstance(error, InvalidParameterException)
        assert "DeviceSecretVerifierConfig" in error.message
        given = next(iter(changes.values()))
        assert not given or len(given) < 5 or given not in error.message
        assert phone.confirm(tokens)

    def test_t06_a_device_needs_a_verifier(self, client: ClientOf) -> None:
        answer = client.by_password()
        error = client.tokens(answer).error("ConfirmDevice", DeviceKey=Phone.new(client, answer).key)
        assert isinstance(error, InvalidParameterException)

    def test_a_forgotten_device_is_not_confirmed_again(self, client: ClientOf) -> None:
        answer = client.by_password()
        phone, tokens = Phone.new(client, answer), client.tokens(answer)
        phone.confirm(tokens)
        client.pool.admin("AdminForgetDevice", Username="ada", DeviceKey=phone.key)
        error = tokens.error("ConfirmDevice", DeviceKey=phone.key, DeviceSecretVerifierConfig=phone.config)
        assert (type(error), error.message) == (InvalidParameterException, "Invalid device key given.")


class TestOwn:
    """What users do with their devices."""

    def test_pages(self, client: ClientOf) -> None:
        keys = sorted(Phone.confirmed(client).key for _ in range(5))
        tokens = client.tokens()
        first = tokens.call("ListDevices", Limit=3)
        assert [one["DeviceKey"] for one in first["Devices"]] == keys[:3]
        second = tokens.call("ListDevices", Limit=3, PaginationToken=first["PaginationToken"])
        assert [one["DeviceKey"] for one in second["Devices"]] == keys[3:]
        assert "PaginationToken" not in second
        assert len(tokens.call("ListDevices")["Devices"]) == 5
        assert len(tokens.call("ListDevices", Limit=0)["Devices"]) == 5

    def test_a53_a_page_token_is_good_for_its_list_only(self, client: ClientOf) -> None:
        client.signed_up("eve")
        for _ in range(2):
            Phone.confirmed(client)
        token = client.tokens().call("ListDevices", Limit=1)["PaginationToken"]
        eve = client.tokens(client.by_password("eve"))
        for error in (
            eve.error("ListDevices", PaginationToken=token),
            client.tokens().error("ListDevices", PaginationToken="made-up"),
            client.world.error(
                "AdminListDevices", UserPoolId=client.pool.id, Username="ada", PaginationToken=token
            ),
        ):
            assert (type(error), error.message) == (
                InvalidParameterException,
                "Invalid pagination token provided.",
            )

    @pytest.mark.parametrize(
        ("operation", "more"),
        [
            ("GetDevice", {}),
            ("ForgetDevice", {}),
            ("UpdateDeviceStatus", {"DeviceRememberedStatus": "remembered"}),
        ],
    )
    def test_a52_another_users_device_is_not_there(
        self, client: ClientOf, operation: str, more: dict[str, str]
    ) -> None:
        client.signed_up("eve")
        phone = Phone.confirmed(client)
        eve = client.tokens(client.by_password("eve"))
        assert is_unknown(eve.error(operation, DeviceKey=phone.key, **more))
        assert is_unknown(eve.error(operation, DeviceKey=UNKNOWN, **more))
        assert eve.call("ListDevices") == {"Devices": []}
        assert client.tokens().call("GetDevice", DeviceKey=phone.key)

    @pytest.mark.parametrize("operation", ["GetDevice", "ForgetDevice"])
    def test_an_access_token_is_needed(self, client: ClientOf, operation: str) -> None:
        error = client.world.error(operation, DeviceKey=Phone.confirmed(client).key)
        assert isinstance(error, InvalidParameterException)
        assert "AccessToken" in error.message

    def test_a_device_is_remembered_and_not(self, client: ClientOf, world: World) -> None:
        phone, tokens = Phone.confirmed(client), client.tokens()
        for status in ("not_remembered", "remembered"):
            world.clock.advance(10)
            tokens.call("UpdateDeviceStatus", DeviceKey=phone.key, DeviceRememberedStatus=status)
            device = client.pool.admin("AdminGetDevice", Username="ada", DeviceKey=phone.key)["Device"]
            assert attributes(device)["dev:device_remembered_status"] == status
            assert int(device["DeviceLastModifiedDate"]) == int(world.clock.now())

    @pytest.mark.parametrize("status", [None, "", "forgotten"])
    def test_a_status_has_to_be_said(self, client: ClientOf, status: str | None) -> None:
        phone = Phone.confirmed(client)
        error = client.tokens().error(
            "UpdateDeviceStatus", DeviceKey=phone.key, DeviceRememberedStatus=status
        )
        assert isinstance(error, InvalidParameterException)

    def test_a_forgotten_device_is_gone(self, client: ClientOf) -> None:
        phone, other, tokens = Phone.confirmed(client), Phone.confirmed(client), client.tokens()
        tokens.call("ForgetDevice", DeviceKey=phone.key)
        assert is_unknown(tokens.error("GetDevice", DeviceKey=phone.key))
        assert is_unknown(tokens.error("ForgetDevice", DeviceKey=phone.key))
        [left] = tokens.call("ListDevices")["Devices"]
        assert left["DeviceKey"] == other.key

    def test_signing_in_from_it_is_written_down(self, client: ClientOf, world: World) -> None:
        phone = Phone.confirmed(client)
        world.clock.advance(10)
        world.source_ip = "192.0.2.7"
        tokens = client.tokens(phone.sign_in())
        device = tokens.call("GetDevice", DeviceKey=phone.key)["Device"]
        assert int(device["DeviceLastAuthenticatedDate"]) == int(world.clock.now())
        assert int(device["DeviceCreateDate"]) == int(world.clock.now()) - 10
        assert attributes(device)["last_ip_used"] == "192.0.2.7"
        world.source_ip = ""
        phone.sign_in()
        assert attributes(tokens.call("GetDevice", DeviceKey=phone.key)["Device"])["last_ip_used"]

    def test_a_deleted_user_leaves_no_device_to_the_next_of_that_name(self, client: ClientOf) -> None:
        phone = Phone.confirmed(client)
        client.tokens().call("DeleteUser")
        client.signed_up("ada")
        assert client.tokens().call("ListDevices") == {"Devices": []}
        error = client.error(
            "InitiateAuth",
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD, "DEVICE_KEY": phone.key},
        )
        assert is_unknown(error)

    def test_t05_a_new_password_and_a_global_sign_out_forget_no_device(self, client: ClientOf) -> None:
        phone = Phone.confirmed(client)
        client.tokens().call("GlobalSignOut")
        client.pool.admin("AdminSetUserPassword", Username="ada", Password=OTHER_PASSWORD, Permanent=True)
        answer = phone.sign_in("ada", OTHER_PASSWORD)
        assert "NewDeviceMetadata" not in answer["AuthenticationResult"]
        assert client.tokens(answer).call("GetDevice", DeviceKey=phone.key)


class TestAdministrators:
    def test_they_see_more(self, client: ClientOf) -> None:
        phone = Phone.confirmed(client, DeviceName="phone")
        device = client.pool.admin("AdminGetDevice", Username="ada", DeviceKey=phone.key)["Device"]
        assert attributes(device) == {
            "device_status": "valid",
            "device_name": "phone",
            "dev:device_owner": f"ada.{client.pool.id}",
            "dev:device_remembered_status": "remembered",
        }
        assert client.pool.admin("AdminListDevices", Username="ada") == {"Devices": [device]}

    def test_pages(self, client: ClientOf) -> None:
        keys = sorted(Phone.confirmed(client).key for _ in range(3))
        page = client.pool.admin("AdminListDevices", Username="ada", Limit=2)
        assert [one["DeviceKey"] for one in page["Devices"]] == keys[:2]
        token = page["PaginationToken"]
        rest = client.pool.admin("AdminListDevices", Username="ada", Limit=2, PaginationToken=token)
        assert [one["DeviceKey"] for one in rest["Devices"]] == keys[2:]

    def test_they_change_and_forget(self, client: ClientOf) -> None:
        phone = Phone.confirmed(client)
        named = {"Username": "ada", "DeviceKey": phone.key}
        client.pool.admin("AdminUpdateDeviceStatus", **named, DeviceRememberedStatus="not_remembered")
        device = client.pool.admin("AdminGetDevice", **named)["Device"]
        assert attributes(device)["dev:device_remembered_status"] == "not_remembered"
        client.pool.admin("AdminForgetDevice", **named)
        world = client.world
        assert is_unknown(world.error("AdminGetDevice", UserPoolId=client.pool.id, **named))
        assert is_unknown(world.error("AdminForgetDevice", UserPoolId=client.pool.id, **named))

    @pytest.mark.parametrize(
        ("operation", "kind"),
        [
            # The model declares no UserNotFoundException for the first two.
            ("AdminGetDevice", ResourceNotFoundException),
            ("AdminListDevices", ResourceNotFoundException),
            ("AdminUpdateDeviceStatus", UserNotFoundException),
            ("AdminForgetDevice", UserNotFoundException),
        ],
    )
    def test_an_unknown_user(self, client: ClientOf, operation: str, kind: type[ServiceError]) -> None:
        members: dict[str, Any] = {"UserPoolId": client.pool.id, "Username": "nobody"}
        if operation != "AdminListDevices":
            members["DeviceKey"] = UNKNOWN
        if operation == "AdminUpdateDeviceStatus":
            members["DeviceRememberedStatus"] = "remembered"
        error = client.world.error(operation, **members)
        assert (type(error), error.message) == (kind, "User does not exist.")


def test_a_pool_that_does_not_track_devices_has_none(world: World) -> None:
    client = world.pool().client()
    client.signed_up("ada")
    tokens, one = client.tokens(), {"DeviceKey": UNKNOWN}
    admin = {"UserPoolId": client.pool.id, "Username": "ada"}
    for error in (
        tokens.error("ConfirmDevice", **one),
        tokens.error("GetDevice", **one),
        tokens.error("ListDevices"),
        tokens.error("UpdateDeviceStatus", **one, DeviceRememberedStatus="remembered"),
        tokens.error("ForgetDevice", **one),
        world.error("AdminGetDevice", **admin, **one),
        world.error("AdminListDevices", **admin),
        world.error("AdminUpdateDeviceStatus", **admin, **one, DeviceRememberedStatus="remembered"),
        world.error("AdminForgetDevice", **admin, **one),
    ):
        assert (type(error), error.message) == (InvalidParameterException, OFF)


class TestRefresh:
    """Where devices are tracked, a refresh token is good beside the key of its confirmed device."""

    @pytest.fixture(params=["flow", "rotating", "not rotating"])
    def refreshing(self, request: pytest.FixtureRequest, world: World) -> Refreshing:
        rotating = ROTATING if request.param == "rotating" else {}
        client = world.pool(**TRACKED).client(**rotating)
        client.signed_up("ada")
        return Refreshing(client, request.param == "flow")

    def test_with_the_device(self, refreshing: Refreshing) -> None:
        client = refreshing.client
        answer = client.by_password()
        phone, tokens = Phone.new(client, answer), client.tokens(answer)
        phone.confirm(tokens)
        result = refreshing.call(tokens.refresh, phone.key)
        assert "NewDeviceMetadata" not in result
        assert claims(result["AccessToken"])["device_key"] == phone.key
        again = client.tokens(phone.sign_in())
        assert refreshing.call(again.refresh, phone.key)

    @pytest.mark.parametrize("key", [None, UNKNOWN, "other"])
    def test_without_it(self, refreshing: Refreshing, key: str | None) -> None:
        client = refreshing.client
        answer = client.by_password()
        phone, tokens = Phone.new(client, answer), client.tokens(answer)
        phone.confirm(tokens)
        shown = Phone.confirmed(client).key if key == "other" else key
        assert refreshing.refused(tokens.refresh, shown)
        assert refreshing.call(tokens.refresh, phone.key)

    def test_before_it_is_confirmed(self, refreshing: Refreshing) -> None:
        client = refreshing.client
        answer = client.by_password()
        phone, tokens = Phone.new(client, answer), client.tokens(answer)
        assert refreshing.refused(tokens.refresh, phone.key)
        assert refreshing.refused(tokens.refresh, None)
        phone.confirm(tokens)
        assert refreshing.call(tokens.refresh, phone.key)

    def test_after_it_was_forgotten(self, refreshing: Refreshing) -> None:
        client = refreshing.client
        answer = client.by_password()
        phone, tokens = Phone.new(client, answer), client.tokens(answer)
        phone.confirm(tokens)
        tokens.call("ForgetDevice", DeviceKey=phone.key)
        assert refreshing.refused(tokens.refresh, phone.key)
        assert tokens.call("GetUser")

    def test_not_being_remembered_does_not_matter(self, refreshing: Refreshing) -> None:
        client = refreshing.client
        answer = client.by_password()
        phone, tokens = Phone.new(client, answer), client.tokens(answer)
        phone.confirm(tokens)
        tokens.call("UpdateDeviceStatus", DeviceKey=phone.key, DeviceRememberedStatus="not_remembered")
        assert refreshing.call(tokens.refresh, phone.key)

    def test_a_pool_that_does_not_track_devices_asks_for_none(self, world: World) -> None:
        client = world.pool().client()
        client.signed_up("ada")
        for by_flow in (True, False):
            assert Refreshing(client, by_flow).call(client.tokens().refresh, UNKNOWN)


class Refreshing:
    """One of the two ways to refresh."""

    def __init__(self, client: ClientOf, by_flow: bool) -> None:
        self.client, self.by_flow = client, by_flow

    def members(self, token: str | None, key: str | None) -> tuple[str, dict[str, Any]]:
        if not self.by_flow:
            return "GetTokensFromRefreshToken", {"RefreshToken": token, "DeviceKey": key}
        parameters = {"REFRESH_TOKEN": token} | ({} if key is None else {"DEVICE_KEY": key})
        return "InitiateAuth", {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": parameters}

    def call(self, token: str | None, key: str | None) -> dict[str, Any]:
        operation, members = self.members(token, key)
        result: dict[str, Any] = self.client.call(operation, **members)["AuthenticationResult"]
        return result

    def refused(self, token: str | None, key: str | None) -> bool:
        operation, members = self.members(token, key)
        error = self.client.error(operation, **members)
        return isinstance(error, NotAuthorizedException) and error.message == "Invalid Refresh Token"
