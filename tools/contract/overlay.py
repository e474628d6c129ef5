"""What the published model does not say, decided by us: families, retry classes, secrets, odd authorisation.

Every table is complete or refuses: the generator stops on an operation without a family and on a name that
the model no longer has.
"""

from __future__ import annotations

FAMILIES: dict[str, dict[str, tuple[str, ...]]] = {
    "idp": {
        "sign_up": ("SignUp", "ConfirmSignUp", "ResendConfirmationCode"),
        "auth": (
            "InitiateAuth",
            "RespondToAuthChallenge",
            "AdminInitiateAuth",
            "AdminRespondToAuthChallenge",
            "GetTokensFromRefreshToken",
            "RevokeToken",
            "GlobalSignOut",
            "AdminUserGlobalSignOut",
        ),
        "password": ("ForgotPassword", "ConfirmForgotPassword", "ChangePassword"),
        "profile": (
            "GetUser",
            "DeleteUser",
            "UpdateUserAttributes",
            "DeleteUserAttributes",
            "GetUserAttributeVerificationCode",
            "VerifyUserAttribute",
        ),
        "mfa": (
            "AssociateSoftwareToken",
            "VerifySoftwareToken",
            "SetUserMFAPreference",
            "SetUserSettings",
            "GetUserAuthFactors",
            "AdminSetUserMFAPreference",
            "AdminSetUserSettings",
            "AdminDeleteSoftwareToken",
            "AdminGetUserAuthFactors",
            "GetUserPoolMfaConfig",
            "SetUserPoolMfaConfig",
        ),
        "devices": (
            "ConfirmDevice",
            "GetDevice",
            "ListDevices",
            "UpdateDeviceStatus",
            "ForgetDevice",
            "AdminGetDevice",
            "AdminListDevices",
            "AdminUpdateDeviceStatus",
            "AdminForgetDevice",
        ),
        "passkeys": (
            "StartWebAuthnRegistration",
            "CompleteWebAuthnRegistration",
            "ListWebAuthnCredentials",
            "DeleteWebAuthnCredential",
        ),
        "sessions": (
            "ListUserSessions",
            "RevokeUserSession",
            "AdminListUserSessions",
            "AdminRevokeUserSession",
            "GetUserPoolSessionConfiguration",
            "SetUserPoolSessionConfiguration",
            "GetUserPoolClientSessionConfiguration",
            "SetUserPoolClientSessionConfiguration",
        ),
        "users": (
            "AdminCreateUser",
            "AdminGetUser",
            "AdminDeleteUser",
            "AdminConfirmSignUp",
            "AdminEnableUser",
            "AdminDisableUser",
            "AdminResetUserPassword",
            "AdminSetUserPassword",
            "AdminUpdateUserAttributes",
            "AdminDeleteUserAttributes",
            "AdminLinkProviderForUser",
            "AdminDisableProviderForUser",
            "ListUsers",
        ),
        "groups": (
            "CreateGroup",
            "GetGroup",
            "UpdateGroup",
            "DeleteGroup",
            "ListGroups",
            "ListUsersInGroup",
            "AdminAddUserToGroup",
            "AdminRemoveUserFromGroup",
            "AdminListGroupsForUser",
        ),
        "pools": (
            "CreateUserPool",
            "DescribeUserPool",
            "UpdateUserPool",
            "DeleteUserPool",
            "ListUserPools",
            "AddCustomAttributes",
            "GetSigningCertificate",
        ),
        "clients": (
            "CreateUserPoolClient",
            "DescribeUserPoolClient",
            "UpdateUserPoolClient",
            "DeleteUserPoolClient",
            "ListUserPoolClients",
            "AddUserPoolClientSecret",
            "DeleteUserPoolClientSecret",
            "ListUserPoolClientSecrets",
        ),
        "providers": (
            "CreateIdentityProvider",
            "DescribeIdentityProvider",
            "UpdateIdentityProvider",
            "DeleteIdentityProvider",
            "ListIdentityProviders",
            "GetIdentityProviderByIdentifier",
        ),
        "resource_servers": (
            "CreateResourceServer",
            "DescribeResourceServer",
            "UpdateResourceServer",
            "DeleteResourceServer",
            "ListResourceServers",
        ),
        "domains": (
            "CreateUserPoolDomain",
            "DescribeUserPoolDomain",
            "UpdateUserPoolDomain",
            "DeleteUserPoolDomain",
        ),
        "branding": (
            "CreateManagedLoginBranding",
            "DescribeManagedLoginBranding",
            "DescribeManagedLoginBrandingByClient",
            "UpdateManagedLoginBranding",
            "DeleteManagedLoginBranding",
            "GetUICustomization",
            "SetUICustomization",
        ),
        "terms": (
            "CreateTerms",
            "DescribeTerms",
            "DescribeTermsByClient",
            "UpdateTerms",
            "DeleteTerms",
            "ListTerms",
        ),
        "risk": (
            "DescribeRiskConfiguration",
            "SetRiskConfiguration",
            "AdminListUserAuthEvents",
            "AdminUpdateAuthEventFeedback",
            "UpdateAuthEventFeedback",
        ),
        "logs": ("GetLogDeliveryConfiguration", "SetLogDeliveryConfiguration"),
        "imports": (
            "CreateUserImportJob",
            "DescribeUserImportJob",
            "ListUserImportJobs",
            "StartUserImportJob",
            "StopUserImportJob",
            "GetCSVHeader",
        ),
        "replicas": (
            "CreateUserPoolReplica",
            "UpdateUserPoolReplica",
            "DeleteUserPoolReplica",
            "ListUserPoolReplicas",
        ),
        "limits": ("GetProvisionedLimit", "UpdateProvisionedLimit"),
        "tags": ("TagResource", "UntagResource", "ListTagsForResource"),
        "machine": ("GetClientToken", "GetDerivedToken"),
    },
    "identity": {
        "credentials": ("GetId", "GetCredentialsForIdentity", "GetOpenIdToken", "UnlinkIdentity"),
        "identities": ("ListIdentities", "DescribeIdentity", "DeleteIdentities"),
        "developer": (
            "GetOpenIdTokenForDeveloperIdentity",
            "LookupDeveloperIdentity",
            "MergeDeveloperIdentities",
            "UnlinkDeveloperIdentity",
        ),
        "pools": (
            "CreateIdentityPool",
            "DescribeIdentityPool",
            "UpdateIdentityPool",
            "DeleteIdentityPool",
            "ListIdentityPools",
            "SetIdentityPoolRoles",
            "GetIdentityPoolRoles",
            "SetPrincipalTagAttributeMap",
            "GetPrincipalTagAttributeMap",
        ),
        "tags": ("TagResource", "UntagResource", "ListTagsForResource"),
    },
}
"""Which operations stand together; a family's shapes are one module, loaded on first use."""

