"""The program whose state, as the library at commit 6a44fda left it, is in `first.json`.

It was up with a provider that writes files, so that no cluster is needed to record or to read it.
"""

import pulumi

import trainstack as ts

COMMON = {
    "image": "registry.example/digits:1",
    "namespace": "upgrade",
    "pod_overlay": {"spec": {"terminationGracePeriodSeconds": 1}},
}
FILES = pulumi.ResourceOptions(
    provider=pulumi.ProviderResource(
        "kubernetes",
        "files",
        {"renderYamlToDirectory": "rendered"},
        pulumi.ResourceOptions(version="4.27.0"),
    )
)
BUCKET = {"url": "s3://runs/team", "endpoint": "http://minio.example:9000"}

ts.ElasticJob(
    "one-node",
    {
        **COMMON,
        "program": {"script": "train.py"},
        "checkpoint": BUCKET,
        "run_policy": {"active_deadline_seconds": 86400, "ttl_seconds_after_finished": 3600},
    },
    FILES,
)
ts.ElasticJob(
    "nodes",
    {
        **COMMON,
        "program": {"script": "train.py"},
        "nnodes": "1:3",
        "hyperparameters": {"lr": 0.1, "epochs": 3},
        "labels": {"team": "vision"},
        "annotations": {"note": "first"},
    },
    FILES,
)
ts.PyTorchJob(
    "master",
    {
        **COMMON,
        "command": ["python", "train.py"],
        "master": {"restart_policy": "OnFailure"},
        "worker": {"replicas": 2, "restart_policy": "OnFailure"},
        "resources": {"cpu": "1", "memory": "1Gi"},
        "version": "v1",
    },
    FILES,
)
ts.TFJob(
    "servers",
    {
        **COMMON,
        "program": {"module": "pkg.train"},
        "ps": {"replicas": 1},
        "worker": {"replicas": 2},
        "evaluator": {"replicas": 1},
    },
    FILES,
)
ts.MPIJob(
    "ranks",
    {**COMMON, "program": {"module": "pkg.train"}, "worker": {"replicas": 2}, "slots": 2},
    FILES,
)
ts.HorovodJob(
    "horovod",
    {**COMMON, "program": {"module": "pkg.train"}, "worker": {"replicas": 3}, "min_np": 1},
    FILES,
)
