"""A user pool, seen by an app client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from os import PathLike
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from userpool import flows
from userpool.client.answering import only_an_answer
from userpool.client.settings import REFRESH_MARGIN, client_config
from userpool.client.waiting import Once, async_storage, in_thread
from userpool.flows.config import AuthFlow, RefreshFlow, UserContext

from .client_calls import AsyncClientCalls
from .connection import AsyncConnection
from .kept_users import AsyncKeptUsers
from .sign_up_calls import AsyncSignUpCalls

if TYPE_CHECKING:
    from userpool.authenticators.api import Authenticator
    from userpool.client.answering import AsyncAnswerer, AsyncObjector
    from userpool.client.configuration import ConfigSource
    from userpool.client.signed_in import SignedIn
    from userpool.client.waiting import AnyStorage
    from userpool.embedded import AsyncEmbeddedUserPool, Triggers
    from userpool.flows.grant import Device, Grant
    from userpool.protocol.challenges import Answer, AuthFactor, ChallengeStep
    from userpool.protocol.effects import Flow
    from userpool.protocol.passwords import PasswordPolicy
    from userpool.transports.api import AsyncTransport

    from .admin import AsyncAdmin
    from .background import AsyncBackgroundRefresh
    from .devices import AsyncDevices
    from .home import AsyncHome
    from .steps import AsyncSignInStep
    from .user import AsyncUser


class AsyncUserPool(AsyncKeptUsers, AsyncSignUpCalls, AsyncClientCalls):
    """A Cognito user pool, or one of your own (`userpool serve`), seen by one of its app clients.

    It is shared by threads and tasks. Close it, or use it as a context manager, when you are done.

    Args:
        user_pool_id: such as `us-east-1_aB12cDe34`.
        client_id: the app client.
        client_secret: its secret, if it has one; `(new, old)` while one replaces the other: the one that the
            service knows is found, and remembered.
        endpoint: another address than AWS's own for the pool's region, such as `http://127.0.0.1:9339`.
        fips: AWS's hosts with FIPS 140 validated cryptography.
        dual_stack: AWS's hosts that answer over IPv6 as well.
        allow_insecure_http: take an `http://` endpoint that is not on this machine.
        transport: carries the requests, and is yours to close; by default one over httpx2.
        storage: keeps the tokens; by default this process's memory.
        verify_tokens: whether tokens are verified when they arrive: signature, pool, client and user.
        jwks: the pool's public keys, as a dictionary, where they are known beforehand; otherwise they are
            fetched.
        issuer: who the tokens say issued them, where it is another than AWS's forms for this pool.
        refresh_margin: seconds before its end when a token counts as old.
        refresh_flow: which operation refreshes tokens.
        timeout: seconds for one exchange with the service.
        deadline: seconds for one operation, repetitions included.
        attempts: how often a request is sent at most; what may have been acted on is never sent twice.
        client_metadata: what the pool's triggers are told with each call (`ClientMetadata`), unless the call
            says.
        user_context: what threat protection is told with each call (`UserContextData`), unless the call says.
        analytics_endpoint_id: the Pinpoint application that counts events (`AnalyticsMetadata`).
        password_policy: what new passwords are held against before they are sent; without one the service
            alone judges.
        user_agent: your program's name and version, such as `shop/2.1`.
        clock: this machine's time in seconds since the epoch, by which tokens age.

    Raises:
        ParameterError: an argument cannot be right.
    """

    def __init__(
        self,
        user_pool_id: str,
        client_id: str,
        client_secret: str | tuple[str, str] | None = None,
        *,
        endpoint: str | None = None,
        fips: bool = False,
        dual_stack: bool = False,
        allow_insecure_http: bool = False,
        transport: AsyncTransport | None = None,
        storage: AnyStorage | None = None,
        verify_tokens: bool = True,
        jwks: Mapping[str, Any] | None = None,
        issuer: str | None = None,
        refresh_margin: float = REFRESH_MARGIN,
        refresh_flow: RefreshFlow | str = RefreshFlow.TOKENS_FROM_REFRESH_TOKEN,
        timeout: float = 20.0,
        deadline: float = 60.0,
        attempts: int = 4,
        client_metadata: Mapping[str, str] | None = None,
        user_context: UserContext | None = None,
        analytics_endpoint_id: str | None = None,
        password_policy: PasswordPolicy | None = None,
        user_agent: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._config = client_config(
            user_pool_id,
            client_id,
            client_secret,
            endpoint=endpoint,
            fips=fips,
            dual_stack=dual_stack,
            allow_insecure_http=allow_insecure_http,
            timeout=timeout,
            deadline=deadline,
            attempts=attempts,
            user_agent=user_agent,
            client_metadata=client_metadata,
            user_context=user_context,
            analytics_endpoint_id=analytics_endpoint_id,
            password_policy=password_policy,
        )
        self._connection = AsyncConnection.open(transport)
        chosen_flow = RefreshFlow(refresh_flow)

        kept_in = Once(lambda: async_storage(storage))
        keepers: set[AsyncBackgroundRefresh] = set()
        self._keepers = keepers

        def open_home() -> AsyncHome:
            from userpool.client.checking import Checker
            from userpool.client.record import Keys

            from .home import AsyncHome

            return AsyncHome(
                connection=self._connection,
                config=self._config,
                storage=kept_in(),
                devices=self._devices,
                keys=Keys(user_pool_id, client_id),
                checker=Checker(self._config, jwks=jwks, issuer=issuer, endpoint=endpoint)
                if verify_tokens
                else None,
                clock=clock,
                refresh_margin=refresh_margin,
                refresh_flow=chosen_flow,
                keepers=keepers,
            )

        # What the first request does not need is loaded with the first tokens; keys are looked at now.
        self._homes = Once(open_home)
        self._kept_devices = Once(lambda: self._open_devices(kept_in()))
        if jwks is not None:
            self._homes()

    @classmethod
    def from_config(cls, config: ConfigSource, **options: Any) -> Self:
        """A pool as a configuration names it: `amplify_outputs.json`, `aws-exports`, what is given to
        `Amplify.configure`, or a `PoolConfig`.

        Args:
            config: the path of a file, what stands in it, or a `PoolConfig`.
            options: more arguments of this class; they go before those of the configuration.

        Raises:
            ParameterError: the configuration cannot be read, or a member is missing or wrong.
        """
        from userpool.client.configuration import PoolConfig

        return cls(**{**PoolConfig.read(config).for_user_pool(), **options})

    @classmethod
    def embedded(
        cls,
        path: str | PathLike[str] = ":memory:",
        *,
        storage: AnyStorage | None = None,
        triggers: Triggers | None = None,
    ) -> AsyncEmbeddedUserPool:
        """A user pool in this very process, with no port: for tests, notebooks, and programs with users of
        their own.

        Args:
            path: a SQLite file to make or to reopen; `:memory:` is gone with the process.
            storage: keeps the tokens; by default this process's memory.
            triggers: functions of yours that take part in sign-ups and sign-ins, as Cognito's Lambda triggers
                do (`userpool.service.triggers.Triggers`).

        Raises:
            MissingExtra: the service is not installed.
        """
        from userpool.embedded import AsyncEmbeddedUserPool

        return AsyncEmbeddedUserPool(path, storage=storage, triggers=triggers)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.user_pool_id!r}, client_id={self.client_id!r})"

    @property
    def user_pool_id(self) -> str:
        """The pool."""
        return self._config.user_pool_id

    @property
    def client_id(self) -> str:
        """The app client."""
        return self._config.client_id

    @property
    def admin(self) -> AsyncAdmin:
        """The pool's administration, with AWS credentials from the environment or from boto3."""
        from .admin import AsyncAdmin

        return AsyncAdmin.beside(self._connection, self._config)

    async def sign_in(
        self,
        username: str,
        password: str | None = None,
        *,
        auth_flow: AuthFlow | str | None = None,
        preferred_challenge: AuthFactor | str | None = None,
        session: str | None = None,
        acr_values: Iterable[str] | None = None,
        max_age: int | None = None,
        access_token: str | None = None,
        client_metadata: Mapping[str, str] | None = None,
        user_context: UserContext | None = None,
        device: Device | None = None,
        device_name: str | None = None,
    ) -> AsyncSignInStep:
        """Sign a user in (InitiateAuth): the password is proved by SRP and does not leave this process.

        Args:
            username: user name or alias, as typed.
            password: taken byte for byte, and held no longer than this call. May be left out of
                `AuthFlow.CHOICE`, which has other factors, and of `AuthFlow.CUSTOM`, whose triggers ask.
            auth_flow: `AuthFlow.PASSWORD` sends the password itself; never fallen back to. By default
                `AuthFlow.SRP`, and `AuthFlow.CHOICE` with any of the next five.
            preferred_challenge: the first factor to use (`AuthFactor`); with a password PASSWORD_SRP. Without
                a preference, or one that the user cannot have, `FactorSelectionRequired` follows.
            session: of a `SignUpResult` or `ConfirmSignUpResult`: signs in without asking again.
            acr_values: levels of assurance to reach (step-up), the most wanted first, such as
                `["urn:cognito:loa:3"]`.
            max_age: seconds since when the last proof still counts.
            access_token: of the signed-in user who steps up to `acr_values`.
            client_metadata: what the triggers are told, in place of the pool's.
            user_context: what threat protection is told, in place of the pool's.
            device: this machine's device, where the storage is not to be asked for it.
            device_name: what the user will find a new device under; by default `user_agent`.

        Returns:
            `SignedIn`, or the challenge that comes next: answer it with `respond`.

        Raises:
            NotAuthorizedException: user name or password is wrong, and the like; `reason` is finer.
            UserNotConfirmedException: `confirm_sign_up` comes first.
            PasswordResetRequiredException: `forgot_password` comes first.
            ParameterError: an argument cannot be right; nothing was sent.
            ClockSkewError: this machine's clock would spoil the proof.
            TokenVerificationError: the tokens that came are not genuine, or not this user's.
            ServiceError, TransportError, ProtocolError: the service refused, was not reached, or is none.
        """
        return await self._step(
            lambda known: flows.sign_in.sign_in(
                self._config,
                username,
                password,
                auth_flow=auth_flow,
                preferred_challenge=preferred_challenge,
                session=session,
                acr_values=acr_values,
                max_age=max_age,
                access_token=access_token,
                client_metadata=client_metadata,
                user_context=user_context,
                device=known,
                device_name=device_name,
            ),
            username,
            device=device,
        )

    async def respond(
        self,
        answer: Answer,
        *,
        client_metadata: Mapping[str, str] | None = None,
        user_context: UserContext | None = None,
        device: Device | None = None,
        device_name: str | None = None,
    ) -> AsyncSignInStep:
        """Go on with a sign-in (RespondToAuthChallenge): `respond(challenge.answer(…))`, from any process.

        Args:
            answer: from the challenge's `answer`.
            client_metadata: what the triggers are told, in place of the pool's.
            user_context: what threat protection is told, in place of the pool's.
            device: as `sign_in`.
            device_name: as `sign_in`.

        Returns:
            `SignedIn`, or the challenge that comes next.

        Raises:
            CodeMismatchException: the code is wrong; the same challenge can be answered again.
            NotAuthorizedException: among others, the challenge is too old or used up: sign in again.
            ChallengeError: the challenge came to another app client, or this is no answer.
            TokenVerificationError, ServiceError, TransportError, ProtocolError: as `sign_in`.
        """
        answer = only_an_answer(answer)
        return await self._step(
            lambda known: flows.respond.respond(
                self._config,
                answer,
                client_metadata=client_metadata,
                user_context=user_context,
                device=known,
                device_name=device_name,
            ),
            answer.challenge.username,
            device=device,
            device_key=answer.challenge.device_key,
        )

    async def sign_in_with_passkey(
        self,
        username: str,
        authenticator: Authenticator,
        *,
        client_metadata: Mapping[str, str] | None = None,
        user_context: UserContext | None = None,
    ) -> AsyncSignInStep:
        """Sign a user in by a passkey (USER_AUTH with WEB_AUTHN), for programs without a browser.

        Args:
            username: as `sign_in`.
            authenticator: holds the passkey, such as `SecurityKey`. It may wait for a person to touch it.
            client_metadata: as `sign_in`.
            user_context: as `sign_in`.

        Returns:
            `SignedIn`, or another challenge: `FactorSelectionRequired` where the user has no passkey.

        Raises:
            AuthenticatorError: it did not sign.
            NotAuthorizedException, ServiceError, TransportError, ProtocolError: as `sign_in`.
        """
        from userpool.protocol.challenges import AuthFactor, PasskeyRequired

        step = await self.sign_in(
            username,
            preferred_challenge=AuthFactor.WEB_AUTHN,
            client_metadata=client_metadata,
            user_context=user_context,
        )
        if not isinstance(step, PasskeyRequired):
            return step
        options = step.options
        credential = await in_thread(lambda: authenticator.get(options))
        return await self.respond(
            step.answer(credential), client_metadata=client_metadata, user_context=user_context
        )

    async def complete_sign_in(
        self,
        step: AsyncSignInStep,
        answer: AsyncAnswerer,
        *,
        tries: int = 1,
        wrong: AsyncObjector | None = None,
    ) -> SignedIn[AsyncUser]:
        """Go on with a sign-in until the user is signed in, for programs that can answer by a function.

        Args:
            step: what `sign_in` or `respond` returned.
            answer: is called with each challenge and returns `challenge.answer(…)`; what it raises ends this.
            tries: how often one challenge is answered at most, where the code was mistyped or the new
                password breaks the rules.
            wrong: is told the challenge and the error before `answer` is called with the same challenge
                again.

        Raises:
            CodeMismatchException: the code is wrong, at the last try.
            NotAuthorizedException, ServiceError, TransportError, ProtocolError: as `respond`.
        """
        from .completing import complete

        return await complete(self, step, answer, tries=tries, wrong=wrong)

    def user(
        self,
        *,
        access_token: str,
        id_token: str | None = None,
        refresh_token: str | None = None,
        device_key: str | None = None,
    ) -> AsyncUser:
        """A user from tokens alone, as a web back end gets them. They are neither verified nor stored.

        Without a refresh token the user stays signed in as long as the access token lasts. Tokens from
        outside that decide over anything are verified first: see `TokenVerifier`.

        Args:
            access_token: of this app client.
            id_token: of the same user.
            refresh_token: keeps the user signed in; after a refresh `tokens()` gives the newest one.
            device_key: the device that the refresh token was given to, where the pool tracks devices.

        Raises:
            TokenError: one is no token, or of another user or app client.
        """
        from userpool.flows.grant import Tokens

        tokens = Tokens(access_token=access_token, id_token=id_token, refresh_token=refresh_token)
        return self._home.user(tokens, device_key)

    async def device(self, username: str) -> Device | None:
        """The device that the storage keeps for whoever signs in by this name on this machine: to be taken
        elsewhere (`Device.to_dict`).

        Raises:
            StorageError: the storage cannot be read.
        """
        return await self._devices.find(username)

    async def keep_device(self, username: str, device: Device) -> None:
        """Put a device into the storage, for the next sign-in of this user.

        Args:
            username: the service's own name for the user, or whatever will be typed.
            device: from another machine, or of an earlier time.

        Raises:
            StorageError: it could not be written.
        """
        await self._devices.keep(device, username)

    async def drop_device(self, username: str) -> None:
        """Remove the device from the storage, without a word to the service (`User.forget_device` tells it).

        Raises:
            StorageError: it may still be there.
        """
        await self._devices.drop(username)

    def with_storage(self, storage: AnyStorage) -> AsyncUserPool:
        """The same pool and app client with another storage, such as the cookies of one request.

        Connections, public keys and refreshes under way are shared with this pool, which is the one to close.
        """
        view = object.__new__(AsyncUserPool)
        view._config = self._config
        view._connection = AsyncConnection(self._connection.world, owned=False)
        kept_in = Once(lambda: async_storage(storage))
        view._kept_devices = Once(lambda: self._open_devices(kept_in()))
        view._keepers = set()
        view._homes = Once(lambda: replace(self._home, storage=kept_in(), devices=view._devices))
        return view

    async def aclose(self) -> None:
        """Let go of connections, and end what goes on in the background. Users of this pool cannot call the
        service any more; nobody is signed out.
        """
        for keeper in list(self._keepers):
            await keeper.stop()
        await self._connection.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _open_devices(self, storage: AnyStorage) -> AsyncDevices:
        from userpool.client.device_record import DeviceRecords

        from .devices import AsyncDevices

        records = DeviceRecords(self.user_pool_id, self.client_id)
        return AsyncDevices(self._connection, async_storage(storage), records)

    @property
    def _devices(self) -> AsyncDevices:
        return self._kept_devices()

    async def _step(
        self,
        begin: Callable[[Device | None], Flow[Grant | ChallengeStep]],
        name: str,
        *,
        device: Device | None,
        device_key: str | None = None,
    ) -> AsyncSignInStep:
        from userpool.flows.grant import Grant

        outcome, forgotten = await self._devices.sign_in(begin, name, device=device, device_key=device_key)
        if not isinstance(outcome, Grant):
            return outcome
        home = await in_thread(self._homes)
        return await home.welcome(outcome, name, device_forgotten=forgotten)
