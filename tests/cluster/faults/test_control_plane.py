"""Parts of the cluster's control plane die while `up` waits for a run that trains."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.cluster.faults.conftest import Watched, converged
from tests.conftest import NewProgram
from tests.support.control_plane import killed
from tests.support.kube import Kube

if TYPE_CHECKING:
    from devcluster import DevCluster

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("operator")]

SECONDS = 15
OPERATOR = "control-plane=kubeflow-training-operator"


@contextmanager
def operator_killed(kube: Kube, _cluster: DevCluster) -> Iterator[None]:
    """Its pod is gone at once; the Deployment makes another."""
    (pod,) = kube.pods("kubeflow", OPERATOR)
    kube.delete_pod("kubeflow", pod["metadata"]["name"], grace=0)
    yield


def component_killed(name: str) -> Callable[[Kube, DevCluster], AbstractContextManager[None]]:
    """A component of the control plane is gone for a while."""
    return lambda _kube, cluster: killed(cluster, name)


FAULTS = {
    "operator": operator_killed,
    "API server": component_killed("apiserver"),
    "etcd": component_killed("etcd"),
    "controller manager": component_killed("controller-manager"),
    "kubelet": component_killed("kubelet"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_run_goes_on_and_up_ends_well(
    sleeper: NewProgram,
    watched: Watched,
    kube: Kube,
    cluster: DevCluster,
    fault: Callable[[Kube, DevCluster], AbstractContextManager[None]],
) -> None:
    stack = sleeper(seconds=50)
    waiting = stack.start("up", "--yes", "--skip-preview")
    before = watched.running()
    with fault(kube, cluster):
        time.sleep(SECONDS)
    assert watched.running() == before
    waiting.wait(180).check()
    assert watched.now() == before
    assert stack.outputs()["status"]["phase"] == "Succeeded"
    converged(stack)
    stack.destroy().check()
    assert not watched.jobs()


def test_a_run_that_ends_without_an_operator_is_seen_to_end_later(
    sleeper: NewProgram, watched: Watched, kube: Kube
) -> None:
    scale = kube.apps.patch_namespaced_deployment_scale
    stack = sleeper(seconds=20)
    waiting = stack.start("up", "--yes", "--skip-preview")
    watched.running()
    try:
        scale("training-operator", "kubeflow", {"spec": {"replicas": 0}})
        kube.wait(lambda: not kube.pods("kubeflow", OPERATOR), "end of the operator", 60)
        watched.succeeded()
    finally:
        scale("training-operator", "kubeflow", {"spec": {"replicas": 1}})
    waiting.wait(120).check()
    assert stack.outputs()["status"]["phase"] == "Succeeded"
    converged(stack)


def test_up_without_an_api_server_fails_and_the_next_one_converges(
    sleeper: NewProgram, watched: Watched, cluster: DevCluster
) -> None:
    stack = sleeper(seconds=5)
    with killed(cluster, "apiserver"):
        refused = stack.up()
    assert not refused.ok
    assert "connection refused" in refused.output
    stack.up().check()
    (_job,) = watched.jobs()
    converged(stack)
