"""What a user says about the training-operator."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, field_validator, model_validator

from ..spec.cluster import Cluster
from ..spec.model import Args, TrainstackError
from ..spec.names import Image, Label, LabelKey, LabelValue, Subdomain
from ..spec.resources import Resources, requirements
from .release import find_release
from .toleration import Toleration

TrainingKind = Literal["PyTorchJob", "TFJob", "XGBoostJob", "PaddleJob", "JAXJob"]
KINDS: tuple[TrainingKind, ...] = get_args(TrainingKind)
OPERATOR = "training-operator"
SELECTOR = "control-plane"
"""The label by which the Deployment and the Service find the pods."""

Count = Annotated[int, Field(ge=1, strict=True)]


class TrainingOperatorArgs(Args):
    """Arguments of `TrainingOperator`; every field has a default."""

    namespace: Label = "kubeflow"
    """Namespace of the operator itself; default `"kubeflow"`."""
    create_namespace: bool = True
    """Make that namespace, and delete it with all it holds on destroy; default True. Say False
    where it exists already or holds anything else."""
    kinds: tuple[TrainingKind, ...] = ("PyTorchJob", "TFJob")
    """Job kinds to install, in any order; default PyTorchJob and TFJob; also XGBoostJob, PaddleJob
    and JAXJob. Never MPIJob: that is the mpi-operator's."""
    keep_crds: bool = True
    """Leave the job kinds and so all jobs in the cluster when the operator is removed or a kind
    is taken out of `kinds`; default True. False deletes every job of that kind in the cluster."""
    version: str = "1.9.4"
    """Release of the operator; default and only known one: `"1.9.4"`."""
    source: Annotated[str, Field(min_length=1)] | None = None
    """Folder with that release's manifests, for example of a Go module cache; default: what
    `trainstack operators fetch` has put into the user's cache."""
    image: Image | None = None
    """Image of the operator; default: the release's own."""
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    """When a node pulls that image; default `"IfNotPresent"`."""
    image_pull_secrets: tuple[Subdomain, ...] = ()
    """Names of Secrets with registry credentials, in `namespace`; default: none."""
    init_container_image: Image = "alpine:3.10"
    """Image of the container in which a PyTorchJob's worker waits for its master; it needs `sh`
    and `nslookup`; default: upstream's `"alpine:3.10"`."""
    replicas: Count = 1
    """Operator pods; default 1. With more, one leads, and the webhook answers during updates."""
    requests: Resources = Resources(cpu="100m", memory="128Mi")
    """What the scheduler sets aside for each operator pod; default 100m cores, 128Mi."""
    limits: Resources | None = None
    """What each operator pod may use; default: no limit, as its memory grows with the cluster."""
    watch_namespace: Label | None = None
    """The one namespace whose jobs are run, which must exist; default: all."""
    gang_scheduler_name: Subdomain | None = None
    """Scheduler that starts all pods of a job or none: `"volcano"`, or the name of a scheduler
    with the coscheduling plugin; its PodGroup kind must be installed; default: none."""
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

    @field_validator("kinds", mode="before")
    @classmethod
    def _not_mpi(cls, value: Any) -> Any:
        if isinstance(value, list | tuple) and "MPIJob" in value:
            raise ValueError(
                f"got {list(value)}: MPIJob is not offered: this operator's MPIJob v1 and the "
                "mpi-operator's MPIJob are one CRD, mpijobs.kubeflow.org, and exclude each other; "
                "install the mpi-operator for MPI jobs"
            )
        return value

    @field_validator("kinds")
    @classmethod
    def _in_order(cls, value: tuple[TrainingKind, ...]) -> tuple[TrainingKind, ...]:
        if not value:
            raise ValueError("got []: name at least one job kind")
        if len(set(value)) != len(value):
            raise ValueError(f"got {list(value)}: a kind is named twice")
        return tuple(kind for kind in KINDS if kind in value)

    @field_validator("version")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            return find_release(OPERATOR, value).version
        except TrainstackError as error:
            raise ValueError(str(error)) from None

    @field_validator("labels")
    @classmethod
    def _leaves_selector(cls, value: dict[str, str]) -> dict[str, str]:
        if SELECTOR in value:
            raise ValueError(f"{SELECTOR!r} is how the operator's pods are found; use another key")
        return value

    @model_validator(mode="after")
    def _agrees(self) -> TrainingOperatorArgs:
        if "init_container_image" in self.model_fields_set and "PyTorchJob" not in self.kinds:
            raise ValueError("init_container_image has no effect without PyTorchJob in kinds")
        if self.burst < self.qps:
            raise ValueError(f"burst: got {self.burst}, less than qps ({self.qps})")
        requirements(self.requests, self.limits)
        return self
