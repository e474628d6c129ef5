"""What the operations of a sign-in are given: how one begins, an answer to a challenge, and the facts by
which that is judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from userpool.protocol.errors import InvalidParameterException, UserNotFoundException

from .context import Context
from .devices import named_at_start
from .domain.existence import ghost
from .domain.records import User
from .domain.sessions import Session
from .realm import Realm
from .sign_in import still_good
from .triggers.events import pre_authentication


def required(parameters: Mapping[str, str], name: str) -> str:
    """The value of a parameter; an empty one counts as missing.

    Raises:
        InvalidParameterException: naming the parameter.
    """
    value = parameters.get(name)
    if not value:
        raise InvalidParameterException(f"Missing required parameter {name}")
    return value


@dataclass(frozen=True, slots=True)
class Start:
    """A sign-in as it is asked for, by a user or for one."""

    flow: str
    client_id: str
    parameters: Mapping[str, str] = field(repr=False)
    pool_id: str | None = None
    """Given by administrators."""
    session: str | None = field(default=None, repr=False)
    """Of a sign-up that was confirmed just now."""
    metadata: Mapping[str, str] | None = field(default=None, repr=False)
    source_ip: str = field(default="", repr=False)
    """Of whoever signs in."""

    def parameter(self, name: str) -> str:
        """A parameter that the flow needs.

        Raises:
            InvalidParameterException: it is missing.
        """
        return required(self.parameters, name)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a challenge, by a user or for one."""

    challenge: str
    client_id: str
    session: str | None = field(repr=False)
    responses: Mapping[str, str] = field(repr=False)
    pool_id: str | None = None
    """Given by administrators."""
    metadata: Mapping[str, str] | None = field(default=None, repr=False)
    source_ip: str = field(default="", repr=False)
    """Of whoever answers."""

    def response(self, name: str) -> str:
        """A response that the challenge needs.

        Raises:
            InvalidParameterException: it is missing.
        """
        return required(self.responses, name)


@dataclass(frozen=True, slots=True)
class Facts:
    """What an answer is judged by: where it takes place, the session that it answers, and its user."""

    realm: Realm
    session: Session
    user: User | None

    def proved_user(self) -> User:
        """The user, whose password this sign-in has proved; errors as `still_good`."""
        return still_good(self.session, self.user)


def prove_client(context: Context, start: Start, realm: Realm) -> None:
    """Refuse a beginning without the client's secret.

    Raises:
        NotAuthorizedException: the secret is not proved.
        InvalidParameterException: no user is named.
    """
    realm.check_secret_hash(context.keys, start.parameters.get("SECRET_HASH"), start.parameter("USERNAME"))


def admit(context: Context, start: Start, realm: Realm, user: User | None) -> None:
    """Refuse a beginning for nobody, where the client tells who exists, or one that a function refuses.

    Raises:
        UserNotFoundException: there is no such user, and no need to hide it.
        UserLambdaValidationException: the function before a sign-in refuses it.
    """
    if user is None and not realm.client_settings.prevent_user_existence_errors:
        raise UserNotFoundException("User does not exist.")
    pre_authentication(context, realm, user, start.parameter("USERNAME"), start.metadata)


def check_caller(context: Context, start: Start, realm: Realm, user: User | None) -> None:
    """Refuse a beginning; errors as `prove_client` and `admit`."""
    prove_client(context, start, realm)
    admit(context, start, realm, user)


@dataclass(frozen=True, slots=True)
class Claimant:
    """Whoever wants to sign in: a user, or a name that no user has; and what goes along with the sign-in."""

    realm: Realm
    user: User | None
    sub: str
    """The user's, or the one that an unknown user seems to have."""
    username: str = field(repr=False)
    typed: str = field(repr=False)
    carried: Mapping[str, str] = field(default_factory=dict, repr=False)
    metadata: Mapping[str, str] | None = field(default=None, repr=False)
    """`ClientMetadata` of an answer, for triggers; that of a sign-in's beginning goes to other triggers."""


def claimant(
    context: Context, start: Start, realm: Realm, user: User | None, carried: Mapping[str, str] | None = None
) -> Claimant:
    """Who begins a sign-in with a user name; `user` is whom that finds.

    Raises:
        ResourceNotFoundException: the device that it names with a password is not known.
    """
    typed = start.parameter("USERNAME")
    shade = ghost(realm.settings, typed, context.keys.digest)
    sub, username = (shade.sub, shade.username) if user is None else (user.sub, user.username)
    device = named_at_start(context, realm, sub, start.parameters)
    return Claimant(realm, user, sub, username, typed, {**(carried or {}), **device})


def answering(facts: Facts, reply: Reply) -> Claimant:
    """Who answers a challenge of a sign-in that is under way."""
    one = facts.session
    return Claimant(
        facts.realm, facts.user, one.sub, one.username, one.typed, one.carried, metadata=reply.metadata
    )
