"""Rows that every kind has: the job's own fields, and those of a role."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from trainstack import Mount

from .pool import pool_elsewhere, pool_rows
from .table import Row

BASE = {"image": "registry.example/mnist:1", "program": {"module": "pkg.train"}}
AMOUNTS: tuple[tuple[str, Any, dict[str, str]], ...] = (
    ("cpu", "2", {"cpu": "2"}),
    ("memory", "4Gi", {"memory": "4Gi"}),
    ("gpu", 8, {"nvidia.com/gpu": "8"}),
    ("ephemeral_storage", "9Gi", {"ephemeral-storage": "9Gi"}),
    ("devices", {"rdma/hca": 1}, {"rdma/hca": "1"}),
)
_EMPTY = {"path": "/data", "empty_dir": True}
_CLAIM = {"path": "/data", "pvc": "imagenet"}
_DATA = Mount(path="/data", empty_dir=True).name
_RUNS = Mount(path="/mnt/checkpoints", empty_dir=True).name
_NAMES = "tests/synth/test_registrations.py::test_the_object_has_run_name_version_and_attempt"

ELSEWHERE = {
    **pool_elsewhere("pool"),
    "attempt": _NAMES,
    "checkpoint.access_mode": "tests/unit/spec/test_checkpoint.py::test_a_claims_own_access_mode_"
    "may_be_said",
    "cluster.context": "tests/synth/test_registrations.py::test_a_cluster_is_one_provider_however_"
    "many_jobs_there_are",
    "cluster.kubeconfig": "tests/synth/test_clusters.py::test_clusters_that_differ_in_the_file_"
    "only_are_two_providers",
    "queue": "tests/unit/spec/test_queue.py::test_a_queued_job_says_so_in_a_label_and_leaves_its_"
    "suspension_out",
    "on_change": "tests/synth/test_registrations.py::test_runs_that_overlap_are_made_before_the_"
    "old_ones_are_deleted",
    "operator": "tests/synth/test_registrations.py::test_the_object_needs_the_operator",
    "run_name": _NAMES,
    "timeout": "tests/synth/test_registrations.py::test_waiting_is_one_child_after_the_object",
    "version": _NAMES,
    "wait": "tests/synth/test_registrations.py::test_waiting_is_one_child_after_the_object",
}


def job_rows(
    *,
    pods: Sequence[str],
    trains: Sequence[str],
    launches: Sequence[str],
    amounts: Sequence[str],
    launcher: str,
) -> Iterator[Row]:
    """Rows of `JobArgs`, but for `command` and `run_policy`.

    All are paths of pod specs: of all pods, of those that get what training needs, of those that
    start the program with the launch runtime's role `launcher`, and of those that get `resources`.
    """

    def everywhere(paths: Sequence[str], path: str, value: Any) -> dict[str, Any]:
        return {f"{pod}.{path}": value for pod in paths}

    def programs(*words: str) -> dict[str, Any]:
        command = ["trainstack-run", launcher, *words, "--"]
        return everywhere(launches, "containers.0.command", command)

    def volume(said: dict[str, Any], volume: dict[str, Any]) -> tuple[Any, Any]:
        return {"mounts": [said]}, everywhere(trains, f"volumes.{_DATA}", {"name": _DATA, **volume})

    yield Row("image", {"image": "i:2"}, everywhere(pods, "containers.0.image", "i:2"))
    yield Row(
        "image_pull_secrets",
        {"image_pull_secrets": ["pull"]},
        everywhere(pods, "imagePullSecrets", [{"name": "pull"}]),
    )
    yield Row(
        "program.module",
        {"program": {"module": "pkg.other"}},
        programs("--module", "pkg.other"),
    )
    yield Row("program.script", {"program": {"script": "/a.py"}}, programs("--script", "/a.py"))
    yield Row(
        "program.function",
        {"program": {"function": "pkg.other:main"}},
        programs("--function", "pkg.other:main"),
    )
    yield Row(
        "program.inputs",
        {"program": {"function": "pkg.other:main", "inputs": {"lr": 0.1}}},
        programs("--function", "pkg.other:main", "--inputs", "/etc/trainstack/program/inputs.json"),
        beside={"program": {"function": "pkg.other:main"}},
    )
    yield Row("args", {"args": ["data"]}, everywhere(launches, "containers.0.args", ["data"]))
    yield Row(
        "hyperparameters",
        {"hyperparameters": {"lr": 0.1, "amp": True}},
        everywhere(launches, "containers.0.args", ["--amp=true", "--lr=0.1"]),
    )
    yield Row("env", {"env": {"SEED": 7}}, everywhere(trains, "containers.0.env.SEED.value", "7"))
    secret = everywhere(
        trains, "containers.0.env.KEY.valueFrom.secretKeyRef", {"key": "token", "name": "hub"}
    )
    for field in ("secrets{}.name", "secrets{}.key"):
        yield Row(field, {"secrets": {"KEY": {"name": "hub", "key": "token"}}}, secret)
    yield Row("namespace", {"namespace": "team"}, {"metadata.namespace": "team"})
    for name, value, amount in AMOUNTS:
        yield Row(
            f"resources.{name}",
            {"resources": {name: value}},
            everywhere(amounts, "containers.0.resources", {"limits": amount, "requests": amount}),
        )
    yield Row(
        "shared_memory",
        {"shared_memory": "8Gi"},
        everywhere(
            trains, "volumes.trainstack-shm.emptyDir", {"medium": "Memory", "sizeLimit": "8Gi"}
        ),
    )
    yield from pool_rows("pool", {}, pods=pods, trains=trains, gpu_pods=amounts)
    mounted = {"name": _DATA, "mountPath": "/data"}
    yield Row(
        "mounts[].path",
        {"mounts": [_CLAIM]},
        everywhere(trains, f"containers.0.volumeMounts.{_DATA}", mounted),
    )
    yield Row("mounts[].pvc", *volume(_CLAIM, {"persistentVolumeClaim": {"claimName": "imagenet"}}))
    yield Row(
        "mounts[].config_map",
        *volume({"path": "/data", "config_map": "lists"}, {"configMap": {"name": "lists"}}),
    )
    yield Row(
        "mounts[].host_path",
        *volume(
            {"path": "/data", "host_path": "/mnt"},
            {"hostPath": {"path": "/mnt", "type": "DirectoryOrCreate"}},
        ),
    )
    yield Row("mounts[].empty_dir", *volume(_EMPTY, {"emptyDir": {}}))
    yield Row(
        "mounts[].size",
        *volume({**_EMPTY, "size": "5Gi"}, {"emptyDir": {"sizeLimit": "5Gi"}}),
        beside={"mounts": [_EMPTY]},
    )
    for field, value, more in (
        ("sub_path", "train", {"subPath": "train"}),
        ("read_only", True, {"readOnly": True}),
    ):
        yield Row(
            f"mounts[].{field}",
            {"mounts": [{**_CLAIM, field: value}]},
            everywhere(trains, f"containers.0.volumeMounts.{_DATA}", {**mounted, **more}),
            beside={"mounts": [_CLAIM]},
        )
    yield Row(
        "service_account",
        {"service_account": "trainer"},
        everywhere(pods, "serviceAccountName", "trainer"),
    )
    for field, value, path in (
        ("pvc", "runs", f"volumes.{_RUNS}.persistentVolumeClaim.claimName"),
        ("sub_path", "a/b", f"containers.0.volumeMounts.{_RUNS}.subPath"),
        ("url", "s3://runs", "containers.0.env.TRAINSTACK_CHECKPOINT_URL.value"),
        ("endpoint", "http://s3", "containers.0.env.TRAINSTACK_CHECKPOINT_ENDPOINT.value"),
        ("region", "eu-west-1", "containers.0.env.TRAINSTACK_CHECKPOINT_REGION.value"),
        ("size", "9Gi", f"volumes.{_RUNS}.emptyDir.sizeLimit"),
        ("resume_from", "v1", "containers.0.env.TRAINSTACK_CHECKPOINT_RESUME_FROM.value"),
    ):
        root = {"pvc": "runs"} if field in ("pvc", "sub_path") else {"url": "s3://bucket"}
        yield Row(
            f"checkpoint.{field}",
            {"checkpoint": {**root, field: value}},
            everywhere(pods, path, value),
            {} if field == "pvc" else {"checkpoint": root},
        )
    yield Row(
        "checkpoint.keep",
        {"checkpoint": {"pvc": "runs", "keep": 9}},
        everywhere(pods, "containers.0.env.TRAINSTACK_CHECKPOINT_KEEP.value", "9"),
        {"checkpoint": {"pvc": "runs"}},
    )
    yield Row(
        "checkpoint.save_seconds",
        {"checkpoint": {"url": "s3://bucket", "save_seconds": 300}},
        everywhere(pods, "terminationGracePeriodSeconds", 305),
        {"checkpoint": {"url": "s3://bucket"}},
    )
    yield Row("priority", {"priority": "high"}, everywhere(pods, "priorityClassName", "high"))
    yield Row("labels", {"labels": {"team": "a"}}, {"metadata.labels.team": "a"})
    yield Row("annotations", {"annotations": {"note": "b"}}, {"metadata.annotations.note": "b"})
    yield Row(
        "pod_overlay",
        {"pod_overlay": {"spec": {"nodeSelector": {"zone": "a"}}}},
        everywhere(pods, "nodeSelector", {"zone": "a"}),
    )


def run_policy_rows(*, pods: Sequence[str]) -> Iterator[Row]:
    """Rows of the `runPolicy` that Kubeflow's kinds have."""
    for value, read in (("ALL", "All"), ("NONE", "None")):
        yield Row(
            "run_policy.clean_pod_policy",
            {"run_policy": {"clean_pod_policy": value}},
            {"spec.runPolicy.cleanPodPolicy": read},
        )
    yield from timed("spec.runPolicy", pods)
    policy = "spec.runPolicy.schedulingPolicy"
    yield Row(
        "gang.scheduler",
        {"gang": {"scheduler": "gangs"}},
        {f"{pod}.schedulerName": "gangs" for pod in pods},
    )
    gangs: tuple[tuple[str, dict[str, str], Any, str], ...] = (
        ("queue", {"scheduler": "volcano"}, "research", "queue"),
        ("min_pods", {"scheduler": "gangs"}, 1, "minAvailable"),
        ("timeout_seconds", {"scheduler": "gangs"}, 60, "scheduleTimeoutSeconds"),
    )
    for field, said, number, read in gangs:
        yield Row(
            f"gang.{field}",
            {"gang": {**said, field: number}},
            {f"{policy}.{read}": number},
            {"gang": said},
        )


