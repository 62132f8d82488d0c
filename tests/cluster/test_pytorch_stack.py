"""stacks/pytorch from start to end: a master and a worker train together."""

from __future__ import annotations

from pathlib import Path

import pytest

import images
import stacks
from devcluster.images import BUSYBOX, TRAINING_OPERATOR
from tests.conftest import NewProgram

FOLDER = Path(stacks.__file__).parent / "pytorch"


@pytest.mark.slow
@pytest.mark.usefixtures("no_operator")
def test_a_master_and_a_worker_train_together(
    program: NewProgram, namespace: str, image: images.Image
) -> None:
    digits = program(
        (FOLDER / "__main__.py").read_text(),
        project="pytorch",
        config={
            "image": image.tag,
            "namespace": namespace,
            "operator_image": TRAINING_OPERATOR,
            "init_container_image": BUSYBOX,
        },
    )
    for name in ("Pulumi.yaml", "train.py"):
        digits.write(name, (FOLDER / name).read_text())
    digits.up().check()
    outputs = digits.outputs()
    assert outputs["accuracy"] > 0.9
    assert outputs["ranks"] == 2
    assert set(digits.preview(json=True).check().json["changeSummary"]) == {"same"}
    digits.destroy().check()
