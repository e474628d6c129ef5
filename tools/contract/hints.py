"""One sentence for every error: what it means and what to do next, in our own words."""

from __future__ import annotations

HINTS: dict[str, str] = {
    "AccessDeniedException": "Give the credentials that sign this call the permission for this operation.",
    "AliasExistsException": (
        "Another account holds this e-mail address or phone number: sign in to that one, or use "
        "another address."
    ),
    "CodeDeliveryFailureException": (
        "The message could not be sent: check the address, and the pool's e-mail or SMS set-up."
    ),
    "CodeMismatchException": "The code is wrong: ask the user to type it again.",
    "ConcurrentModificationException": (
        "Somebody else changed the same thing: read it again, then repeat the change."
    ),
    "DeveloperUserAlreadyRegisteredException": (
        "This developer identity belongs to another identity: look it up and merge the two."
    ),
    "DeviceKeyExistsException": (
        "This device is already registered: forget it first, or confirm it under a new key."
    ),
    "DuplicateProviderException": "A provider of this name exists: update it, or choose another name.",
    "EnableSoftwareTokenMFAException": (
        "The code of the authenticator app did not fit: check the clock of the phone, then try the next code."
    ),
    "ExpiredCodeException": "The code has expired or was used: ask for a new one.",
    "ExpiredTokenException": "The credentials that signed this call have expired: get new ones.",
    "ExternalServiceException": "Another provider failed: try again later.",
    "FeatureUnavailableInTierException": (
        "The pool's tier does not include this feature: raise the tier, or leave the feature off."
    ),
    "ForbiddenException": "A firewall rule of the pool refused the call: see the rules that guard it.",
    "GroupExistsException": "A group of this name exists: update it, or choose another name.",
    "IncompleteSignatureException": (
        "The signature of the call is incomplete: sign it with Signature Version 4."
    ),
    "InternalErrorException": "The service failed: try again later, and quote the request id if it persists.",
    "InternalServerException": (
        "The service failed: try again later, and quote the request id if it persists."
    ),
    "InvalidEmailRoleAccessPolicyException": "Let the pool's e-mail identity be used by the service.",
    "InvalidIdentityPoolConfigurationException": (
        "Check the roles of the identity pool and who may assume them."
    ),
    "InvalidLambdaResponseException": (
        "A trigger answered in a form that the service does not take: correct the trigger."
    ),
    "InvalidOAuthFlowException": "The app client does not allow this OAuth flow: allow it, or use another.",
    "InvalidParameterException": "Correct the arguments that the message names.",
    "InvalidPasswordException": "The password does not meet the pool's policy: choose another one.",
    "InvalidSignatureException": (
        "The signature does not fit: check secret key, region and the clock of this machine."
    ),
    "InvalidSmsRoleAccessPolicyException": "Let the pool's SMS role publish messages.",
    "InvalidSmsRoleTrustRelationshipException": (
        "Let the service assume the pool's SMS role, with the external id of the pool."
    ),
    "InvalidUserPoolConfigurationException": (
        "The pool's set-up does not allow this: check its MFA, device and message settings."
    ),
    "LimitExceededException": "A limit is reached: wait before the next attempt, or have the quota raised.",
    "MFAMethodNotFoundException": "The user has not set this factor up: choose another, or set it up first.",
    "ManagedLoginBrandingExistsException": "This app client has a branding style: update that one.",
    "MissingAuthenticationTokenException": (
        "Sign the call: this operation wants AWS credentials or admin keys."
    ),
    "NotAuthorizedException": (
        "Check who is calling: the user name, password, session or token was not accepted, and "
        "`reason` says which."
    ),
    "NotImplementedException": (
        "This server knows the operation but does not offer it: use another server for it."
    ),
    "OperationNotEnabledException": (
        "The pool or region does not offer this operation now: call its primary region."
    ),
    "PasswordHistoryPolicyViolationException": "The password was used before: choose a new one.",
    "PasswordResetRequiredException": "The password must be reset: start with forgot_password.",
    "PreconditionNotMetException": "Something must be done first: see the message.",
    "RefreshTokenReuseException": (
        "This refresh token was rotated out: sign in again; if that was not you, sign out everywhere."
    ),
    "ResourceConflictException": "This login is linked to another identity: merge the two, or unlink one.",
    "ResourceNotFoundException": (
        "Check the ids and the region: no such pool, client, group or device is there."
    ),
    "ScopeDoesNotExistException": "Define the scope at a resource server first.",
    "SerializationException": (
        "The body of the call is not the JSON that this operation takes: correct the type that the "
        "message names."
    ),
    "ServiceQuotaExceededException": "A quota is used up: free something, or have it raised.",
    "ServiceUnavailableException": "The service cannot answer now: try again later.",
    "SoftwareTokenMFANotFoundException": (
        "No authenticator app is set up here: associate a software token first, and see that the "
        "pool allows it."
    ),
    "TermsExistsException": "Terms of this name exist for the app client: update them.",
    "ThrottlingException": "Too many calls: slow down, then try again.",
    "TierChangeNotAllowedException": "Turn off what the lower tier does not include, then change the tier.",
    "TooManyFailedAttemptsException": "Too many wrong answers: wait before the next attempt.",
    "TooManyRequestsException": "Too many calls: slow down, then try again.",
    "UnauthorizedException": "This client may not do this: check the client id and secret.",
    "UnexpectedLambdaException": (
        "A trigger of the pool could not be called: see its log and its permissions."
    ),
    "UnknownOperationException": (
        "The endpoint does not know this operation: check the endpoint and its version."
    ),
    "UnrecognizedClientException": "The access key is not known here: check the credentials and the region.",
    "UnsupportedIdentityProviderException": (
        "This kind of identity provider cannot be used here: choose another."
    ),
    "UnsupportedOperationException": "The pool or app client does not offer this: turn it on first.",
    "UnsupportedTokenTypeException": "Only refresh tokens can be revoked: give the refresh token.",
    "UnsupportedUserStateException": "The user's status does not allow this: see it with admin_get_user.",
    "UserImportInProgressException": "Wait until the import of users has ended.",
    "UserLambdaValidationException": "A trigger of the pool refused: its message says why.",
    "UserNotConfirmedException": "Confirm the account first: confirm_sign_up, or resend_confirmation_code.",
    "UserPoolAddOnNotEnabledException": "Turn on the pool's threat protection first.",
    "UserPoolTaggingException": "The tags could not be set: check their names, values and number.",
    "UsernameExistsException": "This user name is taken: choose another, or sign in.",
    "WebAuthnChallengeNotFoundException": "The registration has expired: start it again.",
    "WebAuthnClientMismatchException": (
        "The passkey was begun with another app client: start again with this one."
    ),
    "WebAuthnConfigurationMissingException": "Give the pool a relying party id or a domain first.",
    "WebAuthnCredentialNotSupportedException": (
        "The authenticator's algorithm or format is not taken: use another passkey."
    ),
    "WebAuthnNotEnabledException": "Turn passkeys on for the pool first.",
    "WebAuthnOriginNotAllowedException": (
        "The passkey came from another origin than the relying party allows: check the site's address."
    ),
    "WebAuthnRelyingPartyMismatchException": (
        "The passkey belongs to another relying party: check the pool's relying party id."
    ),
}
"""By wire code. A subclass (`UserNotFoundException`) has none: it reads as its parent does."""
