"""Two pods of two MPI ranks add vectors; `pulumi up` returns with the checked sum."""

import pulumi

import trainstack as ts

config = pulumi.Config()

operator = ts.MPIOperator("mpi-operator", {"image": config.get("operator_image") or None})

sums = ts.MPIJob(
    "sums",
    {
        "image": config.require("image"),
        "namespace": config.require("namespace"),
        "mpi_implementation": config.get("implementation") or "OpenMPI",
        "program": {"script": "allreduce.py"},
        "worker": {"replicas": 2},
        "slots": 2,
        "launcher": {"requests": {"cpu": "100m", "memory": "256Mi"}},
        "resources": {"cpu": "500m", "memory": "512Mi"},
        "hyperparameters": {"length": config.get_int("length"), "rounds": config.get_int("rounds")},
        "operator": operator,
        "wait": "finished",
        "timeout": 300,
    },
)

pulumi.export("version", sums.version)
pulumi.export("sum", sums.result["sum"])
pulumi.export("ranks", sums.result["ranks"])
pulumi.export("hosts", sums.result["hosts"])
pulumi.export("logs", sums.commands["logs"])
