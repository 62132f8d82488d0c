"""Folders that a pod sees from elsewhere."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from pydantic import model_validator

from .inputs import In
from .model import Args
from .names import AbsolutePath, Subdomain
from .quantity import Bytes

_SOURCES = ("pvc", "config_map", "host_path", "empty_dir")


class Mount(Args):
    """One folder of a container and where it comes from: exactly one source.

    >>> Mount(path="/data", pvc="imagenet", read_only=True).volume()["persistentVolumeClaim"]
    {'claimName': 'imagenet', 'readOnly': True}
    """

    path: AbsolutePath
    """Where the container sees it; an absolute path, unlike any other mount's."""
    pvc: In[Subdomain] | None = None
    """Name of a PersistentVolumeClaim in the job's namespace."""
    config_map: In[Subdomain] | None = None
    """Name of a ConfigMap in the job's namespace; its keys become files."""
    host_path: AbsolutePath | None = None
    """A folder of the node, made when it is missing."""
    empty_dir: bool = False
    """A new folder for each pod, removed with it."""
    size: Bytes | None = None
    """Upper limit of an `empty_dir` in bytes, for example `"100Gi"`; default: the node's disk."""
    sub_path: str | None = None
    """A folder below the source; default: all of it."""
    read_only: bool = False
    """Whether writing is refused; a ConfigMap is always read-only."""

    @model_validator(mode="after")
    def _consistent(self) -> Mount:
        given = [name for name in _SOURCES if getattr(self, name) not in (None, False)]
        if len(given) != 1:
            raise ValueError(
                f"mount {self.path!r}: give exactly one of {', '.join(_SOURCES)}, "
                f"got {', '.join(given) or 'none'}"
            )
        if self.size is not None and not self.empty_dir:
            raise ValueError(f"mount {self.path!r}: size applies to empty_dir only")
        if self.host_path is not None and ".." in self.host_path.split("/"):
            raise ValueError(f"mount {self.path!r}: host_path must be without '..'")
        if self.sub_path is not None and (
            self.sub_path.startswith("/") or ".." in self.sub_path.split("/")
        ):
            raise ValueError(f"mount {self.path!r}: sub_path must be relative and without '..'")
        return self

    @property
    def name(self) -> str:
        """The volume's name, made from the path."""
        slug = re.sub(r"[^a-z0-9]+", "-", self.path.lower()).strip("-")[:40]
        return f"mount-{slug}-{hashlib.sha256(self.path.encode()).hexdigest()[:6]}"

    def volume(self) -> dict[str, Any]:
        """The pod's volume."""
        if self.pvc is not None:
            claim: dict[str, Any] = {"claimName": self.pvc}
            return self._named(persistentVolumeClaim=claim | self._read_only())
        if self.config_map is not None:
            return self._named(configMap={"name": self.config_map})
        if self.host_path is not None:
            return self._named(hostPath={"path": self.host_path, "type": "DirectoryOrCreate"})
        return self._named(emptyDir={"sizeLimit": self.size} if self.size else {})

    def volume_mount(self) -> dict[str, Any]:
        """The container's volume mount."""
        where = {"mountPath": self.path} | self._read_only()
        if self.sub_path is not None:
            where["subPath"] = self.sub_path
        return self._named(**where)

    def shares_claim(self, other: Mount) -> bool:
        """Whether both are known to show the same PersistentVolumeClaim."""
        return isinstance(self.pvc, str) and self.pvc == other.pvc

    def _named(self, **rest: Any) -> dict[str, Any]:
        return {"name": self.name, **rest}

    def _read_only(self) -> dict[str, Any]:
        return {"readOnly": True} if self.read_only else {}


def volumes(mounts: Sequence[Mount]) -> list[dict[str, Any]]:
    """The pod's volumes: one for each claim, since the kubelet waits forever for a second one.

    See <https://github.com/kubernetes/kubernetes/issues/127004>.
    """
    found = []
    for mount in mounts:
        sharing = [other for other in mounts if other is mount or other.shares_claim(mount)]
        if sharing[0] is mount:
            writer = next((other for other in sharing if not other.read_only), mount)
            found.append({**writer.volume(), "name": mount.name})
    return found


def volume_mounts(mounts: Sequence[Mount]) -> list[dict[str, Any]]:
    """The container's volume mounts, each of the volume that `volumes` made for it."""
    return [
        {
            **mount.volume_mount(),
            "name": next(o.name for o in mounts if o is mount or o.shares_claim(mount)),
        }
        for mount in mounts
    ]
