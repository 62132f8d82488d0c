"""What the launcher sets for the processes it starts."""

from __future__ import annotations

import os

from .network import interface_of
from .settings import Settings


def prepare(settings: Settings) -> None:
    """Before torch is imported; what the user has set stays."""
    os.environ["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] = "1"
    os.environ["TORCH_ELASTIC_SHUTDOWN_TIMEOUT"] = str(settings.saving_seconds)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    if settings.start_method == "fork":
        os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")


def prefer_interface(address: str) -> None:
    """Let gloo use the interface through which this node reached the others."""
    if "GLOO_SOCKET_IFNAME" not in os.environ and (name := interface_of(address)):
        os.environ["GLOO_SOCKET_IFNAME"] = name
