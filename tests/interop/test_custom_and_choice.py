"""Sign-in by choice and by triggers at our service, with Amplify v6 and amazon-cognito-identity-js."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop.javascript import Node
from tests.interop.pools import PASSWORD, Pool, boto_client, make_pool, new_name, new_phone
from tests.interop.running import our_service
from tests.interop.test_amplify import Amplify

TRIGGERS = """
from userpool.service.triggers import Triggers


def define(event):
    asked = [one for one in event["request"]["session"] if one["challengeName"] == "CUSTOM_CHALLENGE"]
    response = event["response"]
    if asked and asked[-1]["challengeResult"]:
        response["issueTokens"] = True
    elif [one["challengeName"] for one in event["request"]["session"]] == ["SRP_A"]:
        response["challengeName"] = "PASSWORD_VERIFIER"
    else:
        response["failAuthentication"] = len(asked) == 3
        response["challengeName"] = "CUSTOM_CHALLENGE"


def create(event):
    event["response"]["publicChallengeParameters"] = {"question": "4 + 5"}
    event["response"]["privateChallengeParameters"] = {"answer": "9"}


def verify(event):
    request = event["request"]
    right = request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]
    event["response"]["answerCorrect"] = right


triggers = Triggers(
    define_auth_challenge=define, create_auth_challenge=create, verify_auth_challenge_response=verify
)
"""


@pytest.fixture(scope="module")
def asking_boto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """boto3's client for a service of ours that has triggers."""
    folder = tmp_path_factory.mktemp("asking")
    (folder / "riddles.py").write_text(TRIGGERS)
    with our_service(folder, "--development", "--triggers", "riddles:triggers") as url:
        client = boto_client(url)
        yield client
        client.close()


