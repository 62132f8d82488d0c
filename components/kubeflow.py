"""What the manifests of Kubeflow's job kinds have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .spec.gang import scheduling_policy
from .spec.job_args import JobArgs
from .spec.pod import pod_template
from .spec.queue import QUEUE, queue_name, settled
from .spec.replica import Replica
from .spec.run import Run


def training_object(
    args: JobArgs, run: Run, api_version: str, kind: str, spec: dict[str, Any]
) -> dict[str, Any]:
    """The job object around its spec."""
    queue = queue_name(args.queue)
    metadata = {
        "labels": {**args.labels, **run.labels, **({QUEUE: queue} if queue else {})},
        "name": run.job_name,
        "namespace": args.namespace,
    }
    if args.annotations:
        metadata["annotations"] = dict(args.annotations)
    spec = settled(spec) if queue else spec
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def run_policy(args: JobArgs, backoff_limit: int, pods: int) -> dict[str, Any]:
    """The `runPolicy`, with `backoff_limit` where the user gave none.

    `pods` are those with which the run can start.
    """
    policy = args.run_policy
    rendered: dict[str, Any] = {
        "backoffLimit": backoff_limit if policy.backoff_limit is None else policy.backoff_limit,
        "cleanPodPolicy": policy.clean_pod_policy.value,
    }
    if args.queue is None:
        # Else it is the queue's, which sets and clears it.
        rendered["suspend"] = args.suspend
    if policy.active_deadline_seconds is not None:
        rendered["activeDeadlineSeconds"] = policy.active_deadline_seconds
    if args.gang is not None:
        rendered["schedulingPolicy"] = scheduling_policy(args, args.gang, pods)
    if policy.ttl_seconds_after_finished is not None:
        rendered["ttlSecondsAfterFinished"] = policy.ttl_seconds_after_finished
    return rendered


def replica_spec(
    args: JobArgs,
    replica: Replica,
    run: Run,
    *,
    replicas: int,
    container: str,
    env: Mapping[str, Any] | None = None,
    **pod: Any,
) -> dict[str, Any]:
    """One role: how many pods, when they restart, and their template (`pod_template`)."""
    return {
        "replicas": replicas,
        "restartPolicy": replica.restart_policy.value,
        "template": pod_template(args, replica, run, container=container, env=env or {}, **pod),
    }
