"""Two pods train a digit classifier by Horovod and TensorFlow."""

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
        "worker": {"replicas": 2, "requests": {"cpu": "300m", "memory": "1Gi"}},
        "launcher": {"requests": {"cpu": "100m", "memory": "768Mi"}},
        "hyperparameters": {"lr": config.get_float("lr"), "epochs": config.get_int("epochs")},
        "operator": operator,
        "wait": "finished",
        "timeout": 900,
    },
)

pulumi.export("version", digits.version)
pulumi.export("accuracy", digits.result["accuracy"])
pulumi.export("ranks", digits.result["ranks"])
pulumi.export("logs", digits.commands["logs"])
