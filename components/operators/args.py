"""What a user says about any operator."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from ..spec.cluster import Cluster
from ..spec.model import Args, TrainstackError
from ..spec.names import Image, Label, LabelKey, LabelValue, Subdomain
from ..spec.resources import Resources, requirements
from ..spec.toleration import Toleration
from .release import Release, find_release

Count = Annotated[int, Field(ge=1, strict=True)]


class OperatorArgs(Args):
    """The fields that every operator has; all have a default."""

    OPERATOR: ClassVar[str]
    """The operator's name, that of its objects too."""
    SELECTOR: ClassVar[str]
    """The label by which the Deployment finds its pods."""

    namespace: Label
    """Namespace of the operator itself."""
    create_namespace: bool = True
    """Make that namespace, and delete it with all it holds on destroy; default True. Say False
    where it exists already or holds anything else."""
    keep_crds: bool = True
    """Leave the job kinds and so all jobs in the cluster when the operator is removed or a kind
    is taken out; default True. False deletes every job of that kind in the cluster."""
    version: str
    """Release of the operator; default and only known one: the newest."""
    source: Annotated[str, Field(min_length=1)] | None = None
    """Folder with that release's manifests, for example of a Go module cache; default: what
    `trainstack operators fetch` has put into the user's cache."""
    image: Image | None = None
    """Image of the operator; default: the release's own."""
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    """When a node pulls that image; default `"IfNotPresent"`."""
    image_pull_secrets: tuple[Subdomain, ...] = ()
    """Names of Secrets with registry credentials, in `namespace`; default: none."""
    replicas: Count = 1
    """Operator pods; default 1. With more, one leads, and the others take over at once."""
    requests: Resources = Resources(cpu="100m", memory="128Mi")
    """What the scheduler sets aside for each operator pod; default 100m cores, 128Mi."""
    limits: Resources | None = None
    """What each operator pod may use; default: no limit, as its memory grows with the cluster."""
    qps: Count = 20
    """Requests per second that the operator sends to the API server; default 20."""
    burst: Count = 30
    """Requests that it may send at once; at least `qps`; default 30."""
    node_selector: dict[LabelKey, LabelValue] = {}
    """Labels of the nodes that may run the operator; default: any node."""
    tolerations: tuple[Toleration, ...] = ()
    """Taints that the operator's pods put up with; default: none."""
    priority_class: Subdomain | None = None
    """PriorityClass of the operator's pods; default: the cluster's."""
    labels: dict[LabelKey, LabelValue] = {}
    """Further labels of every object and of the operator's pods; default: none."""
    cluster: Cluster | None = None
    """The cluster to install into; default: the provider's, or the current context."""

    @property
    def release(self) -> Release:
        """The release that `version` names."""
        return find_release(self.OPERATOR, self.version)

    @field_validator("version")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            return find_release(cls.OPERATOR, value).version
        except TrainstackError as error:
            raise ValueError(str(error)) from None

    @field_validator("labels")
    @classmethod
    def _leaves_selector(cls, value: dict[str, str]) -> dict[str, str]:
        if cls.SELECTOR in value:
            raise ValueError(
                f"{cls.SELECTOR!r} is how the operator's pods are found; use another key"
            )
        return value

    @model_validator(mode="after")
    def _can_be_run(self) -> OperatorArgs:
        if self.burst < self.qps:
            raise ValueError(f"burst: got {self.burst}, less than qps ({self.qps})")
        requirements(self.requests, self.limits)
        return self


class JobOperatorArgs(OperatorArgs):
    """What can be said besides about an operator that turns jobs into pods."""

    watch_namespace: Label | None = None
    """The one namespace whose jobs are run, which must exist; default: all."""
    gang_scheduler_name: Subdomain | None = None
    """Scheduler that starts all pods of a job or none: `"volcano"`, or the name of a scheduler
    with the coscheduling plugin; its PodGroup kind must be installed; default: none."""