@pytest.fixture(scope="module")
def asking_pool(asking_boto: Any) -> Pool:
    """A pool whose triggers ask a riddle."""
    return make_pool(
        asking_boto, client={"ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]}
    )


@pytest.fixture(scope="module")
def choosing_pool(boto: Any) -> Pool:
    """A pool whose users choose between the password and codes."""
    policy = {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}
    return make_pool(
        boto,
        settings={"Policies": {"SignInPolicy": policy}},
        client={"ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]},
    )


@pytest.fixture
def choosing(node: Node, choosing_pool: Pool) -> Amplify:
    return Amplify(node, choosing_pool)


def by_choice(amplify: Amplify, name: str, preferred: str | None = None, **more: str) -> Any:
    options = {"authFlowType": "USER_AUTH", **({"preferredChallenge": preferred} if preferred else {})}
    return amplify("signIn", username=name, options=options, **more)["nextStep"]


class TestAmplifyByChoice:
    def test_a_code_by_e_mail(self, choosing_pool: Pool, choosing: Amplify) -> None:
        name = choosing_pool.user()
        step = by_choice(choosing, name, "EMAIL_OTP")
        assert step["signInStep"] == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
        assert step["codeDeliveryDetails"]["destination"] == f"{name[0]}***@e***"
        assert choosing.refused("confirmSignIn", challengeResponse="00000000")[0] == "CodeMismatchException"
        code = choosing_pool.code(f"{name}@example.com")
        assert choosing("confirmSignIn", challengeResponse=code)["isSignedIn"]
        assert choosing.session()["username"] == name

    def test_a_code_by_sms_that_is_chosen(self, choosing_pool: Pool, choosing: Amplify) -> None:
        phone = new_phone()
        step = by_choice(choosing, choosing_pool.user(phone_number=phone))
        assert step["signInStep"] == "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION"
        assert sorted(step["availableChallenges"]) == ["EMAIL_OTP", "PASSWORD", "PASSWORD_SRP", "SMS_OTP"]
        step = choosing("confirmSignIn", challengeResponse="SMS_OTP")["nextStep"]
        assert step["signInStep"] == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
        assert choosing("confirmSignIn", challengeResponse=choosing_pool.code(phone))["isSignedIn"]

    @pytest.mark.parametrize("way", ["PASSWORD", "PASSWORD_SRP"])
    def test_a_password_that_is_chosen(self, choosing_pool: Pool, choosing: Amplify, way: str) -> None:
        by_choice(choosing, choosing_pool.user())
        step = choosing("confirmSignIn", challengeResponse=way)["nextStep"]
        assert step["signInStep"] == "CONFIRM_SIGN_IN_WITH_PASSWORD"
        assert choosing("confirmSignIn", challengeResponse=PASSWORD)["isSignedIn"]

    @pytest.mark.parametrize("way", ["PASSWORD", "PASSWORD_SRP"])
    def test_a_password_that_is_preferred(self, choosing_pool: Pool, choosing: Amplify, way: str) -> None:
        step = by_choice(choosing, choosing_pool.user(), way, password=PASSWORD)
        assert step["signInStep"] == "DONE"

    def test_straight_after_a_sign_up_without_a_password(
        self, choosing_pool: Pool, choosing: Amplify
    ) -> None:
        name = new_name()
        address = f"{name}@example.com"
        options = {"userAttributes": {"email": address}, "autoSignIn": {"authFlowType": "USER_AUTH"}}
        choosing("signUp", username=name, options=options)
        code = choosing_pool.code(address)
        confirmed = choosing("confirmSignUp", username=name, confirmationCode=code)
        assert confirmed["nextStep"]["signUpStep"] == "COMPLETE_AUTO_SIGN_IN"
        # It hands the session of the sign-up to nobody, so that another code is due.
        assert choosing("autoSignIn")["nextStep"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
        code = choosing_pool.code(address)
        assert choosing("confirmSignIn", challengeResponse=code)["isSignedIn"]
        assert choosing.session()["username"] == name


class TestAmplifyByTriggers:
    def test_without_the_password(self, node: Node, asking_pool: Pool) -> None:
        amplify = Amplify(node, asking_pool)
        options = {"authFlowType": "CUSTOM_WITHOUT_SRP"}
        step = amplify("signIn", username=asking_pool.user(), options=options)["nextStep"]
        assert step["signInStep"] == "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
        assert step["additionalInfo"]["question"] == "4 + 5"
        step = amplify("confirmSignIn", challengeResponse="8")["nextStep"]
        assert step["signInStep"] == "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
        assert amplify("confirmSignIn", challengeResponse="9")["isSignedIn"]

    def test_with_the_password_first(self, node: Node, asking_pool: Pool) -> None:
        amplify, name = Amplify(node, asking_pool), asking_pool.user()
        options = {"authFlowType": "CUSTOM_WITH_SRP"}
        refused = amplify.refused("signIn", username=name, password="wrong", options=options)
        assert refused[0] == "NotAuthorizedException"
        step = amplify("signIn", username=name, password=PASSWORD, options=options)["nextStep"]
        assert step["signInStep"] == "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
        assert amplify("confirmSignIn", challengeResponse="9")["isSignedIn"]


class TestJavaScriptSdkByTriggers:
    """Use case 25 of its README."""

    def test_without_the_password(self, node: Node, asking_pool: Pool) -> None:
        name = asking_pool.user()
        user = node.pool(asking_pool.endpoint, asking_pool.id, asking_pool.client_id).user(name)
        user.ask("setAuthenticationFlowType", "CUSTOM_AUTH")
        asked = user.start("initiateAuth", {"$details": {"Username": name}})
        assert asked.only("customChallenge")["question"] == "4 + 5"
        assert user.start("sendCustomChallengeAnswer", "8").only("customChallenge")["question"] == "4 + 5"
        assert user.start("sendCustomChallengeAnswer", "9").value["valid"]

    def test_with_the_password_first(self, node: Node, asking_pool: Pool) -> None:
        name = asking_pool.user()
        user = node.pool(asking_pool.endpoint, asking_pool.id, asking_pool.client_id).user(name)
        user.ask("setAuthenticationFlowType", "CUSTOM_AUTH")
        assert user.sign_in(name, PASSWORD).only("customChallenge")["question"] == "4 + 5"
        for _ in range(2):
            user.start("sendCustomChallengeAnswer", "8").only("customChallenge")
        assert user.start("sendCustomChallengeAnswer", "8").error == (
            "NotAuthorizedException",
            "Incorrect username or password.",
        )
