"""What the launcher sets for the processes it starts; what the user has set stays."""

from __future__ import annotations

import os

from .cpus import threads
from .network import interface_of
from .patience import limit_waiting
from .settings import Settings

LOOPBACK = "lo"


def prepare(settings: Settings) -> None:
    """Before torch is imported."""
    os.environ["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] = "1"
    os.environ["TORCH_ELASTIC_SHUTDOWN_TIMEOUT"] = str(settings.saving_seconds)
    os.environ["TRAINSTACK_PG_TIMEOUT"] = str(settings.pg_timeout)
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    if settings.start_method == "fork":
        limit_waiting(settings.pg_timeout)
        os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")


def share_cpus(settings: Settings) -> None:
    """Give each rank its part of this container's CPUs; forked ranks have torch loaded already."""
    if "OMP_NUM_THREADS" in os.environ:
        return
    each = threads(settings.processes())
    os.environ["OMP_NUM_THREADS"] = str(each)
    if settings.start_method == "fork":
        import torch

        torch.set_num_threads(each)


def prefer_interface(address: str) -> None:
    """Let gloo and NCCL use the interface through which this node reached the others."""
    name = interface_of(address)
    if name is None:
        return
    os.environ.setdefault("GLOO_SOCKET_IFNAME", name)
    if name != LOOPBACK:
        os.environ.setdefault("NCCL_SOCKET_IFNAME", "=" + name)
