"""RFC 6238's own table, the window, single use, and the text of the QR code."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from userpool.protocol import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()

# RFC 6238 appendix B: time, then the code for each hash; the seed is repeated to the hash's length.
TABLE = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]


@pytest.mark.parametrize(("at", "sha1", "sha256", "sha512"), TABLE)
def test_rfc_6238_table(at: int, sha1: str, sha256: str, sha512: str) -> None:
    for algorithm, size, expected in (("sha1", 20, sha1), ("sha256", 32, sha256), ("sha512", 64, sha512)):
        seed = base64.b32encode((b"1234567890" * 7)[:size]).decode()
        assert totp.code(seed, at, digits=8, algorithm=algorithm) == expected


def test_six_digits_with_zeros_in_front() -> None:
    assert totp.code(SECRET, 1111111109) == "081804"


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_a13_neighbouring_steps_match(offset: int) -> None:
    at = 1_800_000_000.0
    given_code = totp.code(SECRET, at + 30 * offset)
    assert totp.matched_step(SECRET, given_code, at) == totp.step(at) + offset


@pytest.mark.parametrize("offset", [-2, 2, 100])
def test_a13_other_steps_do_not_match(offset: int) -> None:
    at = 1_800_000_000.0
    assert totp.matched_step(SECRET, totp.code(SECRET, at + 30 * offset), at) is None


def test_a12_a_code_works_once() -> None:
    at = 1_800_000_000.0
    given_code = totp.code(SECRET, at)
    used = totp.matched_step(SECRET, given_code, at)
    assert used is not None
    assert totp.matched_step(SECRET, given_code, at, after=used) is None
    earlier = totp.code(SECRET, at - 30)
    assert totp.matched_step(SECRET, earlier, at, after=used) is None
    later = totp.code(SECRET, at + 30)
    assert totp.matched_step(SECRET, later, at, after=used) == used + 1


def test_t03_a_used_code_stays_used_when_the_clock_jumps_back() -> None:
    at = 1_800_000_000.0
    used = totp.step(at)
    back = at - 3600
    assert totp.matched_step(SECRET, totp.code(SECRET, back), back, after=used) is None


def test_the_window_can_be_closed_and_ends_at_the_epoch() -> None:
    assert totp.matched_step(SECRET, totp.code(SECRET, 30), 0) == 1
    assert totp.matched_step(SECRET, totp.code(SECRET, 30), 0, window=0) is None
    assert totp.matched_step(SECRET, totp.code(SECRET, 0), 0) == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12345",
        "1234567",
        "12345678",
        "12 456",
        " 123456",
        "123456\n",
        "١٢٣٤٥٦",
        "１２３４５６",
        "12345a",
        "-12345",
    ],
)
def test_c30_only_six_ascii_digits_are_a_code(text: str) -> None:
    assert not totp.is_code(text)
    assert totp.matched_step(SECRET, text, 59) is None


def test_c30_six_digits_are_a_code_and_other_types_are_none() -> None:
    assert totp.is_code("000000")
    assert not totp.is_code(123456)
    assert not totp.is_code(None)


def test_a_new_secret_is_base32_as_cognitos() -> None:
    secret = totp.new_secret(bytes(range(totp.SECRET_BYTES)))
    assert len(secret) == 52
    assert base64.b32decode(secret + "====") == bytes(range(32))
    with pytest.raises(ValueError, match="at least 16"):
        totp.new_secret(bytes(15))


def test_a_secret_may_be_copied_by_hand() -> None:
    secret = totp.new_secret(bytes(range(32)))
    by_hand = " ".join(secret[i : i + 4] for i in range(0, 52, 4)).lower()
    assert totp.code(by_hand, 59) == totp.code(secret, 59) == totp.code(secret + "====", 59)


@pytest.mark.parametrize(
    "secret", ["", "   ", "====", "1", "A", "AAA", "ABC0", "ÄÄÄÄÄÄÄÄ", "A" * 1000, "AA\nAA"]
)
def test_a_secret_that_is_not_base32(secret: str) -> None:
    with pytest.raises(ValueError, match="the seed is") as caught:
        totp.matched_step(secret, "123456", 59)
    assert caught.value.__cause__ is None


AWKWARD = st.text(alphabet="&#?:/%+=@ '\"\\;,.~éß漢🔑\u202e", min_size=1, max_size=20)
TEXT = st.one_of(AWKWARD, st.text(min_size=1, max_size=40))


def scanned(uri: str, *, decodes_first: bool) -> tuple[str, str, dict[str, list[str]]]:
    """What an app reads: issuer and account of the label, and the parameters (Key URI format).

    Apps differ: the format lets the dividing colon be quoted, so that most decode the label and then divide
    it; others divide first. Blanks before the account belong to the format.
    """
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("otpauth", "totp", "")
    label = parts.path.removeprefix("/")
    if decodes_first:
        label = unquote(label)
    issuer, colon, account = label.partition(":")
    if not colon:
        issuer, account = "", label
    if not decodes_first:
        issuer, account = unquote(issuer), unquote(account)
    return issuer, account.lstrip(" "), parse_qs(parts.query, strict_parsing=True, keep_blank_values=True)


@pytest.mark.parametrize("decodes_first", [False, True])
@given(account=TEXT, issuer=TEXT)
@example(account="a@example.com", issuer="A&B")
@example(account='"quoted"', issuer="A#B?C=D")
@example(account="a b", issuer="Ärzte: 1 + 1")
@example(account="urn:a", issuer="A")
@example(account="urn:a", issuer="urn:b")
def test_every_kind_of_app_reads_account_and_issuer(account: str, issuer: str, decodes_first: bool) -> None:
    uri = totp.otpauth_uri(SECRET, account=account, issuer=issuer)
    assert uri.isascii()
    label_issuer, label_account, parameters = scanned(uri, decodes_first=decodes_first)
    assert parameters == {"secret": [SECRET], "issuer": [issuer]}
    if decodes_first and ":" in issuer and ":" in account:
        # Nothing is right for these apps then: the format forbids both colons. The issuer still is.
        assert f"{label_issuer}:{label_account}".endswith(account.lstrip(" "))
        return
    assert label_issuer in ("", issuer)
    assert label_account == account.lstrip(" ")


def test_an_account_without_an_issuer() -> None:
    uri = totp.otpauth_uri(SECRET, account="ada", issuer="")
    assert uri == f"otpauth://totp/ada?secret={SECRET}"


def test_uri_in_full() -> None:
    uri = totp.otpauth_uri("JBSWY3DPEHPK3PXP", account="ada+test@example.com", issuer="My Pool A&B")
    assert uri == (
        "otpauth://totp/My%20Pool%20A%26B:ada%2Btest%40example.com"
        "?secret=JBSWY3DPEHPK3PXP&issuer=My%20Pool%20A%26B"
    )
