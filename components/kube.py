"""Registers a Kubernetes manifest with the engine as it is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

import pulumi


@cache
def _provider_version() -> str:
    return version("pulumi-kubernetes")


class Manifest(pulumi.CustomResource):
    """A Kubernetes object, registered under the type that `pulumi_kubernetes` gives its kind.

    `manifest` is the whole object in camelCase, Outputs only at its leaves. Cheaper to import
    than the typed classes, and the object can move between them and this without a replacement.
    """

    def __init__(
        self, name: str, manifest: Mapping[str, Any], opts: pulumi.ResourceOptions
    ) -> None:
        api_version = manifest["apiVersion"]
        group = api_version if "/" in api_version else f"core/{api_version}"
        super().__init__(
            f"kubernetes:{group}:{manifest['kind']}",
            name,
            dict(manifest),
            pulumi.ResourceOptions.merge(pulumi.ResourceOptions(version=_provider_version()), opts),
        )
