"""States and histories as `pulumi` writes them, cut down to what is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def update(
    commit: str | None = None,
    *,
    kind: str = "update",
    result: str = "succeeded",
    dirty: bool = False,
    config: Mapping[str, str | None] | None = None,
    **rest: Any,
) -> dict[str, Any]:
    """An entry of `pulumi stack history --json`; a value of None in `config` is a secret."""
    git = {
        "git.head": commit,
        "git.headName": "refs/heads/main",
        "git.author": "Ada",
        "git.dirty": str(dirty).lower(),
    }
    return {
        "kind": kind,
        "startTime": "2026-01-31T10:00:00.000Z",
        "endTime": "2026-01-31T10:01:00.000Z",
        "message": "lower the rate",
        "environment": git if commit else {},
        "config": {
            key: {"secret": True} if value is None else {"value": value, "secret": False}
            for key, value in (config or {}).items()
        },
        "result": result,
        **rest,
    }


def state(*jobs: list[dict[str, Any]]) -> dict[str, Any]:
    """A deployment with these jobs."""
    return {"resources": [resource for job in jobs for resource in job]}


def job(name: str, version: str, *, namespace: str = "team", **fields: Any) -> list[dict[str, Any]]:
    """The component of a job, and its object."""
    component = f"urn:pulumi:dev::shop::trainstack:index:ElasticJob::{name}"
    labels = {"trainstack.dev/run": name, "trainstack.dev/version": version}
    return [
        {
            "urn": component,
            "type": "trainstack:index:ElasticJob",
            "inputs": {"run_name": name, "version": version, **fields},
        },
        {
            "urn": f"{component.rpartition('::')[0]}$kubernetes:batch/v1:Job::{name}",
            "type": "kubernetes:batch/v1:Job",
            "parent": component,
            "inputs": {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {"name": f"{name}-{version}", "namespace": namespace, "labels": labels},
            },
        },
    ]
