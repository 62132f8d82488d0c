"""Two pods train a digit classifier by Horovod, and go on when one of them is lost."""

import pulumi

import trainstack as ts

config = pulumi.Config()

operator = ts.MPIOperator("mpi-operator", {"image": config.get("operator_image") or None})

digits = ts.HorovodJob(
    "digits",
    {
        "image": config.require("image"),
        "namespace": config.require("namespace"),
        "program": {"script": "train.py"},
        "worker": {"replicas": 2},
        "min_np": 1,
        "launcher": {"requests": {"cpu": "100m", "memory": "512Mi"}},
        "resources": {"cpu": "500m", "memory": "1Gi"},
        "hyperparameters": {"lr": config.get_float("lr"), "epochs": config.get_int("epochs")},
        "operator": operator,
        "wait": "finished",
        "timeout": 900,
    },
)

pulumi.export("version", digits.version)
pulumi.export("accuracy", digits.result["accuracy"])
pulumi.export("worlds", digits.result["worlds"])
pulumi.export("logs", digits.commands["logs"])
