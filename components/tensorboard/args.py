"""What a user says about a TensorBoard."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from ..spec.checkpoint import Endpoint, Region, SubPath, Url
from ..spec.cluster import Cluster
from ..spec.env import Env, Secrets
from ..spec.image import JobImage
from ..spec.inputs import In
from ..spec.model import Args
from ..spec.names import Label, Namespace, Subdomain
from ..spec.overlay import PodOverlay
from ..spec.resources import Resources, requirements

LONGEST_NAME = 50


class LogFolder(Args):
    """Where the event files of runs are, at any depth: a volume's folder, or a bucket's.

    >>> LogFolder(pvc="checkpoints", sub_path="digits").sub_path
    'digits'
    """

    pvc: In[Subdomain] | None = None
    """Name of a PersistentVolumeClaim in the same namespace; excludes `url`."""
    sub_path: SubPath | None = None
    """The folder in the volume; default: all of it."""
    url: In[Url] | None = None
    """`"s3://bucket/prefix"`, reached as the `service_account` or with keys from `secrets`;
    excludes `pvc`."""
    endpoint: In[Endpoint] | None = None
    """Address of a store that speaks S3; default: Amazon's."""
    region: In[Region] | None = None
    """The bucket's region; default: what the pod's environment says."""

    @model_validator(mode="after")
    def _one_place(self) -> LogFolder:
        if (self.pvc is None) == (self.url is None):
            given = "none" if self.pvc is None else "both"
            raise ValueError(f"give exactly one of pvc and url, got {given}")
        names, other = (
            (("sub_path",), "pvc") if self.pvc is None else (("endpoint", "region"), "url")
        )
        for name in names:
            if getattr(self, name) is not None:
                raise ValueError(f"{name}: applies to {other} only")
        return self


class Named(Args):
    """What the objects of a component are called."""

    name: Annotated[Label, Field(max_length=LONGEST_NAME)] | None = None
    """Name of the Deployment and the Service, at most 50 characters; default: the logical name."""


class TensorBoardArgs(Named):
    """A TensorBoard that one pod serves."""

    logs: LogFolder
    """What it shows; a run is a folder with event files in it."""
    image: JobImage
    """Container image with `tensorboard` on its PATH, a reference or a `TrainingImage`."""
    image_pull_secrets: list[In[Subdomain]] = []
    """Names of Secrets with registry credentials, in its namespace."""
    namespace: In[Namespace] = "default"
    """Namespace of both; default `"default"`, never a context's."""
    reload_interval: Annotated[int, Field(ge=1, le=86_400, strict=True)] = 30
    """Seconds between two looks at the folder, 1 or more; default 30."""
    requests: Resources = Resources(cpu="100m", memory="512Mi")
    """What the scheduler sets aside; default 100m cores, 512Mi."""
    limits: Resources = Resources(memory="2Gi")
    """What it may use at most; default 2Gi of memory, which grows with the number of events."""
    env: Env = {}
    """Environment variables; numbers become text."""
    secrets: Secrets = {}
    """Environment variables that are read from Kubernetes Secrets."""
    service_account: In[Subdomain] | None = None
    """ServiceAccount of the pod; default: the namespace's default one."""
    pod_overlay: PodOverlay = {}
    """A partial pod template, laid over the pod."""
    cluster: Cluster | None = None
    """The cluster to run on; default: the provider's, or the current context."""

    @model_validator(mode="after")
    def _consistent(self) -> TensorBoardArgs:
        requirements(self.requests, self.limits)
        both = sorted(self.env.keys() & self.secrets.keys())
        if both:
            raise ValueError(f"secrets.{both[0]}: also given in env")
        return self
