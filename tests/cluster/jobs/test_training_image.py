"""An image that `pulumi up` builds on this machine and loads into the dev cluster."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from devcluster.programs import ensure_programs
from tests.conftest import NewProgram
from tests.support.pulumi_cli import PulumiProgram

ROOT = Path(__file__).parents[3]
SOURCE = """
import pulumi
import trainstack as ts

config = pulumi.Config()
image = ts.TrainingImage("words", {
    "context": "image",
    "repository": "localhost/test/words",
    "build_args": {"PLACE": "pod"},
    "builder": "local",
    "load": ["load-image"],
})
job = ts.PyTorchJob("words", {
    "image": image,
    "namespace": config.require("namespace"),
    "command": ["sh", "-c", SCRIPT],
    "resources": {"cpu": "50m", "memory": "32Mi"},
    "wait": "finished",
    "timeout": 200,
})
pulumi.export("digest", image.digest)
pulumi.export("reference", image.reference)
pulumi.export("result", job.result)
pulumi.export("version", job.version)
"""
SCRIPT = r"""
read said < /words
form='{"status": "succeeded", "result": {"said": "%s in %s"}}'
printf "$form" "$said" "$PLACE" > /dev/termination-log
"""
DOCKERFILE = """
FROM scratch
ARG PLACE
ENV PLACE=$PLACE PATH=/bin
COPY sh /bin/sh
COPY words /
USER 1000:1000
"""


@pytest.fixture
def stack(program: NewProgram, namespace: str, tmp_path: Path) -> PulumiProgram:
    """A stack of an image and a job that runs it."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, module in {
        "buildah": 'images buildah "$@"',
        "load-image": 'devcluster load-image "$@"',
    }.items():
        line = f"PYTHONPATH={ROOT} exec {sys.executable} -m {module}"
        (tools / name).write_text(f"#!/bin/sh\n{line}\n")
        (tools / name).chmod(0o755)
    made = program(SOURCE.replace("SCRIPT", repr(SCRIPT)), config={"namespace": namespace})
    made.env["PATH"] = f"{tools}:{made.env['PATH']}"
    context = made.folder / "image"
    context.mkdir()
    shutil.copy2(ensure_programs(print).busybox.resolve(), context / "sh")
    (context / "Dockerfile").write_text(DOCKERFILE)
    (context / ".dockerignore").write_text("notes\n")
    (context / "words").write_text("hello\n")
    return made


@pytest.mark.slow
@pytest.mark.usefixtures("operator")
def test_an_image_is_built_and_run_and_rebuilt_when_a_file_changes(stack: PulumiProgram) -> None:
    stack.up().check()
    first = stack.outputs()
    assert first["result"] == {"said": "hello in pod"}
    assert first["digest"].startswith("sha256:")

    (stack.folder / "image" / "notes").write_text("no part of it\n")
    assert set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}

    (stack.folder / "image" / "words").write_text("goodbye\n")
    preview = stack.preview(json=True).check()
    assert preview.steps()["words"] == "replace"
    (component,) = (
        step["newState"]["inputs"]
        for step in preview.json["steps"]
        if step["urn"].endswith("PyTorchJob::words") and step["op"] == "update"
    )
    assert component["version"] != first["version"]
    assert component["image"] != first["reference"]

    stack.up().check()
    second = stack.outputs()
    assert second["result"] == {"said": "goodbye in pod"}
    assert (second["version"], second["reference"]) == (component["version"], component["image"])
    assert second["digest"] != first["digest"]
    stack.destroy().check()
