"""What a user says about a job that a launcher starts over ssh."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from ..spec.amounts import gpus, without_rank
from ..spec.gang import check_gang
from ..spec.job_args import JobArgs
from ..spec.names import AbsolutePath
from ..spec.policy import RestartPolicy, Seconds
from ..spec.replica import Replica, Worker
from ..spec.roles import check_used
from ..spec.shown import shown
from .operator_rules import check_overlays, check_role, check_ssh_path

Implementation = Literal["OpenMPI", "Intel", "MPICH"]
LogLevel = Literal["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "FATAL"]
_Ranks = Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)]
_Interface = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.\-]{1,15}$")]


class Launcher(Replica):
    """The one replica that starts the ranks on the workers, and whose success is the job's."""

    TRAINS: ClassVar[bool] = False

    replicas: Annotated[int, Field(ge=1, le=1, strict=True)] | None = None
    """Always 1, said or not."""


class LaunchedJobArgs(JobArgs):
    """What `MPIJob` and `HorovodJob` have in common."""

    launcher: Launcher = Launcher.model_construct()
    """Starts the ranks and runs none; requests 500m CPU and 1Gi of memory unless it says its own,
    never the job's `resources`. Its `command` replaces the job's."""
    worker: Worker = Worker.model_construct(restart_policy=RestartPolicy.FAILURE)
    """The pods that the ranks run in; `replicas` 1 or more, default 1; `restart_policy` default
    `FAILURE`. They run an ssh server, which a `command` replaces."""
    slots: Annotated[int, Field(ge=1, le=1024, strict=True)] = 1
    """Ranks a worker, 1 to 1024; default 1."""
    num_workers: Annotated[int, Field(ge=1, le=9999, strict=True)] | None = None
    """Another spelling of `worker.replicas`."""
    num_launcher_replicas: Annotated[int, Field(ge=1, le=1, strict=True)] | None = None
    """Another spelling of `launcher.replicas`: 1, said or not."""
    ssh_auth_mount_path: AbsolutePath = "/etc/trainstack/ssh"
    """Where the operator mounts the keys of the run, default for trainstack's images; usually
    `"/root/.ssh"` for images that run as root, the only path whose files get mode 0600."""
    ssh_port: Annotated[int, Field(ge=1, le=65535, strict=True)] = 2222
    """Port of the workers' ssh server, which must answer before the launcher starts."""

    @property
    def workers(self) -> int:
        """Number of workers."""
        return self.worker.replicas or self.num_workers or 1

    @property
    def present(self) -> int:
        """Number of workers for now."""
        return self.workers

    @property
    def enough(self) -> int:
        """Number of workers with which the run can start."""
        return self.present

    @property
    def idle_gpus(self) -> str | None:
        """Whether workers have more GPUs than `slots`."""
        count = gpus(self, self.worker)
        return without_rank("slots", self.slots, count, f"say slots={count}")

    @property
    def ranks(self) -> int:
        """Number of ranks when every worker is there."""
        return self.workers * self.slots

    @property
    def mpi(self) -> Implementation:
        """The form of the hostfile and of the launcher's environment."""
        return "OpenMPI"

    @field_validator("worker")
    @classmethod
    def _workers_restart(cls, value: Worker) -> Worker:
        if "restart_policy" in value.model_fields_set:
            return value
        return value.model_copy(update={"restart_policy": RestartPolicy.FAILURE})

    @model_validator(mode="after")
    def _launchable(self) -> LaunchedJobArgs:
        said = self.worker.replicas
        if said == 0:
            raise ValueError("worker.replicas: got 0: must be 1 or more, the launcher runs no rank")
        if said is not None and self.num_workers not in (None, said):
            raise ValueError(f"num_workers: got {self.num_workers}, but worker.replicas is {said}")
        launcher = self.launcher
        if launcher.command is not None and self.program is not None:
            raise ValueError("launcher.command: the job's program would never run")
        if (launcher.command, self.command, self.program) == (None, None, None):
            raise ValueError("program: required (or command)")
        if any(amounts and amounts.gpu for amounts in (launcher.requests, launcher.limits)):
            raise ValueError(
                "launcher: asks for GPUs, but runs no rank and the operator hides GPUs from it; "
                "give them to the worker"
            )
        if self.worker.args is not None and self.worker.command is None:
            raise ValueError(
                "worker.args: a worker runs the ssh server, the arguments of the program are "
                "args; give worker.command too to run something else"
            )
        check_used(
            self,
            image=[launcher, self.worker],
            command=[launcher],
            args=[launcher],
            resources=[self.worker],
            pool=[launcher, self.worker],
        )
        for name, role in (("launcher", launcher), ("worker", self.worker)):
            check_role(self, name, role, self.mpi)
        check_gang(self, self.present)
        check_ssh_path(self, self.ssh_auth_mount_path)
        check_overlays(self, self.ssh_auth_mount_path, launcher=launcher, worker=self.worker)
        return self


