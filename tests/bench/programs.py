"""The same jobs three ways: bare, as a hand-written component, as trainstack's."""

BARE = """
import pulumi_kubernetes as k8s

def template(container, labels):
    return {
        "metadata": {"labels": labels},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 30,
                 "volumes": [{"name": "trainstack-shm", "emptyDir": {"medium": "Memory"}}]},
    }

def manifest(index):
    run = f"job-{index}"
    name = f"{run}-0a1b2c3d"
    labels = {"trainstack.dev/kind": "PyTorchJob", "trainstack.dev/run": run,
              "trainstack.dev/stack": "test.dev", "trainstack.dev/version": "0a1b2c3d"}
    env = {"OMP_NUM_THREADS": "1", "TEAM": "vision", "TRAINSTACK_GRACE_SECONDS": "30",
           "TRAINSTACK_JOB": name, "TRAINSTACK_RUN": run, "TRAINSTACK_VERSION": "0a1b2c3d"}
    container = {
        "name": "pytorch", "image": "localhost/none:1",
        "command": ["trainstack-run", "torch", "--module", "pkg.train", "--"],
        "args": ["--epochs=3", f"--seed={index}"],
        "env": [{"name": key, "value": value} for key, value in env.items()],
        "resources": {"limits": {"cpu": "1", "memory": "1Gi"},
                      "requests": {"cpu": "1", "memory": "1Gi"}},
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "trainstack-shm", "mountPath": "/dev/shm"}],
    }
    return {
        "metadata": {"name": name, "namespace": "bench", "labels": {"team": "vision", **labels}},
        "spec": {
            "nprocPerNode": "1",
            "runPolicy": {"cleanPodPolicy": "Running", "backoffLimit": 0, "suspend": False},
            "pytorchReplicaSpecs": {
                role: {"replicas": count, "restartPolicy": "Never",
                       "template": template(container, labels)}
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
        summary = {
            "gpus": 0, "hyperparameters": {"epochs": "3", "seed": str(index)},
            "image": "localhost/none:1", "namespace": "bench", "nodes": 4,
            "program": "pkg.train", "run_name": f"job-{index}", "version": "0a1b2c3d",
        }
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
