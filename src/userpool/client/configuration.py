"""What a client is told by a file, by Amplify's configuration or by the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from os import PathLike
from typing import Any, Final, TypeAlias

from userpool.protocol.endpoints import parse_pool_id
from userpool.protocol.errors import ParameterError
from userpool.protocol.passwords import PasswordPolicy

SIZE_LIMIT: Final = 1024 * 1024
"""Bytes that are read of a file at most. `amplify_outputs.json` has some ten thousand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolConfig:
    """A user pool and its app client, as a configuration names them: what `UserPool.from_config` takes."""

    user_pool_id: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    endpoint: str | None = None
    """Another address than AWS's own."""
    issuer: str | None = None
    """Who the tokens say issued them, where that is another than AWS's forms for this pool."""
    allow_insecure_http: bool = False
    identity_pool_id: str | None = None
    identity_endpoint: str | None = None
    """Another address than AWS's own for the identity pool."""
    password_policy: PasswordPolicy | None = field(default=None, repr=False)

    @classmethod
    def read(cls, source: ConfigSource) -> PoolConfig:
        """Read a configuration: `amplify_outputs.json`, `aws-exports`, what is given to `Amplify.configure`,
        or the members of this class by their names. Members that are not known are passed over.

        Args:
            source: the path of a file (JSON, or the `.js` and `.ts` form of `aws-exports`, which is read and
                not executed), or what stands in it; a `PoolConfig` is returned as it is.

        Raises:
            ParameterError: a member is missing or wrong, which the message names with its path; or the file
                cannot be read.
        """
        if isinstance(source, PoolConfig):
            return source
        if isinstance(source, Mapping):
            return _known(source, "the configuration")
        path = os.fspath(source)
        return _known(_content(path), path)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> PoolConfig:
        """Read the variables that the command reads too: `USERPOOL_POOL_ID`, `USERPOOL_CLIENT_ID`,
        `USERPOOL_CLIENT_SECRET`, `USERPOOL_ENDPOINT`, `USERPOOL_ISSUER`, `USERPOOL_ALLOW_INSECURE_HTTP`,
        `USERPOOL_IDENTITY_POOL_ID` and `USERPOOL_IDENTITY_ENDPOINT`. What they leave out is taken from the
        file that `USERPOOL_CONFIG` names.

        Args:
            environment: the variables; by default this process's.

        Raises:
            ParameterError: a variable is missing or wrong; or the file cannot be read.
        """
        return _from_variables(os.environ if environment is None else environment)

    def for_user_pool(self) -> dict[str, Any]:
        """The arguments of `UserPool` that this configuration has."""
        return {one.name: getattr(self, one.name) for one in fields(self) if "identity" not in one.name}

    def for_identity_pool(self) -> dict[str, Any]:
        """The arguments of `IdentityPool` that this configuration has. Raises `ParameterError`."""
        if self.identity_pool_id is None:
            raise ParameterError("The configuration names no identity pool: give its identity_pool_id.")
        return {
            "identity_pool_id": self.identity_pool_id,
            "endpoint": self.identity_endpoint,
            "allow_insecure_http": self.allow_insecure_http,
        }


ConfigSource: TypeAlias = PoolConfig | Mapping[str, Any] | str | PathLike[str]


@dataclass(frozen=True, slots=True)
class _Shape:
    """One way to write a configuration."""

    place: tuple[str, ...]
    """Where its members are."""
    members: Mapping[str, str]
    """Their names, by ours."""
    policy: tuple[str, ...] = ()
    """Where the password policy is."""


_OWN: Final = _Shape((), {name: name for name in PoolConfig.__annotations__ if name != "password_policy"})
_SHAPES: Final = {
    # amplify_outputs.json
    "auth": _Shape(
        ("auth",),
        {
            "user_pool_id": "user_pool_id",
            "client_id": "user_pool_client_id",
            "identity_pool_id": "identity_pool_id",
        },
        ("auth", "password_policy"),
    ),
    # what is given to Amplify.configure, and its form before version 6
    "Auth.Cognito": _Shape(
        ("Auth", "Cognito"),
        {
            "user_pool_id": "userPoolId",
            "client_id": "userPoolClientId",
            "endpoint": "userPoolEndpoint",
            "identity_pool_id": "identityPoolId",
            "identity_endpoint": "identityPoolEndpoint",
        },
        ("Auth", "Cognito", "passwordFormat"),
    ),
    "Auth": _Shape(
        ("Auth",),
        {
            "user_pool_id": "userPoolId",
            "client_id": "userPoolWebClientId",
            "endpoint": "endpoint",
            "identity_pool_id": "identityPoolId",
        },
    ),
    # aws-exports
    "aws_user_pools_id": _Shape(
        (),
        {
            "user_pool_id": "aws_user_pools_id",
            "client_id": "aws_user_pools_web_client_id",
            "identity_pool_id": "aws_cognito_identity_pool_id",
        },
        ("aws_cognito_password_protection_settings",),
    ),
    "user_pool_id": _OWN,
}
"""By the member that tells which of them a configuration is, the surest first."""

_VARIABLES: Final = {
    name: "USERPOOL_" + {"user_pool_id": "pool_id"}.get(name, name).upper() for name in _OWN.members
}


