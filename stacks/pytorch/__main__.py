"""A master and a worker train together, one process each, as plain DDP scripts expect it."""

import pulumi

import trainstack as ts

config = pulumi.Config()

operator = ts.TrainingOperator(
    "training-operator",
    {
        "kinds": ["PyTorchJob"],
        "image": config.get("operator_image") or None,
        "init_container_image": config.get("init_container_image") or "alpine:3.10",
    },
)

digits = ts.PyTorchJob(
    "digits",
    {
        "image": config.require("image"),
        "namespace": config.require("namespace"),
        "program": {"script": "train.py"},
        "worker": {"replicas": 1},
        "resources": {"cpu": "500m", "memory": "1Gi"},
        "hyperparameters": {"lr": config.get_float("lr"), "epochs": config.get_int("epochs")},
        "run_policy": {"active_deadline_seconds": 600},
        "operator": operator,
        "wait": "finished",
    },
)

pulumi.export("version", digits.version)
pulumi.export("accuracy", digits.result["accuracy"])
pulumi.export("ranks", digits.result["ranks"])
pulumi.export("logs", digits.commands["logs"])
