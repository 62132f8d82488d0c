"""A pool of A100 machines in a GKE cluster that come when the cloud has them, and a job on two."""

import pulumi

import trainstack as ts

config = pulumi.Config()

pool = ts.GkeGpuNodePool(
    "a100",
    {
        "cluster_name": config.require("cluster"),
        "machine": "a2-highgpu-8g",
        "zones": [config.require("zone")],
        "max_nodes": 2,
        "flex_start": True,
        "fast_socket": True,
    },
)

operator = ts.TrainingOperator("training-operator", {"kinds": ["PyTorchJob"]})

bert = ts.ElasticJob(
    "bert",
    {
        "image": config.require("image"),
        "program": {"module": "bert.train"},
        "nnodes": 2,
        "nproc_per_node": "gpu",
        "resources": {"cpu": 80, "memory": "600Gi"},
        "run_policy": {"active_deadline_seconds": 24 * 3600},
        "pool": pool,
        "operator": operator,
    },
)

pulumi.export("pool", pool.profile.to_dict())
pulumi.export("version", bert.version)
