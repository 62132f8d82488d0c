"""Keys and certificates: two authorities of our own and one certificate a component."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cached_property
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .settings import DOMAIN, NODE, Settings
from .state import write_atomically

PROVISIONER_USER = "trainstack:provisioner"
LIFETIME = timedelta(days=3650)
RENEWED_BEFORE = timedelta(days=30)
LOOPBACK = IPv4Address("127.0.0.1")


@dataclass(frozen=True)
class Identity:
    """Who a certificate is for; a component may serve and call with the same one."""

    name: str
    common_name: str
    groups: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    addresses: tuple[IPv4Address, ...] = ()
    authority: str = "ca"

    @property
    def subject(self) -> x509.Name:
        """The user and groups that the API server sees."""
        names = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in self.groups]
        return x509.Name([*names, x509.NameAttribute(NameOID.COMMON_NAME, self.common_name)])


def identities(settings: Settings) -> tuple[Identity, ...]:
    """Everybody who has a certificate."""
    kubernetes = ("kubernetes", "kubernetes.default", "kubernetes.default.svc")
    return (
        Identity(
            "apiserver",
            "kube-apiserver",
            dns=(*kubernetes, f"kubernetes.default.svc.{DOMAIN}"),
            addresses=(settings.node_address, settings.service_network[1], LOOPBACK),
        ),
        Identity("admin", "trainstack-admin", ("system:masters",)),
        Identity("controller-manager", "system:kube-controller-manager", addresses=(LOOPBACK,)),
        Identity("scheduler", "system:kube-scheduler", addresses=(LOOPBACK,)),
        Identity("proxy", "system:kube-proxy"),
        Identity("provisioner", PROVISIONER_USER),
        Identity(
            "kubelet",
            f"system:node:{NODE}",
            ("system:nodes",),
            dns=(NODE,),
            addresses=(settings.node_address,),
        ),
        Identity("etcd", "etcd", addresses=(LOOPBACK,), authority="etcd-ca"),
        Identity("etcd-client", "kube-apiserver", authority="etcd-ca"),
    )


@dataclass(frozen=True)
class Pki:
    """The folder of keys and certificates."""

    folder: Path

    def cert(self, name: str) -> Path:
        """A certificate's file."""
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        """A private key's file."""
        return self.folder / f"{name}.key"

    @property
    def service_account_public_key(self) -> Path:
        """What service account tokens are checked with."""
        return self.folder / "service-account.pub"

    def ensure(self, wanted: Iterable[Identity]) -> None:
        """Make what is missing or about to expire."""
        wanted = tuple(wanted)
        fresh = {
            name for name in sorted({one.authority for one in wanted}) if self._authority(name)
        }
        for identity in wanted:
            if identity.authority in fresh or not self._valid(identity.name):
                self._issue(identity)
        if not self.service_account_public_key.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            self._write_key("service-account", key)
            write_atomically(
                self.service_account_public_key,
                key.public_key()
                .public_bytes(
                    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
                )
                .decode(),
            )

    def _authority(self, name: str) -> bool:
        if self._valid(name):
            return False
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"trainstack {name}")])
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            _builder(subject, subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(key, hashes.SHA256())
        )
        self._write_key(name, key)
        self._write_cert(name, certificate)
        return True

    def _issue(self, identity: Identity) -> None:
        authority = Authority(self.cert(identity.authority), self.key(identity.authority))
        key = ec.generate_private_key(ec.SECP256R1())
        both = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        builder = _builder(
            identity.subject, authority.certificate.subject, key.public_key()
        ).add_extension(x509.ExtendedKeyUsage(both), critical=False)
        names = [
            *map(x509.DNSName, identity.dns),
            *map(x509.IPAddress, identity.addresses),
        ]
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        self._write_key(identity.name, key)
        self._write_cert(identity.name, builder.sign(authority.key, hashes.SHA256()))

    def _valid(self, name: str) -> bool:
        if not (self.cert(name).exists() and self.key(name).exists()):
            return False
        certificate = x509.load_pem_x509_certificate(self.cert(name).read_bytes())
        return certificate.not_valid_after_utc - RENEWED_BEFORE > datetime.now(timezone.utc)

    def _write_key(self, name: str, key: ec.EllipticCurvePrivateKey) -> None:
        self.cert(name).unlink(missing_ok=True)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_atomically(self.key(name), pem.decode())

    def _write_cert(self, name: str, certificate: x509.Certificate) -> None:
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        write_atomically(self.cert(name), pem.decode())


@dataclass(frozen=True)
class Authority:
    """A certificate and the key that signs with it."""

    cert_file: Path
    key_file: Path

    @cached_property
    def certificate(self) -> x509.Certificate:
        """The authority's own certificate."""
        return x509.load_pem_x509_certificate(self.cert_file.read_bytes())

    @cached_property
    def key(self) -> ec.EllipticCurvePrivateKey:
        """The authority's key."""
        key = serialization.load_pem_private_key(self.key_file.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(int.from_bytes(os.urandom(19), "big"))
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
    )
