"""Where a run keeps its checkpoints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pulumi import Output
from pydantic import AfterValidator, Field, model_validator

from .inputs import In, mapped, text
from .model import Args, TrainstackError
from .mounts import Mount
from .names import Subdomain, pattern
from .policy import Seconds
from .quantity import Bytes
from .shown import shown

if TYPE_CHECKING:
    from .run import Run

CHECKPOINT_DIR = "/mnt/checkpoints"
SAVING_MARGIN = 5
"""Seconds of a grace period that the launch runtime keeps for itself."""
AccessMode = Literal["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"]
_SHARED = "ReadWriteMany"
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9!_.*'()=-]+)*", re.ASCII)


def _bucket_url(value: str) -> str:
    bare = value.rstrip("/")
    if not _BUCKET.fullmatch(bare) or {".", ".."} & set(bare.split("/")):
        raise ValueError(
            f"got {shown(value)}: must be 's3://<bucket>' or 's3://<bucket>/<prefix>'; of other "
            "object stores, those that speak S3 take an endpoint"
        )
    return bare


def _sub_path(value: str) -> str:
    if value.startswith("/") or ".." in value.split("/"):
        raise ValueError(f"got {shown(value)}: must be relative and without '..'")
    return value


def _endpoint(value: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+(/[^\s?#]*)?", value, re.ASCII):
        raise ValueError(f"got {shown(value)}: must be 'https://<host>' or 'http://<host>:<port>'")
    return value


SubPath = Annotated[str, AfterValidator(_sub_path)]
Url = Annotated[str, AfterValidator(_bucket_url)]
Endpoint = Annotated[str, AfterValidator(_endpoint)]
Region = Annotated[str, pattern(r"[a-z0-9-]+", "a region's name such as 'eu-central-1'", 63)]
Version = Annotated[
    str,
    pattern(
        r"([a-z]([-a-z0-9]*[a-z0-9])?/)?[a-z0-9]([-a-z0-9]*[a-z0-9])?",
        "'<version>' of this run or '<run_name>/<version>'",
        128,
    ),
]


class Checkpoint(Args):
    """Where a run keeps its checkpoints, in a volume or a bucket: `<root>/<run_name>/<version>/`.

    >>> Checkpoint(pvc="checkpoints", access_mode="ReadWriteMany", keep=5).keep
    5
    """

    NOT_THE_RUN: ClassVar[frozenset[str]] = frozenset(
        {"access_mode", "keep", "region", "save_seconds", "size"}
    )
    """Fields that change neither where the run's checkpoints are nor what it starts from."""

    pvc: In[Subdomain] | None = None
    """Name of a PersistentVolumeClaim in the job's namespace; excludes `url`."""
    sub_path: SubPath | None = None
    """The root's folder in the volume; default: all of it."""
    access_mode: In[AccessMode] | None = None
    """The claim's access mode; a job of several pods needs `"ReadWriteMany"`, and to say so."""
    url: In[Url] | None = None
    """`"s3://bucket/prefix"`, reached as the job's `service_account` or with keys from its
    `secrets`; excludes `pvc`."""
    endpoint: In[Endpoint] | None = None
    """Address of a store that speaks S3, for example `"https://minio.example:9000"`; default:
    Amazon's."""
    region: In[Region] | None = None
    """The bucket's region; default: what the pod's environment says."""
    size: Bytes | None = None
    """Upper limit, in bytes, of the local folder by which files go to a bucket, for example
    `"50Gi"`; default: the node's disk."""
    keep: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 3
    """Complete checkpoints that are left, 1 or more; default 3. Older ones are removed."""
    save_seconds: Seconds | None = None
    """Seconds that saving takes at most: the grace period of pods is at least 5 longer, and an
    overlay that says less is refused. Default: unknown, the grace period is the pool's or 30."""
    resume_from: In[Version] | None = None
    """A version to start from, `"<version>"` or `"<run_name>/<version>"` in the same root, finished
    or not; default: the stopped version before this one, if the last one did not finish."""

    @model_validator(mode="after")
    def _one_root(self) -> Checkpoint:
        if (self.pvc is None) == (self.url is None):
            given = "none" if self.pvc is None else "both"
            raise ValueError(f"give exactly one of pvc and url, got {given}")
        bucket_only = ("endpoint", "region", "size")
        claim_only = ("access_mode", "sub_path")
        names, other = (claim_only, "pvc") if self.pvc is None else (bucket_only, "url")
        for name in names:
            if getattr(self, name) is not None:
                raise ValueError(f"{name}: applies to {other} only")
        return self

    @property
    def grace_seconds(self) -> int:
        """Seconds of grace that a pod needs at least."""
        return 0 if self.save_seconds is None else self.save_seconds + SAVING_MARGIN

    def mount(self) -> Mount:
        """The root in the pod: the volume, or a local folder for what goes to the bucket."""
        if self.pvc is not None:
            return Mount(path=CHECKPOINT_DIR, pvc=self.pvc, sub_path=self.sub_path)
        return Mount(path=CHECKPOINT_DIR, empty_dir=True, size=self.size)

    def env(self, run: Run) -> dict[str, Any]:
        """What the launch runtime is told."""
        said = {
            "TRAINSTACK_ARTIFACTS": text(CHECKPOINT_DIR, *_artifacts(run)),
            "TRAINSTACK_ARTIFACTS_ADDRESS": text(self._address, *_artifacts(run)),
            "TRAINSTACK_CHECKPOINT_ENDPOINT": self.endpoint,
            "TRAINSTACK_CHECKPOINT_FOLDER": CHECKPOINT_DIR,
            "TRAINSTACK_CHECKPOINT_KEEP": str(self.keep),
            "TRAINSTACK_CHECKPOINT_REGION": self.region,
            "TRAINSTACK_CHECKPOINT_RESUME_FROM": self.resume_from,
            "TRAINSTACK_CHECKPOINT_URL": self.url,
            "TRAINSTACK_STACK": run.stack_label,
        }
        return {name: value for name, value in said.items() if value is not None}

    def summary(self, pods: int, where: str) -> dict[str, Any]:
        """What a reviewer sees of it; refuses a volume that so many pods cannot all have."""
        said = {
            "access_mode": self._mode_for(pods, where),
            "endpoint": self.endpoint,
            "keep": self.keep,
            "region": self.region,
            "resume_from": self.resume_from,
            "root": self._address,
            "save_seconds": self.save_seconds,
            "size": self.size,
        }
        return {name: value for name, value in said.items() if value is not None}

    @property
    def _address(self) -> str | Output[str]:
        """The root as others name it."""
        if self.url is not None:
            return self.url
        below = f"/{self.sub_path.strip('/')}" if self.sub_path else ""
        return text("pvc://", self.pvc or "", below)

    def _mode_for(self, pods: int, where: str) -> str | Output[str] | None:
        if pods < 2 or self.pvc is None:
            return self.access_mode

        def check(mode: str | None) -> str:
            if mode == _SHARED:
                return mode
            said = "required" if mode is None else f"got {shown(mode)}"
            raise TrainstackError(
                f"{where}: checkpoint.access_mode: {said}: the {pods} pods of this job may run on "
                f"several nodes, so the claim has to be {_SHARED!r}; say so if it is, or keep the "
                "checkpoints in a bucket (url)"
            )

        return mapped(self.access_mode, check)


def _artifacts(run: Run) -> tuple[str | Output[str], ...]:
    return f"/{run.name}/", run.version, "/artifacts"
