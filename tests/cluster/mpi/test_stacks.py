"""The stacks of launched jobs, with real programs on the images that they need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import images
import stacks
from devcluster import DevCluster
from devcluster.images import MPI_OPERATOR
from tests.conftest import NewProgram
from tests.support.horovod import lose_a_worker, recovery
from tests.support.kube import Kube
from tests.support.pulumi_cli import PulumiProgram

FOLDER = Path(stacks.__file__).parent

pytestmark = pytest.mark.usefixtures("no_mpi_operator")


@pytest.fixture
def stack(program: NewProgram, cluster: DevCluster, namespace: str) -> Callable[..., PulumiProgram]:
    """One of the stacks on the dev cluster, with its image loaded."""

    def new(name: str, script: str, **config: str) -> PulumiProgram:
        image = images.ensure(name)
        cluster.load_image(image.tar)
        folder = FOLDER / name
        made = program(
            (folder / "__main__.py").read_text(),
            project=name,
            config={
                "image": image.tag,
                "namespace": namespace,
                "operator_image": MPI_OPERATOR,
                **config,
            },
        )
        made.write("Pulumi.yaml", (folder / "Pulumi.yaml").read_text())
        made.write(script, (folder / script).read_text())
        return made

    return new


def test_mpi_ranks_of_two_pods_add_up(stack: Callable[..., PulumiProgram]) -> None:
    sums = stack("mpi", "allreduce.py")
    sums.up().check()
    outputs = sums.outputs()
    assert (outputs["sum"], outputs["ranks"], outputs["hosts"]) == (10, 4, 2)
    assert set(sums.preview(json=True).check().json["changeSummary"]) == {"same"}

    broken = (FOLDER / "mpi" / "allreduce.py").read_text()
    sums.write("allreduce.py", broken.replace("expected = ", "expected = 1 + "))
    failed = sums.up()
    assert not failed.ok
    assert "got 10.0, not 11.0" in failed.output
    sums.destroy().check()


def test_horovod_trains_a_tensorflow_model_on_two_pods(
    stack: Callable[..., PulumiProgram],
) -> None:
    digits = stack("horovod-tensorflow", "train.py")
    digits.up().check()
    outputs = digits.outputs()
    assert outputs["accuracy"] > 0.93
    assert outputs["ranks"] == 2
    assert set(digits.preview(json=True).check().json["changeSummary"]) == {"same"}
    digits.destroy().check()


@pytest.mark.slow
def test_horovod_goes_on_without_a_deleted_worker_and_takes_it_back(
    stack: Callable[..., PulumiProgram],
    kube: Kube,
    namespace: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    digits = stack("horovod", "train.py", epochs="400")
    process = digits.start("up", "--yes", "--skip-preview")
    lost = lose_a_worker(kube, namespace)
    process.wait(600).check()

    outputs = digits.outputs()
    assert outputs["accuracy"] > 0.95
    with capsys.disabled():
        print(f"\nhorovod with torch: {recovery(outputs['worlds'], lost)}", end=" ")
    digits.destroy().check()
