"""ElasticJob: a batch Job for one node, a PyTorchJob with a store for several."""

from __future__ import annotations

from collections.abc import Iterator

from trainstack import Gang
from trainstack.pytorch.component import ELASTIC

from .job import BASE, ELSEWHERE, job_rows, run_policy_rows, timed
from .table import Row, Table

_ONE = ["spec.template.spec"]
_WORKER = ["spec.pytorchReplicaSpecs.Worker.template.spec"]
_BOTH = ["spec.pytorchReplicaSpecs.Master.template.spec", *_WORKER]
_ELSEWHERE = {**ELSEWHERE, "command": "tests/synth/test_bad_input.py::test_elastic_job"}
_NO_GANG = dict.fromkeys(
    (f"gang.{field}" for field in Gang.model_fields),
    "tests/unit/spec/test_gang.py::test_one_pod_is_no_gang",
)


def _started(pod: str) -> Iterator[Row]:
    env = f"{pod}.containers.0.env"
    yield Row(
        "monitor_interval", {"monitor_interval": 5}, {f"{env}.PET_MONITOR_INTERVAL.value": "5"}
    )
    yield Row(
        "start_method", {"start_method": "fork"}, {f"{env}.TRAINSTACK_START_METHOD.value": "fork"}
    )


def _one_node() -> Iterator[Row]:
    yield from job_rows(pods=_ONE, trains=_ONE, launches=_ONE, amounts=_ONE, launcher="torch")
    yield from _started(_ONE[0])
    env = f"{_ONE[0]}.containers.0.env"
    yield Row("nnodes", {"nnodes": 2}, {"kind": "PyTorchJob"})
    yield Row("nproc_per_node", {"nproc_per_node": 8}, {f"{env}.PET_NPROC_PER_NODE.value": "8"})
    yield Row("max_restarts", {"max_restarts": 3}, {f"{env}.PET_MAX_RESTARTS.value": "3"})
    yield Row(
        "rdzv_backend",
        {"rdzv_backend": "c10d"},
        {f"{env}.PET_RDZV_BACKEND.value": "c10d"},
        only=True,
    )
    yield Row(
        "rdzv_configs",
        {"rdzv_configs": {"timeout": 60, "join_timeout": 30}},
        {
            f"{env}.PET_RDZV_CONF.value": "join_timeout=30,keep_alive_interval=1,"
            "keep_alive_max_attempt=5,last_call_timeout=5,read_timeout=60"
        },
    )
    yield from timed("spec", _ONE)
    yield Row(
        "run_policy.backoff_limit",
        {"run_policy": {"backoff_limit": 4}},
        {"spec.backoffLimit": 4},
    )


def _several_nodes() -> Iterator[Row]:
    yield from job_rows(
        pods=_BOTH, trains=_WORKER, launches=_WORKER, amounts=_WORKER, launcher="torch"
    )
    yield from _started(_WORKER[0])
    policy = "spec.elasticPolicy"
    yield Row(
        "nnodes",
        {"nnodes": "1:4"},
        {
            f"{policy}.minReplicas": 1,
            f"{policy}.maxReplicas": 4,
            "spec.pytorchReplicaSpecs.Worker.replicas": 4,
        },
    )
    yield Row(
        "size",
        {"size": 2},
        {"spec.pytorchReplicaSpecs.Worker.replicas": 2},
        beside={"nnodes": "1:4"},
    )
    yield Row("nproc_per_node", {"nproc_per_node": 8}, {"spec.nprocPerNode": "8"})
    yield Row("max_restarts", {"max_restarts": 3}, {f"{policy}.maxRestarts": 3})
    yield Row(
        "rdzv_backend", {"rdzv_backend": "c10d"}, {f"{policy}.rdzvBackend": "c10d"}, only=True
    )
    yield Row(
        "rdzv_configs",
        {"rdzv_configs": {"timeout": 60, "join_timeout": 30}},
        {
            f"{policy}.rdzvConf": [
                {"key": "is_host", "value": "0"},
                {"key": "join_timeout", "value": "30"},
                {"key": "keep_alive_interval", "value": "1"},
                {"key": "keep_alive_max_attempt", "value": "5"},
                {"key": "last_call_timeout", "value": "5"},
                {"key": "read_timeout", "value": "60"},
            ]
        },
    )
    yield from run_policy_rows(pods=_BOTH)
    yield Row(
        "run_policy.backoff_limit",
        {"run_policy": {"backoff_limit": 4}},
        {"spec.runPolicy.backoffLimit": 4},
    )


ONE_NODE = Table(
    "ElasticJob, one node",
    ELASTIC,
    BASE,
    tuple(_one_node()),
    {
        **_ELSEWHERE,
        **_NO_GANG,
        "run_policy.clean_pod_policy": "tests/unit/pytorch/test_elastic_job.py::"
        "test_one_node_has_no_pods_to_clean",
        "size": "tests/unit/pytorch/test_elastic_job.py::test_one_node_has_one_size",
    },
)
SEVERAL_NODES = Table(
    "ElasticJob, several nodes",
    ELASTIC,
    {**BASE, "nnodes": 2},
    tuple(_several_nodes()),
    _ELSEWHERE,
)
