"""The dev cluster comes and goes without a trace, whatever happened in between."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devcluster import DevCluster, DevClusterError
from devcluster.cgroup import Cgroups
from devcluster.health import endpoints
from devcluster.network import bridge_exists
from devcluster.settings import Port, Settings
from devcluster.state import State
from tests.support.control_plane import kill, pids
from tests.support.kube import Kube
from tests.support.machine import changes, snapshot
from tests.support.pods import execute, phase, pod, start

pytestmark = pytest.mark.lifecycle

COMMAND = [sys.executable, "-m", "devcluster"]
SLEEP = "sleep 1000"


@pytest.fixture(scope="module", autouse=True)
def _as_it_was() -> Iterator[None]:
    """These tests take the cluster away; whoever had one gets a new one."""
    was_up = State.load(DevCluster().settings.folder) is not None
    yield
    if was_up:
        DevCluster().up()


@pytest.fixture
def cluster() -> Iterator[DevCluster]:
    """No cluster yet, and none afterwards."""
    cluster = DevCluster()
    cluster.down()
    yield cluster
    cluster.down()


@pytest.fixture
def before(cluster: DevCluster) -> dict[str, list[str]]:
    """The machine without a cluster."""
    return snapshot()


def kill_everything() -> None:
    """As a crash does: every process of ours at once, without a word."""
    for pid in Cgroups.find().processes():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    time.sleep(1)


def running_pod(cluster: DevCluster, name: str = "sleeper") -> Kube:
    """A pod that runs for long."""
    kube = Kube(cluster.kubeconfig)
    start(kube, "default", pod(name, SLEEP))
    return kube


def test_up_and_down_leave_no_trace(cluster: DevCluster, before: dict[str, list[str]]) -> None:
    cluster.up()
    running_pod(cluster)
    assert {"processes", "links", "rules", "groups", "listeners"} <= set(
        changes(before, snapshot())
    )
    cluster.down()
    assert changes(before, snapshot()) == {}
    cluster.down()
    assert changes(before, snapshot()) == {}


def test_a_second_up_changes_nothing(cluster: DevCluster) -> None:
    cluster.up()
    first = pids(cluster)
    cluster.up()
    assert pids(cluster) == first
    assert cluster.status().healthy


@pytest.mark.parametrize("name", list(endpoints(Settings())))
def test_a_killed_component_is_reported_and_started_again(cluster: DevCluster, name: str) -> None:
    cluster.up(gpus=2)
    kube = running_pod(cluster)
    first = pids(cluster)
    kill(first[name])
    said = subprocess.run([*COMMAND, "status", "--json"], capture_output=True, check=False)
    problems = json.loads(said.stdout)["problems"]
    assert said.returncode == 1
    assert f"{name} is dead" in problems
    cluster.up()
    after = pids(cluster)
    expected = {"etcd", "apiserver"} if name == "etcd" else {name}
    assert {part for part, pid in after.items() if first[part] != pid} == expected
    assert cluster.status().healthy
    assert cluster.status().gpus == 2
    assert execute(kube, "default", "sleeper", "echo still here") == "still here\n"
    start(kube, "default", pod("another", SLEEP))


def test_down_after_a_crash_leaves_no_trace(
    cluster: DevCluster, before: dict[str, list[str]]
) -> None:
    cluster.up()
    running_pod(cluster)
    kill_everything()
    assert not cluster.running
    cluster.down()
    assert changes(before, snapshot()) == {}


def test_up_after_a_crash_brings_everything_back(
    cluster: DevCluster, before: dict[str, list[str]]
) -> None:
    cluster.up(gpus=1)
    deployment = {
        "metadata": {"name": "kept"},
        "spec": {
            "selector": {"matchLabels": {"app": "kept"}},
            "template": {
                "metadata": {"labels": {"app": "kept"}},
                "spec": {"containers": pod("kept", SLEEP)["spec"]["containers"]},
            },
        },
    }
    kube = Kube(cluster.kubeconfig)
    from kubernetes import client

    client.AppsV1Api(kube.api).create_namespaced_deployment("default", deployment)

    def works() -> bool:
        names = [str(one["metadata"]["name"]) for one in kube.pods("default", "app=kept")]
        try:
            return any(execute(kube, "default", name, "echo hi") == "hi\n" for name in names)
        except Exception as error:
            return isinstance(error, AssertionError)

    kube.wait(works, "pod of the deployment", 60)
    kill_everything()
    cluster.up()
    kube.wait(works, "pod of the deployment again", 60)
    assert cluster.status().healthy
    assert cluster.status().gpus == 1
    cluster.down()
    assert changes(before, snapshot()) == {}


@pytest.mark.parametrize("after", ["down", "up"])
def test_after_a_reboot(cluster: DevCluster, before: dict[str, list[str]], after: str) -> None:
    cluster.up()
    running_pod(cluster)
    reboot(cluster)
    if after == "up":
        cluster.up()
        assert cluster.status().healthy
        running_pod(cluster, "second")
    cluster.down()
    assert changes(before, snapshot()) == {}


def reboot(cluster: DevCluster) -> None:
    """What is left after one: the folder and empty mount points, from another boot."""
    from devcluster import sysctls
    from devcluster.firewall import Firewall
    from devcluster.programs import ensure_programs

    kill_everything()
    state = State.load(cluster.settings.folder)
    assert state
    subprocess.run(["ip", "link", "delete", "tsdev0"], check=True)
    Firewall(ensure_programs(lambda text: None)).clean(state.tables)
    sysctls.restore(state.sysctls)
    Cgroups.find().remove([])
    state.boot = "another"
    state.save()


@pytest.mark.parametrize("seconds", [0.3, 0.8, 1.5, 3, 5])
def test_down_after_half_an_up_leaves_no_trace(
    cluster: DevCluster, before: dict[str, list[str]], seconds: float
) -> None:
    process = subprocess.Popen([*COMMAND, "up"], stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    process.kill()
    process.wait()
    cluster.down()
    assert changes(before, snapshot()) == {}


def test_half_an_up_is_completed_by_the_next(cluster: DevCluster) -> None:
    process = subprocess.Popen([*COMMAND, "up"], stderr=subprocess.PIPE)
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert b"Traceback" not in said
    cluster.up()
    assert cluster.status().healthy


def test_two_ups_at_once_make_one_cluster(cluster: DevCluster) -> None:
    both = [subprocess.Popen([*COMMAND, "up"], stderr=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate(timeout=180)[1].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("starting etcd" in text for text in said) == 1
    assert any("waiting for another command" in text for text in said)
    assert cluster.status().healthy


def test_pods_get_no_more_gpus_than_there_are(cluster: DevCluster) -> None:
    cluster.up(gpus=2)
    kube = Kube(cluster.kubeconfig)
    gpu = {"resources": {"limits": {"nvidia.com/gpu": "1"}}}
    for name in ("first", "second"):
        start(kube, "default", pod(name, SLEEP, container=gpu))
    third = pod("third", SLEEP, container=gpu)
    kube.core.create_namespaced_pod("default", third)

    def message() -> str:
        conditions = kube.core.read_namespaced_pod("third", "default").status.conditions or []
        return "".join(str(one.message) for one in conditions)

    kube.wait(lambda: "Insufficient nvidia.com/gpu" in message(), "reason to wait", 30)
    kube.delete_pod("default", "first", 0)
    kube.wait(lambda: phase(kube, "default", "third") == "Running", "third pod", 60)
    cluster.up(gpus=0)
    assert cluster.status().gpus == 0


def test_somebody_elses_port_is_respected(
    cluster: DevCluster, before: dict[str, list[str]]
) -> None:
    with socket.create_server(("0.0.0.0", Port.APISERVER)):
        with pytest.raises(DevClusterError, match=f"Port {Port.APISERVER:d} is in use"):
            cluster.up()
        assert set(changes(before, snapshot())) == {"listeners"}


def test_somebody_elses_interface_is_respected(
    cluster: DevCluster, before: dict[str, list[str]]
) -> None:
    subprocess.run(["ip", "link", "add", "tsdev0", "type", "bridge"], check=True)
    try:
        with pytest.raises(DevClusterError, match="tsdev0 exists and is not ours"):
            cluster.up()
        cluster.down()
        assert set(changes(before, snapshot())) == {"links"}
    finally:
        subprocess.run(["ip", "link", "delete", "tsdev0"], check=True)


def test_another_network_in_use_is_respected(
    cluster: DevCluster, before: dict[str, list[str]]
) -> None:
    subprocess.run(["ip", "link", "add", "tsother", "type", "bridge"], check=True)
    try:
        subprocess.run(["ip", "addr", "add", "10.250.7.1/24", "dev", "tsother"], check=True)
        subprocess.run(["ip", "link", "set", "tsother", "up"], check=True)
        with pytest.raises(DevClusterError, match=r"10\.250\.0\.0/16 is in use here"):
            cluster.up()
    finally:
        subprocess.run(["ip", "link", "delete", "tsother"], check=True)
    assert changes(before, snapshot()) == {}


def test_another_kubernetes_is_respected(
    cluster: DevCluster, before: dict[str, list[str]], iptables: Callable[..., None]
) -> None:
    iptables("-t", "nat", "-N", "KUBE-SERVICES")
    try:
        with pytest.raises(DevClusterError, match="Another Kubernetes"):
            cluster.up()
        cluster.down()
        assert ":KUBE-SERVICES -" in snapshot()["rules"]
        assert not cluster.settings.folder.exists()
    finally:
        iptables("-t", "nat", "-X", "KUBE-SERVICES")
    assert set(changes(before, snapshot())) <= {"rules"}


def test_rules_of_others_stay(cluster: DevCluster, iptables: Callable[..., None]) -> None:
    cluster.up()
    iptables("-t", "nat", "-N", "SOMEBODY")
    iptables("-t", "nat", "-A", "POSTROUTING", "-s", "192.0.2.77", "-j", "SOMEBODY")
    cluster.down()
    rules = snapshot()["rules"]
    iptables("-t", "nat", "-D", "POSTROUTING", "-s", "192.0.2.77", "-j", "SOMEBODY")
    iptables("-t", "nat", "-X", "SOMEBODY")
    assert [line for line in rules if "SOMEBODY" in line] == [
        ":SOMEBODY -",
        "-A POSTROUTING -s 192.0.2.77/32 -j SOMEBODY",
    ]
    assert not any("KUBE" in line for line in rules)


@pytest.fixture
def iptables() -> Callable[..., None]:
    """Runs iptables."""
    from devcluster.programs import ensure_programs

    program = ensure_programs(lambda text: None).find("iptables")

    def run(*words: str) -> None:
        subprocess.run([str(program), *words], check=True)

    return run


def test_somebody_elses_folder_is_respected(cluster: DevCluster) -> None:
    folder = cluster.settings.folder
    folder.mkdir()
    (folder / "precious").write_text("data")
    try:
        with pytest.raises(DevClusterError, match="neither empty nor a dev cluster"):
            cluster.up()
        with pytest.raises(DevClusterError, match="not a dev cluster"):
            cluster.down()
        assert (folder / "precious").read_text() == "data"
        assert not bridge_exists()
    finally:
        shutil.rmtree(folder)


def test_down_works_without_the_folder(cluster: DevCluster, before: dict[str, list[str]]) -> None:
    cluster.up()
    kill_everything()
    shutil.rmtree(cluster.settings.folder)
    cluster.down()
    left = changes(before, snapshot())
    assert set(left) <= {"folders", "sysctls", "rules"}
    assert not any("KUBE" in line for line in left.get("rules", []))
    for line in left.get("folders", []):
        Path(line[2:]).rmdir()
