"""What GKE has to know of a machine beside its name."""

from __future__ import annotations

from .hardware import Machine

_ACCELERATORS = {
    "a2-highgpu": "nvidia-tesla-a100",
    "a2-megagpu": "nvidia-tesla-a100",
    "a2-ultragpu": "nvidia-a100-80gb",
    "a3-edgegpu": "nvidia-h100-80gb",
    "a3-highgpu": "nvidia-h100-80gb",
    "a3-megagpu": "nvidia-h100-mega-80gb",
    "a3-ultragpu": "nvidia-h200-141gb",
    "a4-highgpu": "nvidia-b200",
    "g2-standard": "nvidia-l4",
}
"""<https://cloud.google.com/compute/docs/gpus>"""


def accelerator(known: Machine) -> str:
    """GKE's name of the machine's GPUs."""
    return _ACCELERATORS[known.machine.rpartition("-")[0]]


def networks_of(known: Machine) -> int:
    """Networks beside the first one: one for each card of the GPUs, with RDMA one more for gVNIC.

    <https://cloud.google.com/ai-hypercomputer/docs/create/gke-ai-hypercompute-custom>
    """
    return known.fabric_cards + (1 if known.fabric == "RoCE" else 0)
