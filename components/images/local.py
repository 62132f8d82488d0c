"""Builds an image by the `buildah` or `docker` command of the machine that runs `pulumi up`."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

from .args import TrainingImageArgs

_WHAT = ("load", "reference")


class _Builder(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props: Any) -> CreateResult:
        from .commands import build

        return CreateResult(str(props["reference"]), {**props, "digest": build(props)})

    def diff(self, _id: str, _olds: Any, _news: Any) -> DiffResult:
        changed = [key for key in _WHAT if _olds.get(key) != _news.get(key)]
        return DiffResult(changes=bool(changed), replaces=changed)


class LocalImage(Resource):
    """Exists once the image has been built, and pushed or loaded."""

    digest: pulumi.Output[str]

    def __init__(self, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(_Builder(), name, {**props, "digest": None}, opts)


def build_locally(
    name: str,
    spec: TrainingImageArgs,
    reference: str | pulumi.Output[str],
    tag: str,
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """Register the image; gives its digest."""
    props = {
        "build_args": spec.build_args,
        "context": spec.context,
        "dockerfile": spec.dockerfile,
        "load": spec.load,
        "platform": spec.platform,
        "reference": reference,
        "tag": tag,
        "target": spec.target,
    }
    options = pulumi.ResourceOptions(hide_diffs=["__provider"])
    return LocalImage(name, props, pulumi.ResourceOptions.merge(opts, options)).digest
