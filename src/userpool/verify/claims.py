"""What a verified token says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from userpool.protocol.tokens import TokenUse


class Claims(Mapping[str, Any]):
    """The claims of a verified token: a mapping with all of them, and properties for those that every one
    has.
    """

    __slots__ = ("_claims",)

    def __init__(self, claims: Mapping[str, Any]) -> None:
        self._claims = claims

    def __getitem__(self, name: str) -> Any:
        return self._claims[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._claims)

    def __len__(self) -> int:
        return len(self._claims)

    def __repr__(self) -> str:
        return f"<Claims of the {self.token_use} token of {self.sub}>"

    @property
    def sub(self) -> str:
        """The user's id, which never changes (in a machine's token: the app client's)."""
        return str(self._claims["sub"])

    @property
    def username(self) -> str | None:
        """The user's name in the pool; a machine's token has none."""
        name = self._claims.get("cognito:username" if self.token_use is TokenUse.ID else "username")
        return None if name is None else str(name)

    @property
    def token_use(self) -> TokenUse:
        """What the token is for."""
        return TokenUse(self._claims["token_use"])

    @property
    def client_id(self) -> str:
        """The app client that the token was issued to."""
        return str(self._claims["aud" if self.token_use is TokenUse.ID else "client_id"])

    @property
    def issuer(self) -> str:
        """The pool that issued the token, as a URL."""
        return str(self._claims["iss"])

    @property
    def groups(self) -> tuple[str, ...]:
        """The user's groups, the one of the highest precedence first."""
        return tuple(self._claims.get("cognito:groups", ()))

    @property
    def scopes(self) -> tuple[str, ...]:
        """What an access token allows; an ID token has none."""
        return tuple(str(self._claims.get("scope", "")).split())

    @property
    def issued_at(self) -> datetime:
        """When the token was issued, in UTC."""
        return datetime.fromtimestamp(self._claims["iat"], UTC)

    @property
    def expires_at(self) -> datetime:
        """When the token ends, in UTC."""
        return datetime.fromtimestamp(self._claims["exp"], UTC)

    @property
    def auth_time(self) -> datetime | None:
        """When the user proved who they are, in UTC; a refresh does not change it."""
        at = self._claims.get("auth_time")
        return None if at is None else datetime.fromtimestamp(at, UTC)