class MPIJobArgs(LaunchedJobArgs):
    """Arguments of `MPIJob`: `worker.replicas` x `slots` ranks, started by mpirun."""

    mpi_implementation: Implementation = "OpenMPI"
    """The MPI in the image: `"OpenMPI"` (default, 4.1 or 5), `"Intel"` or `"MPICH"`."""

    @property
    def mpi(self) -> Implementation:
        """The form of the hostfile and of the launcher's environment."""
        return self.mpi_implementation


def _cooldown(value: list[int]) -> list[int]:
    if len(value) != 2 or not 1 <= value[0] <= value[1]:
        raise ValueError(f"got {shown(value)}: must be [least, most] seconds, 1 <= least <= most")
    return value


class HorovodJobArgs(LaunchedJobArgs):
    """Arguments of `HorovodJob`: `worker.replicas` x `slots` ranks, started by horovodrun.

    The run is elastic when `min_np` or `max_np` is given.
    """

    NOT_THE_RUN: ClassVar[frozenset[str]] = JobArgs.NOT_THE_RUN | {"size"}
    ELASTIC_ONLY: ClassVar[tuple[str, ...]] = (
        "blacklist_cooldown",
        "discovery_script_path",
        "elastic_timeout",
        "reset_limit",
        "size",
    )
    """Fields that a run of a fixed size has no use for."""
    HOROVODRUN: ClassVar[tuple[str, ...]] = (
        *ELASTIC_ONLY,
        "gloo_timeout",
        "log_level",
        "max_np",
        "min_np",
        "network_interface",
        "verbose",
    )
    """Fields that a command of the user's own has no use for."""

    verbose: bool = False
    """Whether horovodrun tells what it does; default `False`."""
    log_level: LogLevel = "INFO"
    """Horovod's own log: `"TRACE"`, `"DEBUG"`, `"INFO"` (default), `"WARNING"`, `"ERROR"` or
    `"FATAL"`."""
    min_np: _Ranks | None = None
    """Least ranks with which an elastic run goes on; default: all, so that a lost worker is waited
    for."""
    max_np: _Ranks | None = None
    """Most ranks of an elastic run; default, and at most, `worker.replicas` x `slots`. With less,
    the other workers are spares."""
    size: _Ranks | None = None
    """Workers for now, of an elastic run: enough for `min_np` ranks, at most and by default
    `worker.replicas`. Changed in place: workers come and go, and the others go on."""
    discovery_script_path: AbsolutePath = "/etc/mpi/discover_hosts.sh"
    """Script in the launcher that prints one host a line; default: the operator's. Hosts whose ssh
    server does not answer are left out."""
    elastic_timeout: Seconds = 1200
    """Seconds to wait for `min_np` ranks before the run has failed; default 1200."""
    blacklist_cooldown: Annotated[list[_Ranks], AfterValidator(_cooldown)] = [1, 60]
    """Least and most seconds until a host that failed is tried again, growing with each failure;
    default `[1, 60]`."""
    reset_limit: _Ranks = 100
    """Changes of the set of ranks (a lost worker and its return are two) after which the run has
    failed; default 100."""
    gloo_timeout: Seconds = 30
    """Seconds without an answer after which another rank is taken for lost; default 30."""
    network_interface: _Interface | None = None
    """Interface that the pods reach each other by, for example `"eth0"`; default: found."""

    @property
    def present(self) -> int:
        """Number of workers for now."""
        return self.workers if self.size is None else self.size

    @property
    def enough(self) -> int:
        """Number of workers with which the run can start."""
        return -(-self.np_range[0] // self.slots) if self.elastic else self.present

    @property
    def elastic(self) -> bool:
        """Whether the run goes on with fewer ranks."""
        return self.min_np is not None or self.max_np is not None

    @property
    def np_range(self) -> tuple[int, int]:
        """Least and most ranks."""
        most = self.max_np or self.ranks
        return self.min_np or most, most

    @model_validator(mode="after")
    def _consistent(self) -> HorovodJobArgs:
        (least, most), ranks = self.np_range, self.ranks
        if most > ranks:
            raise ValueError(f"max_np: got {most}: at most {ranks}, worker.replicas x slots")
        if least > most:
            raise ValueError(f"min_np: got {least}: at most {most}, max_np or all ranks")
        if self.elastic and self.size is not None and not self.enough <= self.size <= self.workers:
            allowed = f"{self.enough} to {self.workers}"
            raise ValueError(
                f"size: got {self.size}: must be {allowed}, enough workers for min_np ranks and at "
                "most worker.replicas"
            )
        if self.program is None:
            self._refuse(self.HOROVODRUN, "a command of your own runs in place of horovodrun")
        if not self.elastic:
            self._refuse(self.ELASTIC_ONLY, "the run is not elastic; give min_np")
        return self

    def _refuse(self, names: tuple[str, ...], why: str) -> None:
        fields: Mapping[str, Any] = type(self).model_fields
        for name in names:
            said = getattr(self, name)
            if said != fields[name].default:
                raise ValueError(f"{name}: got {shown(said)}, but {why}")
