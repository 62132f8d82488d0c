"""A pool of H100 machines in an EKS cluster, and an elastic job on two of them.

The EFA and NVIDIA device plugins have to be on the cluster; the AMI has the drivers.
"""

import pulumi

import trainstack as ts

config = pulumi.Config()

pool = ts.EksGpuNodePool(
    "h100",
    {
        "cluster_name": config.require("cluster"),
        "node_role_arn": config.require("node_role_arn"),
        "gpus": "8xH100",
        "rdma": True,
        "max_nodes": 4,
        "subnets": [config.require("subnet")],
        "security_groups": config.require_object("security_groups"),
        "capacity_block": config.get("capacity_block") or None,
        "local_disks": "RAID0",
    },
)

operator = ts.TrainingOperator("training-operator", {"kinds": ["PyTorchJob"]})

llm = ts.ElasticJob(
    "llm",
    {
        "image": config.require("image"),
        "program": {"module": "llm.train"},
        "nnodes": "2:4",
        "nproc_per_node": "gpu",
        "resources": {"cpu": 96, "memory": "1Ti"},
        "pool": pool,
        "operator": operator,
    },
)

pulumi.export("pool", pool.profile.to_dict())
pulumi.export("version", llm.version)
