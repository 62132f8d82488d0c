"""Every mistake gets one error: which job, which field, what was said, what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

import trainstack as ts
from tests.support.jobs import LEAST
from trainstack.testing import synth

POOL = {"name": "a", "gpus": 8}
ELASTIC: list[tuple[dict[str, Any], str]] = [
    # What is not there, and what should be
    ({"imag": "x"}, "imag: unknown field; did you mean 'image'? allowed: annotations, args,"),
    (
        {"worker": {"replicas": 2}},
        "worker: unknown field; say nnodes and the job's own fields, all",
    ),
    ({"image": None}, "image: required"),
    ({"program": None}, "program: required"),
    ({"program": {}}, "program: give exactly one of script, module and function"),
    (
        {"program": {"script": "a.py", "module": "a"}},
        "program: give exactly one of script, module and function",
    ),
    ({"program": "train.py"}, 'program: got \'train.py\': must be {"script": …}, {"module": …} or'),
    ({"program": {"script": "train.sh"}}, "program.script: got 'train.sh': must be a Python file"),
    ({"program": {"script": "my train.py"}}, "program.script: got 'my train.py': a file that is"),
    ({"program": {"script": "a\0.py"}}, r"program.script: got 'a\x00.py': must be a Python file"),
    ({"program": {"module": "a-b"}}, "program.module: got 'a-b': must be a dotted module name"),
    ({"program": {"script": "none.py"}}, "program.script: got 'none.py': cannot read"),
    ({"command": ["python"]}, "give either program or command, not both"),
    ({"program": None, "command": ["python"]}, "command: an ElasticJob launches its program by"),
    ({"timeout": "10m", "wait": "finished"}, "timeout: got '10m': must be a whole number of sec"),
    ({"env": {"timeout": None}}, "env.timeout: got None: must be a text"),
    ({"mounts": "/data"}, "mounts: got '/data': must be a list"),
    ({"operator": {}}, "operator: got {}: must be an operator component or another resource"),
    # Its own fields
    ({"nnodes": 0}, 'nnodes: got 0: must be a number of nodes or "min:max"'),
    ({"nnodes": "4:2"}, "nnodes: got '4:2': must be a number of nodes"),
    ({"nnodes": "1:2:3"}, "nnodes: got '1:2:3': must be"),
    ({"nnodes": True}, "nnodes: got True: must be a number of nodes"),
    ({"nnodes": 1.0}, "nnodes: got 1.0: must be a number of nodes"),
    ({"nnodes": "٣"}, "nnodes: got '٣': must be"),
    ({"size": 2}, "size: got 2: must be 1 to 1, as nnodes says"),
    ({"nnodes": "2:4", "size": 1}, "size: got 1: must be 2 to 4, as nnodes says"),
    ({"nnodes": "2:4", "size": 5}, "size: got 5: must be 2 to 4, as nnodes says"),
    ({"nnodes": "2:4", "size": 0}, "size: got 0: must be greater than or equal to 1"),
    ({"nnodes": "2:4", "size": "3:4"}, "size: got '3:4': must be a whole number"),
    ({"suspend": "soon"}, "suspend: got 'soon': must be"),
    (
        {"nproc_per_node": 0},
        "nproc_per_node: got 0: must be a whole number from 1 to 1024",
    ),
    ({"pool": "h100"}, "pool: got 'h100': must be a PoolProfile, or the plain dict that `pulumi"),
    ({"pool": {"gpus": 8}}, "pool.name: required, but not given"),
    (
        {"pool": {"name": "a", "gpus": 8, "nodes": 1}},
        "pool.nodes: unknown field; did you mean 'm",
    ),
    ({"nproc_per_node": "gpus"}, "nproc_per_node: got 'gpus': must be a whole number from 1 to 10"),
    ({"nproc_per_node": "8"}, "nproc_per_node: got '8': must be a whole number"),
    ({"start_method": "forkserver"}, "got 'forkserver': must be 'spawn' or 'fork'"),
    ({"monitor_interval": 0}, "monitor_interval: got 0: must be greater than 0"),
    ({"monitor_interval": True}, "monitor_interval: got True: must be a number"),
    ({"max_restarts": -1}, "max_restarts: got -1: must be greater than or equal to 0"),
    ({"rdzv_backend": "etcd"}, "rdzv_backend: got 'etcd': must be 'c10d'"),
    ({"rdzv_configs": {"jointimeout": 1}}, "rdzv_configs: got 'jointimeout': must be one of close"),
    ({"rdzv_configs": {"timeout": 0.5}}, "rdzv_configs.timeout: got 0.5: must be a whole number"),
    ({"rdzv_configs": {"timeout": 1, "read_timeout": 1}}, "give either timeout or read_timeout"),
    # Resources
    ({"resources": {"gpus": 1}}, "resources.gpus: unknown field; did you mean 'gpu'? allowed: cpu"),
    ({"resources": {"gpu": 0.5}}, "resources.gpu: got 0.5: must be a whole number"),
    ({"resources": {"gpu": -1}}, "resources.gpu: got -1: must be greater than or equal"),
    ({"resources": {"cpu": "4 cores"}}, "resources.cpu: got '4 cores': must be a number with"),
    ({"resources": {"cpu": 0}}, "resources.cpu: got '0': must be above 0"),
    ({"resources": {"cpu": "0.0001"}}, "resources.cpu: got '0.0001': CPU cannot be finer than 1m"),
    (
        {"resources": {"memory": "16GB"}},
        "memory: got '16GB': unknown suffix 'GB'; must be",
    ),
    ({"resources": {"memory": "512m"}}, "memory: got '512m': must be whole bytes; 'm' means"),
    ({"resources": {"memory": "1e40"}}, "memory: got '1e40': must be above 0 and below 8Ei"),
    ({"resources": {"mem": "1Gi", "memory": "1Gi"}}, "resources: give either mem or memory"),
    (
        {"resources": {"devices": {"hca": 1}}},
        "resources.devices.hca: got 'hca': must be a",
    ),
    ({"resources": {"devices": {"nvidia.com/gpu": 2}}}, "devices: nvidia.com/gpu: say gpu=2"),
    ({"resources": ["4"]}, "resources: got ['4']: must be a dict"),
    # Environment, hyperparameters
    ({"env": {"1A": "x"}}, "env.1A: got '1A': must be letters, digits and '_'"),
    ({"env": {"A": True}}, "env.A: got True: write 'true' or 'false' as your program reads it"),
    ({"env": {"A": None}}, "env.A: got None: must be a text"),
    ({"env": {"PET_NNODES": "3"}}, "env.PET_NNODES: got 'PET_NNODES': set by the operator"),
    ({"env": {"RANK": 0}}, "env.RANK: got 'RANK': set by the operator or the launch runtime"),
    ({"env": {"A": "x"}, "secrets": {"A": {"name": "k", "key": "k"}}}, "secrets.A: also given in"),
    ({"secrets": {"A": {"name": "keys"}}}, "secrets.A.key: required, but not given"),
    ({"secrets": {"A": {"name": "K", "key": "k"}}}, "secrets.A.name: got 'K': must be lower-case"),
    (
        {"secrets": {"A": {"name": "k", "key": "../k"}}},
        "secrets.A.key: got '../k': must be",
    ),
    ({"hyperparameters": {"lr": None}}, "hyperparameters.lr: got None: must be a text, a number"),
    ({"hyperparameters": {"lr": [1]}}, "hyperparameters.lr: got [1]: must be a text, a number or"),
    ({"hyperparameters": {"lr": float("nan")}}, "hyperparameters.lr: got nan: must be finite"),
    ({"hyperparameters": {"--lr": 1}}, "hyperparameters.--lr: got '--lr': string should match"),
    # Names
    ({"image": "My Image"}, "image: got 'My Image': must be an image reference such as"),
    ({"image": "registry.example/Train:1"}, "got 'registry.example/Train:1': must be an image"),
    ({"run_name": "My_Run"}, "run_name: got 'My_Run': must be lower-case letters, digits and '-'"),
    ({"run_name": "1st"}, "run_name: got '1st': must be lower-case letters"),
    ({"run_name": "x" * 60}, "characters): at most 45, since pods are named"),
    ({"namespace": "a.b"}, "namespace: got 'a.b': must be lower-case letters, digits and '-'"),
    ({"service_account": "A"}, "service_account: got 'A': must be lower-case letters"),
    ({"priority": 5}, "priority: got 5: must be a text"),
    ({"queue": 5}, "queue: got 5: must be the name of a LocalQueue, or a Queue"),
    ({"queue": "GPUs"}, "queue: got 'GPUs': must be lower-case letters, digits, '-' and '.', at"),
    ({"queue": "a" * 64}, "at most 63 characters"),
    ({"queue": "gpus", "suspend": True}, "suspend: got True, but queue is given, which starts the"),
    (
        {"queue": "gpus", "labels": {"kueue.x-k8s.io/queue-name": "gpus"}},
        "labels: got 'kueue.x-k8s.io/queue-name', which queue says already",
    ),
    (
        {"image_pull_secrets": "pull"},
        "image_pull_secrets: got 'pull': must be a",
    ),
    ({"labels": {"a b": "c"}}, "labels.a b: got 'a b': must be a name of letters"),
    ({"labels": {"a": "b c"}}, "labels.a: got 'b c': must be letters, digits, '-', '_' and '.'"),
    ({"labels": {"trainstack.dev/run": "x"}}, "labels: got 'trainstack.dev/run': trainstack.dev/"),
    ({"annotations": {"a": 1}}, "annotations.a: got 1: must be a text"),
    ({"version": "V 1"}, "version: got 'V 1': must be lower-case letters, digits and '-', at most"),
    (
        {"resources": {"storage": "1Gi", "ephemeral_storage": "1Gi"}},
        "resources: give either storage or ephemeral_storage, not both",
    ),
    # Mounts and memory
    ({"mounts": [{"path": "data", "pvc": "d"}]}, "mounts[0].path: got 'data': must be an absolute"),
    ({"mounts": [{"path": "/d"}]}, "mounts[0]: mount '/d': give exactly one of pvc, config_map,"),
    (
        {"mounts": [{"path": "/d", "pvc": "d", "empty_dir": True}]},
        "give exactly one of pvc, config_map, host_path, empty_dir, got pvc, empty_dir",
    ),
    ({"mounts": [{"path": "/d", "pvc": "d", "size": "1Gi"}]}, "size applies to empty_dir only"),
    (
        {"mounts": [{"path": "/d", "pvc": "d", "sub_path": "../x"}]},
        "mounts[0]: mount '/d': sub_path must be relative and without '..'",
    ),
    (
        {"mounts": [{"path": "/d", "host_path": "/a/../b"}]},
        "mounts[0]: mount '/d': host_path must be without '..'",
    ),
    (
        {"mounts": [{"path": "/d", "pvc": "d"}, {"path": "/d/", "pvc": "e"}]},
        "mounts: '/d' is given more than once",
    ),
    ({"mounts": [{"path": "/", "pvc": "d"}]}, "mounts: '/' would hide the image"),
    (
        {"mounts": [{"path": "/dev/shm", "empty_dir": True}]},
        "mounts: '/dev/shm' is mounted by shared_memory; set it to False",
    ),
    ({"shared_memory": "lots"}, "shared_memory: got 'lots': must be True, False or a size such as"),
    ({"shared_memory": 8}, "shared_memory: got 8: must be True, False or a size such as '8Gi'"),
    # Policies
    ({"run_policy": {"backoff_limit": -1}}, "run_policy.backoff_limit: got -1: must be"),
    (
        {"run_policy": {"active_deadline_seconds": 0}},
        "run_policy.active_deadline_seconds: got 0: must be greater than 0",
    ),
    (
        {"run_policy": {"active_deadline_seconds": "1h"}},
        "run_policy.active_deadline_seconds: got '1h': must be a whole number of seconds",
    ),
    (
        {"run_policy": {"clean_pod_policy": "some"}},
        "run_policy.clean_pod_policy: got 'some': must be 'None', 'All' or 'Running'",
    ),
    (
        {"run_policy": {"clean_pod_policy": "All"}},
        "run_policy.clean_pod_policy: got 'All', which a job of one node (a batch Job) cannot do",
    ),
    (
        {"run_policy": {"ttl_seconds_after_finished": 60}},
        "run_policy.ttl_seconds_after_finished: got 60: needs checkpoint, where the run is marked",
    ),
    (
        {
            "run_policy": {"ttl_seconds_after_finished": 0},
            "checkpoint": {"pvc": "runs"},
            "wait": "finished",
        },
        "run_policy.ttl_seconds_after_finished: got 0: must be 60 or more with wait='finished'",
    ),
    # Checkpoints
    ({"checkpoint": {}}, "checkpoint: give exactly one of pvc and url, got none"),
    (
        {"checkpoint": {"pvc": "runs", "url": "s3://runs"}},
        "checkpoint: give exactly one of pvc and url, got both",
    ),
    ({"checkpoint": "s3://runs"}, "checkpoint: got 's3://runs': must be a dict"),
    *[
        ({"checkpoint": {"url": url}}, f"checkpoint.url: got {url!r}: must be 's3://<bucket>' or")
        for url in ("gs://runs", "az://runs/a", "/runs", "s3://", "s3://Runs", "s3://runs/a/../b")
    ],
    (
        {"checkpoint": {"url": "s3://runs", "endpoint": "minio:9000"}},
        "checkpoint.endpoint: got 'minio:9000': must be 'https://<host>' or 'http://<host>:<port>'",
    ),
    (
        {"checkpoint": {"url": "s3://runs", "region": "EU west"}},
        "checkpoint.region: got 'EU west': must be a region's name such as 'eu-central-1'",
    ),
    *[
        (
            {"checkpoint": {"pvc": "runs", name: value}},
            f"checkpoint: {name}: applies to url only",
        )
        for name, value in (("endpoint", "http://a"), ("region", "us-east-1"), ("size", "1Gi"))
    ],
    *[
        (
            {"checkpoint": {"url": "s3://runs", name: value}},
            f"checkpoint: {name}: applies to pvc only",
        )
        for name, value in (("access_mode", "ReadWriteMany"), ("sub_path", "a"))
    ],
    (
        {"checkpoint": {"pvc": "runs", "sub_path": "../other"}},
        "checkpoint.sub_path: got '../other': must be relative and without '..'",
    ),
    ({"checkpoint": {"pvc": "runs", "keep": 0}}, "checkpoint.keep: got 0: must be greater"),
    (
        {"checkpoint": {"pvc": "runs", "resume_from": "../x"}},
        "checkpoint.resume_from: got '../x': must be '<version>' of this run or",
    ),
    (
        {"checkpoint": {"pvc": "runs", "access_mode": "RWX"}},
        "checkpoint.access_mode: got 'RWX': must be 'ReadWriteOnce', ",
    ),
    (
        {"checkpoint": {"pvc": "runs", "access_mode": "ReadOnlyMany"}},
        "checkpoint.access_mode: got 'ReadOnlyMany': must be 'ReadWriteOnce', ",
    ),
    (
        {"checkpoint": {"pvc": "runs"}, "mounts": [{"path": "/mnt/checkpoints/a", "pvc": "d"}]},
        "mounts: '/mnt/checkpoints/a': '/mnt/checkpoints' holds the checkpoints",
    ),
    (
        {"checkpoint": {"pvc": "runs"}, "nnodes": "1:2"},
        "checkpoint.access_mode: required: the 3 pods of this job may run on several nodes, so",
    ),
    (
        {"checkpoint": {"pvc": "runs", "access_mode": "ReadWriteOnce"}, "nnodes": 2},
        "checkpoint.access_mode: got 'ReadWriteOnce': the 3 pods of this job may run on several",
    ),
    # Waiting and places
    (
        {"on_change": "overlap"},
        "on_change: got 'overlap', but wait is 'accepted': the old run stops when the new one is",
    ),
    (
        {"on_change": "overlap", "wait": "running", "version": "v1"},
        "on_change: got 'overlap' with version='v1': two runs at a time need two names; leave",
    ),
    (
        {"on_change": "overlap", "wait": "running", "suspend": True},
        "on_change: got 'overlap' with suspend=True: nothing waits for a suspended run, so the",
    ),
    ({"on_change": "keep"}, "on_change: got 'keep': must be 'replace', 'overlap' or 'refuse'"),
    ({"wait": "done"}, "wait: got 'done': must be 'accepted', 'running' or 'finished'"),
    ({"timeout": 60}, "timeout: got 60, but wait is 'accepted': nothing waits"),
    ({"attempt": 0}, "attempt: got 0: must be greater than or equal to 1"),
    (
        {"cluster": {"kubeconfig": "apiVersion: v1\nkind: Config"}},
        "cluster.kubeconfig: must be",
    ),
    ({"cluster": "prod"}, "cluster: got 'prod': must be a dict"),
    ({"operator": "training"}, "operator: got 'training': must be an operator component or"),
    # The escape hatch
    (
        {"pod_overlay": {"sepc": {}}},
        "pod_overlay: sepc: unknown field; did you mean 'spec'?",
    ),
    (
        {"pod_overlay": {"spec": {"node_selector": {}}}},
        "pod_overlay: spec.node_selector: unknown field; did you mean 'nodeSelector'?",
    ),
    (
        {"pod_overlay": {"spec": {"containers": [{"name": "a", "imgae": "b"}]}}},
        "pod_overlay: spec.containers[0].imgae: unknown field; did you mean 'image'?",
    ),
    (
        {"pod_overlay": {"spec": {"containers": [{"image": "b"}]}}},
        "pod_overlay: spec.containers[0].name: required, as a plain text to merge by",
    ),
    (
        {"pod_overlay": {"spec": {"volumes": [{"name": "a"}, {"name": "a"}]}}},
        "pod_overlay: spec.volumes[1].name: 'a' is given twice",
    ),
    (
        {"pod_overlay": {"spec": {"restartPolicy": "Always"}}},
        "pod_overlay: spec.restartPolicy: is set from the replica's restart_policy",
    ),
    (
        {"pod_overlay": {"spec": {"hostNetwork": "yes"}}},
        "pod_overlay: spec.hostNetwork: got 'yes': must be True or False",
    ),
    (
        {"pod_overlay": {"spec": {"terminationGracePeriodSeconds": "5m"}}},
        "pod_overlay: spec.terminationGracePeriodSeconds: got '5m': must be a whole number",
    ),
    (
        {"pod_overlay": {"spec": {"nodeSelector": {"gpu": True}}}},
        "pod_overlay: spec.nodeSelector.gpu: got True: must be a text",
    ),
    (
        {"pod_overlay": {"metadata": {"name": "x"}}},
        "pod_overlay: metadata.name: allowed in metadata: annotations, labels",
    ),
    (
        {"pod_overlay": {"metadata": {"labels": {"trainstack.dev/run": "x"}}}},
        "pod_overlay: metadata.labels: got 'trainstack.dev/run': the library's own",
    ),
]
PYTORCH: list[tuple[dict[str, Any], str]] = [
    ({"worker": {}}, "worker.replicas: required, but not given"),
    ({"worker": {"replicas": "2"}}, "worker.replicas: got '2': must be a whole number"),
    (
        {"worker": {"replicas": 0, "image": "a"}},
        "worker.image: got 'a', but worker.replicas is 0: there is no worker to have it",
    ),
    ({"worker": {"replicas": -1}}, "worker.replicas: got -1: must be greater than or"),
    ({"worker": 3}, "worker: got 3: must be a dict or Worker"),
    ({"master": {"replicas": 2}}, "master.replicas: unknown field; leave it out, there is"),
    ({"master": {"restart_policy": "Sometimes"}}, "master.restart_policy: got 'Sometimes': must"),
    ({"image": None}, "image: required (or master.image)"),
    (
        {"image": None, "master": {"image": "a"}, "worker": {"replicas": 1}},
        "image: required (or worker.image)",
    ),
    ({"program": None}, "program: required (or command)"),
    ({"program": None, "command": []}, "command: got []: list should have at least 1 item"),
    ({"master": {"command": []}}, "master.command: got []: list should have at least 1 item"),
    ({"master": {"command": ["x"]}}, "master.command: the job's program would never run"),
    (
        {"master": {"requests": {"cpu": 4}, "limits": {"cpu": 2}}},
        "master: requests 4 of cpu, above its limit 2",
    ),
    (
        {"worker": {"replicas": 1, "requests": {"gpu": 1}, "limits": {"gpu": 2}}},
        "worker: requests 1 of nvidia.com/gpu, limited to 2: must agree",
    ),
    (
        {"master": {"env": {"K": "x"}}, "secrets": {"K": {"name": "k", "key": "k"}}},
        "master.env.K: also given in secrets",
    ),
    (
        {"run_policy": {"backoff_limit": 3}},
        "run_policy.backoff_limit: got 3, but no role restarts; set its restart_policy to",
    ),
    ({"nnodes": 2}, "nnodes: unknown field; allowed: annotations,"),
    # What no pod would have
    (
        {"master": {"image": "a"}, "worker": {"replicas": 1, "image": "b"}},
        "image: no role takes it, each has its own; leave it out",
    ),
    ({"args": ["x"], "master": {"args": []}}, "args: no role takes it, each has its own"),
    ({"pool": POOL, "master": {"pool": POOL}}, "pool: no role takes it, each has its own"),
    (
        {"worker": {"replicas": 0, "pool": POOL}},
        "worker.pool: got PoolProfile(name='a', ",
    ),
    (
        {"resources": {"cpu": 1}, "master": {"limits": {"cpu": 2}}},
        "resources: no role takes it, each has its own; leave it out",
    ),
    (
        {"program": None, "command": ["x"], "master": {"command": ["y"]}},
        "command: no role takes it, each has its own; leave it out",
    ),
    (
        {"master": {"pod_overlay": {"spec": {"tolerations": {}}}}},
        "master.pod_overlay: spec.tolerations: got {}: must be a list",
    ),
]

MPI: list[tuple[dict[str, Any], str]] = [
    ({"worker": {"replicas": 0}}, "worker.replicas: got 0: must be 1 or more, the launcher runs"),
    ({"num_workers": 0}, "num_workers: got 0: must be greater than or equal to 1"),
    (
        {"num_workers": 3, "worker": {"replicas": 2}},
        "num_workers: got 3, but worker.replicas is 2",
    ),
    ({"launcher": {"replicas": 2}}, "launcher.replicas: got 2: must be less than or equal"),
    ({"num_launcher_replicas": 2}, "num_launcher_replicas: got 2: must be less than or"),
    ({"slots": 0}, "slots: got 0: must be greater than or equal to 1"),
    ({"slots": "2"}, "slots: got '2': must be a whole number"),
    ({"image": None}, "image: required (or launcher.image)"),
    ({"image": None, "launcher": {"image": "a"}}, "image: required (or worker.image)"),
    ({"program": None}, "program: required (or command)"),
    ({"launcher": {"command": ["x"]}}, "launcher.command: the job's program would never run"),
    (
        {"worker": {"args": ["x"]}},
        "worker.args: a worker runs the ssh server, the arguments of the program are args",
    ),
    (
        {"launcher": {"restart_policy": "Always"}},
        "launcher.restart_policy: got 'Always': the mpi-operator takes 'OnFailure' or 'Never'",
    ),
    (
        {"worker": {"restart_policy": ts.RestartPolicy.ALWAYS}},
        "worker.restart_policy: got 'Always': the mpi-operator takes 'OnFailure' or 'Never'",
    ),
    ({"launcher": {"requests": {"gpu": 1}}}, "launcher: asks for GPUs, but runs no rank and the"),
    ({"launcher": {"limits": {"gpu": 1}}}, "launcher: asks for GPUs, but runs no rank and the"),
    (
        {"launcher": {"env": {"K": "x"}}, "secrets": {"K": {"name": "k", "key": "k"}}},
        "launcher.env.K: also given in secrets",
    ),
    (
        {"launcher": {"image": "a"}, "worker": {"image": "b"}},
        "image: no role takes it, each has its own; leave it out",
    ),
    ({"args": ["x"], "launcher": {"args": ["y"]}}, "args: no role takes it, each has its own"),
    (
        {"pool": POOL, "launcher": {"pool": POOL}, "worker": {"pool": POOL}},
        "pool: no role takes it, each has its own; leave it out",
    ),
    (
        {"resources": {"cpu": 1}, "worker": {"requests": {"cpu": 2}}},
        "resources: no role takes it, each has its own; leave it out",
    ),
    (
        {"program": None, "command": ["x"], "launcher": {"command": ["y"]}},
        "command: no role takes it, each has its own; leave it out",
    ),
    # What the operator sets
    ({"env": {"K_MPI_JOB_ROLE": "x"}}, "env.K_MPI_JOB_ROLE: set by the mpi-operator"),
    ({"worker": {"env": {"K_MPI_JOB_ROLE": "x"}}}, "worker.env.K_MPI_JOB_ROLE: set by the"),
    (
        {"launcher": {"env": {"NVIDIA_VISIBLE_DEVICES": "all"}}},
        "launcher.env.NVIDIA_VISIBLE_DEVICES: set by the mpi-operator",
    ),
    (
        {"secrets": {"OMPI_MCA_plm_rsh_args": {"name": "k", "key": "k"}}},
        "secrets.OMPI_MCA_plm_rsh_args: set by the mpi-operator",
    ),
    ({"ssh_auth_mount_path": "ssh"}, "ssh_auth_mount_path: got 'ssh': must be an absolute path"),
    ({"ssh_auth_mount_path": "/etc/mpi/"}, "ssh_auth_mount_path: got '/etc/mpi/', where something"),
    (
        {"ssh_auth_mount_path": "/keys", "mounts": [{"path": "/keys/", "pvc": "k"}]},
        "ssh_auth_mount_path: got '/keys', where something else is mounted",
    ),
    (
        {
            "ssh_auth_mount_path": "/mnt/checkpoints/",
            "checkpoint": {"pvc": "runs", "access_mode": "ReadWriteMany"},
        },
        "ssh_auth_mount_path: got '/mnt/checkpoints/', where something else is mounted",
    ),
    (
        {"mounts": [{"path": "/etc/mpi", "pvc": "m"}]},
        "mounts: '/etc/mpi': holds the operator's hostfile",
    ),
    ({"ssh_port": 0}, "ssh_port: got 0: must be greater than or equal to 1"),
    (
        {"worker": {"pod_overlay": {"spec": {"hostname": "me"}}}},
        "pod_overlay.spec.hostname: set by the mpi-operator",
    ),
    (
        {"pod_overlay": {"spec": {"volumes": [{"name": "ssh-auth", "emptyDir": {}}]}}},
        "pod_overlay.spec.volumes: 'ssh-auth' is a name of the mpi-operator's",
    ),
    (
        {
            "ssh_auth_mount_path": "/root/.ssh",
            "pod_overlay": {"spec": {"securityContext": {"fsGroup": 1000}}},
        },
        "pod_overlay.spec.securityContext.fsGroup: ssh in the launcher refuses keys in",
    ),
    # A name that leaves room for those the operator makes
    ({"run_name": "a" * 46}, "at most 45, since pods are named '<run_name>-<version>-launcher'"),
    (
        {"run_name": "a" * 45, "worker": {"replicas": 11}},
        "at most 44, since pods are named '<run_name>-<version>-worker-10'",
    ),
]
MPIJOB: list[tuple[dict[str, Any], str]] = [
    ({"mpi_implementation": "OpenMPI 5"}, "got 'OpenMPI 5': must be 'OpenMPI', 'Intel' or"),
    ({"min_np": 2}, "min_np: unknown field; allowed: annotations,"),
    (
        {"mpi_implementation": "Intel", "env": {"I_MPI_PERHOST": "2"}},
        "env.I_MPI_PERHOST: set by the mpi-operator",
    ),
]
HOROVOD: list[tuple[dict[str, Any], str]] = [
    ({"log_level": "info"}, "log_level: got 'info': must be 'TRACE', 'DEBUG', 'INFO',"),
    ({"min_np": 0}, "min_np: got 0: must be greater than or equal to 1"),
    ({"min_np": 3}, "min_np: got 3: at most 2, max_np or all ranks"),
    ({"max_np": 3}, "max_np: got 3: at most 2, worker.replicas x slots"),
    ({"min_np": 2, "max_np": 1}, "min_np: got 2: at most 1, max_np or all ranks"),
    ({"elastic_timeout": 60}, "elastic_timeout: got 60, but the run is not elastic; give min_np"),
    ({"size": 1}, "size: got 1, but the run is not elastic; give min_np"),
    ({"min_np": 1, "size": 3}, "size: got 3: must be 1 to 2, enough workers for min_np ranks and"),
    ({"min_np": 2, "size": 1}, "size: got 1: must be 2 to 2, enough workers for min_np ranks and"),
    ({"reset_limit": 5}, "reset_limit: got 5, but the run is not elastic; give min_np"),
    ({"min_np": 1, "blacklist_cooldown": [5]}, "got [5]: must be [least, most] seconds"),
    ({"min_np": 1, "blacklist_cooldown": [5, 2]}, "got [5, 2]: must be [least, most] seconds"),
    ({"network_interface": "eth0 eth1"}, "network_interface: got 'eth0 eth1': string should match"),
    ({"discovery_script_path": "d.sh"}, "discovery_script_path: got 'd.sh': must be an absolute"),
    ({"gloo_timeout": 0}, "gloo_timeout: got 0: must be greater than 0"),
    (
        {"program": None, "command": ["horovodrun"], "verbose": True},
        "verbose: got True, but a command of your own runs in place of horovodrun",
    ),
]


def refused(component: Callable[..., object], name: str, args: Any) -> str:
    """The error of a program that makes one job."""
    with pytest.raises(ts.TrainstackError) as caught:
        synth(lambda: component(name, args), preview=True)
    assert isinstance(caught.value, pulumi.RunError)  # printed without a traceback
    return str(caught.value)


@pytest.mark.parametrize(("said", "message"), ELASTIC)
def test_elastic_job(said: dict[str, Any], message: str) -> None:
    error = refused(ts.ElasticJob, "digits", {**LEAST, **said})
    assert error.startswith("ElasticJob 'digits': ")
    assert message in error
    assert "\n" not in error


TENSORFLOW: list[tuple[dict[str, Any], str]] = [
    ({"chef": {}}, "chef: unknown field; did you mean 'chief'?"),
    ({"master": {}}, "master: unknown field; "),
    ({"chief": {"replicas": 2}}, "chief.replicas: got 2: must be less than or equal to 1"),
    ({"ps": {"replicas": -1}}, "ps.replicas: got -1: must be greater than or equal to 0"),
    (
        {"evaluator": {"replicas": True}},
        "evaluator.replicas: got True: must be a",
    ),
    ({"worker": {"replicas": 0}}, "worker.replicas: got 0, and there is no chief: nobody would"),
    (
        {"ps": {"replicas": 1}, "worker": {"replicas": 0}},
        "worker.replicas: got 0, but ps.replicas is 1: parameter servers need a chief",
    ),
    (
        {"ps": {"replicas": 2}, "chief": {"replicas": 0}},
        "chief.replicas: got 0, but ps.replicas is 2: parameter servers need a chief",
    ),
    ({"ps": {"image": "i:1"}}, "ps.image: got 'i:1', but ps.replicas is 0: there is no ps to"),
    ({"chief": {"args": ["a"]}}, "chief.args: got ['a'], but chief.replicas is 0: there is no"),
    (
        {"ps": {"replicas": 1}, "run_policy": {"clean_pod_policy": "None"}},
        "run_policy.clean_pod_policy: got 'None', but servers never end by themselves; allowed",
    ),
    ({"env": {"TF_CONFIG": "{}"}}, "env.TF_CONFIG: set by the training-operator"),
    (
        {"worker": {"env": {"TF_CONFIG": "{}"}}},
        "worker.env.TF_CONFIG: set by the",
    ),
    (
        {"secrets": {"TF_CONFIG": {"name": "k", "key": "k"}}},
        "secrets.TF_CONFIG: set by the training-operator",
    ),
    ({"run_policy": {"backoff_limit": 3}}, "run_policy.backoff_limit: got 3, but no role restarts"),
    ({"worker": {"command": ["w"]}}, "worker.command: the job's program would never run"),
    ({"image": None, "ps": {"replicas": 1, "image": "i"}}, "image: required (or chief.image)"),
    ({"program": None}, "program: required (or command)"),
]


@pytest.mark.parametrize(("said", "message"), TENSORFLOW)
def test_tensorflow_job(said: dict[str, Any], message: str) -> None:
    error = refused(ts.TFJob, "digits", {**LEAST, **said})
    assert error.startswith("TFJob 'digits': ")
    assert message in error
    assert "\n" not in error


@pytest.mark.parametrize(("said", "message"), PYTORCH)
def test_pytorch_job(said: dict[str, Any], message: str) -> None:
    error = refused(ts.PyTorchJob, "mnist", {**LEAST, **said})
    assert error.startswith("PyTorchJob 'mnist': ")
    assert message in error
    assert "\n" not in error


@pytest.mark.parametrize(
    ("component", "said", "message"),
    [
        *((component, *case) for component in (ts.MPIJob, ts.HorovodJob) for case in MPI),
        *((ts.MPIJob, *case) for case in MPIJOB),
        *((ts.HorovodJob, {"worker": {"replicas": 2}, **said}, words) for said, words in HOROVOD),
    ],
)
def test_launched_jobs(
    component: Callable[..., object], said: dict[str, Any], message: str
) -> None:
    error = refused(component, "sums", {**LEAST, **said})
    assert error.startswith(f"{component.__name__} 'sums': ")
    assert message in error
    assert "\n" not in error


def test_several_mistakes_are_told_at_once() -> None:
    error = refused(ts.ElasticJob, "digits", {"imag": "x", "nnodes": 0, "env": {"A": True}})
    assert [line.split(": ")[1] for line in error.splitlines()] == ["env.A", "nnodes", "imag"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (None, "ElasticJob 'digits': image: required"),
        ([], "ElasticJob 'digits': args must be ElasticJobArgs or a dict, got list"),
        ("x", "ElasticJob 'digits': args must be ElasticJobArgs or a dict, got str"),
        (
            ts.PyTorchJobArgs(image="a", command=["b"]),
            "ElasticJob 'digits': args must be ElasticJobArgs or a dict, got PyTorchJobArgs",
        ),
        ({1: 2}, "ElasticJob 'digits': [1]: got 1: keys should be strings"),
    ],
)
def test_not_even_args(args: Any, message: str) -> None:
    assert refused(ts.ElasticJob, "digits", args) == message


def test_a_logical_name_that_cannot_be_a_run_name() -> None:
    assert refused(ts.ElasticJob, "My Job", LEAST).startswith(
        "ElasticJob 'My Job': logical name: run_name: got 'My Job': must be lower-case letters"
    )
    synth(lambda: ts.ElasticJob("My Job", {**LEAST, "run_name": "my-job"}))


def test_a_secret_value_in_an_error_is_not_an_output() -> None:
    long = "x" * 5000
    error = refused(ts.ElasticJob, "digits", {**LEAST, "image": f"{long} {long}"})
    assert len(error) < 500


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"def main(:\n", "not valid Python: invalid syntax (train.py, line 1)"),
        (b"\xff\xfe", "not valid Python: 'utf-8' codec can't decode"),
        (b"a\0b", "not valid Python: source code string cannot contain null bytes"),
        (b"#" * 900_001, "900,001 bytes, above the 900,000 that a ConfigMap carries"),
    ],
)
def test_a_script_that_cannot_be_shipped(folder: Path, content: bytes, message: str) -> None:
    (folder / "train.py").write_bytes(content)
    error = refused(ts.ElasticJob, "digits", {**LEAST, "program": {"script": "train.py"}})
    assert error.startswith("ElasticJob 'digits': program.script: got 'train.py': ")
    assert message in error


def test_a_folder_is_no_script(folder: Path) -> None:
    (folder / "train.py").mkdir()
    error = refused(ts.ElasticJob, "digits", {**LEAST, "program": {"script": "train.py"}})
    assert "Is a directory; a relative path starts at the folder of the Pulumi program" in error


def test_nothing_may_be_mounted_into_the_program(folder: Path) -> None:
    (folder / "train.py").write_text("")
    args = {
        **LEAST,
        "program": {"script": "train.py"},
        "mounts": [{"path": "/etc/trainstack/program/more", "pvc": "more"}],
    }
    assert refused(ts.ElasticJob, "digits", args) == (
        "ElasticJob 'digits': mounts: '/etc/trainstack/program/more': "
        "'/etc/trainstack/program' holds the program's source"
    )


def test_waiting_needs_a_cluster_that_can_be_asked(folder: Path) -> None:
    def with_a_provider() -> None:
        provider = pulumi.ProviderResource("kubernetes", "k8s", {})
        options = pulumi.ResourceOptions(providers=[provider])
        ts.ElasticJob("digits", {**LEAST, "wait": "finished"}, options)

    with pytest.raises(ts.TrainstackError, match=r"^ElasticJob 'digits': wait: got 'finished'"):
        synth(with_a_provider)
    with pytest.raises(ts.TrainstackError, match="kubernetes:kubeconfig is not the path of a file"):
        synth(
            lambda: ts.ElasticJob("digits", {**LEAST, "wait": "finished"}),
            config={"kubernetes:kubeconfig": "apiVersion: v1"},
        )
