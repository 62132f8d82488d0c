"""Locks, records, logs and configuration files."""

from __future__ import annotations

import json
import threading
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import yaml

from devcluster import DevCluster, DevClusterError, addons, configs, logs
from devcluster.api import path_of
from devcluster.certs import Pki, identities
from devcluster.dns import _question
from devcluster.lock import folder_lock
from devcluster.preflight import _address
from devcluster.settings import Settings
from devcluster.state import State
from devcluster.status import ComponentStatus, Status


@pytest.fixture
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(folder=tmp_path_factory.mktemp("d") / "cluster")


def test_a_lock_is_held_by_one_at_a_time(settings: Settings) -> None:
    waited, order = threading.Event(), []

    def second() -> None:
        with folder_lock(settings.folder, waited.set):
            order.append("second")

    with folder_lock(settings.folder, lambda: None):
        thread = threading.Thread(target=second)
        thread.start()
        assert waited.wait(5)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


def test_a_lock_on_a_removed_folder_counts_for_nothing(settings: Settings) -> None:
    waited = threading.Event()

    def second() -> None:
        with folder_lock(settings.folder, waited.set):
            (settings.folder / "mine").touch()

    with folder_lock(settings.folder, lambda: None):
        thread = threading.Thread(target=second)
        thread.start()
        assert waited.wait(5)
        settings.folder.rmdir()
    thread.join(5)
    assert (settings.folder / "mine").exists()


def test_state_is_read_back(settings: Settings) -> None:
    state = State(settings.folder / "state.json", boot="b", sysctls={"a": "1"}, gpus=3)
    state.save()
    assert State.load(settings.folder) == state
    assert not state.this_boot


def test_a_broken_state_is_said(settings: Settings) -> None:
    settings.folder.mkdir()
    (settings.folder / "state.json").write_text("{")
    with pytest.raises(DevClusterError, match=r"state\.json cannot be read"):
        State.load(settings.folder)


def test_logs_are_read_oldest_first(settings: Settings) -> None:
    folder = settings.logs / "etcd"
    logs.logger(settings, Path("svlogd"), "etcd")
    (folder / "@400000005f.s").write_text("one\ntwo\n")
    (folder / "current").write_text("three\n")
    assert list(logs.read(settings, "etcd")) == ["one", "two", "three"]
    assert logs.last_line(settings, "etcd") == "three"


def test_logs_of_nobody_are_refused(settings: Settings) -> None:
    with pytest.raises(DevClusterError, match="the components are containerd, etcd"):
        list(logs.read(settings, "nobody"))
    with pytest.raises(DevClusterError, match="no logs of etcd"):
        list(logs.read(settings, "etcd"))


def test_the_kubeconfig_is_private_and_complete(settings: Settings) -> None:
    pki = Pki(settings.pki)
    pki.ensure(identities(settings))
    document = yaml.safe_load(configs.kubeconfig(settings, pki, "admin"))
    assert document["current-context"] == "trainstack-devcluster"
    assert document["clusters"][0]["cluster"]["server"] == "https://10.250.0.1:16443"
    assert set(document["users"][0]["user"]) == {"client-certificate-data", "client-key-data"}


def test_nothing_listens_everywhere(settings: Settings) -> None:
    text = yaml.safe_dump(configs.kubelet(settings, Pki(settings.pki)))
    text += yaml.safe_dump(configs.proxy(settings)) + json.dumps(configs.cni(settings))
    assert "0.0.0.0:" not in text


def test_dns_forwards_only_where_there_is_somebody_to_ask(settings: Settings) -> None:
    def corefile(resolvers: str) -> str:
        maps = [one for one in addons.addons(settings, resolvers) if one["kind"] == "ConfigMap"]
        return str(maps[0]["data"]["Corefile"])

    assert "forward . 192.0.2.1 192.0.2.2\n" in corefile(
        "nameserver 192.0.2.1\nnameserver 192.0.2.2\n"
    )
    assert "forward" not in corefile("")


def test_every_addon_has_a_path(settings: Settings) -> None:
    paths = [path_of(manifest) for manifest in addons.addons(settings, "")]
    assert "/api/v1/namespaces/kube-system/services/kube-dns" in paths
    assert len(set(paths)) == len(paths)


def test_a_question_to_dns() -> None:
    assert _question("a.bc")[12:] == b"\x01a\x02bc\x00\x00\x01\x00\x01"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("00000000", None),
        ("00000000000000000000000000000000", None),
        ("0100007F", IPv4Address("127.0.0.1")),
        ("0100FA0A", IPv4Address("10.250.0.1")),
        ("0000000000000000FFFF00000100007F", IPv4Address("127.0.0.1")),
    ],
)
def test_listeners_are_read_from_the_kernels_table(text: str, address: IPv4Address | None) -> None:
    assert _address(text) == address


def test_a_status_says_what_is_wrong() -> None:
    parts = (
        ComponentStatus("etcd", "running", True),
        ComponentStatus("kubelet", "dead", False),
        ComponentStatus("proxy", "running", False),
    )
    found = Status("/f", up=True, components=parts, node_ready=True)
    assert found.problems == ["kubelet is dead", "proxy is not healthy", "DNS fails"]
    assert not found.healthy
    assert Status("/f", up=False).problems == ["no dev cluster is up"]


def test_only_root_may(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    cluster = DevCluster(settings)
    for act in (cluster.up, cluster.down, lambda: cluster.load_image(Path("x.tar"))):
        with pytest.raises(DevClusterError, match="needs root"):
            act()
    assert not settings.folder.exists()


def test_a_missing_kernel_feature_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("devcluster.preflight.which", lambda command: f"/bin/{command}")
    monkeypatch.setattr(
        "devcluster.preflight.succeeds", lambda argv: not str(argv[-1]).endswith("type bridge")
    )
    with pytest.raises(DevClusterError, match="does not offer network bridges here"):
        DevCluster(settings).up()
    assert not settings.folder.exists()
