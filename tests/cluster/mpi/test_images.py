"""Every MPI of the images, for root and for others: ranks that add up, and ones that stray."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import images
from devcluster import DevCluster
from tests.conftest import NewProgram
from tests.support.kube import Kube
from tests.support.pulumi_cli import PulumiProgram

SOURCE = """
import pulumi
import trainstack as ts

config = pulumi.Config()
job = ts.MPIJob("sums", {{
    "image": config.require("image"),
    "namespace": config.require("namespace"),
    "worker": {{"replicas": 2}},
    "slots": 2,
    "launcher": {{"requests": {{"cpu": "50m", "memory": "128Mi"}}}},
    "resources": {{"cpu": "50m", "memory": "256Mi"}},
    "wait": "finished",
    "timeout": 240,
    {fields}
}})
pulumi.export("result", job.result)
"""
FUNCTION = '''
import os

from mpi4py import MPI


def add(length: int) -> dict:
    """The sum over all ranks, and where they were."""
    world = MPI.COMM_WORLD
    totals = world.allreduce([world.rank + 1] * length)
    hosts = world.gather(MPI.Get_processor_name())
    return {
        "total": sum(totals),
        "ranks": world.size,
        "hosts": len(set(hosts or [])),
        "user": os.geteuid(),
        "library": MPI.Get_library_version().split()[0],
    }
'''
CALLED = {"program": {"function": "sums.py:add", "inputs": {"length": 4}}}
RIGHT = {"total": 40, "ranks": 4, "hosts": 2, "user": 1000}
AS_ROOT = {
    "pod_overlay": {"spec": {"securityContext": {"runAsUser": 0, "runAsGroup": 0}}},
    "ssh_auth_mount_path": "/root/.ssh",
}
# An mpirun that loses the hostfile, as a plain Open MPI 5 loses the operator's variable.
FORGETFUL = """
mkdir /tmp/bin
cat > /tmp/bin/mpirun <<'END'
#!/bin/sh
unset PRTE_MCA_prte_default_hostfile
shift 2
exec /opt/venv/bin/mpirun --oversubscribe "$@"
END
chmod +x /tmp/bin/mpirun
PATH=/tmp/bin:$PATH exec trainstack-run mpi --module this
"""

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("mpi_operator")]


@pytest.fixture
def run(program: NewProgram, cluster: DevCluster, namespace: str) -> Callable[..., PulumiProgram]:
    """Makes a stack of one job on an image of ours."""

    def new(name: str, **fields: object) -> PulumiProgram:
        image = images.ensure(name)
        cluster.load_image(image.tar)
        said = ", ".join(f'"{key}": {value!r}' for key, value in fields.items())
        made = program(
            SOURCE.format(fields=said), config={"image": image.tag, "namespace": namespace}
        )
        made.write("sums.py", FUNCTION)
        return made

    return new


@pytest.mark.parametrize(
    ("image", "implementation", "library"),
    [
        ("mpi", "OpenMPI", "Open"),
        ("mpi-openmpi5", "OpenMPI", "Open"),
        ("mpi-mpich", "MPICH", "MPICH"),
        ("mpi-intel", "Intel", "Intel(R)"),
    ],
)
def test_a_function_adds_up_over_two_pods(
    run: Callable[..., PulumiProgram], image: str, implementation: str, library: str
) -> None:
    stack = run(image, mpi_implementation=implementation, **CALLED)
    stack.up().check()
    assert stack.outputs()["result"] == {**RIGHT, "library": library}
    assert set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}
    stack.destroy().check()


def test_pods_may_run_as_root(run: Callable[..., PulumiProgram]) -> None:
    stack = run("mpi", **CALLED, **AS_ROOT)
    stack.up().check()
    assert stack.outputs()["result"] == {**RIGHT, "user": 0, "library": "Open"}
    stack.destroy().check()


def test_ranks_that_all_run_on_the_launcher_are_refused(
    run: Callable[..., PulumiProgram], kube: Kube, namespace: str
) -> None:
    stack = run("mpi-openmpi5", command=["sh", "-c", FORGETFUL])
    failed = stack.up()
    assert not failed.ok
    assert "-launcher (4), but the hostfile says" in failed.output
    (launcher,) = kube.pods(namespace, "training.kubeflow.org/job-role=launcher")
    assert "Beautiful is better" not in kube.logs(namespace, launcher["metadata"]["name"])
    stack.destroy()
