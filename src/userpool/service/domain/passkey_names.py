"""What a passkey is called: the service gives the name, as Cognito does, and nobody can change it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

_MODELS: Mapping[str, str] = {
    "fbfc3007-154e-4ecc-8c0b-6e020557d7bd": "Apple Passwords",
    "dd4ec289-e01d-41c9-bb89-70fa845d4bf2": "iCloud Keychain",
    "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4": "Google Password Manager",
    "adce0002-35bc-c60a-648b-0b25f1f05503": "Chrome on Mac",
    "b5397666-4885-aa6b-cebf-e52262a439a2": "Chromium",
    "08987058-cadc-4b81-b6e1-30de50dcbe96": "Windows Hello",
    "9ddd1817-af5a-4672-a2b9-3e3dd95000a9": "Windows Hello",
    "6028b017-b1d4-4c02-b4b3-afcdafc96bb2": "Windows Hello",
    "53414d53-554e-4700-0000-000000000000": "Samsung Pass",
    "bada5566-a7aa-401f-bd96-45619a55120d": "1Password",
    "d548826e-79b4-db40-a3d8-11116f7e8349": "Bitwarden",
    "531126d6-e717-415c-9320-3d9aa6981239": "Dashlane",
    "50726f74-6f6e-5061-7373-50726f746f6e": "Proton Pass",
    "fdb141b2-5d84-443e-8a35-4698c205a502": "KeePassXC",
}
"""Providers that synchronise passkeys, and platforms, by the AAGUIDs that they publish.

An authenticator may claim any of them, since attestation is not asked for: it is a name, not a proof.
"""

_ROAMING = frozenset({"usb", "nfc", "ble", "smart-card"})


def friendly_name(
    aaguid: str, attachment: str | None, transports: Collection[str], taken: Collection[str]
) -> str:
    """A name for a new passkey that tells it from the user's others.

    Args:
        aaguid: the authenticator's model.
        attachment: `platform`, `cross-platform`, or `None` where that is not known.
        transports: how the authenticator is reached.
        taken: the names of the user's other passkeys.
    """
    kind = _MODELS.get(aaguid) or _kind(attachment, transports)
    name, number = kind, 1
    while name in taken:
        number += 1
        name = f"{kind} {number}"
    return name


def _kind(attachment: str | None, transports: Collection[str]) -> str:
    if "hybrid" not in transports and (_ROAMING & set(transports)):
        return "Security key"
    return "Passkey of this device" if attachment == "platform" and "hybrid" not in transports else "Passkey"
