"""Every name and spelling of Flyte's has its effect, or one sentence that says what to write."""

from __future__ import annotations

from typing import Any

import pytest

import trainstack as ts
from tests.support.parity import TABLES, at
from trainstack.spec.model import parse

TABLE = {table.name: table for table in TABLES}
ROLE: dict[str, Any] = {
    "image": "i:2",
    "requests": {"cpu": "0.5", "mem": "2Gi"},
    "limits": {"cpu": "1", "memory": "4Gi", "gpu": 1},
    "restart_policy": ts.RestartPolicy.FAILURE,
}
SMALL = {"requests": {"cpu": "0.5", "memory": "1Gi"}, "replicas": 1}
RUN_POLICY = ts.RunPolicy(
    clean_pod_policy=ts.CleanPodPolicy.ALL, active_deadline_seconds=60, backoff_limit=3
)
LAUNCHED = {
    "launcher": ts.Launcher.model_validate({**SMALL, "restart_policy": "NEVER"}),
    "worker": ts.Worker.model_validate({**ROLE, "replicas": 2, "command": ["sshd", "-De"]}),
    "run_policy": RUN_POLICY,
    "slots": 4,
    "num_launcher_replicas": 1,
    "num_workers": 2,
}


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (
            "PyTorchJob",
            {
                "master": ts.Master(restart_policy=ts.RestartPolicy.NEVER),
                "worker": {**ROLE, "replicas": 4},
                "run_policy": RUN_POLICY,
            },
        ),
        (
            "ElasticJob, several nodes",
            {
                "nnodes": "1:2",
                "nproc_per_node": 2,
                "start_method": "spawn",
                "monitor_interval": 5,
                "max_restarts": 0,
                "rdzv_configs": {"timeout": 900, "join_timeout": 900},
                "run_policy": RUN_POLICY,
            },
        ),
        (
            "TFJob",
            {
                "chief": ts.Chief.model_validate({**ROLE, "replicas": 1}),
                "ps": ts.PS.model_validate({**SMALL, "restart_policy": "NEVER"}),
                "worker": ts.Worker.model_validate({**ROLE, "replicas": 2}),
                "evaluator": ts.Evaluator.model_validate({**ROLE, "replicas": 1}),
                "run_policy": RUN_POLICY,
            },
        ),
        ("MPIJob", LAUNCHED),
        (
            "HorovodJob",
            {
                **LAUNCHED,
                "verbose": True,
                "log_level": "INFO",
                "discovery_script_path": "/etc/mpi/discover_hosts.sh",
                "elastic_timeout": 1200,
            },
        ),
    ],
)
def test_all_fields_as_flyte_names_them(form: str, said: dict[str, Any]) -> None:
    assert TABLE[form].manifest(said)


@pytest.mark.parametrize(
    ("kind", "name", "value", "instead"),
    [
        ("PyTorchJob", "num_workers", 4, "say worker.replicas"),
        ("PyTorchJob", "increase_shared_mem", True, "say shared_memory, which is on unless"),
        ("TFJob", "num_chief_replicas", 1, "say chief.replicas"),
        ("TFJob", "num_evaluator_replicas", 1, "say evaluator.replicas"),
        ("TFJob", "num_ps_replicas", 1, "say ps.replicas"),
        ("TFJob", "num_workers", 2, "say worker.replicas"),
        ("ElasticJob, one node", "increase_shared_mem", False, "say shared_memory, which is"),
        ("ElasticJob, one node", "num_workers", 2, "say nnodes"),
        ("ElasticJob, one node", "worker", {}, "say nnodes and the job's own fields, all nodes"),
        ("ElasticJob, one node", "master", {}, "say the job's own fields, all nodes are alike"),
        ("MPIJob", "task_config", {}, "say its fields here"),
        ("MPIJob", "requests", {"cpu": 1}, "say resources, or requests of a role"),
        ("MPIJob", "limits", {"cpu": 1}, "say resources, or limits of a role"),
        ("HorovodJob", "container_image", "i", "say image"),
        ("HorovodJob", "environment", {"A": "b"}, "say env"),
        ("PyTorchJob", "secret_requests", [], "say secrets"),
        ("PyTorchJob", "pod_template", {}, "say pod_overlay"),
        ("PyTorchJob", "accelerator", "a100", "say pool"),
        ("PyTorchJob", "interruptible", True, "say tolerations in pod_overlay, and a restart_po"),
        ("PyTorchJob", "retries", 3, "say run_policy.backoff_limit"),
        ("PyTorchJob", "cache", True, "not needed, an unchanged run does not run again"),
        ("PyTorchJob", "cache_version", "1", "say version, or attempt to run the same again"),
        ("PyTorchJob", "enable_deck", True, "not needed, trainstack_runtime.deck writes one"),
        ("PyTorchJob", "disable_deck", True, "not needed, trainstack_runtime.deck writes one"),
    ],
)
def test_other_names_are_refused_with_what_to_say(
    kind: str, name: str, value: Any, instead: str
) -> None:
    with pytest.raises(ts.TrainstackError) as caught:
        TABLE[kind].manifest({name: value})
    assert f"'mnist': {name}: unknown field; {instead}" in str(caught.value)


