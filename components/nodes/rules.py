"""Pools that what runs on nodes does not belong on, and who says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..nodepools.job_side import EFA
from ..nodepools.rules.rule import Rule
from .pool import NodesOfPool

if TYPE_CHECKING:
    from .args import NvidiaDevicePluginArgs

_NVIDIA = "nvidia.com/"
_MIG = f"{_NVIDIA}mig-"
_ASSIGN = "https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/"
_GKE = "https://cloud.google.com/kubernetes-engine/docs/how-to/gpus"
_GKE_METRICS = "https://cloud.google.com/kubernetes-engine/docs/how-to/dcgm-metrics"
_EKS = "https://docs.aws.amazon.com/eks/latest/userguide/ml-eks-k8s-device-plugin.html"
_EFA = "https://docs.aws.amazon.com/eks/latest/userguide/node-efa.html"
_PLUGIN = "https://github.com/NVIDIA/k8s-device-plugin#configuring-the-nvidia-device-plugin-binary"

NODE_RULES: tuple[Rule[NodesOfPool], ...] = (
    Rule(
        name="nodes-not-told-apart",
        field="node_selector",
        broken_by=lambda pool: not pool.node_selector,
        reason="nothing tells the pool's nodes from others, so that it would be on all",
        remedy="say a label that only they have",
        source=_ASSIGN,
    ),
)
_OF_NVIDIA: tuple[Rule[NodesOfPool], ...] = (
    Rule(
        name="no-gpus",
        field="gpus",
        broken_by=lambda pool: not pool.gpus,
        reason="its nodes have no GPUs to offer",
        remedy="leave the pool out",
        source=_PLUGIN,
    ),
    Rule(
        name="gpus-of-others",
        field="gpu_resource",
        broken_by=lambda pool: not pool.gpu_resource.startswith(_NVIDIA),
        reason=f"what it offers is called {_NVIDIA}…",
        remedy="leave the pool out, its GPUs are not NVIDIA's",
        source=_PLUGIN,
    ),
)
NVIDIA_RULES: tuple[Rule[NodesOfPool], ...] = (
    *NODE_RULES,
    *_OF_NVIDIA,
    Rule(
        name="google-has-its-own-device-plugin",
        field="machine",
        broken_by=lambda pool: pool.has_googles_plugin,
        reason="GKE runs Google's device plugin on these nodes, and two would offer the same GPUs",
        remedy="leave the pool out",
        source=_GKE,
    ),
    Rule(
        name="image-has-device-plugin",
        field="has_device_plugin",
        broken_by=lambda pool: pool.cloud != "gcp" and pool.has_device_plugin is True,
        reason="Bottlerocket has NVIDIA's device plugin, and two would offer the same GPUs",
        remedy="leave the pool out",
        source=_EKS,
    ),
)
EFA_RULES: tuple[Rule[NodesOfPool], ...] = (
    *NODE_RULES,
    Rule(
        name="no-efa",
        field="devices",
        broken_by=lambda pool: not pool.devices.get(EFA),
        reason=f"no pod of the pool asks for {EFA}, so its nodes have no EFA interfaces to offer",
        remedy="leave the pool out, or make it of a machine with EFA and rdma",
        source=_EFA,
    ),
)
DCGM_RULES: tuple[Rule[NodesOfPool], ...] = (
    *NODE_RULES,
    *_OF_NVIDIA,
    Rule(
        name="google-has-its-own-exporter",
        field="machine",
        broken_by=lambda pool: pool.cloud == "gcp",
        reason="the image does not find the driver where GKE has it, and GKE has an exporter",
        remedy="leave the pool out, and turn on DCGM metrics of the cluster",
        source=_GKE_METRICS,
    ),
)
MIG_RULES: tuple[Rule[NvidiaDevicePluginArgs], ...] = (
    Rule(
        name="mig-by-name",
        field="mig_strategy",
        broken_by=lambda args: (
            args.mig_strategy != "mixed"
            and any(pool.gpu_resource.startswith(_MIG) for pool in args.pools)
        ),
        reason="jobs of a pool ask for MIG devices by their size, which only 'mixed' offers",
        remedy="say 'mixed'",
        source=_PLUGIN,
    ),
)
