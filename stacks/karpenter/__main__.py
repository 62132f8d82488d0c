"""H100 machines of a reservation that Karpenter makes, and a job on two of them.

Karpenter and the EFA and NVIDIA device plugins have to be on the cluster.
"""

import pulumi

import trainstack as ts

config = pulumi.Config()

pool = ts.KarpenterGpuNodePool(
    "h100",
    {
        "machine": "p5.48xlarge",
        "image": config.require("machine_image"),
        "node_role": config.require("node_role"),
        "subnets": [config.require("subnet")],
        "security_groups": config.require_object("security_groups"),
        "capacity_reservation": config.require("capacity_reservation"),
        "max_nodes": 2,
    },
)

operator = ts.TrainingOperator("training-operator", {"kinds": ["PyTorchJob"]})

llm = ts.ElasticJob(
    "llm",
    {
        "image": config.require("image"),
        "program": {"module": "llm.train"},
        "nnodes": 2,
        "nproc_per_node": "gpu",
        "resources": {"cpu": 96, "memory": "1Ti"},
        "pool": pool,
        "operator": operator,
    },
)

pulumi.export("pool", pool.profile.to_dict())
pulumi.export("version", llm.version)
