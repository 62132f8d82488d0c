"""From a job and one of its roles to a pod template."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from . import mounts
from .amounts import container_resources, fabric_of, gpus
from .env import to_kube
from .grace import grace_of
from .hyperparameters import arguments
from .image import reference
from .job_args import JobArgs
from .overlay import laid_over, placement
from .placement import placed
from .pool import PoolProfile
from .program import PROGRAM_DIR
from .replica import Replica
from .run import Run

_SOURCE_VOLUME = "trainstack-program"
_SHM_VOLUME = "trainstack-shm"
_REPLICA_SPECS = ("pytorchReplicaSpecs", "tfReplicaSpecs", "mpiReplicaSpecs")


def pod_template(
    job: JobArgs,
    replica: Replica,
    run: Run,
    *,
    container: str,
    env: Mapping[str, Any],
    trains: bool = True,
    launcher: str = "torch",
    command: list[Any] | None = None,
    readiness: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The pod template of one role, its training container first.

    `env` is the kind's own environment, `launcher` the runtime's role that starts the program,
    `command` replaces what the job runs, `readiness` is the container's readiness probe, and a
    role that does not train (`trains=False`) gets neither the program nor the job's mounts, and of
    its overlay the `placement`; but it gets the checkpoints, which tell whether the run has
    finished before, and then what it takes to reach them.
    """
    configured = trains or job.checkpoint is not None
    overlay = laid_over(job.pod_overlay, replica.pod_overlay)
    if not trains:
        overlay = placement(overlay, container)
    pool = job.pool_of(replica)
    grace = grace_of(job, pool, overlay)
    fabric = fabric_of(job, replica)
    base = {
        "metadata": {"labels": run.labels},
        "spec": _without_none(
            activeDeadlineSeconds=job.run_policy.active_deadline_seconds,
            containers=[
                _without_none(
                    name=container,
                    image=reference(replica.image if replica.image is not None else job.image),
                    **_launch(job, replica, launcher, command),
                    env=to_kube(
                        {
                            **_runtime_env(run, grace),
                            **(job.checkpoint.env(run) if job.checkpoint is not None else {}),
                            **env,
                            **(pool.env if pool is not None and gpus(job, replica) else {}),
                            **(fabric.env if fabric is not None else {}),
                            **(job.env | replica.env if configured else {}),
                        },
                        job.secrets if configured else {},
                    ),
                    readinessProbe=readiness,
                    resources=container_resources(job, replica) or None,
                    terminationMessagePolicy="FallbackToLogsOnError",
                    volumeMounts=_volume_mounts(job, trains),
                )
            ],
            imagePullSecrets=[{"name": name} for name in job.image_pull_secrets] or None,
            priorityClassName=job.priority,
            schedulerName=job.gang.scheduler if job.gang is not None else None,
            serviceAccountName=job.service_account,
            terminationGracePeriodSeconds=grace,
            volumes=_volumes(job, pool, run, trains),
        ),
    }
    return laid_over(laid_over(base, placed(job, replica, run, container)), overlay)  # type: ignore[no-any-return]


def templates(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The pod templates in a job's manifest, the deciding role's first."""
    return [role["template"] for role in roles(manifest).values()]


def pod_count(manifest: Mapping[str, Any]) -> int:
    """How many pods a job has at most at a time."""
    return sum(role.get("replicas", 1) for role in roles(manifest).values())


def roles(manifest: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The specs of a job's roles by the names that its kind has for them."""
    spec = manifest["spec"]
    return next((spec[key] for key in _REPLICA_SPECS if key in spec), {"Job": spec})


def _runtime_env(run: Run, grace: int) -> dict[str, Any]:
    return {
        "TRAINSTACK_GRACE_SECONDS": str(grace),
        "TRAINSTACK_JOB": run.job_name,
        "TRAINSTACK_RUN": run.name,
        "TRAINSTACK_VERSION": run.version,
    }


def _launch(
    job: JobArgs, replica: Replica, launcher: str, instead: list[Any] | None
) -> dict[str, Any]:
    command, fabric = instead or _command(job, replica, launcher), fabric_of(job, replica)
    if command is not None and fabric is not None:
        command = fabric.launched(command, [*job.env, *replica.env, *job.secrets])
    if instead:
        return {"command": command}
    args = replica.args if replica.args is not None else job.args
    return {"command": command, "args": [*arguments(job.hyperparameters), *args] or None}


def _command(job: JobArgs, replica: Replica, launcher: str) -> list[Any] | None:
    if replica.command is not None:
        return replica.command
    if job.command is None and job.program is not None:
        return ["trainstack-run", launcher, *job.program.command(), "--"]
    return job.command


def _mounted(job: JobArgs, trains: bool) -> list[mounts.Mount]:
    checkpoints = [job.checkpoint.mount()] if job.checkpoint is not None else []
    return [*(job.mounts if trains else []), *checkpoints]


def _volumes(
    job: JobArgs, pool: PoolProfile | None, run: Run, trains: bool
) -> list[dict[str, Any]] | None:
    volumes = mounts.volumes(_mounted(job, trains))
    if trains and run.source_map is not None:
        volumes.append({"name": _SOURCE_VOLUME, "configMap": {"name": run.source_map}})
    if trains and job.shared_memory is not False:
        said = job.shared_memory
        limit = said if isinstance(said, str) else pool.shared_memory if pool is not None else None
        memory = _without_none(medium="Memory", sizeLimit=limit)
        volumes.append({"name": _SHM_VOLUME, "emptyDir": memory})
    return sorted(volumes, key=lambda volume: str(volume["name"])) or None


def _volume_mounts(job: JobArgs, trains: bool) -> list[dict[str, Any]] | None:
    found = mounts.volume_mounts(_mounted(job, trains))
    if trains and job.program is not None and job.program.has_files:
        found.append({"name": _SOURCE_VOLUME, "mountPath": PROGRAM_DIR, "readOnly": True})
    if trains and job.shared_memory is not False:
        found.append({"name": _SHM_VOLUME, "mountPath": "/dev/shm"})
    return sorted(found, key=lambda mount: str(PurePosixPath(str(mount["mountPath"])))) or None


def _without_none(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
