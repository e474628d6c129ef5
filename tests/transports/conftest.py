from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def issue(
    subject: str, issuer: str, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey
) -> bytes:
    """A certificate in PEM form; the subject 127.0.0.1 is a server, any other an authority."""
    now = datetime.datetime.now(datetime.UTC)
    server = subject == "127.0.0.1"
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=not server, path_length=None), critical=True)
    )
    if server:
        address = x509.IPAddress(ipaddress.ip_address(subject))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key; the authority that vouches for it lies beside it."""
    authority, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    folder = tmp_path_factory.mktemp("tls")
    (folder / "authority.pem").write_bytes(issue("Test", "Test", authority, authority))
    path = folder / "server.pem"
    path.write_bytes(
        issue("127.0.0.1", "Test", server, authority)
        + server.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


@pytest.fixture
def authority(certificate: Path) -> Path:
    """Vouches for `certificate`."""
    return certificate.with_name("authority.pem")
