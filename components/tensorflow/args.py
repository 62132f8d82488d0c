"""What a user says about a TensorFlow job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from ..spec.gang import check_gang
from ..spec.job_args import JobArgs
from ..spec.policy import CleanPodPolicy
from ..spec.replica import MOST_WORKERS, Replica, Worker
from ..spec.roles import OF_ROLES, check_backoff, check_idle, check_runs, check_used

_CONFIG = "TF_CONFIG"
_Some = Annotated[int, Field(ge=0, le=MOST_WORKERS, strict=True)]


class Chief(Replica):
    """The one replica with rank 0, whose success is the job's."""

    replicas: Annotated[int, Field(ge=0, le=1, strict=True)] | None = None
    """0 or 1; default 1 with parameter servers, else 0: worker 0 then has rank 0."""


class PS(Replica):
    """The parameter servers, which hold the model's variables."""

    TRAINS: ClassVar[bool] = False

    replicas: _Some = 0
    """Number of parameter servers, 0 or more; default 0."""


class Evaluator(Replica):
    """Measures what the others have saved, and takes no part in the training."""

    TRAINS: ClassVar[bool] = False

    replicas: _Some = 0
    """Number of evaluators, 0 or more; default 0."""


class TFJobArgs(JobArgs):
    """Arguments of `TFJob`.

    With parameter servers the program runs on the chief, which hands its steps to the workers;
    without any it runs on the chief and the workers alike. It also runs on the evaluator.
    """

    ELSEWHERE: ClassVar[Mapping[str, str]] = {
        **JobArgs.ELSEWHERE,
        "num_chief_replicas": "say chief.replicas",
        "num_evaluator_replicas": "say evaluator.replicas",
        "num_ps_replicas": "say ps.replicas",
        "num_workers": "say worker.replicas",
    }

    chief: Chief = Chief.model_construct()
    """Rank 0; `replicas` 0 or 1."""
    ps: PS = PS.model_construct()
    """Parameter servers; none for strategies in which workers average their gradients."""
    worker: Worker = Worker.model_construct()
    """Workers; `replicas` 0 or more, default 1."""
    evaluator: Evaluator = Evaluator.model_construct()
    """Follows the checkpoints; ends by itself, or is removed when the run has ended."""

    def trains(self, role: Replica) -> bool:
        """Whether a role's pods get the GPUs of their pool without asking for them.

        A chief beside parameter servers does not: the workers do its steps.
        """
        return super().trains(role) and not (isinstance(role, Chief) and self.ps.replicas)

    @property
    def counts(self) -> dict[str, int]:
        """Replicas by role, the deciding role first; none with 0."""
        workers = self.worker.replicas
        chiefs = self.chief.replicas
        counts = {
            "chief": int(self.ps.replicas > 0) if chiefs is None else chiefs,
            "worker": 1 if workers is None else workers,
            "ps": self.ps.replicas,
            "evaluator": self.evaluator.replicas,
        }
        return {role: count for role, count in counts.items() if count}

    @property
    def roles(self) -> dict[str, Replica]:
        """The roles that have replicas, the deciding one first."""
        return {role: getattr(self, role) for role in self.counts}

    @model_validator(mode="after")
    def _complete(self) -> TFJobArgs:
        counts, roles = self.counts, self.roles
        if not counts.keys() & {"chief", "worker"}:
            raise ValueError("worker.replicas: got 0, and there is no chief: nobody would train")
        for name in ("chief", "ps", "worker", "evaluator"):
            replica: Replica = getattr(self, name)
            if name not in roles:
                check_idle(name, replica)
        self._check_servers()
        for name, role in roles.items():
            self._check_role(name, role)
        takers = [*roles.values()]
        check_used(self, **dict.fromkeys(OF_ROLES, takers))
        check_backoff(self, takers)
        check_gang(self, sum(counts.values()))
        return self

    def _check_servers(self) -> None:
        """What parameter servers need, as far as the launch runtime starts them."""
        servers, counts = self.ps.replicas, self.counts
        if not servers or self.program is None:
            return
        for name in ("chief", "worker"):
            if name not in counts:
                raise ValueError(
                    f"{name}.replicas: got 0, but ps.replicas is {servers}: parameter servers "
                    "need a chief that runs the program and workers that do its steps"
                )
        if self.run_policy.clean_pod_policy is CleanPodPolicy.NONE:
            raise ValueError(
                "run_policy.clean_pod_policy: got 'None', but servers never end by themselves; "
                "allowed with ps: 'Running', 'All'"
            )

    def _check_role(self, name: str, role: Replica) -> None:
        for path, said in (("env", self.env), ("secrets", self.secrets), (f"{name}.env", role.env)):
            if _CONFIG in said:
                raise ValueError(f"{path}.{_CONFIG}: set by the training-operator")
        check_runs(self, name, role)
