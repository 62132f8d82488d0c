"""Builds and pushes an image by Pulumi's docker-build provider."""

from __future__ import annotations

from pathlib import PurePosixPath

import pulumi

from ..spec.model import TrainstackError
from .args import TrainingImageArgs


def build_by_provider(
    name: str,
    spec: TrainingImageArgs,
    reference: str | pulumi.Output[str],
    where: str,
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """Register the image; gives its digest.

    Raises `TrainstackError` when the provider's Python package is not installed.
    """
    try:
        import pulumi_docker_build as docker_build
    except ImportError:
        raise TrainstackError(
            f"{where}: builder: got {spec.builder!r}, whose package is not installed: "
            "pip install 'trainstack[images]'; or set builder to 'local'"
        ) from None
    image = docker_build.Image(
        name,
        build_args=spec.build_args or None,
        build_on_preview=False,
        context={"location": spec.context},
        dockerfile={"location": str(PurePosixPath(spec.context) / spec.dockerfile)},
        platforms=[docker_build.Platform(spec.platform)],
        push=True,
        tags=[reference],
        target=spec.target,
        opts=opts,
    )
    digest: pulumi.Output[str] = image.digest
    return digest
