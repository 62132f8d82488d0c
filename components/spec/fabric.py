"""What a pod needs beside devices to use the network cards of its node."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from .env import FreeEnvName, Spelled, to_kube
from .model import Args
from .names import AbsolutePath, Capability, Image, Label, Subdomain

_CLAIM = "network-cards"
_TRAINING = ("mpi", "pytorch", "tensorflow")
"""Names of training containers."""


def _beside_training(name: str) -> str:
    if name in _TRAINING:
        raise ValueError(f"got {name!r}: is the training container's; give it another")
    return name


Folders = dict[AbsolutePath, AbsolutePath]
_SOURCED = """\
test -r "$0" || { echo "$0: not there; is its installer on the cluster?" >&2; exit 1; }
source "$0"
exec env "$@"
"""


class FabricDaemon(Args):
    """A container that serves the network cards of a node for as long as the pod trains.

    It is a sidecar that Kubernetes ends when the training container has ended, and does not count:
    an init container with `restartPolicy: Always`, which takes Kubernetes 1.29 or newer.
    <https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/>
    """

    name: Annotated[Label, AfterValidator(_beside_training)]
    """Name of the container, another than the training container's."""
    image: Image
    """Its image."""
    command: Annotated[list[str], Field(min_length=1)]
    """What it runs."""
    env: dict[FreeEnvName, Spelled] = {}
    """Its environment; default: the image's."""
    capabilities: list[Capability] = []
    """Linux capabilities that it is given, for example `["NET_ADMIN"]`; default: the runtime's."""
    folders: Folders = {}
    """Folders of the node by where it sees them."""
    ready_file: AbsolutePath | None = None
    """A file that it writes once it serves, for which the training container waits, for two minutes
    until it starts again; default: none, training starts with it."""


class Fabric(Args):
    """What a pod that has all GPUs of its node gets so that NCCL can use the node's network cards.

    Raises `TrainstackError` that names the field when one is wrong.

    >>> Fabric(folders={"/usr/local/gib": "/home/kubernetes/bin/gib"}).env_script is None
    True
    """

    env: dict[FreeEnvName, Spelled] = {}
    """Environment of the training container; the job's own comes first."""
    env_script: AbsolutePath | None = None
    """A bash script, as the training container sees it, that is sourced before what it runs, for
    settings of NCCL that the node knows; the job's `env` comes first. Default: none."""
    capabilities: list[Capability] = []
    """Linux capabilities of the training container, for example `["IPC_LOCK"]`; default: the
    runtime's."""
    folders: Folders = {}
    """Folders of the node by where the training container sees them, for example
    `{"/usr/local/gib": "/home/kubernetes/bin/gib"}`."""
    claim_template: Subdomain | None = None
    """Name of a ResourceClaimTemplate in the job's namespace by which the training container gets
    the cards, on clusters that give them by dynamic resource allocation; default: none."""
    daemon: FabricDaemon | None = None
    """A container beside it that serves the cards; default: none."""

    def launched(self, command: list[Any], own: Iterable[str]) -> list[Any]:
        """The command with the script sourced before it.

        `own` are variables that keep the values which the container has of them.
        """
        if self.env_script is None:
            return command
        kept = [f"{name}=$({name})" for name in sorted(own)]
        return ["/bin/bash", "-c", _SOURCED, self.env_script, *kept, *command]

    def pod(self, container: str) -> dict[str, Any]:
        """All but environment and command, as a partial pod template around `container`."""
        daemon, claim = self.daemon, self.claim_template
        trained = {"name": container, **_container(self.capabilities, self.folders)}
        if claim is not None:
            trained["resources"] = {"claims": [{"name": _CLAIM}]}
        folders = [*self.folders.values(), *(daemon.folders.values() if daemon else ())]
        spec = {
            "containers": [trained] if len(trained) > 1 else [],
            "initContainers": [_sidecar(daemon)] if daemon else [],
            "resourceClaims": (
                [{"name": _CLAIM, "resourceClaimTemplateName": claim}] if claim else []
            ),
            "volumes": [
                {"name": _volume(folder), "hostPath": {"path": folder}}
                for folder in sorted(set(folders))
            ],
        }
        return {"spec": {name: value for name, value in spec.items() if value}}


def _sidecar(daemon: FabricDaemon) -> dict[str, Any]:
    found = {
        "name": daemon.name,
        "image": daemon.image,
        "command": list(daemon.command),
        "restartPolicy": "Always",
        **_container(daemon.capabilities, daemon.folders),
    }
    if daemon.env:
        found["env"] = to_kube(daemon.env, {})
    if daemon.ready_file is not None:
        found["startupProbe"] = {
            "exec": {"command": ["cat", daemon.ready_file]},
            "failureThreshold": 24,
            "periodSeconds": 5,
        }
    return found


def _container(capabilities: list[str], folders: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if capabilities:
        found["securityContext"] = {"capabilities": {"add": list(capabilities)}}
    if folders:
        found["volumeMounts"] = [
            {"mountPath": path, "name": _volume(folder)} for path, folder in sorted(folders.items())
        ]
    return found


def _volume(folder: str) -> str:
    """A volume's name, made from the node's folder."""
    slug = re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")[:40].strip("-")
    return f"node-{slug}-{hashlib.sha256(folder.encode()).hexdigest()[:6]}"
