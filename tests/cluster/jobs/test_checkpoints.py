"""A run whose pod is lost resumes where it saved, and one that has finished stays finished."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

import images
from tests.conftest import NewProgram
from tests.runtime.programs import COUNTS, COUNTS_TOGETHER
from tests.support.kube import Kube
from tests.support.s3 import s3_server

if TYPE_CHECKING:
    from devcluster import DevCluster

SOURCE = """
import pulumi
import pulumi_kubernetes as k8s
import trainstack as ts

config = pulumi.Config()
namespace = config.require("namespace")
claim = k8s.core.v1.PersistentVolumeClaim(
    "runs",
    metadata={{"name": "runs", "namespace": namespace}},
    spec={{"access_modes": ["ReadWriteMany"], "resources": {{"requests": {{"storage": "1Gi"}}}}}},
)
job = ts.{kind}("run", {{
    "image": config.require("image"),
    "namespace": namespace,
    "program": {{"script": "train.py"}},
    "args": ["1500"],
    "checkpoint": {{
        "pvc": claim.metadata["name"],
        "sub_path": "team",
        "access_mode": claim.spec["access_modes"][0],
    }},
    "wait": "finished",
    "timeout": 400,
    {fields}
}})
pulumi.export("result", job.result)
pulumi.export("job_name", job.job_name)
"""
RUN = "trainstack.dev/run=run"


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize(
    ("kind", "fields", "script"),
    [
        ("PyTorchJob", '"master": {"restart_policy": "OnFailure"}', COUNTS),
        pytest.param("ElasticJob", "", COUNTS, marks=pytest.mark.slow),
        pytest.param("ElasticJob", '"nnodes": 2', COUNTS_TOGETHER, marks=pytest.mark.slow),
    ],
    ids=["master", "one node", "two nodes"],
)
def test_a_lost_pod_and_a_lost_object(
    program: NewProgram,
    image: images.Image,
    kube: Kube,
    namespace: str,
    *,
    kind: str,
    fields: str,
    script: str,
) -> None:
    stack = program(
        SOURCE.format(kind=kind, fields=fields),
        config={"image": image.tag, "namespace": namespace},
    )
    stack.write("train.py", script)

    def begun() -> dict[str, int]:
        """Where ranks began last, by the uid of their pod."""
        found = {}
        for pod in kube.pods(namespace, RUN):
            log = kube.logs(namespace, pod["metadata"]["name"])
            if steps := re.findall(r"begins at (\d+)", log):
                found[pod["metadata"]["uid"]] = int(steps[-1])
        return found

    process = stack.start("up", "--yes", "--skip-preview")
    first = kube.wait(begun, "training", 240)
    (victim,) = (
        pod["metadata"]["name"]
        for pod in kube.pods(namespace, RUN)
        if re.search(r"rank 0 begins|^begins", kube.logs(namespace, pod["metadata"]["name"]), re.M)
    )
    kube.delete_pod(namespace, victim)
    process.wait(400).check()
    result = stack.outputs()["result"]
    assert result["step"] == 1500
    assert 0 < result["first"] < 1500
    assert set(first.values()) == {0}
    assert result["first"] in begun().values()

    objects = "jobs" if (kind, fields) == ("ElasticJob", "") else "pytorchjobs"
    kube.delete_job(namespace, stack.outputs()["job_name"], objects)
    stack.refresh().check()
    assert "create" in stack.preview(json=True).check().json["changeSummary"]
    stack.up().check()
    assert stack.outputs()["result"] == result
    pods = kube.wait(lambda: _ended(kube, namespace), "the object that was made again", 120)
    assert {pod["status"]["phase"] for pod in pods} == {"Succeeded"}
    logs = [kube.logs(namespace, pod["metadata"]["name"]) for pod in pods]
    assert all("has finished: nothing is trained" in log for log in logs)
    assert not begun()
    stack.destroy().check()


def _ended(kube: Kube, namespace: str) -> list[dict[str, Any]]:
    """All pods, once they have ended; without those that the operator removes when the run has."""
    pods = [pod for pod in kube.pods(namespace, RUN) if "deletionTimestamp" not in pod["metadata"]]
    ended = [pod for pod in pods if pod["status"]["phase"] in ("Succeeded", "Failed")]
    return ended if pods and len(ended) == len(pods) else []


IN_A_BUCKET = """
import pulumi
import pulumi_kubernetes as k8s
import trainstack as ts

config = pulumi.Config()
namespace = config.require("namespace")
keys = k8s.core.v1.Secret(
    "keys",
    metadata={"name": "keys", "namespace": namespace},
    string_data={"id": "test", "secret": "test"},
)
job = ts.ElasticJob("run", {
    "image": config.require("image"),
    "namespace": namespace,
    "program": {"script": "train.py"},
    "args": ["120"],
    "checkpoint": {
        "url": "s3://runs/team",
        "endpoint": config.require("endpoint"),
        "region": "us-east-1",
        "size": "1Gi",
        "keep": 1,
    },
    "secrets": {
        "AWS_ACCESS_KEY_ID": {"name": keys.metadata["name"], "key": "id"},
        "AWS_SECRET_ACCESS_KEY": {"name": keys.metadata["name"], "key": "secret"},
    },
    "wait": "finished",
    "timeout": 400,
})
pulumi.export("result", job.result)
pulumi.export("version", job.version)
"""


@pytest.mark.slow
def test_a_run_in_a_bucket_is_resumed_by_the_next_that_names_it(
    program: NewProgram, image: images.Image, cluster: DevCluster, namespace: str
) -> None:
    with s3_server(str(cluster.settings.node_address)) as s3:
        config = {"image": image.tag, "namespace": namespace, "endpoint": s3.endpoint}
        stack = program(IN_A_BUCKET, config=config)
        stack.write("train.py", COUNTS)
        stack.up().check()
        first = stack.outputs()
        assert first["result"] == {"first": 0, "step": 120}
        folder = f"team/run/{first['version']}"
        (saved,) = (key for key in s3.objects() if key.endswith("/step"))
        assert saved.startswith(f"{folder}/step-000000100-")
        assert f"{folder}/finished.json" in s3.objects()

        more = f'"keep": 1, "resume_from": "{first["version"]}"'
        stack.use(IN_A_BUCKET.replace('"keep": 1', more).replace('["120"]', '["150"]'))
        stack.up().check()
        assert stack.outputs()["result"] == {"first": 100, "step": 150}
        stack.destroy().check()
