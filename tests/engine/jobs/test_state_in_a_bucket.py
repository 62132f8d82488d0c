"""Pulumi's state in a bucket: a job goes up from it, and is known there by the next update."""

from __future__ import annotations

from pathlib import Path

from devcluster.toolchain import Toolchain
from tests.conftest import NewProgram
from tests.support.bare_api import bare_api
from tests.support.s3 import BUCKET, KEYS, s3_server

SOURCE = """
import pulumi, trainstack as ts

job = ts.ElasticJob("digits", {"image": "digits:1", "program": {"module": "digits"}})
pulumi.export("version", job.version)
"""


def test_from_up_to_the_next_preview(
    offline_program: NewProgram, toolchain: Toolchain, tmp_path: Path
) -> None:
    with s3_server() as s3, bare_api(toolchain, tmp_path) as kubeconfig:
        address = s3.endpoint.removeprefix("http://")
        program = offline_program(
            SOURCE,
            env={
                **KEYS,
                "AWS_REGION": "us-east-1",
                "KUBECONFIG": str(kubeconfig),
                "PULUMI_BACKEND_URL": f"s3://{BUCKET}/state?endpoint={address}&disableSSL=true"
                "&s3ForcePathStyle=true",
            },
        )
        program.up().check()
        assert "state/.pulumi/stacks/test/dev.json" in s3.objects()
        assert set(program.preview(json=True).check().steps().values()) == {"same"}
        assert program.outputs()["version"]
        assert not list((program.folder.parent / "state").iterdir())