def read_own(configuration: Mapping[str, Any], where: str) -> PoolConfig:
    """Read the members of `PoolConfig` by their names.

    Args:
        configuration: the members.
        where: what they stand in, for messages.

    Raises:
        ParameterError: one is missing or wrong.
    """
    return _read(configuration, _OWN, where)


def _known(configuration: Mapping[str, Any], where: str) -> PoolConfig:
    for sign, shape in _SHAPES.items():
        if _at(configuration, sign.split(".")) is not None:
            return _read(configuration, shape, where)
    raise ParameterError(
        f"{where} names no user pool. It should be amplify_outputs.json (with auth), aws-exports (with "
        "aws_user_pools_id), what is given to Amplify.configure (with Auth.Cognito), or have user_pool_id "
        "and client_id."
    )


def _read(configuration: Mapping[str, Any], shape: _Shape, where: str) -> PoolConfig:
    version = configuration.get("version")
    if shape.place == ("auth",) and str(version or "1").partition(".")[0] != "1":
        raise ParameterError(f"version in {where} is one that is not known: version 1 is read.")
    inside = _mapping(_at(configuration, shape.place), shape.place, where)
    found: dict[str, Any] = {}
    for ours, theirs in shape.members.items():
        given, path = inside.get(theirs), ".".join((*shape.place, theirs))
        if given is None or given == "":
            continue
        kind: type = bool if ours == "allow_insecure_http" else str
        if not isinstance(given, kind):
            raise ParameterError(f"{path} in {where} has to be {_KINDS[kind]}.")
        found[ours] = given
    for needed in ("user_pool_id", "client_id"):
        if needed not in found:
            raise ParameterError(f"{'.'.join((*shape.place, shape.members[needed]))} is missing in {where}.")
    path = ".".join((*shape.place, shape.members["user_pool_id"]))
    try:
        parse_pool_id(found["user_pool_id"])
    except ParameterError as error:
        raise ParameterError(f"{path} in {where}: {error}") from None
    return PoolConfig(**found, password_policy=_policy(configuration, shape, where))


def _policy(configuration: Mapping[str, Any], shape: _Shape, where: str) -> PasswordPolicy | None:
    path = shape.policy or ("password_policy",)
    told = _at(configuration, path)
    if told is None:
        return None
    if isinstance(told, PasswordPolicy):
        return told
    members = _mapping(told, path, where)
    if shape.policy:
        try:
            return PasswordPolicy.from_amplify(configuration)
        except ParameterError as error:
            raise ParameterError(f"{'.'.join(path)} in {where}: {error}") from None
    own = {name: members[name] for name in PasswordPolicy.__annotations__ if name in members}
    for name, value in own.items():
        kind: type = int if name == "minimum_length" else bool
        if type(value) is not kind:
            raise ParameterError(f"{'.'.join(path)}.{name} in {where} has to be {_KINDS[kind]}.")
    return PasswordPolicy(**own)


_KINDS: Final = {str: "text", bool: "true or false", int: "a whole number"}


def _mapping(value: Any, path: tuple[str, ...], where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ParameterError(f"{'.'.join(path)} in {where} has to be an object with members.")
    return value


def _at(configuration: Mapping[str, Any], path: tuple[str, ...] | list[str]) -> Any:
    found: Any = configuration
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _content(path: str) -> Mapping[str, Any]:
    import json

    from .literals import LiteralError, read_object

    try:
        with open(path, "rb") as file:
            read = file.read(SIZE_LIMIT + 1)
    except (OSError, ValueError) as error:
        raise ParameterError(f"{path} cannot be read: {error}.") from error
    if len(read) > SIZE_LIMIT:
        raise ParameterError(f"{path} is larger than a configuration is.")
    try:
        text = read.decode("utf-8-sig")
        program = os.path.splitext(path)[1] in (".js", ".cjs", ".mjs", ".ts", ".mts", ".cts")
        content = read_object(text) if program else json.loads(text)
    except LiteralError as error:
        raise ParameterError(f"{path} cannot be read. {error}") from None
    except UnicodeDecodeError:
        raise ParameterError(f"{path} is no text in UTF-8.") from None
    except json.JSONDecodeError as error:
        raise ParameterError(f"{path} is not JSON: {error.msg} in line {error.lineno}.") from None
    except RecursionError:
        raise ParameterError(f"{path} is nested too deep for a configuration.") from None
    if not isinstance(content, dict):
        raise ParameterError(f"{path} holds no object with members.")
    return content


def _from_variables(environment: Mapping[str, str]) -> PoolConfig:
    given: dict[str, Any] = {
        name: environment[variable] for name, variable in _VARIABLES.items() if environment.get(variable)
    }
    insecure = "allow_insecure_http"
    if insecure in given:
        given[insecure] = given[insecure].strip().lower() in ("1", "true", "yes", "on")
    base: dict[str, Any] = {}
    if file := environment.get("USERPOOL_CONFIG"):
        config = PoolConfig.read(file)
        base = {one.name: getattr(config, one.name) for one in fields(config)}
    merged = {**base, **given}
    for needed in ("user_pool_id", "client_id"):
        if not merged.get(needed):
            raise ParameterError(f"Set {_VARIABLES[needed]}, or USERPOOL_CONFIG to a file that names it.")
    try:
        parse_pool_id(merged["user_pool_id"])
    except ParameterError as error:
        raise ParameterError(f"{_VARIABLES['user_pool_id']}: {error}") from None
    return PoolConfig(**merged)
