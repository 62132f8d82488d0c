"""From PyTorch arguments to Kubernetes manifests."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

from ..kubeflow import replica_spec, run_policy, training_object
from ..spec.inputs import text
from ..spec.pod import pod_template
from ..spec.policy import RestartPolicy
from ..spec.replica import Replica
from ..spec.resources import Resources
from ..spec.run import Run
from .args import NODE, STORE, ElasticJobArgs, PyTorchJobArgs

CONTAINER = "pytorch"
PORT = 23456
RESTARTS = 10
_RDZV_DEFAULTS = {
    "is_host": 0,
    "join_timeout": 900,
    "keep_alive_interval": 1,
    "keep_alive_max_attempt": 5,
    "last_call_timeout": 5,
    "read_timeout": 900,
}
_SIGTERM_EXIT = 143
_PROGRAM_FAILED_EXIT = 1
_STORED_IS_ENOUGH = {"pulumi.com/waitFor": "jsonpath={.metadata.uid}"}
"""Keeps Pulumi from awaiting a batch Job's end, but not its deletion, as skipAwait would."""


def render_pytorch(args: PyTorchJobArgs, run: Run) -> dict[str, Any]:
    """A `kubeflow.org/v1` PyTorchJob of one master and its workers."""
    replicas = {"Master": replica_spec(args, args.master, run, replicas=1, container=CONTAINER)}
    if args.workers:
        replicas["Worker"] = replica_spec(
            args, args.worker, run, replicas=args.workers, container=CONTAINER
        )
    restarts = any(spec["restartPolicy"] != RestartPolicy.NEVER.value for spec in replicas.values())
    return training_object(
        args,
        run,
        "kubeflow.org/v1",
        "PyTorchJob",
        {
            "nprocPerNode": "1",
            "pytorchReplicaSpecs": replicas,
            "runPolicy": run_policy(args, RESTARTS if restarts else 0, 1 + args.workers),
        },
    )


def render_elastic(args: ElasticJobArgs, run: Run) -> dict[str, Any]:
    """A batch Job for one node, else a PyTorchJob whose Master is the rendezvous store."""
    if args.nodes == (1, 1):
        return _batch_job(args, run)
    least, most = args.nodes
    worker = replica_spec(
        args,
        NODE,
        run,
        replicas=most if args.size is None else args.size,
        container=CONTAINER,
        env=_elastic_env(args),
    )
    store = {
        "replicas": 1,
        "restartPolicy": "ExitCode",
        "template": pod_template(
            args,
            _store(),
            run,
            container=CONTAINER,
            env={"PET_RDZV_ENDPOINT": f"0.0.0.0:{PORT}"},
            trains=False,
            command=["trainstack-run", "store"],
        ),
    }
    return training_object(
        args,
        run,
        "kubeflow.org/v1",
        "PyTorchJob",
        {
            "elasticPolicy": {
                "maxReplicas": most,
                "maxRestarts": args.max_restarts,
                "minReplicas": least,
                "rdzvBackend": args.rdzv_backend,
                "rdzvConf": [
                    {"key": key, "value": str(value)} for key, value in _rdzv(args).items()
                ],
                "rdzvHost": text(run.job_name, "-master-0"),
                "rdzvId": run.job_name,
                "rdzvPort": PORT,
            },
            "nprocPerNode": str(args.ranks_per_node),
            "pytorchReplicaSpecs": {"Master": store, "Worker": worker},
            "runPolicy": run_policy(args, RESTARTS, STORE + least),
        },
    )


class _Store(Replica):
    TRAINS: ClassVar[bool] = False


@cache
def _store() -> Replica:
    return _Store(requests=Resources(cpu="100m", memory="512Mi"), limits=Resources(memory="1Gi"))


def _batch_job(args: ElasticJobArgs, run: Run) -> dict[str, Any]:
    rdzv = {key: value for key, value in _rdzv(args).items() if key != "is_host"}
    env = {
        **_elastic_env(args),
        "PET_MAX_RESTARTS": str(args.max_restarts),
        "PET_NNODES": "1",
        "PET_NPROC_PER_NODE": str(args.ranks_per_node),
        "PET_RDZV_BACKEND": args.rdzv_backend,
        "PET_RDZV_CONF": ",".join(f"{key}={value}" for key, value in rdzv.items()),
        "PET_RDZV_ID": run.job_name,
    }
    template = pod_template(args, NODE, run, container=CONTAINER, env=env)
    template["spec"]["restartPolicy"] = "Never"
    rules: list[dict[str, Any]] = [
        {
            "action": "Ignore",
            "onPodConditions": [{"status": "True", "type": "DisruptionTarget"}],
        },
        {"action": "Ignore", "onExitCodes": _exits_with(_SIGTERM_EXIT)},
    ]
    if args.program is not None and args.program.function is not None:
        rules.append({"action": "FailJob", "onExitCodes": _exits_with(_PROGRAM_FAILED_EXIT)})
    policy = args.run_policy
    spec: dict[str, Any] = {
        "backoffLimit": policy.backoff_limit if policy.backoff_limit is not None else 0,
        "podFailurePolicy": {"rules": rules},
        "template": template,
    }
    if policy.active_deadline_seconds is not None:
        spec["activeDeadlineSeconds"] = policy.active_deadline_seconds
    if policy.ttl_seconds_after_finished is not None:
        spec["ttlSecondsAfterFinished"] = policy.ttl_seconds_after_finished
    if args.suspend:
        spec["suspend"] = True
    job = training_object(args, run, "batch/v1", "Job", spec)
    job["metadata"]["annotations"] = {**_STORED_IS_ENOUGH, **args.annotations}
    return job


def _exits_with(code: int) -> dict[str, Any]:
    return {"containerName": CONTAINER, "operator": "In", "values": [code]}


def _elastic_env(args: ElasticJobArgs) -> dict[str, Any]:
    return {
        "PET_MONITOR_INTERVAL": repr(args.monitor_interval).removesuffix(".0"),
        "TRAINSTACK_START_METHOD": args.start_method,
    }


def _rdzv(args: ElasticJobArgs) -> dict[str, int]:
    said = {
        "read_timeout" if key == "timeout" else key: value
        for key, value in args.rdzv_configs.items()
    }
    return dict(sorted({**_RDZV_DEFAULTS, **said}.items()))
