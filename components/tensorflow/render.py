"""From TensorFlow arguments to a `kubeflow.org/v1` TFJob."""

from __future__ import annotations

from typing import Any

from ..kubeflow import replica_spec, run_policy, training_object
from ..spec.policy import RestartPolicy
from ..spec.run import Run
from .args import TFJobArgs

CONTAINER = "tensorflow"
RESTARTS = 10
_TYPES = {"chief": "Chief", "evaluator": "Evaluator", "ps": "PS", "worker": "Worker"}


def render_tensorflow(args: TFJobArgs, run: Run) -> dict[str, Any]:
    """A TFJob of the roles that have replicas."""
    counts = args.counts
    replicas = {
        _TYPES[name]: replica_spec(
            args, role, run, replicas=counts[name], container=CONTAINER, launcher="tensorflow"
        )
        for name, role in args.roles.items()
    }
    restarts = any(spec["restartPolicy"] != RestartPolicy.NEVER.value for spec in replicas.values())
    return training_object(
        args,
        run,
        "kubeflow.org/v1",
        "TFJob",
        {
            "enableDynamicWorker": False,
            "runPolicy": run_policy(args, RESTARTS if restarts else 0, sum(counts.values())),
            # The chief's success, or else worker 0's.
            "successPolicy": "",
            "tfReplicaSpecs": replicas,
        },
    )
