"""Which logs of a run are no longer there, and what else is kept of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ..spec.pod import templates
from ..status import Look
from ..status.phase import phase_of
from ..status.roles import role_of, roles_of

_FOLDER = "TRAINSTACK_LOG_DIR"


def gone(manifest: Mapping[str, Any], look: Look | None) -> list[str]:
    """What to tell of logs that cannot be shown; empty while nothing is lost.

    `manifest` is the job's object, live or as it was sent; `look` is None when it is deleted.
    """
    metadata = manifest["metadata"]
    who = f"{manifest['kind']} {metadata['namespace']}/{metadata['name']}"
    if look is None:
        lost = f"{who} has been deleted, and its pods' logs with it"
    elif missing := _missing(look):
        lost = f"{who}: pods that were removed took their logs with them: {missing}"
    else:
        return []
    return [lost, *_kept(manifest)]


def _missing(look: Look) -> str:
    """How many pods of which role are no longer there, now that the run has ended."""
    if not phase_of(look).ended:
        return ""
    present = Counter(role_of(pod) for pod in look.pods)
    lacking = {role: max(0, of.total - present[role]) for role, of in roles_of(look).items()}
    return ", ".join(f"{count} {role}" for role, count in lacking.items() if count)


def _kept(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Where the launch runtime keeps a copy of what each rank prints."""
    name = manifest["metadata"]["name"]
    for template in templates(manifest):
        pod = template["spec"]
        container = pod["containers"][0]
        said = {one["name"]: one.get("value") for one in container.get("env") or []}
        folder = said.get(_FOLDER)
        if folder:
            yield (
                f"each rank's lines are kept in {folder}/{name}/rank-<n>.log"
                f"{_volume(pod, container, folder)}"
            )
            return
    yield f"another run keeps them when {_FOLDER} in its env names a folder on a volume"


def _volume(pod: Mapping[str, Any], container: Mapping[str, Any], folder: str) -> str:
    mounts = [
        mount
        for mount in container.get("volumeMounts") or []
        if f"{folder}/".startswith(mount["mountPath"].rstrip("/") + "/")
    ]
    if not mounts:
        return " of their container, which is gone"
    nearest = max(mounts, key=lambda mount: len(mount["mountPath"]))
    volume = next(one for one in pod.get("volumes") or [] if one["name"] == nearest["name"])
    claim = volume.get("persistentVolumeClaim", {}).get("claimName")
    return f", on the claim {claim}" if claim else f", on the volume {volume['name']}"
