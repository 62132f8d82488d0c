"""`GkeGpuNodePool`: what it registers, whole."""

from __future__ import annotations

import json
import sys
from typing import Any

import pulumi
import pulumi_gcp as gcp
import pytest
import yaml

import trainstack as ts
from tests.support.pools import GKE, RDMA, changed, networks
from tests.support.sdk_types import errors
from trainstack.testing import Synthesis, synth

TCPX = networks("vpc1", "vpc2", "vpc3", "vpc4")
TCPXO = networks(*(f"vpc{number}" for number in range(1, 9)))
CLAIMED = {"network_profile": "auto", "network_claim": "cards"}
KINDS: dict[str, dict[str, Any]] = {
    "A2": {},
    "A3 High": {"machine": "a3-highgpu-8g", "networks": TCPX},
    "A3 Mega": {"machine": "a3-megagpu-8g", "networks": TCPXO},
    "A3 Ultra": {"machine": "a3-ultragpu-8g", "networks": RDMA},
    "A4": {"machine": "a4-highgpu-8g", "networks": RDMA},
    "networks of GKE": {"machine": "a4-highgpu-8g", **CLAIMED},
    "spot": {"spot": True, "zones": ["us-central1-a", "us-central1-b"]},
    "flex-start": {"flex_start": True, "max_run_seconds": 86_400},
    "queued": {"queued_provisioning": True},
    "reservation": {"capacity_reservation": "projects/p/reservations/r"},
    "placement": {"placement": "COMPACT", "placement_policy": "near"},
    "fixed size": {"min_nodes": 4},
    "all fields": {
        "auto_repair": False,
        "auto_upgrade": False,
        "disk_gib": 500,
        "disk_type": "pd-ssd",
        "driver": "LATEST",
        "fast_socket": True,
        "image_type": "UBUNTU_CONTAINERD",
        "kubernetes_version": "1.34.1-gke.1829001",
        "labels": {"team": "vision"},
        "local_ssds": 8,
        "location": "us-central1",
        "service_account": "nodes@p.iam.gserviceaccount.com",
        "size": 2,
        "upgrade": "BLUE_GREEN",
    },
}


def made(**changes: Any) -> Synthesis:
    return synth(lambda: ts.GkeGpuNodePool("gpus", changed(GKE, **changes)))


def profile(**changes: Any) -> ts.PoolProfile:
    found: list[ts.PoolProfile] = []
    synth(lambda: found.append(ts.GkeGpuNodePool("gpus", changed(GKE, **changes)).profile))
    return found[0]


