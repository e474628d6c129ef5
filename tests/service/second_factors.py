"""What the tests of second factors share."""

from __future__ import annotations

from typing import Any

from tests.service.world import (
    TOTP_OPTIONAL,
    ClientOf,
)
from userpool.protocol.errors import (
    ServiceError,
)

EMAIL = "ada@example.com"
PHONE = "+15555550123"
EMAIL_MFA = {
    "EmailMfaConfiguration": {"Message": "Your code is {####}", "Subject": "Code"},
    "MfaConfiguration": "OPTIONAL",
}
SMS = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "x"}
SMS_MFA = {"SmsMfaConfiguration": {"SmsConfiguration": SMS}, "MfaConfiguration": "OPTIONAL"}
ALL_MFA = {**EMAIL_MFA, **SMS_MFA, **TOTP_OPTIONAL}
BY_PHONE = {"RecoveryMechanisms": [{"Name": "verified_phone_number", "Priority": 1}]}
BY_EMAIL = {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]}
USED = "Invalid session for the user, session can only be used once."
INVALID = "Invalid session for the user."


def refused(client: ClientOf, challenge: dict[str, Any], **responses: str) -> ServiceError:
    return client.error(
        "RespondToAuthChallenge",
        ChallengeName=challenge["ChallengeName"],
        Session=challenge.get("Session"),
        ChallengeResponses={"USERNAME": "ada", **responses},
    )


def preference(**methods: bool) -> dict[str, Any]:
    """The members of SetUserMFAPreference: the method is enabled, and preferred if true."""
    names = {"sms": "SMSMfaSettings", "totp": "SoftwareTokenMfaSettings", "email": "EmailMfaSettings"}
    return {names[name]: {"Enabled": True, "PreferredMfa": first} for name, first in methods.items()}