def test_every_other_name_is_in_the_list_above() -> None:
    (mark,) = test_other_names_are_refused_with_what_to_say.pytestmark
    told = {(TABLE[kind].kind.name, name) for kind, name, *_ in mark.args[1]}
    common = set(ts.PyTorchJobArgs.ELSEWHERE) & set(ts.ElasticJobArgs.ELSEWHERE)
    for table in TABLES:
        own = set(table.kind.args.ELSEWHERE) - (common - {"num_workers"})
        assert {(table.kind.name, name) for name in own} <= told
    assert common <= {name for _, name in told}


def test_the_masters_replicas() -> None:
    with pytest.raises(ts.TrainstackError, match="replicas: unknown field; leave it out"):
        TABLE["PyTorchJob"].manifest({"master": {"replicas": 1}})


@pytest.mark.parametrize(
    ("said", "amounts"),
    [
        (
            {"cpu": "4", "mem": "16Gi", "gpu": 8},
            {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "8"},
        ),
        (
            {"cpu": 4, "memory": "16Gi", "gpu": "8"},
            {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "8"},
        ),
        ({"cpu": "0.5", "ephemeral_storage": "1Gi"}, {"cpu": "0.5", "ephemeral-storage": "1Gi"}),
        ({"cpu": "500m", "storage": "1Gi"}, {"cpu": "500m", "ephemeral-storage": "1Gi"}),
    ],
)
def test_amounts_as_dicts(said: dict[str, Any], amounts: dict[str, str]) -> None:
    assert ts.Resources.model_validate(said).to_kube() == amounts


@pytest.mark.parametrize(
    ("name", "read"), [("ALL", "All"), ("NONE", "None"), ("RUNNING", "Running")]
)
def test_clean_pod_policies(name: str, read: str) -> None:
    for value in (name, name.lower(), getattr(ts.CleanPodPolicy, name)):
        found = TABLE["PyTorchJob"].manifest({"run_policy": {"clean_pod_policy": value}})
        assert at(found, "spec.runPolicy.cleanPodPolicy") == read


@pytest.mark.parametrize(
    ("name", "read"), [("ALWAYS", "Always"), ("FAILURE", "OnFailure"), ("NEVER", "Never")]
)
def test_restart_policies(name: str, read: str) -> None:
    for value in (name, name.lower(), read, getattr(ts.RestartPolicy, name)):
        found = TABLE["PyTorchJob"].manifest({"master": {"restart_policy": value}})
        assert at(found, "spec.pytorchReplicaSpecs.Master.restartPolicy") == read


def test_a_ttl_without_a_checkpoint_is_refused_with_its_reason() -> None:
    with pytest.raises(ts.TrainstackError, match="ttl_seconds_after_finished: got 60: needs chec"):
        parse(ts.MPIJobArgs, {"run_policy": {"ttl_seconds_after_finished": 60}}, "MPIJob 'a'")
