"""Rows of `pool`: of the job, and of a role."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from trainstack import Fabric, PoolProfile

from .table import Row

_POOL = {"name": "h100", "gpus": 8}
_TAINT = {
    "key": "gpu",
    "operator": "Equal",
    "value": "yes",
    "effect": "NoExecute",
    "toleration_seconds": 60,
}
_TOLERATION = {
    "key": "gpu",
    "operator": "Equal",
    "value": "yes",
    "effect": "NoExecute",
    "tolerationSeconds": 60,
}
_NEAR = "affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution.0"
_EXISTS = {"key": "gpu", "operator": "Exists"}
_EVERY_POD: tuple[tuple[str, Any, Any, str, Any], ...] = (
    ("node_selector", None, {"pool": "a"}, "spec.nodeSelector", {"pool": "a"}),
    ("annotations", None, {"keep": "true"}, "metadata.annotations", {"keep": "true"}),
    ("grace_seconds", None, 300, "spec.terminationGracePeriodSeconds", 300),
    *(
        (f"tolerations[].{field}", None, [_TAINT], "spec.tolerations", [_TOLERATION])
        for field in _TAINT
    ),
)
_TRAINING: tuple[tuple[str, Any, Any, str, Any], ...] = (
    ("shared_memory", None, "9Gi", "spec.volumes.trainstack-shm.emptyDir.sizeLimit", "9Gi"),
)
_DAEMON = {"name": "cards", "image": "cards:1", "command": ["/cards"]}
_BESIDE = {"daemon": _DAEMON}
_NODE_A = Fabric(folders={"/a": "/b"}).pod("")["spec"]["volumes"][0]["name"]
_CARDS = "spec.initContainers.cards"
_ADDED = "securityContext.capabilities.add"


def _daemon(**more: Any) -> dict[str, Any]:
    return {"daemon": {**_DAEMON, **more}}


_FABRIC: tuple[tuple[str, Any, Any, str, Any], ...] = (
    ("fabric.env", None, {"env": {"A": "b"}}, "spec.containers.0.env.A.value", "b"),
    (
        "fabric.env_script",
        {"env_script": "/b.sh"},
        {"env_script": "/a.sh"},
        "spec.containers.0.command.3",
        "/a.sh",
    ),
    (
        "fabric.capabilities",
        None,
        {"capabilities": ["IPC_LOCK"]},
        f"spec.containers.0.{_ADDED}",
        ["IPC_LOCK"],
    ),
    (
        "fabric.folders",
        None,
        {"folders": {"/a": "/b"}},
        f"spec.containers.0.volumeMounts.{_NODE_A}.mountPath",
        "/a",
    ),
    (
        "fabric.claim_template",
        None,
        {"claim_template": "cards"},
        "spec.resourceClaims.network-cards.resourceClaimTemplateName",
        "cards",
    ),
    ("fabric.daemon.name", None, _BESIDE, f"{_CARDS}.name", "cards"),
    ("fabric.daemon.image", _BESIDE, _daemon(image="cards:2"), f"{_CARDS}.image", "cards:2"),
    ("fabric.daemon.command", _BESIDE, _daemon(command=["/c"]), f"{_CARDS}.command", ["/c"]),
    ("fabric.daemon.env", _BESIDE, _daemon(env={"A": "b"}), f"{_CARDS}.env.A.value", "b"),
    (
        "fabric.daemon.capabilities",
        _BESIDE,
        _daemon(capabilities=["NET_ADMIN"]),
        f"{_CARDS}.{_ADDED}",
        ["NET_ADMIN"],
    ),
    (
        "fabric.daemon.folders",
        _BESIDE,
        _daemon(folders={"/a": "/b"}),
        f"{_CARDS}.volumeMounts.{_NODE_A}.mountPath",
        "/a",
    ),
    (
        "fabric.daemon.ready_file",
        _BESIDE,
        _daemon(ready_file="/run/ready"),
        f"{_CARDS}.startupProbe.exec.command",
        ["cat", "/run/ready"],
    ),
)
_GPU_PODS: tuple[tuple[str, Any, Any, str, Any], ...] = (
    ("env", None, {"NCCL_DEBUG": "INFO"}, "spec.containers.0.env.NCCL_DEBUG.value", "INFO"),
    ("topology_key", None, "zone", f"spec.{_NEAR}.podAffinityTerm.topologyKey", "zone"),
    ("gpus", 16, 8, "spec.containers.0.resources.limits.rdma/ib", "1"),
    (
        "devices",
        {"rdma/ib": 1},
        {"rdma/hca": 4},
        "spec.containers.0.resources.limits.rdma/hca",
        "4",
    ),
    ("huge_pages", None, "1Gi", "spec.containers.0.resources.limits.hugepages-2Mi", "1Gi"),
    ("network_annotations", None, {"nets": "8"}, "metadata.annotations", {"nets": "8"}),
    ("gpu_resource", None, "gpu/mig", "spec.containers.0.resources.limits.gpu/mig", "8"),
    *_FABRIC,
)


def pool_rows(
    prefix: str,
    base: dict[str, Any],
    *,
    pods: Sequence[str],
    trains: Sequence[str],
    gpu_pods: Sequence[str],
) -> Iterator[Row]:
    """Rows of every field of a pool that a pod shows.

    `prefix` is `"pool"` or a role's, `base` what else the role says, `pods` the paths of pod specs
    in the pool, `trains` of those that get what training needs, `gpu_pods` of those that ask for
    GPUs.
    """
    role = prefix.removesuffix("pool").removesuffix(".")

    def said(pool: dict[str, Any]) -> dict[str, Any]:
        if not role:
            return {"pool": pool, "resources": {"gpu": 8}}
        asked = {"requests": {"gpu": 8}} if gpu_pods else {}
        return {role: {**base, **asked, "pool": pool}}

    for fields, paths in ((_EVERY_POD, pods), (_TRAINING, trains), (_GPU_PODS, gpu_pods)):
        for field, before, value, path, read in fields if paths else ():
            name = re.split(r"[.\[]", field)[0]
            pool = {**_POOL, "devices": {"rdma/ib": 1}}
            yield Row(
                f"{prefix}.{field}",
                said({**pool, name: value}),
                {f"{pod.removesuffix('spec')}{path}": read for pod in paths},
                said(pool if before is None else {**pool, name: before}),
            )


def pool_elsewhere(prefix: str, *, gpus: bool = True) -> dict[str, str]:
    """Fields of a pool that no pod shows, each with its test; all about GPUs without `gpus`."""
    fits = "tests/synth/test_fits.py::test_a_job_that_does_not_fit_its_pool_is_refused"
    told = {
        "arch": fits,
        "cpu": fits,
        "machine": fits,
        "max_nodes": fits,
        "memory": fits,
        "name": fits,
        "price_per_hour": "tests/unit/test_cost.py::test_the_cost_of_a_run",
    }
    assert told.keys() == PoolProfile.NOT_THE_RUN
    cards = "tests/unit/spec/test_fabric.py::test_pods_of_whole_nodes_get_it"
    none = "tests/unit/spec/test_pods_in_pools.py::test_a_launcher_gets_nothing_of_the_gpus"
    if not gpus:
        told |= {field: none for field, *_ in _GPU_PODS}
        told |= {field: cards for field, *_ in _FABRIC}
    return {f"{prefix}.{field}": test for field, test in told.items()}
