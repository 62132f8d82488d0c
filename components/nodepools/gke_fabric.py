"""What a pod needs on Google's machines to use their network cards.

Google's own examples say what that is, in its repository container-engine-accelerators: of A3 High
`gpudirect-tcpx/nccl-test-latest.yaml` and `nccl-config-latest.yaml`, of A3 Mega
`gpudirect-tcpxo/README.md` and `best-practice.md`, of A3 Ultra and A4
`gpudirect-rdma/nccl-test.yaml` and `nccl-test-a4.yaml`. The DaemonSets there install libraries and
devices on the nodes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..spec.fabric import Fabric, FabricDaemon
from .hardware import Machine

_NVIDIA, _LIBRARIES = "/usr/local/nvidia", "/usr/local/nvidia/lib64"
_NVIDIA_ON_NODE = "/home/kubernetes/bin/nvidia"
_HOST = {"/hostprocsysfs": "/proc/sys", "/hostsysfs": "/sys"}
_SOCKETS = "/run/tcpx"
_APERTURE = "/dev/aperture_devices"
_HEALTHY = "/run/health-check"
_RXDM = "/fts/entrypoint_rxdm_container.sh"
_REGISTRY = "us-docker.pkg.dev/gce-ai-infra"

TCPX_DAEMON = f"{_REGISTRY}/gpudirect-tcpx/tcpgpudmarxd-dev:v2.0.12"
"""The one of `nccl-test-latest.yaml`, beside version 3.1.9 of the plugin."""
TCPXO_DAEMON = f"{_REGISTRY}/gpudirect-tcpxo/tcpgpudmarxd-dev:v1.0.21"
"""The one of the release of January 9, 2026, beside version 1.0.15 of the plugin."""
_DEVICES = [*(f"/dev/nvidia{index}" for index in range(8)), "/dev/nvidiactl", "/dev/nvidia-uvm"]
_DEVICES_OF = {"TCPX": _DEVICES, "TCPXO": [*_DEVICES, "/dev/dmabuf_import_helper"]}


def has_daemon(known: Machine) -> bool:
    """Whether a daemon beside the training container serves the machine's cards."""
    return known.fabric in _DEVICES_OF


def network_side(known: Machine, networks: Sequence[str], daemon: str | None) -> dict[str, Any]:
    """The fields of a profile by which a pod of a whole node gets these networks and uses them.

    `networks` are the names of the cluster's `Network` objects in the order of the cards, `daemon`
    is another image of the machine's daemon.
    """
    if not networks:
        return {}
    fabric = _fabric(known, daemon)
    return {"fabric": fabric, "network_annotations": _annotations(known, networks, fabric)}


def claimed_side(template: str) -> dict[str, Any]:
    """The fields of a profile by which a pod of a whole node claims the cards for RDMA.

    As in `gpudirect-rdma/nccl-test-managed-rdma.yaml`.
    """
    return {"fabric": _gib().model_copy(update={"claim_template": template})}


def _annotations(known: Machine, networks: Sequence[str], fabric: Fabric) -> dict[str, str]:
    """By which GKE gives a pod the networks, and the NRI device injector its daemon the devices."""
    interfaces = [
        {"interfaceName": f"eth{index}", "network": name}
        for index, name in enumerate(["default", *networks])
    ]
    found = {
        "networking.gke.io/default-interface": "eth0",
        "networking.gke.io/interfaces": json.dumps(interfaces, separators=(",", ":")),
    }
    if fabric.daemon is not None:
        listed = "".join(f"- path: {device}\n" for device in _DEVICES_OF[known.fabric or ""])
        found[f"devices.gke.io/container.{fabric.daemon.name}"] = listed
    return found


def _fabric(known: Machine, daemon: str | None) -> Fabric:
    if known.fabric == "TCPX":
        return _tcpx(daemon or TCPX_DAEMON)
    return _tcpxo(daemon or TCPXO_DAEMON) if known.fabric == "TCPXO" else _gib()


