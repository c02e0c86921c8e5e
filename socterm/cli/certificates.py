"""A small certificate authority of one's own: what a TLS listener and its senders show each other.

Needs the extra `tls`. Keys are of the curve P-256 and stay without a passphrase, in files that only their
owner can read: a service has nobody to ask.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CA_DAYS: Final = 3650
_CLOCKS: Final = timedelta(hours=1)
"""A certificate begins so long ago, for machines whose clock is behind."""


class Pair(msgspec.Struct, frozen=True):
    """A certificate and its key, both PEM."""

    cert: bytes
    key: bytes


def make_ca(now: datetime) -> Pair:
    """A certificate authority that signs servers and clients, and nothing below them, for ten years."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"socterm syslog CA {now:%Y-%m-%d}")])
    made = (
        _begun(name, name, key.public_key(), now, _CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _pair(made, key)


def make_server(ca: Pair, names: Sequence[str], now: datetime, days: int) -> Pair:
    """A listener's certificate for these host names and addresses."""
    alternatives = x509.SubjectAlternativeName([_alternative(name) for name in names])
    return _signed(ca, names[0], ExtendedKeyUsageOID.SERVER_AUTH, now, days, alternatives)


def make_client(ca: Pair, name: str, now: datetime, days: int) -> Pair:
    """A sender's certificate. Raises ValueError for a CA that is none or whose key is another's."""
    return _signed(ca, name, ExtendedKeyUsageOID.CLIENT_AUTH, now, days, None)


def _signed(
    ca: Pair,
    name: str,
    purpose: x509.ObjectIdentifier,
    now: datetime,
    days: int,
    alternatives: x509.SubjectAlternativeName | None,
) -> Pair:
    issuer = x509.load_pem_x509_certificate(ca.cert)
    try:
        signer = serialization.load_pem_private_key(ca.key, password=None)
    except TypeError:
        raise ValueError("the CA's key has a passphrase: write it without, openssl pkey -in ca.key") from None
    if not isinstance(signer, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise ValueError("the CA's key is neither EC nor RSA")  # noqa: TRY004 - a file is wrong, no argument
    if signer.public_key() != issuer.public_key():
        raise ValueError("the CA's key does not belong to its certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    days = min(days, (issuer.not_valid_after_utc - now).days)
    if days < 1:
        raise ValueError("the CA has expired, or does so within a day")
    builder = (
        _begun(subject, issuer.subject, key.public_key(), now, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if alternatives is not None:
        builder = builder.add_extension(alternatives, critical=False)
    return _pair(builder.sign(signer, hashes.SHA256()), key)


def _begun(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pair(made: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
    encoding = serialization.Encoding.PEM
    secret = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Pair(made.public_bytes(encoding), secret)
