"""The stacks of TFJob from start to end, one for each way to distribute."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import images
import stacks
from devcluster import DevCluster
from devcluster.images import TRAINING_OPERATOR
from tests.conftest import NewProgram
from tests.support.kube import Kube
from tests.support.pulumi_cli import PulumiProgram

FOLDER = Path(stacks.__file__).parent

pytestmark = pytest.mark.usefixtures("no_operator")


@pytest.fixture
def stack(
    program: NewProgram, cluster: DevCluster, namespace: str
) -> Callable[[str], PulumiProgram]:
    """One of the stacks on the dev cluster, with its image loaded."""

    def new(name: str) -> PulumiProgram:
        image = images.ensure("tensorflow")
        cluster.load_image(image.tar)
        folder = FOLDER / name
        made = program(
            (folder / "__main__.py").read_text(),
            project=name,
            config={
                "image": image.tag,
                "namespace": namespace,
                "operator_image": TRAINING_OPERATOR,
                "epochs": "5",
            },
        )
        for file in ("Pulumi.yaml", "train.py"):
            made.write(file, (folder / file).read_text())
        return made

    return new


def test_two_workers_average_their_gradients(stack: Callable[[str], PulumiProgram]) -> None:
    digits = stack("tensorflow")
    digits.up().check()
    outputs = digits.outputs()
    assert outputs["accuracy"] > 0.9
    assert outputs["workers"] == 2
    assert set(digits.preview(json=True).check().json["changeSummary"]) == {"same"}
    digits.destroy().check()


@pytest.mark.slow
def test_a_failed_worker_fails_up_with_its_own_traceback(
    stack: Callable[[str], PulumiProgram],
) -> None:
    digits = stack("tensorflow")
    script = (FOLDER / "tensorflow/train.py").read_text()
    bug = '    if os.environ["RANK"] == "1":\n        raise ValueError("the deliberate bug")\n'
    before = "    _, accuracy = model.evaluate"
    digits.write("train.py", f"import os\n{script.replace(before, bug + before)}")
    failed = digits.up()
    assert not failed.ok
    assert "rank 1" in failed.output
    assert "ValueError: the deliberate bug" in failed.output
    assert 'raise ValueError("the deliberate bug")' in failed.output
    digits.destroy().check()


@pytest.mark.slow
def test_a_parameter_server_holds_the_weights_and_an_evaluator_follows(
    stack: Callable[[str], PulumiProgram], kube: Kube, namespace: str
) -> None:
    digits = stack("parameter-server")
    digits.up().check()
    outputs = digits.outputs()
    assert outputs["accuracy"] > 0.9
    assert outputs["workers"] == 2
    assert set(digits.preview(json=True).check().json["changeSummary"]) == {"same"}

    def left() -> list[str]:
        pods = kube.pods(namespace, "training.kubeflow.org/job-name")
        return [pod["metadata"]["labels"]["training.kubeflow.org/replica-type"] for pod in pods]

    kube.wait(lambda: not {"ps", "worker"} & {*left()}, "servers to be removed", 90)
    assert "chief" in left()
    digits.destroy().check()
