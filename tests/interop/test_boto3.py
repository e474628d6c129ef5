"""boto3 against our service: every operation that it has, each answer held against botocore's own model."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from pycognito.aws_srp import AWSSRP, generate_hash_device

from tests.interop.conformity import Watched, watched
from tests.interop.pools import (
    FLOWS,
    OTHER_PASSWORD,
    PASSWORD,
    Pool,
    Totp,
    boto_attributes,
    make_pool,
    new_name,
)
from userpool.protocol.tokens import decode_unverified as unverified
from userpool.service import operations
from userpool.service.context import HANDLERS
from userpool.testing import SoftwareAuthenticator


@pytest.fixture
def watch(boto: Any) -> Any:
    """Holds every answer of the test against the model."""
    with watched(boto) as watching:
        yield watching


def sign_in(pool: Pool, name: str, password: str = PASSWORD) -> dict[str, Any]:
    """Tokens for a user, by USER_PASSWORD_AUTH."""
    answer = pool.boto.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=pool.client_id,
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )
    tokens: dict[str, Any] = answer["AuthenticationResult"]
    return tokens


def refusal(call: Any, **arguments: Any) -> tuple[str, str]:
    """Code and message of the error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


# ---------------------------------------------------------------- every operation


def pools_and_clients(boto: Any) -> None:
    made = boto.create_user_pool(
        PoolName="pools and clients",
        Policies={"PasswordPolicy": {"MinimumLength": 10, "RequireSymbols": False}},
        UserPoolTags={"team": "interop"},
    )["UserPool"]
    described = boto.describe_user_pool(UserPoolId=made["Id"])["UserPool"]
    assert described["Policies"]["PasswordPolicy"]["MinimumLength"] == 10
    assert described["UserPoolTags"] == {"team": "interop"}
    assert {one["Name"] for one in described["SchemaAttributes"]} >= {"sub", "email", "phone_number"}
    assert described["CreationDate"].tzinfo is not None
    boto.update_user_pool(UserPoolId=made["Id"], AutoVerifiedAttributes=["email"])
    described = boto.describe_user_pool(UserPoolId=made["Id"])["UserPool"]
    assert described["AutoVerifiedAttributes"] == ["email"]
    pages = boto.get_paginator("list_user_pools").paginate(PaginationConfig={"PageSize": 1})
    assert made["Id"] in {one["Id"] for page in pages for one in page["UserPools"]}

    boto.tag_resource(ResourceArn=made["Arn"], Tags={"stage": "test"})
    boto.untag_resource(ResourceArn=made["Arn"], TagKeys=["team"])
    assert boto.list_tags_for_resource(ResourceArn=made["Arn"])["Tags"] == {"stage": "test"}
    boto.add_custom_attributes(
        UserPoolId=made["Id"], CustomAttributes=[{"Name": "shoe", "AttributeDataType": "Number"}]
    )
    described = boto.describe_user_pool(UserPoolId=made["Id"])["UserPool"]
    assert "custom:shoe" in {one["Name"] for one in described["SchemaAttributes"]}

    client = boto.create_user_pool_client(
        UserPoolId=made["Id"], ClientName="one", GenerateSecret=True, ExplicitAuthFlows=FLOWS
    )["UserPoolClient"]
    identified = {"UserPoolId": made["Id"], "ClientId": client["ClientId"]}
    assert boto.describe_user_pool_client(**identified)["UserPoolClient"] == client
    updated = boto.update_user_pool_client(**identified, ClientName="two", RefreshTokenValidity=1)
    assert updated["UserPoolClient"]["ClientName"] == "two"
    added = boto.add_user_pool_client_secret(**identified)["ClientSecretDescriptor"]
    assert len(added["ClientSecretValue"]) == 52
    listed = boto.list_user_pool_client_secrets(**identified)["ClientSecrets"]
    assert len(listed) == 2
    oldest = {"ClientSecretId": listed[0]["ClientSecretId"]}
    boto.delete_user_pool_client_secret(**identified, **oldest)
    assert boto.list_user_pool_client_secrets(**identified)["ClientSecrets"] == listed[1:]
    boto.create_user_pool_client(UserPoolId=made["Id"], ClientName="three")
    pages = boto.get_paginator("list_user_pool_clients").paginate(
        UserPoolId=made["Id"], PaginationConfig={"PageSize": 1}
    )
    assert {one["ClientName"] for page in pages for one in page["UserPoolClients"]} == {"two", "three"}

    tracking = {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 5}}
    boto.set_user_pool_session_configuration(UserPoolId=made["Id"], **tracking)
    shown = boto.get_user_pool_session_configuration(UserPoolId=made["Id"])
    assert {name: shown[name] for name in tracking} == tracking
    boto.set_user_pool_client_session_configuration(**identified, SSOSession={"MaxValidityMinutes": 5})
    shown = boto.get_user_pool_client_session_configuration(**identified)
    assert shown["SSOSession"] == {"MaxValidityMinutes": 5}

    boto.set_user_pool_mfa_config(
        UserPoolId=made["Id"],
        MfaConfiguration="OPTIONAL",
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )
    config = boto.get_user_pool_mfa_config(UserPoolId=made["Id"])
    assert config["MfaConfiguration"] == "OPTIONAL"
    assert config["SoftwareTokenMfaConfiguration"] == {"Enabled": True}

    boto.delete_user_pool_client(**identified)
    assert refusal(boto.describe_user_pool_client, **identified)[0] == "ResourceNotFoundException"
    boto.delete_user_pool(UserPoolId=made["Id"])
    assert refusal(boto.describe_user_pool, UserPoolId=made["Id"])[0] == "ResourceNotFoundException"


