"""Keys and certificates."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from devcluster import certs
from devcluster.certs import Pki, identities
from devcluster.settings import Settings

SETTINGS = Settings()


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    pki = Pki(tmp_path / "pki")
    pki.ensure(identities(SETTINGS))
    return pki


def _load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_every_certificate_is_signed_by_its_authority(pki: Pki) -> None:
    for identity in identities(SETTINGS):
        authority = _load(pki.cert(identity.authority))
        _load(pki.cert(identity.name)).verify_directly_issued_by(authority)


def test_the_store_has_an_authority_of_its_own(pki: Pki) -> None:
    other = _load(pki.cert("ca"))
    with pytest.raises(ValueError, match="does not match certificate issuer"):
        _load(pki.cert("etcd-client")).verify_directly_issued_by(other)


def test_only_the_administrator_is_in_the_masters_group() -> None:
    masters = [one.name for one in identities(SETTINGS) if "system:masters" in one.groups]
    assert masters == ["admin"]


def test_the_server_is_known_by_address_and_service(pki: Pki) -> None:
    names = _load(pki.cert("apiserver")).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert SETTINGS.node_address in names.value.get_values_for_type(x509.IPAddress)
    assert SETTINGS.service_network[1] in names.value.get_values_for_type(x509.IPAddress)
    assert "kubernetes.default.svc" in names.value.get_values_for_type(x509.DNSName)


def test_keys_can_be_read_by_their_owner_only(pki: Pki) -> None:
    assert {path.stat().st_mode & 0o777 for path in pki.folder.iterdir()} == {0o600}
    assert pki.folder.stat().st_mode & 0o777 == 0o700


def test_what_is_valid_stays(pki: Pki) -> None:
    before = {path: path.read_bytes() for path in pki.folder.iterdir()}
    pki.ensure(identities(SETTINGS))
    assert {path: path.read_bytes() for path in pki.folder.iterdir()} == before


def test_what_is_missing_is_made_again_and_nothing_else(pki: Pki) -> None:
    before = {path: path.read_bytes() for path in pki.folder.iterdir()}
    pki.key("kubelet").unlink()
    pki.ensure(identities(SETTINGS))
    changed = {path.name for path, text in before.items() if path.read_bytes() != text}
    assert changed == {"kubelet.key", "kubelet.crt"}


def test_what_expires_soon_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pki = Pki(tmp_path)
    monkeypatch.setattr(certs, "LIFETIME", timedelta(days=10))
    pki.ensure(identities(SETTINGS))
    before = pki.cert("ca").read_bytes()
    monkeypatch.setattr(certs, "LIFETIME", timedelta(days=100))
    pki.ensure(identities(SETTINGS))
    assert pki.cert("ca").read_bytes() != before
    _load(pki.cert("admin")).verify_directly_issued_by(_load(pki.cert("ca")))


def test_tokens_are_signed_with_an_elliptic_curve(pki: Pki) -> None:
    assert isinstance(
        certs.Authority(pki.cert("ca"), pki.key("service-account")).key, ec.EllipticCurvePrivateKey
    )
