"""What was collected, as an archive to send to somebody else."""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..review.yaml_text import to_yaml
from ..spec.model import TrainstackError
from .evidence import Evidence
from .redaction import Redaction


def bundle_files(
    evidence: Evidence, redaction: Redaction, fields: Mapping[str, Any] | None
) -> dict[str, str]:
    """The archive's files by name, without secrets; `fields` is what the run's stack says of it."""
    files = _manifests(evidence, redaction)
    if fields is not None:
        files["stack.json"] = json.dumps(redaction.object(fields), indent=2, ensure_ascii=False)
    for name, log in evidence.logs.items():
        file = name.replace("/", ".").replace(" ", "")
        files[f"logs/{file}.log"] = redaction.text(log)
    if evidence.unread:
        files["unread.txt"] = redaction.text("\n".join(evidence.unread)) + "\n"
    return dict(sorted(files.items()))


def redaction_for(evidence: Evidence) -> Redaction:
    """What removes the secrets of everything that was collected."""
    return Redaction(_objects(evidence))


def write_bundle(files: Mapping[str, str], path: Path) -> None:
    """Write the archive, readable by its owner only.

    Raises `TrainstackError` when it cannot be written.
    """
    try:
        path.touch(mode=0o600)
        with tarfile.open(path, "w:gz") as archive:
            for name, text in files.items():
                content = text.encode()
                entry = tarfile.TarInfo(f"{path.name.partition('.')[0]}/{name}")
                entry.size, entry.mode, entry.mtime = len(content), 0o600, int(time.time())
                archive.addfile(entry, io.BytesIO(content))
    except OSError as error:
        raise TrainstackError(f"{path}: cannot be written: {error.strerror}") from None


def _manifests(evidence: Evidence, redaction: Redaction) -> dict[str, str]:
    look = evidence.look
    found = {
        "job.yaml": [look.job] if look else [],
        "pods.yaml": look.pods if look else [],
        "events.yaml": evidence.events,
        "nodes.yaml": evidence.nodes or (),
        "operators.yaml": [
            one
            for operator in evidence.operators or ()
            for one in (operator.deployment, *operator.pods)
        ],
    }
    return {
        name: "---\n".join(to_yaml(redaction.object(one)) for one in objects)
        for name, objects in found.items()
        if objects
    }


def _objects(evidence: Evidence) -> Iterator[Mapping[str, Any]]:
    """Everything that may hold variables."""
    if evidence.look:
        yield evidence.look.job
        yield from evidence.look.pods
    for operator in evidence.operators or ():
        yield operator.deployment
