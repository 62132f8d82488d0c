"""A team's platform: two pools of GPU nodes, the operators, a queue for both pools, three jobs.

The EFA and NVIDIA device plugins have to be on the cluster; the AMI has the drivers.
"""

from typing import Any

import pulumi

import trainstack as ts

config = pulumi.Config()
subnets = config.require_object("subnets")
nodes: dict[str, Any] = {
    "cluster_name": config.require("cluster"),
    "node_role_arn": config.require("node_role_arn"),
    "security_groups": config.require_object("security_groups"),
    "region": "us-east-1",
}
h100 = ts.EksGpuNodePool(
    "h100", {**nodes, "gpus": "8xH100", "rdma": True, "max_nodes": 4, "subnets": subnets[:1]}
)
l4 = {**nodes, "machine": "g6.12xlarge", "rdma": False, "spot": True, "subnets": subnets}
spot = ts.EksGpuNodePool("spot", {**l4, "max_nodes": 16})

training = ts.TrainingOperator("training-operator", {"kinds": ["PyTorchJob", "TFJob"]})
mpi = ts.MPIOperator("mpi-operator")
kueue = ts.Kueue("kueue")
queue = ts.Queue("research", {"pools": [h100, spot], "operator": kueue})
runs: dict[str, Any] = {
    "queue": queue,
    "checkpoint": {"url": config.require("bucket"), "save_seconds": 100},
    "service_account": "trainer",
    "run_policy": {"active_deadline_seconds": 48 * 3600},
}

llm = ts.ElasticJob(
    "llm",
    {
        **runs,
        "image": config.require("torch_image"),
        "program": {"module": "llm.train"},
        "nnodes": "2:4",
        "nproc_per_node": "gpu",
        "resources": {"cpu": 96, "memory": "1Ti"},
        "pool": h100,
        "operator": training,
    },
)
physics = ts.MPIJob(
    "physics",
    {
        **runs,
        "image": config.require("mpi_image"),
        "program": {"module": "physics.simulate"},
        "worker": {"replicas": 2},
        "slots": 8,
        "resources": {"cpu": 96, "memory": "1Ti"},
        "pool": h100,
        "operator": mpi,
    },
)
vision = ts.TFJob(
    "vision",
    {
        **runs,
        "image": config.require("tensorflow_image"),
        "program": {"module": "vision.train"},
        "worker": {"replicas": 8, "restart_policy": "OnFailure"},  # spot nodes come and go
        "resources": {"cpu": 40, "memory": "150Gi"},
        "pool": spot,
        "operator": training,
    },
)

pulumi.export("pools", {"h100": h100.profile.to_dict(), "spot": spot.profile.to_dict()})
pulumi.export("versions", [llm.version, physics.version, vision.version])