def machines(pool: Pool, name: str) -> None:
    boto = pool.boto
    server = {"UserPoolId": pool.id, "Identifier": "https://api.example.com"}
    scopes = [{"ScopeName": "read", "ScopeDescription": "to read"}]
    made = boto.create_resource_server(**server, Name="API", Scopes=scopes)["ResourceServer"]
    assert boto.describe_resource_server(**server)["ResourceServer"] == made
    boto.update_resource_server(**server, Name="The API", Scopes=scopes)
    pages = boto.get_paginator("list_resource_servers").paginate(UserPoolId=pool.id)
    assert [one["Name"] for page in pages for one in page["ResourceServers"]] == ["The API"]

    client = boto.create_user_pool_client(
        UserPoolId=pool.id,
        ClientName="machine",
        GenerateSecret=True,
        ExplicitAuthFlows=["ALLOW_CLIENT_TOKEN_AUTH"],
        AllowedOAuthScopes=["https://api.example.com/read"],
    )["UserPoolClient"]
    result = boto.get_client_token(ClientId=client["ClientId"], Secret=client["ClientSecret"])
    token = result["ClientAuthenticationResult"]["AccessToken"]
    assert unverified(token)["scope"] == "https://api.example.com/read"
    exchanger = boto.create_user_pool_client(
        UserPoolId=pool.id,
        ClientName="x",
        GenerateSecret=True,
        ExplicitAuthFlows=["ALLOW_TOKEN_EXCHANGE_DELEGATION"],
    )["UserPoolClient"]
    derived = boto.get_derived_token(
        ClientId=exchanger["ClientId"],
        ClientSecret=exchanger["ClientSecret"],
        SubjectToken=sign_in(pool, name)["AccessToken"],
        SubjectTokenType="ACCESS_TOKEN",
        ActorToken=token,
        ActorTokenType="ACCESS_TOKEN",
        Resources=["https://api.example.com"],
    )
    assert unverified(derived["IssuedToken"])["act"] == {"sub": client["ClientId"]}
    boto.delete_resource_server(**server)


