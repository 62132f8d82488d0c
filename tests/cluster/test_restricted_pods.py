"""The rule on pod security says what Kubernetes' own admission says."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from tests.support.jobs import changed, elastic
from tests.support.kube import Kube
from tests.support.restricted import BREAKS, KEEPS, OVERLAY


@pytest.fixture
def guarded(kube: Kube, namespace: str) -> str:
    """A namespace that refuses pods that are not restricted."""
    label = {"pod-security.kubernetes.io/enforce": "restricted"}
    kube.core.patch_namespace(namespace, {"metadata": {"labels": label}})
    return namespace


@pytest.mark.slow
def test_kubernetes_agrees_on_what_is_restricted(kube: Kube, guarded: str) -> None:
    refused = {name for name in BREAKS if _refuses(kube, guarded, BREAKS[name][0])}
    assert refused == set(BREAKS)
    refused = {name for name in KEEPS if _refuses(kube, guarded, KEEPS[name])}
    assert refused == set()


def _refuses(kube: Kube, namespace: str, changes: dict[str, Any]) -> bool:
    """Whether pod security refuses a job's pod; any other error is one."""
    template = changed(elastic(pod_overlay=OVERLAY)["spec"]["template"], changes)
    pod = {"metadata": {"name": "pod"}, "spec": template["spec"]}
    try:
        kube.core.create_namespaced_pod(namespace, pod, dry_run="All")
    except ApiException as error:
        if error.status == 403 and "violates PodSecurity" in str(error.body):
            return True
        raise AssertionError(f"{changes}: {error.body}") from None
    return False
