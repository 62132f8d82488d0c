"""A run is a version: what is said about it, hashed."""

from __future__ import annotations

import hashlib
import json
from enum import Enum
from typing import Any

from pulumi import Output

from .checkpoint import Checkpoint
from .inputs import mapped
from .job_args import JobArgs
from .policy import RunPolicy
from .pool import PoolProfile
from .replica import Replica
from .source import Source

DIGITS = 8


def version_of(
    kind: str, args: JobArgs, source: Source | None, project: str, stack: str
) -> str | Output[str]:
    """The run's version: explicit, or a hash of everything that makes up the run.

    Defaults are left out, so that a release which adds a field changes no version. An Output that
    preview does not know yet makes the version unknown.
    """
    if args.version is not None:
        return args.version if args.attempt == 1 else f"{args.version}-a{args.attempt}"
    said = {
        "args": _said(args),
        "kind": kind,
        "project": project,
        "source": source.digest if source else None,
        "stack": stack,
    }
    return mapped(said, _digest)


def _said(args: JobArgs) -> dict[str, Any]:
    roles = [name for name, value in args if isinstance(value, Replica)]
    not_the_run: dict[str, Any] = {
        **dict.fromkeys(args.NOT_THE_RUN, True),
        "checkpoint": Checkpoint.NOT_THE_RUN,
        "pool": PoolProfile.NOT_THE_RUN,
        "run_policy": RunPolicy.NOT_THE_RUN,
        **{name: {"pool": PoolProfile.NOT_THE_RUN} for name in roles},
    }
    said = args.model_dump(exclude_defaults=True, exclude=not_the_run)
    if said.get("run_policy") == {}:
        del said["run_policy"]
    return said


def _digest(said: Any) -> str:
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(canonical.encode()).hexdigest()[:DIGITS]


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"cannot hash {type(value).__name__}")
