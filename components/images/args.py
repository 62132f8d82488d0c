"""What a user says about an image to build."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from ..spec.hyperparameters import Scalar
from ..spec.inputs import In
from ..spec.model import Args
from ..spec.names import EnvName, Repository
from ..spec.shown import shown


def _within(value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or not path.name or "\0" in value:
        raise ValueError(f"got {shown(value)}: must be a path within the context")
    return str(path)


class TrainingImageArgs(Args):
    """Arguments of `TrainingImage`."""

    context: Annotated[str, Field(min_length=1)]
    """Folder that is built; a relative path starts at the folder of the Pulumi program. What its
    `.dockerignore` names stays out."""
    repository: In[Repository]
    """Name of the image without a tag, for example `"registry.example/team/digits"`; the tag is a
    hash of what is built."""
    dockerfile: Annotated[str, AfterValidator(_within)] = "Dockerfile"
    """Path of the Dockerfile within the context; default `"Dockerfile"`."""
    build_args: dict[EnvName, Scalar] = {}
    """Values of the Dockerfile's `ARG`s; bools become `true` and `false`. They can be read from
    the image, so none may be a secret."""
    target: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]*$")] | None = None
    """Stage of the Dockerfile to build; default: the last."""
    platform: Literal["linux/amd64", "linux/arm64"] = "linux/amd64"
    """What the nodes are: `"linux/amd64"` (default) or `"linux/arm64"`."""
    builder: Literal["docker-build", "local"] = "docker-build"
    """`"docker-build"` (default): Pulumi's provider of that name; `"local"`: the `buildah` or
    `docker` command where `pulumi up` runs."""
    load: Annotated[list[str], Field(min_length=1)] | None = None
    """For `builder="local"`: a command that takes the image's archive as its last argument, for
    example `["kind", "load", "image-archive"]`; default: the image is pushed."""

    @model_validator(mode="after")
    def _loadable(self) -> TrainingImageArgs:
        if self.load is not None and self.builder != "local":
            raise ValueError(
                f"load: got {shown(self.load)}, but builder is {self.builder!r}, which pushes; "
                "set it to 'local'"
            )
        return self
