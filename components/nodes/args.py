"""What a user says about what runs on each node of some pools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from ..nodepools.rules.rule import Rule, check
from ..spec.cluster import Cluster
from ..spec.inputs import In
from ..spec.model import Args
from ..spec.names import Image, Label, LabelKey, LabelValue, Namespace, Subdomain
from ..spec.resources import Resources, requirements
from .pool import NodePool, NodesOfPool
from .rules import DCGM_RULES, EFA_RULES, MIG_RULES, NODE_RULES, NVIDIA_RULES

_OWN = "app.kubernetes.io/"


class NodeAgentArgs(Args):
    """The fields of whatever runs on each node of some pools."""

    RULES: ClassVar[Sequence[Rule[NodesOfPool]]] = NODE_RULES
    """Pools that it does not belong on."""
    ELSEWHERE: ClassVar[Mapping[str, str]] = {
        "affinity": "say pools",
        "node_selector": "say pools, whose nodes have labels",
        "tolerations": "say pools, whose taints are tolerated",
    }

    pools: Annotated[tuple[NodePool, ...], Field(max_length=64)]
    """Pools whose nodes it runs on, and only there: whatever jobs take as `pool`, 1 to 64."""
    name: Label | None = None
    """Name of its objects; default: the logical name."""
    namespace: In[Namespace] = "kube-system"
    """Namespace of its objects, which must exist; default `"kube-system"`."""
    image: In[Image]
    """Image of its pods."""
    image_pull_secrets: tuple[In[Subdomain], ...] = ()
    """Names of Secrets with registry credentials, in `namespace`; default: none."""
    requests: Resources | None = None
    """What the scheduler sets aside on each node; default: nothing."""
    limits: Resources | None = None
    """What it may use on each node; default: no limit."""
    labels: dict[LabelKey, LabelValue] = {}
    """Further labels of every object and pod; default: none."""
    cluster: Cluster | None = None
    """The cluster to install into; default: the provider's, or the current context."""

    @field_validator("labels")
    @classmethod
    def _leaves_selector(cls, value: dict[str, str]) -> dict[str, str]:
        for key in value:
            if key.startswith(_OWN):
                raise ValueError(f"got {key!r}: {_OWN} is how its pods are found")
        return value

    @model_validator(mode="after")
    def _belongs_there(self) -> NodeAgentArgs:
        if not self.pools:
            raise ValueError("pools: got []: name at least one")
        names = [pool.name for pool in self.pools]
        for index, pool in enumerate(self.pools):
            if pool.name in names[:index]:
                raise ValueError(f"pools[{index}]: {pool.name!r} is given twice")
            try:
                check(pool, self.RULES)
            except ValueError as error:
                raise ValueError(f"pools[{index}].{error}") from None
        requirements(self.requests, self.limits)
        return self


class NvidiaDevicePluginArgs(NodeAgentArgs):
    """Arguments of `NvidiaDevicePlugin`."""

    RULES: ClassVar[Sequence[Rule[NodesOfPool]]] = NVIDIA_RULES

    image: In[Image] = "nvcr.io/nvidia/k8s-device-plugin:v0.19.2"
    """Image of the plugin; default: NVIDIA's of release 0.19.2."""
    mig_strategy: Literal["none", "single", "mixed"] = "none"
    """What MIG devices are called: `"none"` leaves MIG alone (default), `"single"` calls them
    `nvidia.com/gpu`, `"mixed"` by their size, for example `nvidia.com/mig-1g.10gb`."""

    @model_validator(mode="after")
    def _offers_what_jobs_ask(self) -> NvidiaDevicePluginArgs:
        check(self, MIG_RULES)
        return self


class EfaDevicePluginArgs(NodeAgentArgs):
    """Arguments of `EfaDevicePlugin`."""

    RULES: ClassVar[Sequence[Rule[NodesOfPool]]] = EFA_RULES

    image: In[Image] = (
        "602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/aws-efa-k8s-device-plugin:v0.5.20"
    )
    """Image of the plugin; default: AWS's of release 0.5.20, from the registry in us-west-2."""
    requests: Resources | None = Resources(cpu="10m", memory="20Mi")
    """What the scheduler sets aside on each node; default 10m cores, 20Mi."""


class DcgmExporterArgs(NodeAgentArgs):
    """Arguments of `DcgmExporter`."""

    RULES: ClassVar[Sequence[Rule[NodesOfPool]]] = DCGM_RULES

    image: In[Image] = "nvcr.io/nvidia/k8s/dcgm-exporter:4.5.3-4.8.2-distroless"
    """Image of the exporter; default: NVIDIA's of release 4.8.2 with DCGM 4.5.3."""
    monitor: bool = False
    """Whether a `ServiceMonitor` tells the Prometheus operator of it, which must be on the cluster
    and look for the monitor's `labels`; default False."""
