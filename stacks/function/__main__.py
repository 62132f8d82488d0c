"""A function trains on two ranks of one node; what it returns is an output of the stack."""

import pulumi

import trainstack as ts

config = pulumi.Config()

digits = ts.ElasticJob(
    "digits",
    {
        "image": config.require("image"),
        "namespace": config.get("namespace") or "default",
        "program": {
            "function": "digits/train.py:train",
            "inputs": {"lr": config.get_float("lr"), "layers": [64, 128, 10], "epochs": 5},
        },
        "nproc_per_node": 2,
        "max_restarts": 1,
        "resources": {"cpu": "500m", "memory": "1Gi"},
        "wait": "finished",
        "timeout": 600,
    },
)

pulumi.export("version", digits.version)
pulumi.export("accuracy", digits.result["accuracy"])
pulumi.export("parameters", digits.result["parameters"])
pulumi.export("logs", digits.commands["logs"])
