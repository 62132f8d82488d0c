"""Which CPUs a rank runs on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from .log import say

NODES = Path("/sys/devices/system/node")


def binding(ranks: int) -> Any:
    """torch's options that keep each rank beside its GPU, where that makes a difference, or None.

    torch does it by numactl.
    """
    import torch

    if len(list(NODES.glob("node[0-9]*"))) < 2 or torch.cuda.device_count() < ranks:
        return None
    if shutil.which("numactl") is None:
        say("several NUMA nodes, and no numactl in this image: ranks are not kept on theirs")
        return None
    try:
        from torch.numa.binding import AffinityMode, NumaOptions
    except ImportError:
        return None
    return NumaOptions(AffinityMode.NODE, should_fall_back_if_binding_fails=True)