def administration(pool: Pool) -> None:
    boto, name = pool.boto, new_name()
    user = {"UserPoolId": pool.id, "Username": name}
    made = boto.admin_create_user(
        **user,
        TemporaryPassword=PASSWORD,
        MessageAction="SUPPRESS",
        UserAttributes=boto_attributes({"email": f"{name}@example.com", "email_verified": "true"}),
    )["User"]
    assert made["UserStatus"] == "FORCE_CHANGE_PASSWORD"

    asked = boto.admin_initiate_auth(
        UserPoolId=pool.id,
        ClientId=pool.client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    done = boto.admin_respond_to_auth_challenge(
        UserPoolId=pool.id,
        ClientId=pool.client_id,
        ChallengeName=asked["ChallengeName"],
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": name, "NEW_PASSWORD": OTHER_PASSWORD},
    )
    token = done["AuthenticationResult"]["AccessToken"]
    boto.admin_set_user_password(**user, Password=PASSWORD, Permanent=True)
    assert boto.admin_get_user(**user)["UserStatus"] == "CONFIRMED"

    boto.admin_update_user_attributes(**user, UserAttributes=boto_attributes({"name": "Ada"}))
    pages = boto.get_paginator("list_users").paginate(
        UserPoolId=pool.id, Filter='name = "Ada"', AttributesToGet=["name"]
    )
    found = [one for page in pages for one in page["Users"] if one["Username"] == name]
    assert found[0]["Attributes"] == [{"Name": "name", "Value": "Ada"}]
    boto.admin_delete_user_attributes(**user, UserAttributeNames=["name"])
    attributes = boto.admin_get_user(**user)["UserAttributes"]
    assert "name" not in {one["Name"] for one in attributes}

    boto.admin_disable_user(**user)
    assert boto.admin_get_user(**user)["Enabled"] is False
    boto.admin_enable_user(**user)
    token = sign_in(pool, name)["AccessToken"]
    boto.admin_user_global_sign_out(**user)
    assert refusal(boto.get_user, AccessToken=token)[0] == "NotAuthorizedException"
    boto.admin_reset_user_password(**user)
    assert refusal(sign_in, pool=pool, name=name)[0] == "PasswordResetRequiredException"
    boto.admin_delete_user(**user)
    assert refusal(boto.admin_get_user, **user)[0] == "UserNotFoundException"


def sign_up(pool: Pool) -> str:
    boto, name = pool.boto, new_name()
    user = {"ClientId": pool.client_id, "Username": name}
    address = f"{name}@example.com"
    made = boto.sign_up(**user, Password=PASSWORD, UserAttributes=boto_attributes({"email": address}))
    assert made["UserConfirmed"] is False
    assert made["CodeDeliveryDetails"]["Destination"] == f"{address[0]}***@e***"
    boto.resend_confirmation_code(**user)
    boto.confirm_sign_up(**user, ConfirmationCode=pool.code(address))

    other = new_name()
    boto.sign_up(ClientId=pool.client_id, Username=other, Password=PASSWORD)
    boto.admin_confirm_sign_up(UserPoolId=pool.id, Username=other)
    assert boto.admin_get_user(UserPoolId=pool.id, Username=other)["UserStatus"] == "CONFIRMED"
    return name


def profile(pool: Pool, name: str) -> None:
    boto, token = pool.boto, sign_in(pool, name)["AccessToken"]
    address = f"{new_name()}@example.com"
    sent = boto.update_user_attributes(
        AccessToken=token, UserAttributes=boto_attributes({"email": address, "nickname": "A"})
    )
    assert sent["CodeDeliveryDetailsList"][0]["AttributeName"] == "email"
    boto.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
    boto.verify_user_attribute(AccessToken=token, AttributeName="email", Code=pool.code(address))
    boto.delete_user_attributes(AccessToken=token, UserAttributeNames=["nickname"])
    user = boto.get_user(AccessToken=token)
    read = {one["Name"]: one["Value"] for one in user["UserAttributes"]}
    assert (read["email"], read["email_verified"]) == (address, "true")
    assert "nickname" not in read
    boto.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=OTHER_PASSWORD)

    user = {"ClientId": pool.client_id, "Username": name}
    assert boto.forgot_password(**user)["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
    boto.confirm_forgot_password(**user, ConfirmationCode=pool.code(address), Password=PASSWORD)


def second_factor(pool: Pool, name: str) -> None:
    boto, token = pool.boto, sign_in(pool, name)["AccessToken"]
    app = Totp(boto.associate_software_token(AccessToken=token)["SecretCode"])
    verified = boto.verify_software_token(AccessToken=token, UserCode=app.code())
    assert verified["Status"] == "SUCCESS"
    boto.set_user_mfa_preference(
        AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    asked = boto.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=pool.client_id,
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    done = boto.respond_to_auth_challenge(
        ClientId=pool.client_id,
        ChallengeName="SOFTWARE_TOKEN_MFA",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": name, "SOFTWARE_TOKEN_MFA_CODE": app.code()},
    )
    assert done["AuthenticationResult"]["TokenType"] == "Bearer"
    boto.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings={"Enabled": False})
    user = {"UserPoolId": pool.id, "Username": name}
    boto.admin_set_user_mfa_preference(**user, SoftwareTokenMfaSettings={"Enabled": True})
    boto.admin_delete_software_token(**user)
    assert "UserMFASettingList" not in boto.admin_get_user(**user)


def devices(boto: Any) -> None:
    pool = make_pool(boto, settings={"DeviceConfiguration": {"DeviceOnlyRememberedOnUserPrompt": True}})
    name = pool.user()
    user = {"UserPoolId": pool.id, "Username": name}
    for _ in range(2):
        tokens = sign_in(pool, name)
        told = tokens["NewDeviceMetadata"]
        key = told["DeviceKey"]
        _, config = generate_hash_device(told["DeviceGroupKey"], key)
        confirmed = boto.confirm_device(
            AccessToken=tokens["AccessToken"],
            DeviceKey=key,
            DeviceName="laptop",
            DeviceSecretVerifierConfig=config,
        )
        assert confirmed["UserConfirmationNecessary"] is True
    mine, theirs = {"AccessToken": tokens["AccessToken"]}, {"DeviceKey": key}
    remembered = {"DeviceRememberedStatus": "remembered"}
    boto.update_device_status(**mine, **theirs, **remembered)
    boto.admin_update_device_status(**user, **theirs, **remembered)
    device = boto.get_device(**mine, **theirs)["Device"]
    assert device["DeviceCreateDate"].tzinfo is not None
    page = boto.list_devices(**mine, Limit=1)
    rest = boto.list_devices(**mine, Limit=1, PaginationToken=page["PaginationToken"])
    assert device in page["Devices"] + rest["Devices"]
    seen = boto.admin_get_device(**user, **theirs)["Device"]["DeviceAttributes"]
    assert {"Name": "dev:device_remembered_status", "Value": "remembered"} in seen
    boto.forget_device(**mine, **theirs)
    [left] = boto.admin_list_devices(**user)["Devices"]
    boto.admin_forget_device(**user, DeviceKey=left["DeviceKey"])
    assert refusal(boto.get_device, **mine, **theirs) == (
        "ResourceNotFoundException",
        "Device does not exist.",
    )


def passkeys(boto: Any) -> None:
    policy = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
    pool = make_pool(
        boto,
        settings={"Policies": policy},
        mfa={"MfaConfiguration": "OFF", "WebAuthnConfiguration": {"RelyingPartyId": "localhost"}},
    )
    name, authenticator = pool.user(), SoftwareAuthenticator(origin="http://localhost:8000")
    token = sign_in(pool, name)["AccessToken"]
    options = boto.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
    boto.complete_web_authn_registration(AccessToken=token, Credential=authenticator.create(options))
    factors = boto.get_user_auth_factors(AccessToken=token)["ConfiguredUserAuthFactors"]
    assert set(factors) == {"PASSWORD", "WEB_AUTHN"}
    seen = boto.admin_get_user_auth_factors(UserPoolId=pool.id, Username=name)
    assert seen["ConfiguredUserAuthFactors"] == factors
    [credential] = boto.list_web_authn_credentials(AccessToken=token)["Credentials"]
    assert credential["RelyingPartyId"] == "localhost"
    boto.delete_web_authn_credential(AccessToken=token, CredentialId=credential["CredentialId"])
    assert boto.list_web_authn_credentials(AccessToken=token)["Credentials"] == []


def oldest_settings(pool: Pool, name: str) -> None:
    boto, token = pool.boto, sign_in(pool, name)["AccessToken"]
    user = {"UserPoolId": pool.id, "Username": name}
    boto.set_user_settings(AccessToken=token, MFAOptions=[])
    boto.admin_set_user_settings(**user, MFAOptions=[])
    off = "UserPoolAddOnNotEnabledException"
    feedback = {"EventId": "x", "FeedbackValue": "Valid"}
    assert refusal(boto.admin_list_user_auth_events, **user)[0] == off
    assert refusal(boto.admin_update_auth_event_feedback, **user, **feedback)[0] == off
    assert refusal(boto.update_auth_event_feedback, **user, **feedback, FeedbackToken="x")[0] == off


def groups(pool: Pool, name: str) -> None:
    boto, user = pool.boto, {"UserPoolId": pool.id, "Username": name}
    group = {"UserPoolId": pool.id, "GroupName": "editors"}
    made = boto.create_group(**group, Description="who may write", Precedence=1)["Group"]
    assert boto.get_group(**group)["Group"] == made
    role = "arn:aws:iam::000000000000:role/editor"
    assert boto.update_group(**group, RoleArn=role)["Group"]["RoleArn"] == role
    boto.create_group(UserPoolId=pool.id, GroupName="authors")
    with pytest.raises(boto.exceptions.GroupExistsException):
        boto.create_group(UserPoolId=pool.id, GroupName="authors")

    boto.admin_add_user_to_group(**group, Username=name)
    pages = boto.get_paginator("list_groups").paginate(UserPoolId=pool.id, PaginationConfig={"PageSize": 1})
    assert [one["GroupName"] for page in pages for one in page["Groups"]] == ["authors", "editors"]
    pages = boto.get_paginator("admin_list_groups_for_user").paginate(**user)
    assert [one["GroupName"] for page in pages for one in page["Groups"]] == ["editors"]
    pages = boto.get_paginator("list_users_in_group").paginate(**group)
    assert [one["Username"] for page in pages for one in page["Users"]] == [name]
    claims = unverified(sign_in(pool, name)["IdToken"])
    assert (claims["cognito:groups"], claims["cognito:preferred_role"]) == (["editors"], role)
    boto.admin_remove_user_from_group(**group, Username=name)
    boto.delete_group(**group)
    assert refusal(boto.get_group, **group) == ("ResourceNotFoundException", "Group not found.")


def sessions(pool: Pool, name: str) -> None:
    boto, user = pool.boto, {"UserPoolId": pool.id, "Username": name}
    boto.set_user_pool_session_configuration(
        UserPoolId=pool.id, UserSessionTracking="ENABLED", TokenSession={"MaxPerUser": 5}
    )
    tokens, there, elsewhere = (sign_in(pool, name) for _ in range(3))
    listed = boto.admin_list_user_sessions(**user)["Sessions"]
    assert {one["LastIPAddress"] for one in listed} == {"127.0.0.1"}
    [other] = [
        one["SessionId"]
        for one in boto.list_user_sessions(AccessToken=elsewhere["AccessToken"])["Sessions"]
        if one["IsCurrentSession"]
    ]
    boto.admin_revoke_user_session(**user, SessionId=other)
    [other] = [
        one["SessionId"]
        for one in boto.list_user_sessions(AccessToken=there["AccessToken"])["Sessions"]
        if one["IsCurrentSession"]
    ]
    boto.revoke_user_session(AccessToken=tokens["AccessToken"], SessionId=other)
    assert len(boto.list_user_sessions(AccessToken=tokens["AccessToken"])["Sessions"]) == 1
    renewed = boto.get_tokens_from_refresh_token(
        ClientId=pool.client_id, RefreshToken=tokens["RefreshToken"]
    )["AuthenticationResult"]
    assert renewed["AccessToken"] != tokens["AccessToken"]
    boto.revoke_token(ClientId=pool.client_id, Token=tokens["RefreshToken"])
    revoked = ("NotAuthorizedException", "Access Token has been revoked")
    assert refusal(boto.get_user, AccessToken=renewed["AccessToken"]) == revoked
    boto.global_sign_out(AccessToken=sign_in(pool, name)["AccessToken"])
    boto.delete_user(AccessToken=sign_in(pool, name)["AccessToken"])


def test_every_operation_that_the_service_has(boto: Any, watch: Watched) -> None:
    """A pool's and a user's whole life; at its end no operation is left that was not called."""
    operations.load()
    pool = make_pool(
        boto,
        client={"ExplicitAuthFlows": [*FLOWS, "ALLOW_ADMIN_USER_PASSWORD_AUTH"]},
        mfa={"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": True}},
    )
    pools_and_clients(boto)
    administration(pool)
    name = sign_up(pool)
    profile(pool, name)
    second_factor(pool, name)
    devices(boto)
    passkeys(boto)
    oldest_settings(pool, name)
    groups(pool, name)
    machines(pool, name)
    sessions(pool, name)
    # Refused for everybody: these have no answer to hold against the model.
    refused = {"AdminListUserAuthEvents", "AdminUpdateAuthEventFeedback", "UpdateAuthEventFeedback"}
    assert set(HANDLERS) - set(watch.answered) == refused


