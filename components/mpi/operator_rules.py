"""What the mpi-operator refuses by a mere event, or overwrites: refused here, with a reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..spec.checkpoint import CHECKPOINT_DIR
from ..spec.job_args import JobArgs
from ..spec.overlay import laid_over
from ..spec.policy import RestartPolicy
from ..spec.program import PROGRAM_DIR
from ..spec.replica import Replica

CONFIG_DIR = "/etc/mpi"
ROOT_SSH_DIR = "/root/.ssh"
_VOLUMES = ("mpi-job-config", "ssh-auth")
_ROLE_ENV = frozenset({"K_MPI_JOB_ROLE"})
_GPU_ENV = frozenset({"NVIDIA_DRIVER_CAPABILITIES", "NVIDIA_VISIBLE_DEVICES"})
_LAUNCHER_ENV = {
    "OpenMPI": {
        "OMPI_MCA_orte_default_hostfile",
        "OMPI_MCA_orte_keep_fqdn_hostnames",
        "OMPI_MCA_orte_set_default_slots",
        "OMPI_MCA_plm_rsh_args",
    },
    "Intel": {
        "I_MPI_HYDRA_BOOTSTRAP_EXEC_EXTRA_ARGS",
        "I_MPI_HYDRA_HOST_FILE",
        "I_MPI_PERHOST",
    },
    "MPICH": {"HYDRA_HOST_FILE", "HYDRA_LAUNCH_EXTRA_ARGS"},
}


def check_role(args: JobArgs, name: str, role: Replica, mpi: str) -> None:
    """Refuse what a role's pods could not be made of, or would not have.

    Raises `ValueError` that names the field.
    """
    if role.image is None and args.image is None:
        raise ValueError(f"image: required (or {name}.image)")
    if role.restart_policy is RestartPolicy.ALWAYS:
        raise ValueError(
            f"{name}.restart_policy: got 'Always': the mpi-operator takes 'OnFailure' or 'Never'"
        )
    both = sorted(role.env.keys() & args.secrets.keys())
    if both:
        raise ValueError(f"{name}.env.{both[0]}: also given in secrets")
    taken = _ROLE_ENV | _LAUNCHER_ENV[mpi]
    _refuse_env("env", args.env, taken)
    _refuse_env("secrets", args.secrets, taken)
    own = taken | _GPU_ENV if name == "launcher" else _ROLE_ENV
    _refuse_env(f"{name}.env", role.env, own)


def _refuse_env(path: str, said: Iterable[str], taken: Iterable[str]) -> None:
    for variable in sorted({*said} & {*taken}):
        raise ValueError(f"{path}.{variable}: set by the mpi-operator")


def check_ssh_path(args: JobArgs, path: str) -> None:
    """Refuse keys, or mounts, in a place that something else takes.

    Raises `ValueError` that names the field.
    """
    mounts = [mount.path for mount in args.mounts]
    if args.checkpoint is not None:
        mounts.append(CHECKPOINT_DIR)
    for taken in ("/", "/dev/shm", CONFIG_DIR, PROGRAM_DIR, *mounts):
        if _same(path, taken):
            raise ValueError(f"ssh_auth_mount_path: got {path!r}, where something else is mounted")
    for mount in mounts:
        if _same(mount, CONFIG_DIR):
            raise ValueError(f"mounts: {mount!r}: holds the operator's hostfile")


def _same(path: str, other: str) -> bool:
    return (path.rstrip("/") or "/") == (other.rstrip("/") or "/")


def check_overlays(args: JobArgs, ssh_path: str, **roles: Replica) -> None:
    """Refuse parts of an overlay that the operator would overwrite, or choke on.

    Raises `ValueError` that names the field.
    """
    for name, role in roles.items():
        spec: dict[str, Any] = laid_over(args.pod_overlay, role.pod_overlay).get("spec", {})
        for field in ("hostname", "subdomain"):
            if field in spec:
                raise ValueError(f"pod_overlay.spec.{field}: set by the mpi-operator")
        for volume in spec.get("volumes", []):
            if volume["name"] in _VOLUMES:
                raise ValueError(
                    f"pod_overlay.spec.volumes: {volume['name']!r} is a name of the mpi-operator's"
                )
        if "fsGroup" in spec.get("securityContext", {}) and _same(ssh_path, ROOT_SSH_DIR):
            raise ValueError(
                f"pod_overlay.spec.securityContext.fsGroup: ssh in the {name} refuses keys in "
                f"{ROOT_SSH_DIR!r} that a group can read"
            )
