"""QR codes, for setting up authenticator apps: as text, SVG and PNG."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from userpool.protocol.errors import ParameterError

if TYPE_CHECKING:
    from segno import QRCode

_SWAPPED: Final = str.maketrans(" █▀▄", "█ ▄▀")


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code of a text, such as that of `otpauth_uri`. Whoever sees the picture can read the text.

        seed = user.associate_software_token()
        print(QrCode(seed.otpauth_uri("My app")).text())

    It never prints by itself, and its pictures are made here: nothing of it goes over the network.
    """

    content: str = field(repr=False)

    def text(self, *, border: int = 2, dark_background: bool = True) -> str:
        """Lines of half blocks for a terminal or a notebook, each two modules high.

        Args:
            border: the width of the quiet zone around it, in modules.
            dark_background: whether what shows it has light letters on a dark ground.

        Raises:
            ParameterError: the text is too long.
        """
        out = io.StringIO()
        self._made().terminal(out, border=border, compact=True)
        lines = out.getvalue()
        return lines if dark_background else lines.translate(_SWAPPED)

    def svg(self, *, scale: int = 4, border: int = 4) -> str:
        """An `<svg>` element, black on white, that stands in a page as it is.

        Args:
            scale: pixels a module.
            border: the width of the quiet zone around it, in modules; apps want 4.

        Raises:
            ParameterError: the text is too long.
        """
        out = io.BytesIO()
        self._made().save(
            out, kind="svg", scale=scale, border=border, light="#fff", xmldecl=False, nl=False, omitsize=False
        )
        return out.getvalue().decode()

    def png(self, *, scale: int = 8, border: int = 4) -> bytes:
        """A PNG file, black on white.

        Args:
            scale: pixels a module.
            border: the width of the quiet zone around it, in modules; apps want 4.

        Raises:
            ParameterError: the text is too long.
        """
        out = io.BytesIO()
        self._made().save(out, kind="png", scale=scale, border=border)
        return out.getvalue()

    def _made(self) -> QRCode:
        import segno

        try:
            return segno.make_qr(self.content, encoding="utf-8")
        except segno.DataOverflowError:
            raise ParameterError(
                "The text is too long for a QR code: shorten the issuer and the account name."
            ) from None