def timed(policy: str, pods: Sequence[str]) -> Iterator[Row]:
    """When it is stopped, its deadline, also on its pods, and when the object removes itself."""
    yield Row("suspend", {"suspend": True}, {f"{policy}.suspend": True})
    paths = [f"{policy}.activeDeadlineSeconds", *(f"{pod}.activeDeadlineSeconds" for pod in pods)]
    yield Row(
        "run_policy.active_deadline_seconds",
        {"run_policy": {"active_deadline_seconds": 3600}},
        dict.fromkeys(paths, 3600),
    )
    yield Row(
        "run_policy.ttl_seconds_after_finished",
        {"run_policy": {"ttl_seconds_after_finished": 60}},
        {f"{policy}.ttlSecondsAfterFinished": 60},
        {"checkpoint": {"url": "s3://runs"}},
    )


def role_rows(
    name: str, spec: str, base: dict[str, Any], restart: tuple[str, str], amounts: Sequence[str]
) -> Iterator[Row]:
    """Rows of a role's own fields, but for its `command`, `args` and `replicas`.

    `spec` is the path of its replica spec, `base` what has to be said of it, `restart` a policy as
    it is said and as it is read, `amounts` are the resources that it may ask for.
    """
    pod = f"{spec}.template.spec"
    container = f"{pod}.containers.0"

    def row(field: str, value: Any, path: str, expected: Any) -> Row:
        return Row(f"{name}.{field}", {name: {**base, field: value}}, {path: expected})

    yield row("image", "i:2", f"{container}.image", "i:2")
    yield row("env", {"SEED": 7}, f"{container}.env.SEED.value", "7")
    yield row("restart_policy", restart[0], f"{spec}.restartPolicy", restart[1])
    overlay = {"spec": {"nodeSelector": {"zone": "a"}}}
    yield row("pod_overlay", overlay, f"{pod}.nodeSelector", {"zone": "a"})
    gpu_pods = [pod] if "gpu" in amounts else []
    yield from pool_rows(f"{name}.pool", base, pods=[pod], trains=[pod], gpu_pods=gpu_pods)
    for kind in ("requests", "limits"):
        for amount, value, read in AMOUNTS:
            if amount not in amounts:
                continue
            both = kind == "limits" or amount in ("gpu", "devices")
            yield Row(
                f"{name}.{kind}.{amount}",
                {name: {**base, kind: {amount: value}}},
                {
                    f"{container}.resources": {
                        **({"limits": read} if both else {}),
                        "requests": read,
                    }
                },
            )
