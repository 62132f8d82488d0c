"""Folder, addresses and ports."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from devcluster import DevClusterError
from devcluster.health import endpoints
from devcluster.settings import DEFAULT_FOLDER, Port, Settings


def test_networks_lie_apart_in_one() -> None:
    settings = Settings()
    assert settings.pod_network.subnet_of(settings.network)
    assert settings.service_network.subnet_of(settings.network)
    assert not settings.pod_network.overlaps(settings.service_network)
    assert settings.node_address in settings.pod_network
    assert settings.dns_address in settings.service_network


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINSTACK_DEVCLUSTER_DIR", "/srv/cluster")
    monkeypatch.setenv("TRAINSTACK_DEVCLUSTER_NETWORK", "10.99.0.0/16")
    found = Settings.from_env()
    assert (found.folder, found.network) == (Path("/srv/cluster"), IPv4Network("10.99.0.0/16"))


def test_an_empty_environment_means_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINSTACK_DEVCLUSTER_DIR", "")
    monkeypatch.delenv("TRAINSTACK_DEVCLUSTER_NETWORK", raising=False)
    assert Settings.from_env() == Settings(folder=DEFAULT_FOLDER)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("TRAINSTACK_DEVCLUSTER_DIR", "relative", "must be absolute"),
        ("TRAINSTACK_DEVCLUSTER_DIR", "/" + "x" * 80, "too long for sockets"),
        ("TRAINSTACK_DEVCLUSTER_NETWORK", "10.0.0.0/24", "private /16"),
        ("TRAINSTACK_DEVCLUSTER_NETWORK", "8.8.0.0/16", "private /16"),
        ("TRAINSTACK_DEVCLUSTER_NETWORK", "10.1.2.3/16", "host bits set"),
        ("TRAINSTACK_DEVCLUSTER_NETWORK", "nonsense", "nonsense"),
    ],
)
def test_what_cannot_work_is_refused(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(DevClusterError, match=said):
        Settings.from_env()


def test_every_port_belongs_to_one_component() -> None:
    ports = [port for health in endpoints(Settings()).values() for port in health.ports]
    assert sorted(ports) == sorted(Port)
