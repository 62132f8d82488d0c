"""What differs between the manifests of two commits."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from ..review.offline import title
from ..review.yaml_text import to_yaml
from ..spec.run import PREFIX

Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class ObjectDiff:
    """One object that differs; of a run, its objects of both versions."""

    before: str | None
    """Kind, namespace and name; None when there was none."""
    after: str | None
    diff: str
    """A unified diff of the YAML."""


def manifest_diff(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> tuple[ObjectDiff, ...]:
    """What differs, by kind and name."""
    old, new = _by_key(before), _by_key(after)
    diffs = (_diff(old.get(key), new.get(key)) for key in sorted(old.keys() | new.keys()))
    return tuple(diff for diff in diffs if diff.diff)


def _by_key(objects: Iterable[Mapping[str, Any]]) -> dict[Key, Mapping[str, Any]]:
    """Objects by what stays the same from version to version."""
    found: dict[Key, Mapping[str, Any]] = {}
    for manifest in objects:
        metadata = manifest["metadata"]
        run = (metadata.get("labels") or {}).get(f"{PREFIX}run")
        group = manifest["apiVersion"].rpartition("/")[0]
        where = (group, manifest["kind"], metadata.get("namespace") or "")
        key = (*where, run or metadata["name"])
        found[key if key not in found else (*where, metadata["name"])] = manifest
    return found


def _diff(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> ObjectDiff:
    old, new = (None if manifest is None else title(manifest) for manifest in (before, after))
    lines = unified_diff(_lines(before), _lines(after), old or "/dev/null", new or "/dev/null")
    return ObjectDiff(old, new, "".join(lines))


def _lines(manifest: Mapping[str, Any] | None) -> list[str]:
    return [] if manifest is None else to_yaml(_readable(manifest)).splitlines(keepends=True)


def _readable(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The object with archives named by their digest."""
    archives = manifest.get("binaryData")
    if not archives:
        return dict(manifest)
    return {**manifest, "binaryData": {key: _named(value) for key, value in archives.items()}}


def _named(archive: str) -> str:
    content = base64.b64decode(archive)
    return f"{len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}"
