"""A mount namespace of our own, in which the usual folders of Kubernetes are ours.

Kubelet, containerd and CNI insist on some folders that another cluster on the machine may
use as well. Our processes see folders of ours there, and every mount that they make ends
with the last of them: nothing is left to unmount, not even after a crash.
"""

from __future__ import annotations

from pathlib import Path

from .cgroup import Cgroups
from .errors import DevClusterError
from .settings import Settings

PRIVATE = {
    "/var/lib/kubelet": "kubelet",
    "/var/lib/cni": "run/cni",
    "/var/log/containers": "run/container-logs",
    "/run/containerd": "run/containerd",
}
SETUP = (
    'while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 1; shift 2; done; '
    'shift; mount --make-rshared / && exec "$@"'
)


def enter(settings: Settings, cgroups: Cgroups) -> list[str]:
    """What to put before a command so that it runs in the namespace, new when none is left."""
    pid = _member(cgroups)
    if pid:
        return ["nsenter", f"--mount=/proc/{pid}/ns/mnt", "--"]
    pairs = []
    for target, source in PRIVATE.items():
        (settings.folder / source).mkdir(parents=True, exist_ok=True)
        pairs += [str(settings.folder / source), target]
    setup = ["/bin/sh", "-c", SETUP, "sh", *pairs, "--"]
    return ["unshare", "--mount", "--propagation", "slave", "--", *setup]


def missing_mount_points() -> list[str]:
    """The folders that have to be made, and removed again."""
    return [path for path in PRIVATE if not Path(path).exists()]


def make_mount_points() -> None:
    """Make the folders that are missing."""
    for path in missing_mount_points():
        Path(path).mkdir(parents=True)


def remove_mount_points(made: list[str]) -> None:
    """Remove what was made, unless somebody else has put something there."""
    for path in made:
        try:
            Path(path).rmdir()
        except OSError:
            continue


def require_unmounted(folder: Path) -> None:
    """Refuse to go on while something is mounted below a folder that is to be removed."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        target = line.split()[4].encode().decode("unicode_escape")
        if folder in Path(target).parents:
            raise DevClusterError(f"Something is mounted on {target}; unmount it first.")


def _member(cgroups: Cgroups) -> int | None:
    for pid in sorted(cgroups.processes(cgroups.components)):
        try:
            lines = Path(f"/proc/{pid}/mountinfo").read_text().splitlines()
        except OSError:
            continue
        targets = {line.split()[4] for line in lines}
        if targets.issuperset(PRIVATE):
            return pid
    return None
