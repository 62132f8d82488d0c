"""The quickstart from start to end, as `make demo` runs it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import images
import stacks
from stacks.demo import INIT_IMAGE, OPERATOR_IMAGE
from tests.conftest import NewProgram

FOLDER = Path(stacks.__file__).parent / "quickstart"
FAILS = 'raise RuntimeError("broken on purpose")'


@pytest.mark.usefixtures("no_operator")
def test_it_trains_and_a_changed_setting_is_a_new_run(
    program: NewProgram, image: images.Image
) -> None:
    stack = program(
        (FOLDER / "__main__.py").read_text(),
        project="quickstart",
        config={
            "image": image.tag,
            "operator_image": OPERATOR_IMAGE,
            "init_container_image": INIT_IMAGE,
        },
    )
    stack.write("Pulumi.yaml", (FOLDER / "Pulumi.yaml").read_text())
    script = (FOLDER / "train.py").read_text()
    stack.write("train.py", script)
    stack.up().check()
    first = stack.outputs()
    try:
        assert first["accuracy"] > 0.95
        assert first["world_size"] == 2
        assert first["duration"] > 0
        assert first["version"] in first["logs"]
        assert set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}

        stack.configure(lr="0.05")
        assert re.search(r'~ lr\s*: "0.1" => "0.05"', stack.preview().check().stdout)
        stack.up().check()
        assert stack.outputs()["version"] != first["version"]

        stack.write("train.py", script.replace("loss.backward()", FAILS))
        failed = stack.up()
        assert not failed.ok
        assert FAILS in failed.output
    finally:
        stack.destroy().check()