# ---------------------------------------------------------------- errors by their classes


def test_errors_have_boto3s_classes(boto: Any, pool: Pool, watch: Watched) -> None:
    name = pool.user()
    errors = boto.exceptions
    with pytest.raises(errors.NotAuthorizedException):
        sign_in(pool, name, OTHER_PASSWORD)
    with pytest.raises(errors.UsernameExistsException):
        boto.sign_up(ClientId=pool.client_id, Username=name, Password=PASSWORD)
    with pytest.raises(errors.InvalidPasswordException):
        boto.sign_up(ClientId=pool.client_id, Username=new_name(), Password="weakling")
    user = {"ClientId": pool.client_id, "Username": name}
    boto.forgot_password(**user)
    wrong = "000000" if pool.code(f"{name}@example.com") != "000000" else "111111"
    with pytest.raises(errors.CodeMismatchException):
        boto.confirm_forgot_password(**user, ConfirmationCode=wrong, Password=OTHER_PASSWORD)
    with pytest.raises(errors.ResourceNotFoundException):
        boto.sign_up(ClientId="x" * 26, Username=name, Password=PASSWORD)
    with pytest.raises(errors.UserNotFoundException):
        boto.admin_get_user(UserPoolId=pool.id, Username="nobody")
    with pytest.raises(errors.InvalidParameterException):
        boto.list_users(UserPoolId=pool.id, Filter="shoe size = 42")
    with pytest.raises(errors.NotAuthorizedException, match="Invalid Access Token"):
        boto.get_user(AccessToken="e.e.e")
    assert watch.errors["NotAuthorizedException"] == 2


