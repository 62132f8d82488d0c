"""The component that builds an image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi

from ..spec.image import BuiltImage
from ..spec.inputs import text
from ..spec.model import TrainstackError, parse
from .args import TrainingImageArgs
from .context import read_context


class TrainingImage(BuiltImage):
    """An image built from a folder with a Dockerfile, tagged by a hash of all that goes in.

    Give it to a job as `image`: the job waits for it, and is a new version when a file in the
    folder, a build argument or the repository changes. Preview builds nothing. Removing it leaves
    what was pushed. Fields: `TrainingImageArgs`.
    Raises `TrainstackError` that names the field when an argument is wrong.

    >>> image = TrainingImage("digits", {                          # doctest: +SKIP
    ...     "context": "image",
    ...     "repository": "registry.example/team/digits",
    ... })
    >>> ElasticJob("digits", {"image": image, "program": {"module": "digits.train"}})
    ...                                                            # doctest: +SKIP
    """

    digest: pulumi.Output[str]
    """`sha256:…` of the image as it was built last."""
    pinned: pulumi.Output[str]
    """`<repository>@<digest>`: for an `image` that is pulled by digest, and not known in preview
    when something has changed. Of no use with `load`, which hands on no digest."""
    tag: str
    """The hash of the folder's files and of how they are built."""

    def __init__(
        self,
        name: str,
        args: TrainingImageArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        where = f"TrainingImage {name!r}"
        spec = parse(TrainingImageArgs, args, where)
        context = read_context(Path.cwd(), spec.context, spec.dockerfile, where)
        try:
            tag = context.key(build_settings(spec))
        except OSError as error:
            raise TrainstackError(f"{where}: context: got {spec.context!r}: {error}") from None
        summary = {**spec.model_dump(exclude_defaults=True), "tag": tag}
        super().__init__(
            "trainstack:index:TrainingImage", name, dict(sorted(summary.items())), opts
        )
        # Afterwards, as a resource takes its inputs for outputs of the same name.
        self.tag = tag
        self.platform = spec.platform
        self.reference = text(spec.repository, ":", tag)
        child = pulumi.ResourceOptions(parent=self)
        if spec.builder == "local":
            from .local import build_locally

            self.digest = build_locally(name, spec, self.reference, tag, child)
        else:
            from .docker_build import build_by_provider

            self.digest = build_by_provider(name, spec, self.reference, where, child)
        self.pinned = pulumi.Output.format("{0}@{1}", spec.repository, self.digest)
        self.register_outputs(
            {
                "digest": self.digest,
                "pinned": self.pinned,
                "reference": self.reference,
                "tag": tag,
            }
        )


def build_settings(spec: TrainingImageArgs) -> dict[str, Any]:
    """What makes another image of the same files."""
    return {"build_args": spec.build_args, "platform": spec.platform, "target": spec.target}