OPTIONAL_TOKEN: frozenset[str] = frozenset({"AssociateSoftwareToken", "VerifySoftwareToken"})
"""Operations that take an access token or, in its place, the session of a sign-in under way."""

UNSIGNED: frozenset[str] = frozenset({"GetClientToken", "GetDerivedToken"})
"""The model would have these signed, but the service's documentation says that it does not look at a
signature: the client's secret is what counts. We send them unsigned, and a server has to accept both."""

SAFE_PREFIXES = ("Get", "List", "Describe", "Lookup")

UNSAFE_READS: frozenset[str] = frozenset(
    {
        "GetTokensFromRefreshToken",  # rotates the refresh token
        "GetUserAttributeVerificationCode",  # sends a message
        "GetDerivedToken",  # the subject token may be single-use
        "GetId",  # makes an identity
        "GetOpenIdTokenForDeveloperIdentity",  # makes an identity
    }
)
"""Named like a read, but it acts."""

SAFE_WRITES: frozenset[str] = frozenset(
    {
        # Signing out: done twice is done, and a lost answer must not leave anybody signed in.
        "RevokeToken",
        "GlobalSignOut",
        "AdminUserGlobalSignOut",
        "RevokeUserSession",
        "AdminRevokeUserSession",
        # Sets a state to a value that the request carries in full.
        "SetUserMFAPreference",
        "SetUserSettings",
        "AdminSetUserMFAPreference",
        "AdminSetUserSettings",
        "DeleteUserAttributes",
        "AdminDeleteUserAttributes",
        "AdminEnableUser",
        "AdminDisableUser",
        "AdminAddUserToGroup",
        "AdminRemoveUserFromGroup",
        "UpdateDeviceStatus",
        "AdminUpdateDeviceStatus",
        "UpdateAuthEventFeedback",
        "AdminUpdateAuthEventFeedback",
        "UpdateGroup",
        "UpdateUserPool",
        "UpdateUserPoolClient",
        "UpdateIdentityProvider",
        "UpdateResourceServer",
        "UpdateManagedLoginBranding",
        "UpdateTerms",
        "SetUserPoolMfaConfig",
        "SetUserPoolSessionConfiguration",
        "SetUserPoolClientSessionConfiguration",
        "SetRiskConfiguration",
        "SetLogDeliveryConfiguration",
        "SetUICustomization",
        "TagResource",
        "UntagResource",
        "SetIdentityPoolRoles",
        "SetPrincipalTagAttributeMap",
        "UpdateIdentityPool",
        # Only the newest challenge counts, and nobody has seen the lost one.
        "StartWebAuthnRegistration",
    }
)
"""Writes that may be sent again although the first may have arrived. All else that is not a read may not:
sign-ins count attempts, sessions and codes are single-use, creations and deletions answer differently the
second time, and password changes enter the history."""

SENSITIVE_MEMBERS: frozenset[str] = frozenset(
    {
        "ChallengeParameters",
        "ClientMetadata",
        "ClientSecretValue",
        "Code",
        "ConfirmationCode",
        "Credential",
        "CredentialCreationOptions",
        "EncodedData",
        "FeedbackToken",
        "PasswordVerifier",
        "PreSignedUrl",
        "ProviderDetails",
        "Salt",
        "SessionToken",
    }
)
"""Members, by wire name, that carry secrets although the model does not mark their shapes."""

PROTOCOL_ERRORS: dict[str, int] = {
    "UnknownOperationException": 400,
    "SerializationException": 400,
    "MissingAuthenticationTokenException": 400,
    "IncompleteSignatureException": 400,
    "UnrecognizedClientException": 400,
    "InvalidSignatureException": 400,
    "ExpiredTokenException": 400,
    "AccessDeniedException": 400,
    "ThrottlingException": 400,
    "ServiceUnavailableException": 503,
    "NotImplementedException": 501,
}
"""Errors of the protocol that the model does not list, with their HTTP status."""

SUBCLASSES: dict[str, str] = {"UserNotFoundException": "NotAuthorizedException"}
"""Errors that are caught with another: a careful handler must not tell users apart."""

THROTTLED: frozenset[str] = frozenset({"TooManyRequestsException", "ThrottlingException"})
"""Refused before anything was done: every operation may be sent again, later."""

MISSING_VALUES: dict[str, tuple[str, ...]] = {"ExplicitAuthFlowsType": ("ALLOW_CLIENT_TOKEN_AUTH",)}
"""Values that the documentation of an operation (here GetClientToken) asks for, and that the model's
enumeration does not have."""

EMPTY_ALLOWED: frozenset[str] = frozenset({"PasswordType"})
"""Strings whose pattern would refuse an empty text that the service takes: here, no password at all."""
