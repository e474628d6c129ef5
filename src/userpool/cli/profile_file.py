"""The file of profiles: which pools a person signs in to, each by a name.

TOML, in the folder for this user's settings, readable by the user alone:

    default = "work"

    [profiles.work]
    user_pool_id = "us-east-1_aB12cDe34"
    client_id = "7ghr5379orhbo88d52vphda6s9"
"""

from __future__ import annotations

import json
import os
import re
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .failures import BadUsage, MachineFault

if TYPE_CHECKING:
    from userpool import PoolConfig

PLACE = "USERPOOL_PROFILES"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Profile:
    """What stands under one name."""

    config: PoolConfig
    storage: str | None = None
    """The folder that tokens are kept in."""


class ProfileFile:
    """The file, as it was when it was read. What is changed counts after `save`.

    Args:
        path: where it is; by default where `USERPOOL_PROFILES` says, or among this user's settings.

    Raises:
        MachineFault: it is there and cannot be read.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or _place()
        self._content = _load(self.path)
        members = self._content.get("profiles", {})
        if not isinstance(members, dict) or not all(isinstance(one, dict) for one in members.values()):
            raise MachineFault(f"profiles in {self.path} has to be tables, such as [profiles.work].")
        self._profiles: dict[str, dict[str, Any]] = members

    @property
    def names(self) -> tuple[str, ...]:
        """The profiles that there are."""
        return tuple(self._profiles)

    @property
    def default(self) -> str | None:
        """The profile that counts where none is named."""
        name = self._content.get("default")
        return name if isinstance(name, str) and name else None

    def read(self, name: str) -> Profile:
        """The profile of this name.

        Raises:
            BadUsage: there is none, or a member of it is wrong.
            MachineFault: it has a secret, and others can read the file.
        """
        from userpool.client.configuration import read_own
        from userpool.protocol.errors import ParameterError

        members = self._profiles.get(self._known(name), {})
        where = f"the profile {name} in {self.path}"
        try:
            config = read_own(members, where)
        except ParameterError as error:
            raise BadUsage(
                str(error), "Put it right in the file, or make it anew: userpool profiles add."
            ) from error
        storage = members.get("storage")
        if storage is not None and not isinstance(storage, str):
            raise BadUsage(f"storage in {where} has to be text.")
        if config.client_secret:
            self._check_private()
        return Profile(config, storage)

    def put(self, name: str, profile: Profile) -> None:
        """Add or replace a profile; the first one becomes the default. Raises `BadUsage` for a bad name."""
        if not _NAME.fullmatch(name):
            raise BadUsage(
                f"{name!r:.80} is no name for a profile.", "Letters, digits, and . _ - behind the first."
            )
        members = {one.name: getattr(profile.config, one.name) for one in fields(profile.config)}
        if policy := members.pop("password_policy"):
            members["password_policy"] = asdict(policy)
        self._profiles[name] = {
            key: value for key, value in {"storage": profile.storage, **members}.items() if value
        }
        if len(self._profiles) == 1:
            self._content["default"] = name

    def use(self, name: str) -> None:
        """Make a profile the default. Raises `BadUsage` where there is none of this name."""
        self._content["default"] = self._known(name)

    def remove(self, name: str) -> None:
        """Take a profile out. Raises `BadUsage` where there is none of this name."""
        del self._profiles[self._known(name)]
        if self.default == name:
            del self._content["default"]

    def save(self) -> None:
        """Write the file as a whole, for this user alone. Raises `MachineFault`."""
        content = {**self._content, "profiles": self._profiles}
        target = Path(os.path.realpath(self.path))  # a link to where settings are kept stays one
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, new = tempfile.mkstemp(dir=target.parent, prefix=".profiles-")
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(to_toml(content))
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(new, target)
            except BaseException:
                os.unlink(new)
                raise
        except OSError as error:
            raise MachineFault(f"{self.path} cannot be written: {error}.") from error

    def _known(self, name: str) -> str:
        if name not in self._profiles:
            there = ", ".join(self._profiles) or "none yet"
            raise BadUsage(
                f"There is no profile {name!r:.80} in {self.path} (there are: {there}).",
                "Make it: userpool profiles add NAME --pool … --client-id …",
            )
        return name

    def _check_private(self) -> None:
        if os.name == "posix" and stat.S_IMODE(self.path.stat().st_mode) & 0o077:
            raise MachineFault(
                f"Others on this machine can read the client secret in {self.path}.", f"chmod 600 {self.path}"
            )


def to_toml(content: Mapping[str, Any]) -> str:
    """Texts, numbers, switches, and tables of them, as TOML."""
    return "\n".join(_lines(content, ())).lstrip("\n") + "\n"


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    below = {name: value for name, value in table.items() if isinstance(value, Mapping)}
    plain = {name: value for name, value in table.items() if name not in below}
    if path and (plain or not below):
        yield ""
        yield f"[{'.'.join(map(_quoted, path))}]"
    for name, value in plain.items():
        yield f"{_quoted(name)} = {_text(value) if isinstance(value, str) else json.dumps(value)}"
    for name, value in below.items():
        yield from _lines(value, (*path, name))


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name, re.ASCII) else _text(name)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def _place() -> Path:
    if named := os.environ.get(PLACE):
        return Path(named)
    from platformdirs import user_config_path

    return user_config_path("userpool", appauthor=False) / "profiles.toml"


def _load(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise MachineFault(f"The profiles in {path} cannot be read: {error}.") from error
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MachineFault(f"{path} is not TOML: {error}.") from error
