"""From arguments to a `kubeflow.org/v2beta1` MPIJob."""

from __future__ import annotations

from functools import cache
from typing import Any

from ..kubeflow import replica_spec, run_policy, training_object
from ..spec.replica import Replica
from ..spec.resources import Resources
from ..spec.run import Run
from .args import HorovodJobArgs, LaunchedJobArgs, MPIJobArgs
from .operator_rules import CONFIG_DIR

CONTAINER = "mpi"
ELASTIC_RETRIES = 3
_SERVE = ["trainstack-run", "mpi-worker"]


def render_mpi(args: MPIJobArgs, run: Run) -> dict[str, Any]:
    """An MPIJob whose launcher runs mpirun."""
    env = {
        "TRAINSTACK_MPI_HOSTFILE": f"{CONFIG_DIR}/hostfile",
        "TRAINSTACK_MPI_IMPLEMENTATION": args.mpi_implementation,
        "TRAINSTACK_MPI_NP": str(args.ranks),
        "TRAINSTACK_MPI_SLOTS": str(args.slots),
    }
    return _launched(args, run, "mpi", env, retries=0)


def render_horovod(args: HorovodJobArgs, run: Run) -> dict[str, Any]:
    """An MPIJob whose launcher runs horovodrun."""
    least, most = args.np_range
    env: dict[str, Any] = {
        "GLOO_TIMEOUT": args.gloo_timeout,
        "LOG_LEVEL": args.log_level,
        "NP": most,
        "SLOTS": args.slots,
    }
    if args.verbose:
        env["VERBOSE"] = 1
    if args.network_interface is not None:
        env["NETWORK_INTERFACE"] = args.network_interface
    if args.elastic:
        env |= {
            "BLACKLIST_COOLDOWN": " ".join(map(str, args.blacklist_cooldown)),
            "DISCOVERY_SCRIPT": args.discovery_script_path,
            "ELASTIC_TIMEOUT": args.elastic_timeout,
            "MAX_NP": most,
            "MIN_NP": least,
            "RESET_LIMIT": args.reset_limit,
        }
    named = {f"TRAINSTACK_HOROVOD_{name}": str(value) for name, value in env.items()}
    return _launched(args, run, "horovod", named, retries=ELASTIC_RETRIES if args.elastic else 0)


def _launched(
    args: LaunchedJobArgs, run: Run, role: str, env: dict[str, str], *, retries: int
) -> dict[str, Any]:
    """The MPIJob; `role` is the launch runtime's, `env` the launcher's own environment."""
    ssh = {
        "TRAINSTACK_SSH_KEYS": args.ssh_auth_mount_path,
        "TRAINSTACK_SSH_PORT": str(args.ssh_port),
    }
    launcher = replica_spec(
        args,
        _launcher(args),
        run,
        replicas=1,
        container=CONTAINER,
        env={**ssh, **env},
        launcher=role,
    )
    worker = replica_spec(
        args,
        args.worker,
        run,
        replicas=args.present,
        container=CONTAINER,
        env=ssh,
        command=[*(args.worker.command or _SERVE), *(args.worker.args or [])],
        readiness={"periodSeconds": 2, "tcpSocket": {"port": args.ssh_port}},
    )
    return training_object(
        args,
        run,
        "kubeflow.org/v2beta1",
        "MPIJob",
        {
            "launcherCreationPolicy": "WaitForWorkersReady",
            "mpiImplementation": args.mpi,
            "mpiReplicaSpecs": {"Launcher": launcher, "Worker": worker},
            "runLauncherAsWorker": False,
            # The launcher is made when these are ready.
            "runPolicy": run_policy(args, retries, args.enough),
            "slotsPerWorker": args.slots,
            "sshAuthMountPath": args.ssh_auth_mount_path,
        },
    )


def _launcher(args: LaunchedJobArgs) -> Replica:
    """The launcher with amounts of its own: the job's are the workers'."""
    launcher = args.launcher
    if launcher.requests is not None or launcher.limits is not None:
        return launcher
    return launcher.model_copy(update={"requests": _small()})


@cache
def _small() -> Resources:
    return Resources(cpu="500m", memory="1Gi")
