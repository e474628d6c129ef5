"""Amazon Cognito user pools for Python: the complete client, and a user pool that you run yourself.

    from userpool import SignedIn, UserPool

    pool = UserPool("us-east-1_aB12cDe34", client_id="7ghr5379orhbo88d52vphda6s9")
    step = pool.sign_in("ada", "Correct-horse-7")
    if isinstance(step, SignedIn):
        print(step.user.get_user().attributes["email"])

Every name is loaded when it is first used: importing the package costs next to nothing. `userpool.errors`
holds the error classes of the whole contract; those that most programs meet stand here too.
"""

from __future__ import annotations

from ._version import __version__ as __version__

# Type checkers take the name for what it is; importing `typing` would cost more than all the rest of this
# page.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from . import errors as errors
    from .authenticators.api import Authenticator as Authenticator
    from .authenticators.security_key import SecurityKey as SecurityKey
    from .client._async.admin import AsyncAdmin as AsyncAdmin
    from .client._async.background import AsyncBackgroundRefresh as AsyncBackgroundRefresh
    from .client._async.pool import AsyncUserPool as AsyncUserPool
    from .client._async.steps import AsyncSignInStep as AsyncSignInStep
    from .client._async.user import AsyncUser as AsyncUser
    from .client._sync.admin import Admin as Admin
    from .client._sync.background import BackgroundRefresh as BackgroundRefresh
    from .client._sync.pool import UserPool as UserPool
    from .client._sync.steps import SignInStep as SignInStep
    from .client._sync.user import User as User
    from .client.changes import ChangeReason as ChangeReason
    from .client.changes import SessionChange as SessionChange
    from .client.changes import SessionState as SessionState
    from .client.configuration import PoolConfig as PoolConfig
    from .client.installation import installation_id as installation_id
    from .client.judging import StorageWarning as StorageWarning
    from .client.passwords import generate_password as generate_password
    from .client.qr import QrCode as QrCode
    from .client.signed_in import SignedIn as SignedIn
    from .client.signed_in import SignOutResult as SignOutResult
    from .flows.config import AuthFlow as AuthFlow
    from .flows.config import RefreshFlow as RefreshFlow
    from .flows.config import UserContext as UserContext
    from .flows.device_facts import DeviceFacts as DeviceFacts
    from .flows.grant import Device as Device
    from .flows.grant import NewDevice as NewDevice
    from .flows.grant import Tokens as Tokens
    from .flows.identity import AwsCredentials as AwsCredentials
    from .flows.machine import ClientToken as ClientToken
    from .flows.machine import DerivedToken as DerivedToken
    from .flows.passkeys import Passkey as Passkey
    from .flows.results import DeviceInfo as DeviceInfo
    from .flows.results import DeviceStatus as DeviceStatus
    from .flows.results import MfaOption as MfaOption
    from .flows.results import MfaPreference as MfaPreference
    from .flows.results import Page as Page
    from .flows.results import TotpSeed as TotpSeed
    from .flows.results import UserAuthFactors as UserAuthFactors
    from .flows.results import UserProfile as UserProfile
    from .flows.sign_up_results import ConfirmSignUpResult as ConfirmSignUpResult
    from .flows.sign_up_results import SignUpResult as SignUpResult
    from .flows.user_sessions import UserSession as UserSession
    from .identity._async.identity import AsyncIdentity as AsyncIdentity
    from .identity._async.pool import AsyncIdentityPool as AsyncIdentityPool
    from .identity._sync.identity import Identity as Identity
    from .identity._sync.pool import IdentityPool as IdentityPool
    from .protocol.challenges import Answer as Answer
    from .protocol.challenges import AuthFactor as AuthFactor
    from .protocol.challenges import Challenge as Challenge
    from .protocol.challenges import ChallengeStep as ChallengeStep
    from .protocol.challenges import CustomChallenge as CustomChallenge
    from .protocol.challenges import EmailCodeRequired as EmailCodeRequired
    from .protocol.challenges import EmailSetupRequired as EmailSetupRequired
    from .protocol.challenges import FactorSelectionRequired as FactorSelectionRequired
    from .protocol.challenges import MfaMethod as MfaMethod
    from .protocol.challenges import MfaSelectionRequired as MfaSelectionRequired
    from .protocol.challenges import MfaSetupRequired as MfaSetupRequired
    from .protocol.challenges import NewPasswordRequired as NewPasswordRequired
    from .protocol.challenges import PasskeyRequired as PasskeyRequired
    from .protocol.challenges import PasswordRequired as PasswordRequired
    from .protocol.challenges import SmsCodeRequired as SmsCodeRequired
    from .protocol.challenges import TotpRequired as TotpRequired
    from .protocol.challenges import TotpSetupRequired as TotpSetupRequired
    from .protocol.challenges import UnknownChallenge as UnknownChallenge
    from .protocol.code_delivery import CodeDelivery as CodeDelivery
    from .protocol.errors import AliasExistsException as AliasExistsException
    from .protocol.errors import AuthenticatorError as AuthenticatorError
    from .protocol.errors import ChallengeError as ChallengeError
    from .protocol.errors import ClockSkewError as ClockSkewError
    from .protocol.errors import CodeDeliveryFailureException as CodeDeliveryFailureException
    from .protocol.errors import CodeMismatchException as CodeMismatchException
    from .protocol.errors import DeadlineExceeded as DeadlineExceeded
    from .protocol.errors import EnableSoftwareTokenMFAException as EnableSoftwareTokenMFAException
    from .protocol.errors import ExpiredCodeException as ExpiredCodeException
    from .protocol.errors import InvalidParameterException as InvalidParameterException
    from .protocol.errors import InvalidPasswordException as InvalidPasswordException
    from .protocol.errors import LimitExceededException as LimitExceededException
    from .protocol.errors import MissingExtra as MissingExtra
    from .protocol.errors import NotAuthorizedException as NotAuthorizedException
    from .protocol.errors import NotAuthorizedReason as NotAuthorizedReason
    from .protocol.errors import ParameterError as ParameterError
    from .protocol.errors import PasswordPolicyError as PasswordPolicyError
    from .protocol.errors import PasswordResetRequiredException as PasswordResetRequiredException
    from .protocol.errors import ProtocolError as ProtocolError
    from .protocol.errors import ResourceNotFoundException as ResourceNotFoundException
    from .protocol.errors import ServiceError as ServiceError
    from .protocol.errors import SessionExpired as SessionExpired
    from .protocol.errors import SignedOutError as SignedOutError
    from .protocol.errors import StorageError as StorageError
    from .protocol.errors import TokenError as TokenError
    from .protocol.errors import TokenVerificationError as TokenVerificationError
    from .protocol.errors import TooManyRequestsException as TooManyRequestsException
    from .protocol.errors import TransportError as TransportError
    from .protocol.errors import UserLambdaValidationException as UserLambdaValidationException
    from .protocol.errors import UsernameExistsException as UsernameExistsException
    from .protocol.errors import UserNotConfirmedException as UserNotConfirmedException
    from .protocol.errors import UserNotFoundException as UserNotFoundException
    from .protocol.errors import UserPoolError as UserPoolError
    from .protocol.passwords import PasswordPolicy as PasswordPolicy
    from .protocol.passwords import PasswordRule as PasswordRule
    from .protocol.sigv4 import Credentials as Credentials
    from .storage.api import AsyncStorage as AsyncStorage
    from .storage.api import Storage as Storage
    from .storage.api import StorageBusy as StorageBusy
    from .storage.cookies import CookieStorage as CookieStorage
    from .storage.file import FileStorage as FileStorage
    from .storage.keyring import KeyringStorage as KeyringStorage
    from .storage.memory import MemoryStorage as MemoryStorage
    from .storage.sealed import SealedStorage as SealedStorage
    from .transports.api import AsyncTransport as AsyncTransport
    from .transports.api import Transport as Transport
    from .transports.http import AsyncHttpTransport as AsyncHttpTransport
    from .transports.http import HttpTransport as HttpTransport
    from .verify.claims import Claims as Claims
    from .verify.errors import ExpiredToken as ExpiredToken
    from .verify.errors import KeysUnavailable as KeysUnavailable
    from .verify.verifier import AsyncTokenVerifier as AsyncTokenVerifier
    from .verify.verifier import TokenVerifier as TokenVerifier

