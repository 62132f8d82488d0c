"""Karpenter's own resource definitions, fetched once into the user's cache."""

from __future__ import annotations

from pathlib import Path

from trainstack.operators.cache import is_fetched, release_folder
from trainstack.operators.fetch import fetch
from trainstack.operators.release import Release

RELEASE = Release(
    name="karpenter-crds",
    version="1.14.0",
    address="https://github.com/aws/karpenter-provider-aws/archive/refs/tags/v1.14.0.tar.gz",
    module="github.com/aws/karpenter-provider-aws@v1.14.0",
    folder="pkg/apis/crds",
    files=("karpenter.k8s.aws_ec2nodeclasses.yaml", "karpenter.sh_nodepools.yaml"),
    digest="1df6b9b3233b1593209d262a3b62d83c8003b1c6414967deb6ceb0103946dde5",
    image_tag="1.14.0",
)


def crds() -> dict[str, Path]:
    """The definitions by kind."""
    folder = release_folder(RELEASE) if is_fetched(RELEASE) else fetch(RELEASE)
    return {
        "EC2NodeClass": folder / "karpenter.k8s.aws_ec2nodeclasses.yaml",
        "NodePool": folder / "karpenter.sh_nodepools.yaml",
    }
