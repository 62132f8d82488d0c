"""Where a pool wants a pod, as a partial pod template."""

from __future__ import annotations

from typing import Any

from .amounts import fabric_of, gpus, has_whole_node
from .job_args import JobArgs
from .overlay import laid_over
from .replica import Replica
from .run import PREFIX, Run

_SAME_RUN = tuple(f"{PREFIX}{name}" for name in ("run", "stack", "version"))


def placed(job: JobArgs, role: Replica, run: Run, container: str) -> dict[str, Any]:
    """What the pods of a role get to run in their pool; nothing without one.

    `container` is the training container's name.
    """
    pool = job.pool_of(role)
    if pool is None:
        return {}
    annotations = dict(pool.annotations)
    if has_whole_node(job, role):
        annotations |= pool.network_annotations
    spec: dict[str, Any] = {
        "nodeSelector": dict(pool.node_selector),
        "tolerations": [toleration.to_kube() for toleration in pool.tolerations],
    }
    if pool.topology_key is not None and gpus(job, role):
        spec["affinity"] = {"podAffinity": _near_its_run(pool.topology_key, run)}
    found = {
        **({"metadata": {"annotations": annotations}} if annotations else {}),
        "spec": {name: value for name, value in spec.items() if value},
    }
    fabric = fabric_of(job, role)
    return laid_over(found, fabric.pod(container)) if fabric else found


def _near_its_run(topology_key: str, run: Run) -> dict[str, Any]:
    same_run = {name: run.labels[name] for name in _SAME_RUN}
    term = {"labelSelector": {"matchLabels": same_run}, "topologyKey": topology_key}
    return {
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {"podAffinityTerm": term, "weight": 100}
        ]
    }
