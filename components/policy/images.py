"""Where images come from, and whether they stay the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from .finding import Config, Finding, Findings, items, mapping
from .pods import pods

_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_DOCKER_HUB = "docker.io"


def pinned(manifest: Mapping[str, Any], config: Config) -> Findings:
    """Images without a digest."""
    for path, image in _images(manifest):
        if not _DIGEST.search(image):
            yield Finding(path, image, "must be pinned by digest: 'name@sha256:…'")


def from_allowed_registries(manifest: Mapping[str, Any], config: Config) -> Findings:
    """Images from elsewhere than `config["registries"]`: hosts, or hosts with a path."""
    allowed = [prefix.rstrip("/") for prefix in config["registries"]]
    for path, image in _images(manifest):
        repository = _repository(image)
        if image == UNKNOWN or not any(
            f"{repository}/".startswith(f"{prefix}/") for prefix in allowed
        ):
            yield Finding(path, image, f"must come from {', '.join(allowed)}")


def _images(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Of containers, and of volumes that are images."""
    for role in pods(manifest):
        for path, container in role.containers():
            if container.get("image"):
                yield f"{path}.image", container["image"]
        for index, volume in enumerate(items(role.spec.get("volumes"))):
            if reference := mapping(mapping(volume).get("image")).get("reference"):
                yield f"{role.path}.volumes[{index}].image.reference", reference


def _repository(image: str) -> str:
    """Host and path, as a container runtime completes them.

    >>> _repository("python:3.11")
    'docker.io/library/python'
    """
    name = image.partition("@")[0]
    host, _, rest = name.partition("/")
    if not rest:
        host, rest = _DOCKER_HUB, f"library/{name}"
    elif not ("." in host or ":" in host or host == "localhost"):
        host, rest = _DOCKER_HUB, name
    return f"{host}/{rest.partition(':')[0]}"
