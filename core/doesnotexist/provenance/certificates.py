"""A certificate authority of one's own, and a certificate of it to sign Content Credentials with.

Made as the certificate profile of the C2PA specification wants it (2.2, section 14.5): X.509 v3, an end
entity that may sign, for the purpose of e-mail protection, with the identifiers of its own and its issuer's
key. A lone self-signed certificate would be refused by every validator.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InvalidParameter

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate, CertificateBuilder, KeyUsage, Name

CHAIN, KEY, AUTHORITY, AUTHORITY_KEY = "chain.pem", "key.pem", "ca.pem", "ca-key.pem"
AUTHORITY_DAYS, LEAF_DAYS = 3650, 730
_EARLIER = timedelta(hours=1)  # clocks differ
_USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def make_credentials(folder: Path, name: str) -> None:
    """Write authority, certificate chain and both keys of `name` into a folder, keys for its owner alone.

    Raises InvalidParameter if the folder holds some already: what they have signed would lose its
    signer.
    """
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding

    found = [file for file in (CHAIN, KEY, AUTHORITY, AUTHORITY_KEY) if (folder / file).exists()]
    if found:
        raise InvalidParameter("folder", "one that holds no credentials yet", ", ".join(found))
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _authority(name, root_key)
    leaf = _leaf(name, leaf_key, root, root_key)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(folder / AUTHORITY, root.public_bytes(Encoding.PEM), 0o644)
    _write(folder / CHAIN, leaf.public_bytes(Encoding.PEM) + root.public_bytes(Encoding.PEM), 0o644)
    _write(folder / AUTHORITY_KEY, _pem(root_key), 0o600)
    _write(folder / KEY, _pem(leaf_key), 0o600)


def _authority(name: str, key: EllipticCurvePrivateKey) -> Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    subject = _name(name, f"{name} content credentials authority")
    certificate = (
        _certificate(subject, subject, key, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
    )
    return certificate.sign(key, SHA256())


def _leaf(
    name: str, key: EllipticCurvePrivateKey, root: Certificate, root_key: EllipticCurvePrivateKey
) -> Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509.oid import ExtendedKeyUsageOID

    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    certificate = (
        _certificate(_name(name, name), root.subject, key, LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(purpose, critical=False)
        .add_extension(issuer, critical=False)
    )
    return certificate.sign(root_key, SHA256())


def _certificate(subject: Name, issuer: Name, key: EllipticCurvePrivateKey, days: int) -> CertificateBuilder:
    from cryptography import x509

    now = datetime.now(UTC)
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - _EARLIER,
        not_valid_after=now + timedelta(days=days),
    ).add_extension(own, critical=False)


def _name(organization: str, common: str) -> Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    parts = ((NameOID.ORGANIZATION_NAME, organization), (NameOID.COMMON_NAME, common))
    return x509.Name([x509.NameAttribute(kind, text[:64]) for kind, text in parts])


def _usage(*uses: str) -> KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(**{use: use in uses for use in _USES})


def _pem(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, data: bytes, mode: int) -> None:
    """A new file that has its mode from the first moment; a link in its place is not followed."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