def test_an_operation_that_is_not_there_yet_says_so(boto: Any, pool: Pool) -> None:
    code, message = refusal(boto.describe_risk_configuration, UserPoolId=pool.id)
    assert code == "NotImplementedException"
    assert "DescribeRiskConfiguration" in message


# ---------------------------------------------------------------- SRP of another hand


def srp(pool: Pool, name: str, password: str = PASSWORD) -> AWSSRP:
    """pycognito's SRP client, over boto3."""
    return AWSSRP(
        username=name,
        password=password,
        pool_id=pool.id,
        client_id=pool.client_id,
        client_secret=pool.client_secret,
        client=pool.boto,
    )


def test_srp_of_pycognito(pool: Pool, watch: Watched) -> None:
    name = pool.user()
    for _ in range(3):
        assert srp(pool, name).authenticate_user()["AuthenticationResult"]["TokenType"] == "Bearer"
    assert watch.answered["RespondToAuthChallenge"] == 3


def test_srp_of_pycognito_with_a_wrong_password(pool: Pool, watch: Watched) -> None:
    client = srp(pool, pool.user(), OTHER_PASSWORD)
    assert refusal(client.authenticate_user) == (
        "NotAuthorizedException",
        "Incorrect username or password.",
    )


def test_srp_of_pycognito_with_a_client_secret(boto: Any) -> None:
    pool = make_pool(boto, client={"GenerateSecret": True})
    assert pool.client_secret
    name = pool.user()
    assert srp(pool, name).authenticate_user()["AuthenticationResult"]["AccessToken"]
    unhashed = AWSSRP(
        username=name, password=PASSWORD, pool_id=pool.id, client_id=pool.client_id, client=boto
    )
    code, message = refusal(unhashed.authenticate_user)
    assert code == "NotAuthorizedException"
    assert message == f"Client {pool.client_id} is configured for secret but secret was not received"


def test_srp_of_pycognito_through_the_administrators_door(pool: Pool, watch: Watched) -> None:
    """AdminInitiateAuth takes SRP too, and AdminRespondToAuthChallenge its proof."""
    name = pool.user()
    client, door = srp(pool, name), {"UserPoolId": pool.id, "ClientId": pool.client_id}
    asked = pool.boto.admin_initiate_auth(
        **door, AuthFlow="USER_SRP_AUTH", AuthParameters=client.get_auth_params()
    )
    proof = client.process_challenge(asked["ChallengeParameters"], client.get_auth_params())
    done = pool.boto.admin_respond_to_auth_challenge(
        **door, ChallengeName="PASSWORD_VERIFIER", ChallengeResponses=proof
    )
    assert done["AuthenticationResult"]["AccessToken"]
    again = refusal(
        pool.boto.admin_respond_to_auth_challenge,
        **door,
        ChallengeName="PASSWORD_VERIFIER",
        ChallengeResponses=proof,
    )
    assert again[0] == "NotAuthorizedException"
