"""Where the dev cluster lives on the machine: folder, addresses, ports, names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from .errors import DevClusterError

NAME = "trainstack-devcluster"
NODE = "devcluster"
BRIDGE = "tsdev0"
DOMAIN = "cluster.local"

DEFAULT_FOLDER = Path("/var/lib/trainstack-devcluster")
DEFAULT_NETWORK = IPv4Network("10.250.0.0/16")
# A Unix socket's path may have 107 bytes, and containerd's lies below the folder.
LONGEST_FOLDER = 70


class Port(IntEnum):
    """Every port of ours, away from the defaults of other clusters on the machine."""

    ETCD_PEER = 16441
    ETCD = 16442
    APISERVER = 16443
    CONTROLLER_MANAGER = 16444
    SCHEDULER = 16445
    KUBELET = 16446
    KUBELET_HEALTH = 16447
    PROXY_HEALTH = 16448
    PROXY_METRICS = 16449
    CONTAINER_STREAMING = 16450


@dataclass(frozen=True)
class Settings:
    """One folder and one private /16, of which everything else follows."""

    folder: Path = DEFAULT_FOLDER
    network: IPv4Network = DEFAULT_NETWORK

    def __post_init__(self) -> None:
        if not self.folder.is_absolute():
            raise DevClusterError(f"The dev cluster's folder must be absolute: {self.folder}.")
        if len(os.fsencode(self.folder)) > LONGEST_FOLDER:
            raise DevClusterError(
                f"The dev cluster's folder {self.folder} has a path too long for sockets "
                f"(at most {LONGEST_FOLDER} bytes)."
            )
        if self.network.prefixlen != 16 or not self.network.is_private:
            raise DevClusterError(
                f"The dev cluster's network must be a private /16 network, not {self.network}."
            )

    @classmethod
    def from_env(cls) -> Settings:
        """As TRAINSTACK_DEVCLUSTER_DIR and TRAINSTACK_DEVCLUSTER_NETWORK say."""
        network = os.environ.get("TRAINSTACK_DEVCLUSTER_NETWORK") or str(DEFAULT_NETWORK)
        try:
            parsed = IPv4Network(network)
        except ValueError as error:
            raise DevClusterError(f"TRAINSTACK_DEVCLUSTER_NETWORK: {error}.") from None
        folder = os.environ.get("TRAINSTACK_DEVCLUSTER_DIR") or DEFAULT_FOLDER
        return cls(folder=Path(folder).expanduser(), network=parsed)

    @property
    def node_address(self) -> IPv4Address:
        """Where API server and kubelet listen: the bridge's address, the pods' gateway."""
        return self.pod_network[1]

    @property
    def pod_network(self) -> IPv4Network:
        """Pod addresses, of which the first one is the node's."""
        return next(self.network.subnets(new_prefix=22))

    @property
    def service_network(self) -> IPv4Network:
        """Service addresses."""
        return list(self.network.subnets(new_prefix=20))[-1]

    @property
    def dns_address(self) -> IPv4Address:
        """The address of the kube-dns Service."""
        return self.service_network[10]

    @property
    def server(self) -> str:
        """The API server's address."""
        return f"https://{self.node_address}:{Port.APISERVER:d}"

    @property
    def pki(self) -> Path:
        """Keys and certificates."""
        return self.folder / "pki"

    @property
    def config(self) -> Path:
        """Configuration files of the components."""
        return self.folder / "config"

    @property
    def run(self) -> Path:
        """What does not outlive a reboot: process records, sockets, leases."""
        return self.folder / "run"

    @property
    def logs(self) -> Path:
        """One folder of size-bounded log files a component."""
        return self.folder / "logs"

    @property
    def volumes(self) -> Path:
        """The data of persistent volumes."""
        return self.folder / "volumes"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.folder / "kubeconfig"

    @property
    def containerd_socket(self) -> Path:
        """Where containerd listens, as seen from outside its mount namespace."""
        return self.run / "containerd/containerd.sock"
