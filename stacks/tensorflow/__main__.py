"""Two workers train a digit classifier by MultiWorkerMirroredStrategy."""

import pulumi

import trainstack as ts

config = pulumi.Config()

operator = ts.TrainingOperator(
    "training-operator", {"kinds": ["TFJob"], "image": config.get("operator_image") or None}
)

digits = ts.TFJob(
    "digits",
    {
        "image": config.require("image"),
        "namespace": config.require("namespace"),
        "program": {"script": "train.py"},
        "worker": {"replicas": 2, "requests": {"cpu": "300m", "memory": "1Gi"}},
        "hyperparameters": {"lr": config.get_float("lr"), "epochs": config.get_int("epochs")},
        "operator": operator,
        "wait": "finished",
        "timeout": 900,
    },
)

pulumi.export("version", digits.version)
pulumi.export("accuracy", digits.result["accuracy"])
pulumi.export("workers", digits.result["workers"])
pulumi.export("logs", digits.commands["logs"])
