"""What is meant where several things say it: options, environment, a configuration file, a profile."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import click
from click.core import ParameterSource

from .failures import BadUsage
from .profile_file import Profile, ProfileFile
from .target import CLIENT_SECRET, Target

_OF_SECRET = ("client_id", "endpoint")
"""What a secret belongs to: with another app client, or at another address, it is left out."""


def resolve(
    context: click.Context,
    given: Mapping[str, Any],
    *,
    profile: str | None,
    config: str | None,
    default: bool,
) -> Target:
    """Put together what a command talks to.

    An option goes before all else. Then comes what the environment says, and then the file that `--config`
    names or the profile; but a file or profile that is named by an option goes before the environment. Where
    neither is named, and neither pool nor app client, the default profile counts.

    Args:
        context: of the command: knows where each option came from.
        given: what options and environment say, by the names of `Target`.
        profile: the profile that they name.
        config: the configuration file that they name.
        default: whether the default profile counts.

    Raises:
        BadUsage: they contradict each other, or what they name is wrong.
        ParameterError: the configuration file cannot be read.
    """
    by_option = {
        name for name in ("profile", "config") if _source(context, name) is ParameterSource.COMMANDLINE
    }
    if len(by_option) == 2:
        raise BadUsage("--profile and --config both say which pool is meant.", "Give one of them.")
    base = _base(given, profile, config, by_option, default)
    values = {
        name: value
        for name, value in given.items()
        if value
        and not (by_option and name != "storage" and _source(context, name) is ParameterSource.ENVIRONMENT)
    }
    named = values.get("user_pool_id")
    if base is not None and named and named != base.config.user_pool_id:
        if by_option:
            raise BadUsage(f"--pool names another pool than --{by_option.pop()}.", "Give one of them.")
        base = None
    if base is None:
        return Target(**values, client_secret=os.environ.get(CLIENT_SECRET) or None)
    known = {one.name: getattr(base.config, one.name) for one in fields(base.config)}
    merged = {**known, "storage": base.storage, **values}
    secret = merged.pop("client_secret")
    if any(merged[name] != known[name] for name in _OF_SECRET):
        secret = None
    held = os.environ.get(CLIENT_SECRET) or None
    return Target(**merged, client_secret=(secret or held) if by_option else (held or secret))


def _base(
    given: Mapping[str, Any], profile: str | None, config: str | None, by_option: set[str], default: bool
) -> Profile | None:
    if config and "profile" not in by_option:
        from userpool import PoolConfig

        return Profile(PoolConfig.read(config))
    if profile:
        return ProfileFile().read(profile)
    if default and not (given["user_pool_id"] or given["client_id"]):
        file = ProfileFile()
        return None if file.default is None else file.read(file.default)
    return None


def _source(context: click.Context, name: str) -> ParameterSource | None:
    return context.get_parameter_source(name)
