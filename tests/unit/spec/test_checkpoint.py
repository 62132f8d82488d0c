"""Where checkpoints are, in the manifests of every kind and in what a reviewer sees."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

import trainstack as ts
from images.runtime.trainstack_runtime.settings import Settings
from tests.support.jobs import LEAST, container, elastic, env, mpi, pod, pytorch
from trainstack.testing import synth

VOLUME = {"pvc": "runs", "access_mode": "ReadWriteMany"}
BUCKET = {"url": "s3://runs/team"}
NAME = "mount-mnt-checkpoints-4e22bf"
MOUNT = {"mountPath": "/mnt/checkpoints", "name": NAME}
SAID = {
    "TRAINSTACK_ARTIFACTS": "/mnt/checkpoints/mnist/0a1b2c3d/artifacts",
    "TRAINSTACK_ARTIFACTS_ADDRESS": "pvc://runs/mnist/0a1b2c3d/artifacts",
    "TRAINSTACK_CHECKPOINT_FOLDER": "/mnt/checkpoints",
    "TRAINSTACK_CHECKPOINT_KEEP": "3",
    "TRAINSTACK_STACK": "shop.dev",
}
ROLES = [
    ("one node", elastic, None),
    ("store", lambda **said: elastic(nnodes=2, **said), "Master"),
    ("elastic worker", lambda **said: elastic(nnodes=2, **said), "Worker"),
    ("master", lambda **said: pytorch(worker={"replicas": 1}, **said), "Master"),
    ("worker", lambda **said: pytorch(worker={"replicas": 1}, **said), "Worker"),
    ("launcher", mpi, "Launcher"),
    ("mpi worker", mpi, "Worker"),
]
EVERY_ROLE = pytest.mark.parametrize(
    ("render", "role"), [r[1:] for r in ROLES], ids=[r[0] for r in ROLES]
)


@EVERY_ROLE
def test_every_pod_has_the_volume(render: Any, role: str | None) -> None:
    without, manifest = render(), render(checkpoint=VOLUME)
    assert env(manifest, role) == {**env(without, role), **SAID}
    assert MOUNT in container(manifest, role)["volumeMounts"]
    claim = {"claimName": "runs"}
    assert {"name": NAME, "persistentVolumeClaim": claim} in pod(manifest, role)["volumes"]


@EVERY_ROLE
def test_every_pod_reaches_the_bucket(render: Any, role: str | None) -> None:
    said = {
        "env": {"HTTPS_PROXY": "http://proxy"},
        "secrets": {"AWS_ACCESS_KEY_ID": {"name": "keys", "key": "id"}},
        "service_account": "trainer",
    }
    more = {"endpoint": "http://minio:9000", "region": "us-east-1", "size": "5Gi", "keep": 7}
    manifest = render(checkpoint={**BUCKET, **more, "resume_from": "x/0a1b2c3d"}, **said)
    assert (
        env(manifest, role).items()
        >= {
            **SAID,
            "AWS_ACCESS_KEY_ID": {"secretKeyRef": {"key": "id", "name": "keys"}},
            "HTTPS_PROXY": "http://proxy",
            "TRAINSTACK_ARTIFACTS_ADDRESS": "s3://runs/team/mnist/0a1b2c3d/artifacts",
            "TRAINSTACK_CHECKPOINT_ENDPOINT": "http://minio:9000",
            "TRAINSTACK_CHECKPOINT_KEEP": "7",
            "TRAINSTACK_CHECKPOINT_REGION": "us-east-1",
            "TRAINSTACK_CHECKPOINT_RESUME_FROM": "x/0a1b2c3d",
            "TRAINSTACK_CHECKPOINT_URL": "s3://runs/team",
        }.items()
    )
    assert MOUNT in container(manifest, role)["volumeMounts"]
    assert {"name": NAME, "emptyDir": {"sizeLimit": "5Gi"}} in pod(manifest, role)["volumes"]
    assert pod(manifest, role)["serviceAccountName"] == "trainer"


def test_a_claim_that_is_mounted_elsewhere_too_is_one_volume() -> None:
    checkpoint = {"pvc": "runs", "sub_path": "a/b"}
    manifest = elastic(mounts=[{"path": "/data", "pvc": "runs"}], checkpoint=checkpoint)
    claims = [v for v in pod(manifest)["volumes"] if "persistentVolumeClaim" in v]
    assert len(claims) == 1
    mounted = {**MOUNT, "name": claims[0]["name"], "subPath": "a/b"}
    assert mounted in container(manifest)["volumeMounts"]
    assert (
        env(manifest)["TRAINSTACK_ARTIFACTS_ADDRESS"] == "pvc://runs/a/b/mnist/0a1b2c3d/artifacts"
    )


@pytest.mark.parametrize("seconds", [0, 3600])
def test_a_finished_object_may_remove_itself(seconds: int) -> None:
    said = {"checkpoint": VOLUME, "run_policy": {"ttl_seconds_after_finished": seconds}}
    assert elastic(**said)["spec"]["ttlSecondsAfterFinished"] == seconds
    for manifest in (pytorch(**said), elastic(nnodes=2, **said), mpi(**said)):
        assert manifest["spec"]["runPolicy"]["ttlSecondsAfterFinished"] == seconds


def reviewed(**said: Any) -> dict[str, Any]:
    result = synth(lambda: ts.ElasticJob("mnist", {**LEAST, **said}), preview=True)
    found: dict[str, Any] = result.one("ElasticJob").inputs["checkpoint"]
    return found


def test_what_a_reviewer_sees() -> None:
    assert reviewed(checkpoint={"pvc": "runs"}) == {"keep": 3, "root": "pvc://runs"}
    assert reviewed(
        checkpoint={
            **BUCKET,
            "endpoint": "http://minio:9000",
            "region": "eu-central-1",
            "resume_from": "a/b",
            "size": "5Gi",
        }
    ) == {
        "endpoint": "http://minio:9000",
        "keep": 3,
        "region": "eu-central-1",
        "resume_from": "a/b",
        "root": "s3://runs/team",
        "size": "5Gi",
    }
    assert reviewed(checkpoint={**VOLUME, "sub_path": "a"}, nnodes="1:2") == {
        "access_mode": "ReadWriteMany",
        "keep": 3,
        "root": "pvc://runs/a",
    }


def test_a_claims_own_access_mode_may_be_said() -> None:
    def mode(value: str) -> Any:
        def program() -> None:
            checkpoint = {"pvc": "runs", "access_mode": pulumi.Output.from_input(value)}
            ts.ElasticJob("mnist", {**LEAST, "checkpoint": checkpoint, "nnodes": 2})

        return synth(program, preview=True).one("ElasticJob").inputs["checkpoint"]

    assert mode("ReadWriteMany")["access_mode"] == "ReadWriteMany"
    with pytest.raises(
        Exception, match=r"access_mode: got 'ReadWriteOnce': the 3 pods of this job"
    ):
        mode("ReadWriteOnce")
    with pytest.raises(Exception, match=r"checkpoint.access_mode: got 'RWX'|must be"):
        mode("RWX")


def test_a_command_of_ones_own_has_no_checkpoints() -> None:
    with pytest.raises(ts.TrainstackError, match="checkpoint: needs program, since the launch"):
        pytorch(program=None, command=["python", "train.py"], checkpoint=VOLUME)


def test_the_time_to_save_is_what_the_launch_runtime_leaves() -> None:
    """It gives the program the grace period less a margin of its own."""
    checkpoint = {"url": "s3://runs", "save_seconds": 100}
    settings = Settings.from_env({**env(elastic(checkpoint=checkpoint))})
    assert settings.saving_seconds == 100
