"""The operator may do what it was seen to need, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import upstream
from trainstack.operators import TrainingOperatorArgs
from trainstack.operators.rbac import home_rules, webhook_rules
from trainstack.operators.training_rbac import job_rules

READ = ["get", "list", "watch"]
WRITE = ["create", "delete", "get", "list", "update", "watch"]


def granted(rules: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {
        "/".join((*rule["apiGroups"], *rule["resources"], *rule.get("resourceNames", []))): rule[
            "verbs"
        ]
        for rule in rules
    }


def jobs(**args: Any) -> dict[str, list[str]]:
    return granted(job_rules(upstream.RULES, TrainingOperatorArgs.model_validate(args)))


def test_one_kind() -> None:
    assert jobs(kinds=["TFJob"]) == {
        "/events": ["create", "patch"],
        "/pods": ["create", "delete", "get", "list", "patch", "watch"],
        "/services": ["create", "delete", "get", "list", "watch"],
        "kubeflow.org/tfjobs": ["delete", "get", "list", "watch"],
        "kubeflow.org/tfjobs/finalizers": ["update"],
        "kubeflow.org/tfjobs/status": ["update"],
        "scheduling.volcano.sh/podgroups": READ,
        "scheduling.x-k8s.io/podgroups": READ,
    }


def test_only_pytorch_jobs_scale_themselves() -> None:
    assert jobs(kinds=["PyTorchJob"])["autoscaling/horizontalpodautoscalers"] == WRITE
    assert "autoscaling/horizontalpodautoscalers" not in jobs(kinds=["JAXJob", "PaddleJob"])


@pytest.mark.parametrize(
    ("scheduler", "volcano", "coscheduling"),
    [("volcano", WRITE, READ), ("my-scheduler", READ, WRITE)],
)
def test_gangs(scheduler: str, volcano: list[str], coscheduling: list[str]) -> None:
    rules = jobs(gang_scheduler_name=scheduler)
    assert rules["scheduling.volcano.sh/podgroups"] == volcano
    assert rules["scheduling.x-k8s.io/podgroups"] == coscheduling


def test_never_more_than_upstream() -> None:
    few = [upstream.rule("", "pods", "get")]
    assert granted(job_rules(few, TrainingOperatorArgs())) == {"/pods": ["get"]}


@pytest.mark.parametrize("kind", ["PyTorchJob", "TFJob", "XGBoostJob", "PaddleJob", "JAXJob"])
def test_nothing_that_only_mpi_jobs_need(kind: str) -> None:
    for name in ("pods/exec", "configmaps", "secrets", "serviceaccounts", "roles", "mpijobs"):
        assert not [rule for rule in jobs(kinds=[kind]) if name in rule]


def test_at_home() -> None:
    secret = {"/secrets": READ, "/secrets/cert": ["update"]}
    assert granted(home_rules("cert", "lock", replicas=1)) == secret
    assert granted(home_rules("cert", "lock", replicas=2)) == {
        **secret,
        "/events": ["create", "patch"],
        "coordination.k8s.io/leases": ["create"],
        "coordination.k8s.io/leases/lock": ["get", "update"],
    }


def test_webhook_configuration() -> None:
    base = "admissionregistration.k8s.io/validatingwebhookconfigurations"
    assert granted(webhook_rules("validatingwebhookconfigurations", "its-own")) == {
        base: READ,
        f"{base}/its-own": ["update"],
    }
