"""QR codes: every form shows the same modules, and no form shows the seed elsewhere."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ET
import zlib
from itertools import pairwise

import pytest
import segno

from tests.canary import assert_hidden, canary
from userpool import ParameterError, QrCode
from userpool.flows.results import TotpSeed

URI = TotpSeed("JBSWY3DPEHPK3PXP" * 3, "ada@example.com").otpauth_uri("Example & Söhne")

Modules = list[list[bool]]
"""Rows of modules, dark ones true."""


def expected(border: int) -> Modules:
    """The modules by segno itself, which draws none of the forms here."""
    rows = segno.make_qr(URI, encoding="utf-8").matrix_iter(scale=1, border=border)
    return [[bool(module) for module in row] for row in rows]


def from_text(lines: list[str]) -> Modules:
    halves = {" ": (True, True), "▀": (False, True), "▄": (True, False), "█": (False, False)}
    rows = []
    for line in lines:
        rows.append([halves[character][0] for character in line])
        rows.append([halves[character][1] for character in line])
    return rows


def from_png(data: bytes, scale: int) -> Modules:
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        chunks[kind] = chunks.get(kind, b"") + body
        at += 12 + length
    width, height, depth, colour, *_ = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, colour) == (1, 0), "one bit a pixel, grey: 1 is white"
    raw = zlib.decompress(chunks[b"IDAT"])
    line = 1 + (width + 7) // 8
    rows = []
    for y in range(0, height, scale):
        assert raw[y * line] == 0, "no filter"
        bits = "".join(f"{byte:08b}" for byte in raw[y * line + 1 : (y + 1) * line])[:width]
        rows.append([bit == "0" for bit in bits[::scale]])
    return rows


def from_svg(text: str, size: int) -> Modules:
    """The dark modules of a path of horizontal strokes: `M4 4.5h7m2 0h1…`."""
    path = next(node for node in ET.fromstring(text).iter() if node.get("stroke"))
    rows = [[False] * size for _ in range(size)]
    x = y = 0.0
    for command, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?:[ ,]?(-?[\d.]+))?", path.get("d") or ""):
        match command:
            case "M":
                x, y = float(first), float(second)
            case "m":
                x, y = x + float(first), y + float(second)
            case _:
                for column in range(int(x), int(x + float(first))):
                    rows[int(y)][column] = True
                x += float(first)
    return rows


def test_the_text_shows_the_modules() -> None:
    lines = QrCode(URI).text().splitlines()
    assert len({len(line) for line in lines}) == 1
    rows = from_text(lines)
    assert rows[: len(rows[0])] == expected(2)


def test_on_a_light_ground_the_text_is_turned_over() -> None:
    dark, light = QrCode(URI).text(border=1), QrCode(URI).text(border=1, dark_background=False)
    assert from_text(dark.splitlines()) == [
        [not module for module in row] for row in from_text(light.splitlines())
    ]


@pytest.mark.parametrize(("scale", "border"), [(1, 4), (8, 4), (3, 0)])
def test_the_png_shows_the_modules(scale: int, border: int) -> None:
    assert from_png(QrCode(URI).png(scale=scale, border=border), scale) == expected(border)


@pytest.mark.parametrize("border", [4, 0])
def test_the_svg_shows_the_modules(border: int) -> None:
    text = QrCode(URI).svg(border=border)
    rows = expected(border)
    assert from_svg(text, len(rows)) == rows


def test_the_svg_stands_in_a_page_and_says_nothing_else() -> None:
    text = QrCode(URI).svg(scale=5)
    assert text.startswith("<svg ")
    assert text.endswith("</svg>")
    root = ET.fromstring(text)
    size = str(5 * len(expected(4)))
    assert (root.get("width"), root.get("height")) == (size, size)
    assert "otpauth" not in text
    assert "<script" not in text


def test_a_longer_text_takes_more_modules() -> None:
    sizes = [len(QrCode("x" * length).text().splitlines()) for length in (10, 100, 1000)]
    assert all(smaller < larger for smaller, larger in pairwise(sizes))


@pytest.mark.parametrize("form", ["text", "svg", "png"])
def test_what_does_not_fit_is_refused_without_being_shown(form: str) -> None:
    secret = canary()
    code = QrCode(secret + "x" * 3000)
    with pytest.raises(ParameterError, match="shorten the issuer") as caught:
        getattr(code, form)()
    assert_hidden(caught.value, secret)


def test_it_prints_nothing_by_itself() -> None:
    secret = canary("seed")
    assert_hidden(QrCode(secret), secret)
