"""What jobs know of the nodes that they run on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pulumi import Output, Resource
from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from .env import FreeEnvName, Spelled
from .fabric import Fabric
from .json_values import whole
from .model import Args
from .names import ExtendedResource, Label, LabelKey, LabelValue
from .policy import Count
from .quantity import Bytes, Cpu
from .resources import GPU
from .toleration import Toleration

Arch = Literal["amd64", "arm64"]
_OF_GPU_PODS = frozenset(
    {
        *("devices", "env", "fabric", "gpu_resource", "huge_pages", "network_annotations"),
        *("price_per_hour", "topology_key"),
    }
)
_Some = Annotated[int, Field(ge=0, strict=True)]


class PoolProfile(Args):
    """A pool of equal nodes, as plain values that another stack can export and a job's `pool` take.

    Raises `TrainstackError` that names the field when one is wrong.

    >>> pool = PoolProfile(name="h100", machine="p5.48xlarge", gpus=8, max_nodes=4)
    >>> pool == PoolProfile(**pool.to_dict())
    True
    """

    NOT_THE_RUN: ClassVar[frozenset[str]] = frozenset(
        {"arch", "cpu", "machine", "max_nodes", "memory", "name", "price_per_hour"}
    )
    """Fields that change no pod: a run stays the same run when they change."""

    name: Label
    """What messages and reports call it."""
    machine: str | None = None
    """The cloud's name of the machine, for messages, for example `"p5.48xlarge"`."""
    arch: Arch | None = None
    """What the CPUs are, `"amd64"` or `"arm64"`: a `TrainingImage` for others is refused; default:
    unknown."""
    gpus: _Some
    """GPUs of a node, 0 or more; of MIG devices, their number."""
    gpu_resource: ExtendedResource = GPU
    """What the device plugin calls a GPU; default `"nvidia.com/gpu"`, of a MIG device for example
    `"nvidia.com/mig-1g.10gb"`."""
    cpu: Cpu | None = None
    """Cores of a node that pods can have, at most, which no pod may exceed; default: unknown."""
    memory: Bytes | None = None
    """Bytes of a node that pods can have, at most, for example `"1900Gi"`; default: unknown."""
    max_nodes: Annotated[int, Field(ge=1, strict=True)] | None = None
    """Nodes at most, 1 or more: a run that needs more is refused; default: unknown."""
    price_per_hour: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """US dollars an hour of one node, from which the cost of runs is counted; default: unknown."""
    node_selector: dict[LabelKey, LabelValue] = {}
    """Labels that tell its nodes from others; every pod gets them."""
    tolerations: list[Toleration] = []
    """What lets pods onto its tainted nodes; every pod gets them."""
    annotations: dict[LabelKey, str] = {}
    """Annotations of every pod, for example `{"karpenter.sh/do-not-disrupt": "true"}`."""
    grace_seconds: Count | None = None
    """Seconds between SIGTERM and SIGKILL, for pods whose overlay says no other, and longer where
    saving takes longer; default 30."""
    shared_memory: Bytes | None = None
    """Limit of /dev/shm of pods that train and whose job says no size, for example `"256Gi"`;
    default: none, up to the pod's or the node's memory."""
    env: dict[FreeEnvName, Spelled] = {}
    """Environment of pods that have GPUs, for example of NCCL; the job's own comes first."""
    topology_key: LabelKey | None = None
    """A node label, for example `"topology.kubernetes.io/zone"`: the pods of a run that have GPUs
    prefer to share its value; default: nodes are all the same."""
    devices: dict[ExtendedResource, _Some] = {}
    """Devices of a pod that has all GPUs of its node, for example `{"vpc.amazonaws.com/efa": 32}`;
    those that the job itself asks for come first."""
    huge_pages: Bytes | None = None
    """Bytes in pages of 2 MiB of a pod that has all GPUs of its node, for example `"5120Mi"`;
    default: none."""
    network_annotations: dict[LabelKey, str] = {}
    """Annotations of a pod that has all GPUs of its node, by which it gets the network cards."""
    fabric: Fabric | None = None
    """What else such a pod needs to use these cards: environment, folders of the node, a container
    that serves them; default: nothing."""

    _made_by: Resource | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _from_a_stack(cls, value: Any) -> Any:
        return whole(value) if isinstance(value, Mapping) else value

    @model_validator(mode="after")
    def _has_an_effect(self) -> PoolProfile:
        said = () if self.gpus else sorted(self.model_dump(exclude_defaults=True))
        for name in said:
            if name in _OF_GPU_PODS:
                raise ValueError(f"{name}: has no effect, as gpus is 0")
        return self

    def to_dict(self) -> dict[str, Any]:
        """All that is no default, as JSON can hold it: what a stack exports."""
        fields = set(PoolProfile.model_fields)
        said = self.model_dump(mode="json", include=fields, exclude_defaults=True)
        return {**said, "gpus": self.gpus}

    @property
    def made_by(self) -> Resource | None:
        """The resource that a job took as this pool, which then stays until the job is gone."""
        return self._made_by

    @property
    def title(self) -> str:
        """Name and machine."""
        return f"{self.name!r} ({self.machine})" if self.machine else repr(self.name)


def _profile(value: Any) -> Any:
    if isinstance(value, (Mapping, Output)):
        return value
    profile = getattr(value, "profile", value)
    if not isinstance(value, Resource) or not isinstance(profile, PoolProfile):
        return profile
    taken = profile.model_copy()
    taken._made_by = value
    return taken


POOL = "a PoolProfile, or the plain dict that `pulumi stack output --json` prints of another stack"
JobPool = Annotated[PoolProfile, BeforeValidator(_profile)]
"""A `PoolProfile`, the same as a dict, or a pool that has a `profile`."""
