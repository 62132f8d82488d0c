"""An image that is built locally, as the engine sees it; `buildah` is a stand-in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import NewProgram
from tests.support.pulumi_cli import PulumiProgram

SOURCE = """
import pulumi
import trainstack as ts

image = ts.TrainingImage("digits", {
    "context": "image",
    "repository": "registry.example/team/digits",
    "builder": "local",
})
pulumi.export("digest", image.digest)
pulumi.export("reference", image.reference)
"""
BUILDAH = """#!/bin/sh
set -e
for context; do :; done
case $1 in
build) cat "$context/train.py"; test ! -e "$context/broken" ;;
push) echo "sha256:$(echo "$4" | sha256sum | cut -d' ' -f1)" > "$3" ;;
esac
"""


@pytest.fixture
def stack(offline_program: NewProgram, tmp_path: Path) -> PulumiProgram:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "buildah").write_text(BUILDAH)
    (tools / "buildah").chmod(0o755)
    made = offline_program(SOURCE)
    made.env["PATH"] = f"{tools}:{made.env['PATH']}"
    context = made.folder / "image"
    context.mkdir()
    (context / "Dockerfile").write_text("FROM scratch\n")
    (context / "train.py").write_text("print()\n")
    return made


def test_an_image_is_built_once_for_what_is_in_its_folder(stack: PulumiProgram) -> None:
    stack.up().check()
    first = stack.outputs()
    assert first["digest"].startswith("sha256:")
    assert set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}

    (stack.folder / "image" / "train.py").write_text("print(1)\n")
    preview = stack.preview(json=True).check()
    assert preview.json["changeSummary"] == {"replace": 1, "same": 1, "update": 1}
    stack.up().check()
    second = stack.outputs()
    assert second["reference"] != first["reference"]
    assert second["digest"] != first["digest"]
    assert set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}


def test_a_failed_build_tells_why_and_is_tried_again(stack: PulumiProgram) -> None:
    (stack.folder / "image" / "broken").touch()
    failed = stack.up()
    assert not failed.ok
    assert "buildah build --tag registry.example/team/digits:" in failed.output
    assert "ended with exit code 1:\n" in failed.output
    assert "print()" in failed.output
    (stack.folder / "image" / "broken").unlink()
    stack.up().check()
