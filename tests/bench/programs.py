"""The same jobs three ways: bare, as a hand-written component, as trainstack's."""

BARE = """
import pulumi_kubernetes as k8s

def template(container):
    return {"spec": {"containers": [container], "terminationGracePeriodSeconds": 30,
            "volumes": [{"name": "shm", "emptyDir": {"medium": "Memory"}}]}}

def manifest(index):
    container = {
        "name": "pytorch", "image": "localhost/none:1", "command": ["trainstack-run", "torch"],
        "args": ["--epochs=3", f"--seed={index}"],
        "env": [{"name": "OMP_NUM_THREADS", "value": "1"}, {"name": "TEAM", "value": "vision"}],
        "resources": {"limits": {"cpu": "1", "memory": "1Gi"},
                      "requests": {"cpu": "1", "memory": "1Gi"}},
        "volumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}],
    }
    return {
        "metadata": {"name": f"job-{index}", "namespace": "bench", "labels": {"team": "vision"}},
        "spec": {
            "nprocPerNode": "1",
            "runPolicy": {"cleanPodPolicy": "Running", "backoffLimit": 0, "suspend": False},
            "pytorchReplicaSpecs": {
                role: {"replicas": count, "restartPolicy": "Never", "template": template(container)}
                for role, count in (("Master", 1), ("Worker", 3))
            },
        },
    }

def job(index, **opts):
    said = manifest(index)
    return k8s.apiextensions.CustomResource(
        f"job-{index}", api_version="kubeflow.org/v1", kind="PyTorchJob", **said, **opts)
"""

BARE_LOOP = """
for index in range(COUNT):
    job(index)
"""

COMPONENT_LOOP = """
import pulumi

class Job(pulumi.ComponentResource):
    def __init__(self, index):
        summary = {"image": "localhost/none:1", "nodes": 4, "seed": index}
        super().__init__("bench:index:Job", f"job-{index}", summary)
        child = job(index, opts=pulumi.ResourceOptions(
            parent=self, delete_before_replace=True, replace_on_changes=["spec"],
            hide_diffs=["spec"]))
        self.register_outputs({"job_name": child.metadata["name"]})

for index in range(COUNT):
    Job(index)
"""

TRAINSTACK = """
import trainstack as ts

for index in range(COUNT):
    ts.PyTorchJob(f"job-{index}", {
        "image": "localhost/none:1",
        "namespace": "bench",
        "program": {"module": "pkg.train"},
        "hyperparameters": {"epochs": 3, "seed": index},
        "env": {"OMP_NUM_THREADS": "1", "TEAM": "vision"},
        "resources": {"cpu": "1", "memory": "1Gi"},
        "labels": {"team": "vision"},
        "worker": {"replicas": 3},
    })
"""

PROGRAMS = {
    "bare CustomResources": BARE + BARE_LOOP,
    "hand-written component": BARE + COMPONENT_LOOP,
    "trainstack": TRAINSTACK,
}
