"""A test of the network between real pods: what it measures, and what it keeps from starting."""

from __future__ import annotations

import pytest

import images
from tests.conftest import NewProgram
from tests.support.kube import Kube

SOURCE = """
import pulumi
import trainstack as ts

config = pulumi.Config()
said = {
    "image": config.require("image"),
    "namespace": config.require("namespace"),
    "resources": {"cpu": "0.5", "memory": "1Gi"},
}
test = ts.BandwidthTest("links", {
    **said,
    "pool": {"name": "any", "gpus": 0},
    "sizes": ["64Ki", "4Mi"],
    "iterations": 3,
    "min_bus_bandwidth": config.require_float("least"),
    "timeout": 300,
})
ts.ElasticJob("after", {
    **said,
    "pool": test,
    "program": {"function": "after.py:main"},
    "wait": "finished",
    "timeout": 300,
})
for name in ("backend", "best", "bus_bandwidth", "ranks", "worst"):
    pulumi.export(name, getattr(test, name))
"""


@pytest.mark.usefixtures("operator")
@pytest.mark.slow
def test_jobs_start_when_nodes_are_fast_enough(
    program: NewProgram, image: images.Image, kube: Kube, namespace: str
) -> None:
    stack = program(SOURCE, config={"image": image.tag, "namespace": namespace, "least": "1000000"})
    stack.write("after.py", "def main():\n    return 1\n")
    failed = stack.up()
    assert not failed.ok
    assert "below the least of 1000000.0 GB/s (64Ki: " in failed.output
    assert kube.pods(namespace, "trainstack.dev/run=after") == []

    stack.configure(least="0.000001").up().check()
    found = stack.outputs()
    assert set(found["bus_bandwidth"]) == {"64Ki", "4Mi"}
    assert 0 < found["worst"] <= found["best"] == max(found["bus_bandwidth"].values())
    assert (found["backend"], found["ranks"]) == ("gloo", 2)
    assert len(kube.pods(namespace, "trainstack.dev/run=after")) == 1
    assert set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}
    stack.destroy().check()