_HOMES: Final = {
    "": "errors",
    "authenticators.api": "Authenticator",
    "authenticators.security_key": "SecurityKey",
    "client._async.admin": "AsyncAdmin",
    "client._async.background": "AsyncBackgroundRefresh",
    "client._async.pool": "AsyncUserPool",
    "client._async.steps": "AsyncSignInStep",
    "client._async.user": "AsyncUser",
    "client._sync.admin": "Admin",
    "client._sync.background": "BackgroundRefresh",
    "client._sync.pool": "UserPool",
    "client._sync.steps": "SignInStep",
    "client._sync.user": "User",
    "client.changes": "ChangeReason SessionChange SessionState",
    "client.configuration": "PoolConfig",
    "client.installation": "installation_id",
    "client.judging": "StorageWarning",
    "client.passwords": "generate_password",
    "client.qr": "QrCode",
    "client.signed_in": "SignOutResult SignedIn",
    "flows.config": "AuthFlow RefreshFlow UserContext",
    "flows.device_facts": "DeviceFacts",
    "flows.grant": "Device NewDevice Tokens",
    "flows.machine": "ClientToken DerivedToken",
    "flows.passkeys": "Passkey",
    "flows.results": (
        "DeviceInfo DeviceStatus MfaOption MfaPreference Page TotpSeed UserAuthFactors UserProfile"
    ),
    "flows.sign_up_results": "ConfirmSignUpResult SignUpResult",
    "flows.user_sessions": "UserSession",
    "flows.identity": "AwsCredentials",
    "identity._async.identity": "AsyncIdentity",
    "identity._async.pool": "AsyncIdentityPool",
    "identity._sync.identity": "Identity",
    "identity._sync.pool": "IdentityPool",
    "protocol.challenges": (
        "Answer AuthFactor Challenge ChallengeStep CustomChallenge EmailCodeRequired "
        "EmailSetupRequired FactorSelectionRequired MfaMethod MfaSelectionRequired MfaSetupRequired "
        "NewPasswordRequired PasskeyRequired PasswordRequired SmsCodeRequired TotpRequired "
        "TotpSetupRequired UnknownChallenge"
    ),
    "protocol.code_delivery": "CodeDelivery",
    "protocol.errors": (
        "AliasExistsException AuthenticatorError ChallengeError ClockSkewError CodeDeliveryFailureException "
        "CodeMismatchException DeadlineExceeded EnableSoftwareTokenMFAException ExpiredCodeException "
        "InvalidParameterException InvalidPasswordException LimitExceededException MissingExtra "
        "NotAuthorizedException NotAuthorizedReason ParameterError PasswordPolicyError "
        "PasswordResetRequiredException ProtocolError ResourceNotFoundException ServiceError "
        "SessionExpired SignedOutError StorageError TokenError TokenVerificationError "
        "TooManyRequestsException TransportError UserLambdaValidationException UserNotConfirmedException "
        "UserNotFoundException UserPoolError UsernameExistsException"
    ),
    "protocol.passwords": "PasswordPolicy PasswordRule",
    "protocol.sigv4": "Credentials",
    "storage.api": "AsyncStorage Storage StorageBusy",
    "storage.cookies": "CookieStorage",
    "storage.file": "FileStorage",
    "storage.keyring": "KeyringStorage",
    "storage.memory": "MemoryStorage",
    "storage.sealed": "SealedStorage",
    "transports.api": "AsyncTransport Transport",
    "transports.http": "AsyncHttpTransport HttpTransport",
    "verify.claims": "Claims",
    "verify.errors": "ExpiredToken KeysUnavailable",
    "verify.verifier": "AsyncTokenVerifier TokenVerifier",
}
"""Where each public name lives; this page is the only other place that it can be imported from."""

_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = ["__version__", *sorted(_HOME_OF)]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'userpool' has no attribute {name!r}")
    if name == "errors":
        value: Any = import_module(".errors", __name__)
    else:
        value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value  # from now on it is found without this function
    return value


def __dir__() -> list[str]:
    return __all__