def test_all_that_it_registers() -> None:
    found = made(gpus="8xB200", machine=None, networks=RDMA, placement="COMPACT", size=2)
    assert [(one.type, one.name, one.parent, one.inputs) for one in found.registrations] == [
        (
            "trainstack:index:GkeGpuNodePool",
            "gpus",
            "",
            {
                "cluster_name": "train",
                "gpus_per_node": 8,
                "machine": "a4-highgpu-8g",
                "max_nodes": 4,
                "networks": RDMA,
                "placement": "COMPACT",
                "size": 2,
                "taints": ["nvidia.com/gpu=present:NoSchedule"],
                "zones": ["us-central1-a"],
            },
        ),
        (
            "gcp:container/nodePool:NodePool",
            "gpus",
            "gpus",
            {
                "autoscaling": {
                    "locationPolicy": "ANY",
                    "totalMaxNodeCount": 4,
                    "totalMinNodeCount": 0,
                },
                "cluster": "train",
                "initialNodeCount": 2,
                "management": {"autoRepair": True, "autoUpgrade": True},
                "networkConfig": {
                    "additionalNodeNetworkConfigs": [
                        {"network": one["network"], "subnetwork": one["subnetwork"]} for one in RDMA
                    ]
                },
                "nodeConfig": {
                    "diskSizeGb": 200,
                    "guestAccelerators": [
                        {
                            "count": 8,
                            "gpuDriverInstallationConfig": {"gpuDriverVersion": "DEFAULT"},
                            "type": "nvidia-b200",
                        }
                    ],
                    "gvnic": {"enabled": True},
                    "imageType": "COS_CONTAINERD",
                    "labels": {"trainstack.dev/pool": "gpus"},
                    "machineType": "a4-highgpu-8g",
                    "oauthScopes": ["https://www.googleapis.com/auth/cloud-platform"],
                    "taints": [
                        {"effect": "NO_SCHEDULE", "key": "nvidia.com/gpu", "value": "present"}
                    ],
                },
                "nodeLocations": ["us-central1-a"],
                "placementPolicy": {"type": "COMPACT"},
                "upgradeSettings": {"maxSurge": 0, "maxUnavailable": 1, "strategy": "SURGE"},
            },
        ),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_package_of_google_knows_all_of_it(kind: str) -> None:
    assert errors(made(**KINDS[kind]).one("NodePool").inputs, gcp.container.NodePoolArgs) == []


NO_RESERVATION = {"reservationAffinity": {"consumeReservationType": "NO_RESERVATION"}}


@pytest.mark.parametrize(
    ("changes", "pool", "node"),
    [
        ({"spot": True}, {}, {**NO_RESERVATION, "spot": True}),
        (
            {"flex_start": True, "max_run_seconds": 86_400},
            {
                "management": {"autoRepair": False, "autoUpgrade": True},
                "upgradeSettings": {"strategy": "SHORT_LIVED"},
            },
            {**NO_RESERVATION, "flexStart": True, "maxRunDuration": "86400s"},
        ),
        (
            {"queued_provisioning": True},
            {
                "management": {"autoRepair": True, "autoUpgrade": False},
                "queuedProvisioning": {"enabled": True},
            },
            NO_RESERVATION,
        ),
        (
            {"capacity_reservation": "projects/p/reservations/r"},
            {},
            {
                "reservationAffinity": {
                    "consumeReservationType": "SPECIFIC_RESERVATION",
                    "key": "compute.googleapis.com/reservation-name",
                    "values": ["projects/p/reservations/r"],
                }
            },
        ),
        (
            {"placement": "COMPACT", "placement_policy": "near"},
            {"placementPolicy": {"policyName": "near", "type": "COMPACT"}},
            {},
        ),
        ({"min_nodes": 4}, {"autoscaling": None, "initialNodeCount": None, "nodeCount": 4}, {}),
        (
            {"min_nodes": 4, "zones": ["us-central1-a", "us-central1-b"]},
            {
                "autoscaling": None,
                "initialNodeCount": None,
                "nodeCount": 2,
                "nodeLocations": ["us-central1-a", "us-central1-b"],
            },
            {},
        ),
        ({"taints": []}, {}, {"taints": None}),
        ({"local_ssds": 8}, {}, {"ephemeralStorageLocalSsdConfig": {"localSsdCount": 8}}),
    ],
)
def test_what_a_field_changes(
    changes: dict[str, Any], pool: dict[str, Any], node: dict[str, Any]
) -> None:
    plain = made().one("NodePool").inputs
    expected = changed(plain, **pool, nodeConfig=changed(plain["nodeConfig"], **node))
    assert made(**changes).one("NodePool").inputs == expected


def test_networks_of_gke_itself() -> None:
    found = made(machine="a4-highgpu-8g", **CLAIMED).one("NodePool").inputs
    assert found["networkConfig"] == {"acceleratorNetworkProfile": "auto"}
    assert found["nodeConfig"]["labels"]["cloud.google.com/gke-networking-dra-driver"] == "true"


def test_the_size_of_an_autoscaler_is_no_drift() -> None:
    scaled, fixed = made().one("NodePool"), made(min_nodes=4).one("NodePool")
    assert scaled.options["ignoreChanges"] == ["initialNodeCount", "nodeCount"]
    assert "ignoreChanges" not in fixed.options


def test_what_its_jobs_are_told() -> None:
    assert profile() == ts.PoolProfile(
        name="gpus",
        machine="a2-highgpu-8g",
        arch="amd64",
        gpus=8,
        cpu=96,
        memory="680Gi",
        max_nodes=4,
        node_selector={"trainstack.dev/pool": "gpus"},
        tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        annotations={
            "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
            "karpenter.sh/do-not-disrupt": "true",
        },
    )


def test_pods_get_the_networks_in_their_order() -> None:
    found = profile(machine="a3-highgpu-8g", networks=TCPX)
    assert found.topology_key == "cloud.google.com/gce-topology-block"
    assert found.network_annotations["networking.gke.io/default-interface"] == "eth0"
    assert json.loads(found.network_annotations["networking.gke.io/interfaces"]) == [
        {"interfaceName": "eth0", "network": "default"},
        {"interfaceName": "eth1", "network": "vpc1"},
        {"interfaceName": "eth2", "network": "vpc2"},
        {"interfaceName": "eth3", "network": "vpc3"},
        {"interfaceName": "eth4", "network": "vpc4"},
    ]


LIBRARIES = {"LD_LIBRARY_PATH": "/usr/local/nvidia/lib64"}
NVIDIA = {"/usr/local/nvidia": "/home/kubernetes/bin/nvidia"}
HOST = {"/hostprocsysfs": "/proc/sys", "/hostsysfs": "/sys"}
NVIDIA_DEVICES = [
    *(f"/dev/nvidia{index}" for index in range(8)),
    "/dev/nvidiactl",
    "/dev/nvidia-uvm",
]
REGISTRY = "us-docker.pkg.dev/gce-ai-infra"


@pytest.mark.parametrize("machine", ["a3-ultragpu-8g", "a4-highgpu-8g"])
def test_pods_on_a3_ultra_and_a4_use_gib(machine: str) -> None:
    found = profile(machine=machine, networks=RDMA)
    assert found.fabric == ts.Fabric(
        env=LIBRARIES,
        env_script="/usr/local/gib/scripts/set_nccl_env.sh",
        folders={"/usr/local/gib": "/home/kubernetes/bin/gib", **NVIDIA},
    )
    assert sorted(found.network_annotations) == [
        "networking.gke.io/default-interface",
        "networking.gke.io/interfaces",
    ]


def test_pods_claim_cards_of_networks_that_gke_makes() -> None:
    found = profile(machine="a4-highgpu-8g", **CLAIMED)
    assert found.fabric == ts.Fabric(
        env=LIBRARIES,
        env_script="/usr/local/gib/scripts/set_nccl_env.sh",
        folders={"/usr/local/gib": "/home/kubernetes/bin/gib", **NVIDIA},
        claim_template="cards",
    )
    assert found.network_annotations == {}


def test_pods_on_a3_mega_have_the_daemon_of_tcpxo() -> None:
    found = profile(machine="a3-megagpu-8g", networks=TCPXO)
    script = "/fts/entrypoint_rxdm_container.sh"
    assert found.fabric == ts.Fabric(
        env={
            **LIBRARIES,
            "NCCL_FASTRAK_LLCM_DEVICE_DIRECTORY": "/dev/aperture_devices",
            "NCCL_LIB_DIR": "/usr/local/nvidia/lib64",
        },
        env_script="/usr/local/nvidia/lib64/nccl-env-profile.sh",
        folders={"/dev/aperture_devices": "/dev/aperture_devices", **NVIDIA},
        daemon=ts.FabricDaemon(
            name="tcpxo-daemon",
            image=f"{REGISTRY}/gpudirect-tcpxo/tcpgpudmarxd-dev:v1.0.21",
            command=[
                *("/bin/sh", "-c"),
                f"chmod 755 {script} && exec {script} --num_hops=2 --num_nics=8",
            ],
            env={**LIBRARIES, "HEALTH_CHECK_LOG_FILE": "/run/health-check"},
            capabilities=["NET_ADMIN", "NET_BIND_SERVICE"],
            folders={**NVIDIA, **HOST},
            ready_file="/run/health-check",
        ),
    )
    devices = yaml.safe_load(found.network_annotations["devices.gke.io/container.tcpxo-daemon"])
    assert devices == [{"path": one} for one in [*NVIDIA_DEVICES, "/dev/dmabuf_import_helper"]]


def test_pods_on_a3_high_have_the_daemon_of_tcpx() -> None:
    found = profile(machine="a3-highgpu-8g", networks=TCPX)
    assert found.fabric is not None
    daemon, env = found.fabric.daemon, found.fabric.env
    shared = {
        "/run/tcpx": "/run/tcpx",
        "/usr/local/nvidia/lib64": "/home/kubernetes/bin/nvidia/lib64",
    }
    assert daemon == ts.FabricDaemon(
        name="tcpx-daemon",
        image=f"{REGISTRY}/gpudirect-tcpx/tcpgpudmarxd-dev:v2.0.12",
        command=[
            "/tcpgpudmarxd/build/app/tcpgpudmarxd",
            *("--gpu_nic_preset", "a3vm", "--gpu_shmem_type", "fd", "--uds_path", "/run/tcpx"),
            *("--setup_param", "--verbose 128 2 0"),
        ],
        env=LIBRARIES,
        capabilities=["NET_ADMIN"],
        folders={**shared, **HOST},
    )
    assert found.fabric == ts.Fabric(
        env=env, capabilities=["IPC_LOCK"], folders=shared, daemon=daemon
    )
    assert env["NCCL_GPUDIRECTTCPX_UNIX_CLIENT_PREFIX"] == "/run/tcpx"
    assert env["NCCL_GPUDIRECTTCPX_SOCKET_IFNAME"] == "eth1,eth2,eth3,eth4"
    devices = yaml.safe_load(found.network_annotations["devices.gke.io/container.tcpx-daemon"])
    assert devices == [{"path": one} for one in NVIDIA_DEVICES]


@pytest.mark.parametrize(("machine", "own"), [("a3-highgpu-8g", TCPX), ("a3-megagpu-8g", TCPXO)])
def test_the_daemon_of_another_release(machine: str, own: list[dict[str, str]]) -> None:
    image = f"{REGISTRY}/daemon:v9"
    found = profile(machine=machine, networks=own, network_daemon=image)
    assert found.fabric is not None
    assert found.fabric.daemon is not None
    assert found.fabric.daemon.image == image


@pytest.mark.parametrize(
    "said", [{"machine": "a3-megagpu-8g", "rdma": False}, {"machine": "a2-highgpu-8g"}]
)
def test_without_networks_pods_need_nothing_else(said: dict[str, Any]) -> None:
    found = profile(**said)
    assert (found.fabric, found.network_annotations) == (None, {})


def test_outputs_may_be_unknown_in_preview() -> None:
    def program() -> None:
        cluster = gcp.container.Cluster("train", location="us-central1")
        ts.GkeGpuNodePool("gpus", changed(GKE, cluster_name=cluster.id))

    assert len(synth(program, preview=True).of_type("NodePool")) == 1


def test_options_reach_its_children() -> None:
    def program() -> None:
        elsewhere = gcp.Provider("elsewhere", project="other")
        ts.GkeGpuNodePool("gpus", GKE, pulumi.ResourceOptions(providers=[elsewhere]))

    assert "::elsewhere::" in synth(program).one("NodePool").options["provider"]


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pulumi_gcp", None)
    with pytest.raises(ts.TrainstackError, match=r"pip install 'trainstack\[gcp\]'"):
        made()
