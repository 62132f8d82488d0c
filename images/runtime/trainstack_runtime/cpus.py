"""How many threads a rank should use."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

CGROUPS = Path("/sys/fs/cgroup")
OF_THIS_PROCESS = Path("/proc/self/cgroup")


def threads(ranks: int) -> int:
    """This container's CPUs shared by so many ranks, at least one each."""
    return max(1, int(_available() // ranks))


def count() -> int:
    """This container's CPUs, at least one."""
    return threads(1)


def _available() -> float:
    allowed = float(len(os.sched_getaffinity(0)))
    limit = cpu_limit(OF_THIS_PROCESS.read_text() if OF_THIS_PROCESS.exists() else "", CGROUPS)
    return min(allowed, limit or allowed)


def cpu_limit(membership: str, root: Path) -> float | None:
    """The least CPU limit of a process's control groups, in CPUs, or None.

    `membership` is its `/proc/<pid>/cgroup`. In a container its path may be the host's, where only
    the root of what is mounted is the container's own.
    """
    limits = []
    for line in membership.splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        base = root / controllers if controllers else root
        groups = [PurePosixPath(path.lstrip("/")), *PurePosixPath(path.lstrip("/")).parents]
        for folder in {base / group for group in groups} | {root / "cpu"}:
            limits += _limit_in(folder)
    return min(limits, default=None)


def _limit_in(folder: Path) -> list[float]:
    try:
        if (folder / "cpu.max").exists():
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text()
            period = (folder / "cpu.cfs_period_us").read_text()
        return [int(quota) / int(period)] if int(quota) > 0 else []
    except (OSError, ValueError):
        return []
