"""What a program may tell threat protection of the device that it runs on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Self

_NAMES: Final = {
    "device_id": "DeviceId",
    "device_name": "DeviceName",
    "timezone": "ClientTimezone",
    "application_name": "ApplicationName",
    "application_version": "ApplicationVersion",
    "language": "DeviceLanguage",
    "os_release": "DeviceOsReleaseVersion",
    "screen_height": "ScreenHeightPixels",
    "screen_width": "ScreenWidthPixels",
    "fingerprint": "DeviceFingerprint",
    "third_party_id": "ThirdPartyDeviceId",
    "platform": "Platform",
}
"""The service's names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFacts:
    """What threat protection may know of a device; whatever is `None` is not told.

    Nothing is collected unless you ask for it: give the facts one by one, or take those of
    `of_this_machine`, which name neither person nor machine.
    """

    device_id: str | None = field(default=None, repr=False)
    """A random text that stays the same for this installation, by which the service knows it again."""
    device_name: str | None = None
    """A model or host name. It may name a person: never filled in by itself."""
    timezone: str | None = None
    """Hours and minutes from UTC, such as `+01:00`."""
    application_name: str | None = None
    application_version: str | None = None
    language: str | None = None
    """Such as `en-GB`."""
    os_release: str | None = None
    screen_height: int | None = None
    """Pixels."""
    screen_width: int | None = None
    """Pixels."""
    fingerprint: str | None = field(default=None, repr=False)
    """A text that describes the system as a whole."""
    third_party_id: str | None = field(default=None, repr=False)
    platform: str | None = None
    """Such as `Linux`."""

    def as_context(self) -> dict[str, str]:
        """The facts that are told, by the service's names; all values are text."""
        facts = {wire: getattr(self, name) for name, wire in _NAMES.items()}
        return {wire: str(fact) for wire, fact in facts.items() if fact is not None}

    @classmethod
    def of_this_machine(
        cls,
        *,
        application_name: str | None = None,
        application_version: str | None = None,
        device_id: str | None = None,
    ) -> Self:
        """What can be said of the machine that this program runs on, without naming anybody.

        That is the platform, the release of its system, the offset from UTC and the language. Host name,
        user name, addresses and serial numbers are left out.

        Args:
            application_name: your program's.
            application_version: your program's.
            device_id: such as `installation_id(storage)`. Without one the service does not know this
                installation again, and may count each sign-in as one from a new device.
        """
        import locale
        import platform
        import time

        offset = time.localtime().tm_gmtoff // 60
        language = locale.getlocale()[0]
        return cls(
            device_id=device_id,
            timezone=f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02}:{abs(offset) % 60:02}",
            application_name=application_name,
            application_version=application_version,
            language=language.replace("_", "-") if language else None,
            os_release=platform.release() or None,
            platform=platform.system() or None,
        )
