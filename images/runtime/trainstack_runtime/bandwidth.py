"""How fast the ranks of a run reduce among each other."""

from __future__ import annotations

import os
import time
from operator import itemgetter
from typing import Any

from .report import progress

WARM_UP = 5
"""Reductions of each size before those that count, as in nccl-tests."""
_FLOAT_BYTES = 4


def all_reduce(
    sizes: dict[str, int], iterations: int, backend: str, least: float | None = None
) -> dict[str, Any]:
    """Bus bandwidth of all-reduce in GB/s (10^9 bytes) by size; `sizes` are bytes by their name.

    Sums are compared with what they have to be. Raises `RuntimeError` when one is wrong, when the
    best bus bandwidth is below `least`, and when there are no GPUs for `"nccl"`.
    """
    import torch
    import torch.distributed as dist

    if backend == "nccl" and not torch.cuda.is_available():
        raise RuntimeError("nccl: torch finds no GPU in this pod; is the image one for GPUs?")
    device = torch.device("cpu")
    if backend == "nccl":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    dist.init_process_group(backend)
    ranks, found = dist.get_world_size(), {}
    for step, (name, size) in enumerate(sorted(sizes.items(), key=itemgetter(1)), start=1):
        seconds = _seconds(size // _FLOAT_BYTES, iterations, device)
        found[name] = float(f"{bus_bandwidth(size, seconds, ranks):.4g}")
        progress(step=step, total=len(sizes), size=name, bus_bandwidth=found[name])
    dist.destroy_process_group()
    best = max(found.values())
    if least is not None and best < least:
        told = ", ".join(f"{name}: {one}" for name, one in found.items())
        raise RuntimeError(
            f"bus bandwidth of at most {best} GB/s, below the least of {least} GB/s ({told})"
        )
    return {"backend": backend, "bus_bandwidth": found, "ranks": ranks}


def bus_bandwidth(size: int, seconds: float, ranks: int) -> float:
    """GB/s of each rank's link that an all-reduce of so many bytes in so much time comes to.

    `size / seconds * 2 (n - 1) / n`, by doc/PERFORMANCE.md of NVIDIA/nccl-tests.

    >>> bus_bandwidth(10**9, 0.5, 4)
    3.0
    """
    return size / seconds * 2 * (ranks - 1) / ranks / 1e9


def _seconds(count: int, iterations: int, device: Any) -> float:
    """Of one reduction of so many floats, on the slowest rank."""
    import torch
    import torch.distributed as dist

    data = torch.empty(count, device=device)
    for _ in range(WARM_UP):
        dist.all_reduce(data.fill_(_value(dist.get_rank())))
        _check(data)
    data.zero_()
    _finish(device)
    dist.barrier()
    start = time.perf_counter()
    for _ in range(iterations):
        dist.all_reduce(data)
    _finish(device)
    spent = torch.tensor((time.perf_counter() - start) / iterations, device=device)
    dist.all_reduce(spent, dist.ReduceOp.MAX)
    return float(spent)


def _check(data: Any) -> None:
    import torch.distributed as dist

    ranks = dist.get_world_size()
    expected = sum(map(_value, range(ranks)))
    if not bool((data == expected).all()):
        raise RuntimeError(
            f"rank {dist.get_rank()}: a sum over {ranks} ranks is wrong: expected {expected} in "
            f"{data.numel():,} places, got {float(data.min())} to {float(data.max())}"
        )


def _value(rank: int) -> int:
    """What a rank adds; sums of many are still exact as floats."""
    return rank % 128 + 1


def _finish(device: Any) -> None:
    """Wait for what the GPU still has to do."""
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