def _tcpx(image: str) -> Fabric:
    """GPUDirect-TCPX, of A3 High. Its sockets are where the daemon makes them:

    <https://github.com/GoogleCloudPlatform/cluster-toolkit/blob/main/examples/machine-learning/a3-highgpu-8g/README.md>
    """
    folders = {_LIBRARIES: f"{_NVIDIA_ON_NODE}/lib64", _SOCKETS: _SOCKETS}
    return Fabric(
        env={"LD_LIBRARY_PATH": _LIBRARIES, **_TCPX_NCCL},
        capabilities=["IPC_LOCK"],
        folders=folders,
        daemon=FabricDaemon(
            name="tcpx-daemon",
            image=image,
            command=[
                "/tcpgpudmarxd/build/app/tcpgpudmarxd",
                *("--gpu_nic_preset", "a3vm", "--gpu_shmem_type", "fd"),
                *("--uds_path", _SOCKETS, "--setup_param", "--verbose 128 2 0"),
            ],
            env={"LD_LIBRARY_PATH": _LIBRARIES},
            capabilities=["NET_ADMIN"],
            folders={**folders, **_HOST},
        ),
    )


def _tcpxo(image: str) -> Fabric:
    """GPUDirect-TCPXO, of A3 Mega. Its settings of NCCL are those of the plugin on the node."""
    return Fabric(
        env={
            "LD_LIBRARY_PATH": _LIBRARIES,
            "NCCL_FASTRAK_LLCM_DEVICE_DIRECTORY": _APERTURE,
            "NCCL_LIB_DIR": _LIBRARIES,
        },
        env_script=f"{_LIBRARIES}/nccl-env-profile.sh",
        folders={_APERTURE: _APERTURE, _NVIDIA: _NVIDIA_ON_NODE},
        daemon=FabricDaemon(
            name="tcpxo-daemon",
            image=image,
            # In place of the shell, so that the end of the pod is told to the daemon.
            command=[
                "/bin/sh",
                "-c",
                f"chmod 755 {_RXDM} && exec {_RXDM} --num_hops=2 --num_nics=8",
            ],
            env={"HEALTH_CHECK_LOG_FILE": _HEALTHY, "LD_LIBRARY_PATH": _LIBRARIES},
            capabilities=["NET_ADMIN", "NET_BIND_SERVICE"],
            folders={_NVIDIA: _NVIDIA_ON_NODE, **_HOST},
            ready_file=_HEALTHY,
        ),
    )


def _gib() -> Fabric:
    """GPUDirect RDMA by Google's NCCL/gIB, of A3 Ultra and A4, with the node's settings of NCCL."""
    return Fabric(
        env={"LD_LIBRARY_PATH": _LIBRARIES},
        env_script="/usr/local/gib/scripts/set_nccl_env.sh",
        folders={"/usr/local/gib": "/home/kubernetes/bin/gib", _NVIDIA: _NVIDIA_ON_NODE},
    )


_TCPX_NCCL = {
    "NCCL_ALGO": "Ring",
    "NCCL_CROSS_NIC": "0",
    "NCCL_DYNAMIC_CHUNK_SIZE": "524288",
    "NCCL_GPUDIRECTTCPX_CTRL_DEV": "eth0",
    "NCCL_GPUDIRECTTCPX_FORCE_ACK": "0",
    "NCCL_GPUDIRECTTCPX_PROGRAM_FLOW_STEERING_WAIT_MICROS": "1000000",
    "NCCL_GPUDIRECTTCPX_RX_BINDINGS": (
        "eth1:22-35,124-139;eth2:22-35,124-139;eth3:74-87,178-191;eth4:74-87,178-191"
    ),
    "NCCL_GPUDIRECTTCPX_SOCKET_IFNAME": "eth1,eth2,eth3,eth4",
    "NCCL_GPUDIRECTTCPX_TX_BINDINGS": (
        "eth1:8-21,112-125;eth2:8-21,112-125;eth3:60-73,164-177;eth4:60-73,164-177"
    ),
    "NCCL_GPUDIRECTTCPX_TX_COMPLETION_NANOSLEEP": "1000",
    "NCCL_GPUDIRECTTCPX_UNIX_CLIENT_PREFIX": _SOCKETS,
    "NCCL_MAX_NCHANNELS": "8",
    "NCCL_MIN_NCHANNELS": "8",
    "NCCL_NET_GDR_LEVEL": "PIX",
    "NCCL_NSOCKS_PERTHREAD": "4",
    "NCCL_P2P_NET_CHUNKSIZE": "524288",
    "NCCL_P2P_NVL_CHUNKSIZE": "1048576",
    "NCCL_P2P_PCI_CHUNKSIZE": "524288",
    "NCCL_P2P_PXN_LEVEL": "0",
    "NCCL_PROTO": "Simple",
    "NCCL_SOCKET_IFNAME": "eth0",
    "NCCL_SOCKET_NTHREADS": "1",
}
