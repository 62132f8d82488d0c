"""Two pods train a digit classifier together; `pulumi up` returns when it is trained."""

import pulumi
import pulumi_kubernetes as k8s

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

checkpoints = k8s.core.v1.PersistentVolumeClaim(
    "checkpoints",
    metadata={"name": "quickstart-checkpoints", "namespace": "default"},
    spec={"access_modes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}},
)

digits = ts.ElasticJob(
    "digits",
    {
        "image": config.require("image"),
        "program": {"script": "train.py"},
        "nnodes": 2,
        "max_restarts": 2,
        "hyperparameters": {"lr": config.get_float("lr"), "epochs": config.get_int("epochs")},
        "resources": {"cpu": "500m", "memory": "1Gi"},
        "checkpoint": {
            "pvc": checkpoints.metadata["name"],
            "access_mode": checkpoints.spec["access_modes"][0],
        },
        "operator": operator,
        "wait": "finished",
        "timeout": 900,
    },
)

pulumi.export("version", digits.version)
pulumi.export("accuracy", digits.result["accuracy"])
pulumi.export("duration", digits.status["duration"])
pulumi.export("world_size", digits.status["world_size"])
pulumi.export("logs", digits.commands["logs"])
