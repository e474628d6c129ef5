"""What an operation is: the generated tables are made of it. Import it from `protocol.operations`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar, cast

if TYPE_CHECKING:
    from .shapes import Shape

In = TypeVar("In", bound="Shape", covariant=True)
Out = TypeVar("Out", bound="Shape", covariant=True)


class Service(Enum):
    """One of the two services, with the names that it goes by on the wire."""

    IDP = "idp"
    IDENTITY = "identity"

    @property
    def target_prefix(self) -> str:
        """What stands before the operation in the `X-Amz-Target` header."""
        return "AWSCognitoIdentityProviderService" if self is Service.IDP else "AWSCognitoIdentityService"

    @property
    def signing_name(self) -> str:
        """The service name in a Signature Version 4 scope; also the first label of the host."""
        return "cognito-idp" if self is Service.IDP else "cognito-identity"

    endpoint_prefix = signing_name


class Auth(StrEnum):
    """Who may call an operation."""

    NONE = "none"
    """Anybody: the call carries no credentials, or carries its proof in the body."""
    ACCESS_TOKEN = "access_token"
    """A signed-in user: the access token is a member of the input."""
    SIGV4 = "sigv4"
    """An administrator: the request is signed with AWS credentials, or with admin keys of your service."""


class Retry(StrEnum):
    """When a request may be sent again."""

    SAFE = "safe"
    """A read, or idempotent: also when the first may have arrived."""
    UNSENT_ONLY = "unsent_only"
    """Only when the first provably never arrived, or was throttled."""


class Pagination(NamedTuple):
    """The members of a paged operation, by their Python names."""

    token: str
    """The member, of input and output alike, that carries the page token."""
    limit: str | None
    """The input member that bounds a page, where there is one."""
    items: str
    """The output member that lists the items."""


@dataclass(frozen=True, eq=False)
class Operation(Generic[In, Out]):
    """One operation of the contract, typed by its input and output shapes."""

    name: str
    """The wire name, such as `InitiateAuth`."""
    service: Service
    family: str
    """The module of shapes that it belongs to."""
    auth: Auth
    retry: Retry
    errors: frozenset[str]
    """The wire codes that the contract declares for it."""
    input_name: str
    output_name: str
    pagination: Pagination | None = None
    session_allowed: bool = False
    """Whether the session of a sign-in under way may stand in the place of the access token."""

    def __repr__(self) -> str:
        return f"<Operation {self.name}>"

    @property
    def target(self) -> str:
        """The `X-Amz-Target` header."""
        return f"{self.service.target_prefix}.{self.name}"

    @cached_property
    def input(self) -> type[In]:
        """The input shape; its module is loaded on first use."""
        return cast("type[In]", self._shape(self.input_name))

    @cached_property
    def output(self) -> type[Out]:
        """The output shape; its module is loaded on first use."""
        return cast("type[Out]", self._shape(self.output_name))

    def _shape(self, name: str) -> object:
        return getattr(import_module(f"{__package__}._generated.{self.service.value}.{self.family}"), name)
