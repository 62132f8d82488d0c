"""What pods get on the dev cluster: names, services, storage, logs, exec, attach."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, watch

from devcluster import DevCluster
from devcluster.toolchain.cache import cache_root
from tests.support.kube import Kube
from tests.support.pods import BUSYBOX, execute, finish, phase, pod, start, talk

SERVE = "mkdir /tmp/w && echo page > /tmp/w/index.html && exec httpd -f -p 8080 -h /tmp/w"
NONROOT = {"runAsUser": 65532, "runAsGroup": 65532, "runAsNonRoot": True}


@pytest.fixture
def web(kube: Kube, namespace: str) -> str:
    """A service with one pod behind it."""
    start(kube, namespace, pod("web", SERVE))
    ports = [{"port": 80, "targetPort": 8080}]
    service = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": ports}}
    created = kube.core.create_namespaced_service(namespace, service)
    return str(created.spec.cluster_ip)


def test_pods_find_services_by_name_and_address(kube: Kube, namespace: str, web: str) -> None:
    script = (
        f"until nslookup web.{namespace}.svc.cluster.local; do sleep 0.2; done; "
        f"nslookup web && until wget -qO- http://web/; do sleep 0.2; done; wget -qO- http://{web}/"
    )
    said = finish(kube, namespace, pod("client", script))
    assert f"Address: {web}" in said
    assert said.endswith("page\npage\n")


def test_an_unknown_name_is_unknown(kube: Kube, namespace: str) -> None:
    said = finish(kube, namespace, pod("client", "nslookup nobody || echo unknown"))
    assert said.rstrip().endswith("unknown")


def test_pods_reach_the_api_server(kube: Kube, namespace: str) -> None:
    script = "nc -w 3 kubernetes.default.svc.cluster.local 443 < /dev/null && echo reached"
    assert "reached" in finish(kube, namespace, pod("client", script))


def test_logs_exec_and_attach(kube: Kube, namespace: str) -> None:
    script = "echo started; read line; echo got $line"
    start(kube, namespace, pod("talker", script, container={"stdin": True, "stdinOnce": True}))
    kube.wait(lambda: "started" in kube.logs(namespace, "talker"), "first line", 20)
    assert execute(kube, namespace, "talker", "echo $((6 * 7)); id -u") == "42\n0\n"
    attach = kube.core.connect_get_namespaced_pod_attach
    with talk(attach, "talker", namespace, stdin=True, container="main") as attached:
        attached.write_stdin("words\n")
        kube.wait(lambda: phase(kube, namespace, "talker") == "Succeeded", "end of the talk", 20)
    assert kube.logs(namespace, "talker").endswith("got words\n")


def test_shared_memory_and_volumes_of_memory(kube: Kube, namespace: str) -> None:
    volumes = [{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "128Mi"}}]
    mounts = {"volumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}]}
    script = "dd if=/dev/zero of=/dev/shm/x bs=1M count=100 2>/dev/null && df -m /dev/shm | tail -1"
    said = finish(kube, namespace, pod("shm", script, volumes=volumes, container=mounts))
    assert said.split()[1] == "128"
    assert "64" in finish(kube, namespace, pod("plain", "df -m /dev/shm | tail -1"))


def _claim(kube: Kube, namespace: str, modes: list[str], **spec: Any) -> str:
    body = {
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": modes,
            "resources": {"requests": {"storage": "200Gi"}},
            **spec,
        },
    }
    kube.core.create_namespaced_persistent_volume_claim(namespace, body)

    def bound() -> str | None:
        claim = kube.core.read_namespaced_persistent_volume_claim("data", namespace)
        return str(claim.spec.volume_name) if claim.status.phase == "Bound" else None

    return kube.wait(bound, "bound claim", 30) or ""


@pytest.mark.parametrize(
    ("modes", "named"), [(["ReadWriteOnce"], False), (["ReadWriteMany"], True)]
)
def test_a_claim_is_bound_and_written_by_an_ordinary_user(
    kube: Kube, namespace: str, modes: list[str], named: bool
) -> None:
    _claim(kube, namespace, modes, **({"storageClassName": "standard"} if named else {}))
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    mounts = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    spec = {"volumes": volumes, "container": mounts, "securityContext": NONROOT}
    finish(kube, namespace, pod("writer", "echo kept > /data/file", **spec))
    assert finish(kube, namespace, pod("reader", "cat /data/file", **spec)) == "kept\n"


def test_a_volume_given_back_is_removed(cluster: DevCluster, kube: Kube, namespace: str) -> None:
    folder = cluster.settings.volumes / _claim(kube, namespace, ["ReadWriteOnce"])
    (folder / "folder").mkdir()
    kube.core.delete_namespaced_persistent_volume_claim("data", namespace)

    def gone() -> bool:
        volumes = [str(one.metadata.name) for one in kube.core.list_persistent_volume().items]
        return folder.name not in volumes and not folder.exists()

    kube.wait(gone, "removal of the volume", 30)


def test_volumes_of_other_classes_are_left_alone(kube: Kube, namespace: str) -> None:
    body = {
        "metadata": {"name": "other"},
        "spec": {
            "storageClassName": "other",
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    kube.core.create_namespaced_persistent_volume_claim(namespace, body)
    _claim(kube, namespace, ["ReadWriteOnce"])
    other = kube.core.read_namespaced_persistent_volume_claim("other", namespace)
    assert (other.status.phase, other.spec.volume_name) == ("Pending", None)


def test_a_watch_without_a_version_begins_at_once(kube: Kube, namespace: str) -> None:
    """It needs a store that can tell how fresh the API server's cache is."""
    time.sleep(4)
    begin = time.monotonic()
    events = watch.Watch().stream(
        kube.core.list_namespaced_config_map, namespace, timeout_seconds=20
    )
    first = next(iter(events))
    assert first["object"].metadata.name == "kube-root-ca.crt"
    assert time.monotonic() - begin < 2


def test_nobody_gets_in_without_a_certificate(cluster: DevCluster) -> None:
    configuration = client.Configuration(host=cluster.settings.server)
    configuration.verify_ssl = True
    configuration.ssl_ca_cert = str(cluster.settings.pki / "ca.crt")
    with client.ApiClient(configuration) as api, pytest.raises(client.ApiException) as refused:
        client.VersionApi(api).get_code()
    assert refused.value.status == 401


def _sockets(pid: int | None) -> set[str]:
    """The inodes of the sockets that a process holds."""
    found = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(str(file.readlink()))
    return {name[8:-1] for name in found if name.startswith("socket:[")}


def test_components_listen_on_the_node_address_and_loopback_only(cluster: DevCluster) -> None:
    inodes = {inode for part in cluster.status().components for inode in _sockets(part.pid)}
    tables = [Path("/proc/net", name).read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    lines = [line.split() for table in tables for line in table]
    listening = {line[1].split(":")[0] for line in lines if line[3] == "0A" and line[9] in inodes}
    node = cluster.settings.node_address.packed[::-1].hex().upper()
    assert listening == {node, "0100007F"}


def test_an_image_is_loaded_once(cluster: DevCluster) -> None:
    (tar,) = (cache_root() / "images").glob("busybox-*.tar")
    assert cluster.load_image(tar) == [BUSYBOX]
    begin = time.monotonic()
    assert cluster.load_image(tar) == [BUSYBOX]
    assert time.monotonic() - begin < 2


def test_a_healthy_cluster_says_so(cluster: DevCluster) -> None:
    found = cluster.status()
    assert found.problems == []
    assert all(part.memory > 1e6 and part.pid and part.since for part in found.components)
