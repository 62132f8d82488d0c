"""One stack of a pool, a queue and many gang jobs; and the same objects without trainstack."""

TRAINSTACK = """
import trainstack as ts

pool = ts.ExistingPool(
    name="h100", machine="p5.48xlarge", cpu=190, memory="2000Gi", max_nodes={nodes}
)
queue = ts.Queue("gpus", {{"pools": [pool]}})
for index in range({jobs}):
    ts.PyTorchJob(f"job-{{index}}", {{
        "image": "registry.example/team/llm:1.0",
        "program": {{"module": "llm.train"}},
        "hyperparameters": {{"seed": index}},
        "resources": {{"cpu": 96, "memory": "1Ti"}},
        "worker": {{"replicas": 1 if index % 2 else 3}},
        "pool": pool,
        "queue": queue,
    }})
"""
"""Jobs of two and of four pods, each with all GPUs of a node."""

PLAIN = """
import json
from pathlib import Path

from pulumi_kubernetes.apiextensions import CustomResource

for one in json.loads(Path("objects.json").read_text())["items"]:
    CustomResource(
        f"{one['kind']}-{one['metadata']['name']}",
        api_version=one["apiVersion"], kind=one["kind"],
        metadata=one["metadata"], spec=one["spec"],
    )
"""
"""The manifests that `trainstack render` prints, as bare resources."""
