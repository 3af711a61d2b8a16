"""The control plane's own certificate authorities, and the certificates that they issue.

There are two authorities. One stands for users and the API server. The other is known to etcd alone: etcd holds every
Secret, and without it each process on the machine could read them past RBAC.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CLOCK_SKEW: Final = dt.timedelta(days=1)
_LIFETIME: Final = dt.timedelta(days=3650)
SERVER_NAMES: Final = (
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)
SERVER_ADDRESSES: Final = ("127.0.0.1", "::1", "10.0.0.1")
"""The last one is the first address of the service range, which the API server gives to its own service."""


@dataclass(frozen=True, repr=False)
class Pair:
    """A certificate and its private key, in PEM."""

    certificate: bytes
    key: bytes

    def write(self, folder: Path, name: str) -> None:
        """Write `<name>.crt` and `<name>.key`, readable by the user only."""
        for path, content in ((folder / f"{name}.crt", self.certificate), (folder / f"{name}.key", self.key)):
            path.touch(mode=0o600)
            path.write_bytes(content)

    @classmethod
    def read(cls, folder: Path, name: str) -> Pair:
        """Read what `write` wrote."""
        return cls((folder / f"{name}.crt").read_bytes(), (folder / f"{name}.key").read_bytes())


def _key_pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    return key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


class Authority:
    """A certificate authority.

    Attributes:
        pair: its own certificate and key.
    """

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self._certificate = x509.load_pem_x509_certificate(pair.certificate)
        key = serialization.load_pem_private_key(pair.key, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("the key of an authority is an elliptic-curve key")
        self._key = key

    @classmethod
    def create(cls, name: str, now: dt.datetime) -> Authority:
        """Make a new authority.

        Args:
            name: its common name.
            now: the current time, with its zone.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            _builder(subject, subject, key.public_key(), now)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(authority=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(Pair(certificate.public_bytes(serialization.Encoding.PEM), _key_pem(key)))

    def _issue(
        self, subject: x509.Name, now: dt.datetime, purposes: Sequence[x509.ObjectIdentifier], *, server: bool
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = self._certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = (
            _builder(subject, self._certificate.subject, key.public_key(), now)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        )
        if server:
            addresses = [x509.IPAddress(ipaddress.ip_address(address)) for address in SERVER_ADDRESSES]
            names = [x509.DNSName(name) for name in SERVER_NAMES]
            builder = builder.add_extension(x509.SubjectAlternativeName([*names, *addresses]), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return Pair(certificate.public_bytes(serialization.Encoding.PEM), _key_pem(key))

    def server(self, name: str, now: dt.datetime) -> Pair:
        """Issue a certificate for a server on the loopback interface, which it may also use as a client."""
        purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        return self._issue(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), now, purposes, server=True)

    def client(self, user: str, groups: Sequence[str], now: dt.datetime) -> Pair:
        """Issue a certificate for a Kubernetes user.

        Args:
            user: the user's name (the common name).
            groups: the user's groups (the organizations).
            now: the current time, with its zone.
        """
        return self._issue(_user(user, groups), now, [ExtendedKeyUsageOID.CLIENT_AUTH], server=False)


def _user(user: str, groups: Sequence[str]) -> x509.Name:
    names = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*names, x509.NameAttribute(NameOID.COMMON_NAME, user)])


def signing_request(user: str, groups: Sequence[str]) -> tuple[bytes, bytes]:
    """A request for a client certificate that another authority is to sign, and its private key, in PEM.

    Args:
        user: the user's name.
        groups: the user's groups.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(_user(user, groups)).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM), _key_pem(key)


def service_account_keys() -> Pair:
    """A key pair that signs the tokens of service accounts: the public and the private key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return Pair(key.public_key().public_bytes(serialization.Encoding.PEM, spki), _key_pem(key))


def write_pki(folder: Path, now: dt.datetime) -> None:
    """Write everything that etcd, the API server and the admin need.

    Args:
        folder: an empty folder.
        now: the current time, with its zone.
    """
    authority, etcd = Authority.create("local-cluster", now), Authority.create("local-cluster-etcd", now)
    pairs = {
        "ca": authority.pair,
        "api-server": authority.server("kube-apiserver", now),
        "admin": authority.client("local-cluster-admin", ["system:masters"], now),
        "etcd-ca": etcd.pair,
        "etcd": etcd.server("etcd", now),
        "service-accounts": service_account_keys(),
    }
    for name, pair in pairs.items():
        pair.write(folder, name)
