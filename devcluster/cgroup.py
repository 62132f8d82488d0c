"""The control groups that hold everything of ours, and nothing else.

Whatever runs for the cluster (components, container shims, pods) is below one group, so
that `down` knows it without any record. Version 1 is what the tests run on; version 2 is
written after the kernel's documentation and not tested here.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import DevClusterError
from .settings import NAME

UNIFIED = Path("/sys/fs/cgroup")
NEEDED = frozenset({"memory", "cpu", "pids"})


@dataclass(frozen=True)
class Cgroups:
    """Our group in each hierarchy, and the hierarchy that is used to find processes."""

    roots: tuple[Path, ...]
    tracker: Path
    unified: bool = False

    @classmethod
    def find(cls) -> Cgroups:
        """As the machine mounts them."""
        if (UNIFIED / "cgroup.controllers").exists():
            _require((UNIFIED / "cgroup.controllers").read_text().split())
            return cls((UNIFIED / NAME,), UNIFIED / NAME, unified=True)
        mounts = list(_mounted_v1())
        _require({option for _, options in mounts for option in options})
        tracker = next(path for path, options in mounts if "pids" in options)
        return cls(tuple(path / NAME for path, _ in mounts), tracker / NAME)

    @property
    def components(self) -> Path:
        """The group that components are started in; pods have their own beside it."""
        return self.tracker / "components"

    def create(self) -> list[str]:
        """Make the groups; gives the controllers that had to be switched on for it."""
        enabled = self._enable_controllers() if self.unified else []
        for root in self.roots:
            root.mkdir(exist_ok=True)
            for file in ("cpuset.cpus", "cpuset.mems"):
                if not self.unified and (root / file).exists():
                    (root / file).write_text((root.parent / file).read_text())
        self.components.mkdir(exist_ok=True)
        return enabled

    def processes(self, group: Path | None = None) -> list[int]:
        """Every process in our group or in one below it."""
        found: list[int] = []
        for folder, _, _ in os.walk(group or self.tracker):
            try:
                found += map(int, Path(folder, "cgroup.procs").read_text().split())
            except OSError:
                continue  # The group is gone, and with it its processes.
        return found

    def kill_all(self, timeout: float = 20) -> int:
        """Kill every process of ours, also those started meanwhile; gives how many."""
        killed: set[int] = set()
        deadline = time.monotonic() + timeout
        while alive := self.processes():
            for pid in alive:
                self._kill(pid)
            killed.update(alive)
            if time.monotonic() > deadline:
                raise DevClusterError(f"Processes {alive} do not end although they were killed.")
            time.sleep(0.05)
        return len(killed)

    def _kill(self, pid: int) -> None:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            # The process could have ended, and its number be another's, since it was listed.
            if f"/{NAME}" in Path(f"/proc/{pid}/cgroup").read_text():
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        except (ProcessLookupError, FileNotFoundError):
            pass
        finally:
            os.close(descriptor)

    def remove(self, enabled: list[str], timeout: float = 10) -> None:
        """Remove the groups; whoever was just about to enter one is killed first."""
        deadline = time.monotonic() + timeout
        for root in self.roots:
            while root.exists():
                for folder, _, _ in os.walk(root, topdown=False):
                    try:
                        Path(folder).rmdir()
                    except OSError as error:
                        if time.monotonic() > deadline:
                            raise DevClusterError(f"{folder} cannot be removed: {error}.") from None
                if root.exists():
                    self.kill_all()
                    time.sleep(0.05)
        for controller in enabled if self.unified else []:
            try:
                (UNIFIED / "cgroup.subtree_control").write_text(f"-{controller}")
            except OSError:
                continue  # Somebody else uses it by now.

    def _enable_controllers(self) -> list[str]:
        control = UNIFIED / "cgroup.subtree_control"
        enabled: list[str] = []
        available = (UNIFIED / "cgroup.controllers").read_text().split()
        for controller in ("cpuset", "cpu", "memory", "hugetlb", "pids"):
            if controller in available and controller not in control.read_text().split():
                try:
                    control.write_text(f"+{controller}")
                except OSError as error:
                    raise DevClusterError(
                        f"The cgroup controller {controller} cannot be used in this "
                        f"container or machine: {error.strerror}."
                    ) from None
                enabled.append(controller)
        return enabled


def _mounted_v1() -> Iterator[tuple[Path, frozenset[str]]]:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, path, kind, options, *_ = line.split()
        if kind.startswith("cgroup"):  # Beside version 1 there may be an empty version 2.
            yield Path(path), frozenset(options.split(","))


def _require(controllers: object) -> None:
    assert isinstance(controllers, (set, frozenset, list))
    missing = sorted(NEEDED - set(controllers))
    if missing:
        raise DevClusterError(
            f"The kernel's cgroup controllers {', '.join(missing)} are not available here; "
            "a container needs to be privileged for them."
        )
