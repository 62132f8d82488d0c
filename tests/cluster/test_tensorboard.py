"""TensorBoard shows what a run has logged, in a volume and in a bucket, through its Service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

import images
from tests.conftest import NewProgram
from tests.support.kube import Kube
from tests.support.pulumi_cli import PulumiProgram
from tests.support.s3 import KEYS, S3, s3_server

if TYPE_CHECKING:
    from devcluster import DevCluster

WRITES = """
import sys
from tensorboard.summary import Writer

writer = Writer(sys.argv[1])
for step in range(3):
    writer.add_scalar("loss", 1.0 / (step + 1), step)
writer.close()
"""
IN_A_VOLUME = """
import pulumi_kubernetes as k8s

claim = k8s.core.v1.PersistentVolumeClaim(
    "runs",
    metadata={"name": "runs", "namespace": namespace},
    spec={"access_modes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}},
)
folder = "/data/team/digits/v1"
mounts = [{"path": "/data", "pvc": claim.metadata["name"]}]
logs = {"pvc": claim.metadata["name"], "sub_path": "team"}
"""
IN_A_BUCKET = """
folder = "s3://runs/team/digits/v1"
mounts = []
logs = {"url": "s3://runs/team", "endpoint": endpoint, "region": "us-east-1"}
"""
SOURCE = """
import pulumi
import trainstack as ts

config = pulumi.Config()
image, namespace = config.require("image"), config.require("namespace")
endpoint = config.require("endpoint")
LOGS
job = ts.PyTorchJob("writer", {
    "image": image,
    "namespace": namespace,
    "command": ["python", "-c", WRITES, folder],
    "mounts": mounts,
    "env": {**KEYS, "AWS_DEFAULT_REGION": "us-east-1", "S3_ENDPOINT": endpoint},
    "wait": "finished",
    "timeout": 300,
})
board = ts.TensorBoard("board", {
    "image": image,
    "namespace": namespace,
    "logs": logs,
    "env": KEYS,
    "reload_interval": 1,
})
pulumi.export("address", board.address)
"""


@pytest.fixture(scope="session")
def tensorboard(cluster: DevCluster) -> images.Image:
    """The tensorboard image, built when missing, loaded into the dev cluster."""
    image = images.ensure("tensorboard")
    cluster.load_image(image.tar)
    return image


@pytest.fixture
def s3(cluster: DevCluster) -> Iterator[S3]:
    """A bucket that pods reach."""
    with s3_server(str(cluster.settings.node_address)) as server:
        yield server


@pytest.fixture(params=[IN_A_VOLUME, IN_A_BUCKET], ids=["volume", "bucket"])
def stack(
    request: pytest.FixtureRequest,
    program: NewProgram,
    namespace: str,
    tensorboard: images.Image,
    s3: S3,
) -> PulumiProgram:
    """A job that logs, and a board."""
    source = SOURCE
    parts = {"WRITES": repr(WRITES), "KEYS": repr(KEYS), "LOGS": request.param}
    for part, text in parts.items():
        source = source.replace(part, text)
    config = {"image": tensorboard.tag, "namespace": namespace, "endpoint": s3.endpoint}
    return program(source, config=config)


def answer(kube: Kube, namespace: str, path: str) -> Any:
    """What the Service answers, through the API server."""
    service = f"/api/v1/namespaces/{namespace}/services/http:board:80/proxy/{path}"
    reply = kube.api.rest_client.pool_manager.request("GET", kube.api.configuration.host + service)
    return json.loads(reply.data)


@pytest.mark.slow
@pytest.mark.usefixtures("operator")
def test_scalars_of_a_run_are_served(stack: PulumiProgram, kube: Kube, namespace: str) -> None:
    stack.up().check()
    assert stack.outputs()["address"] == f"http://board.{namespace}.svc"
    assert set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}

    kube.wait(lambda: answer(kube, namespace, "data/runs") == ["digits/v1"], "run", 60)
    points = answer(kube, namespace, "data/plugin/scalars/scalars?run=digits/v1&tag=loss")
    assert [(step, round(value, 3)) for _, step, value in points] == [
        *[(0, 1.0), (1, 0.5), (2, 0.333)]
    ]
    stack.destroy().check()
