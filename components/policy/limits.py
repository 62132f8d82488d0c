"""Whether containers say how much they may take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .finding import Config, Finding, Findings, mapping
from .pods import pods


def limited(manifest: Mapping[str, Any], config: Config) -> Findings:
    """Containers without a limit of one of `config["resources"]`."""
    for role in pods(manifest):
        for path, container in role.containers("initContainers", "containers"):
            limits = mapping(mapping(container.get("resources")).get("limits"))
            for name in config["resources"]:
                if name not in limits:
                    yield Finding(f"{path}.resources.limits.{name}", None, "a limit is required")
