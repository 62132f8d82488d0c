"""A chief trains a digit classifier by ParameterServerStrategy; an evaluator measures it."""

import pulumi
import pulumi_kubernetes as k8s

import trainstack as ts

config = pulumi.Config()

operator = ts.TrainingOperator(
    "training-operator", {"kinds": ["TFJob"], "image": config.get("operator_image") or None}
)

checkpoints = k8s.core.v1.PersistentVolumeClaim(
    "checkpoints",
    metadata={"name": "parameter-server-checkpoints", "namespace": config.require("namespace")},
    spec={"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
)

amounts = {"cpu": "100m", "memory": "1Gi"}

digits = ts.TFJob(
    "digits",
    {
        "image": config.require("image"),
        "namespace": config.require("namespace"),
        "program": {"script": "train.py"},
        "chief": {"requests": amounts},
        "ps": {"replicas": 1, "requests": amounts},
        "worker": {"replicas": 2, "requests": amounts, "restart_policy": "OnFailure"},
        "evaluator": {"replicas": 1, "requests": amounts},
        "hyperparameters": {"lr": config.get_float("lr"), "epochs": config.get_int("epochs")},
        "mounts": [{"path": "/checkpoints", "pvc": checkpoints.metadata["name"]}],
        "operator": operator,
        "wait": "finished",
        "timeout": 900,
    },
)

pulumi.export("version", digits.version)
pulumi.export("accuracy", digits.result["accuracy"])
pulumi.export("workers", digits.result["workers"])
pulumi.export("logs", digits.commands["logs"])
