"""What the training-operator may do: upstream's rules, cut down to what it was seen to need."""

from __future__ import annotations

from collections.abc import Iterable

from .rbac import READ, WRITE, Rule, cut
from .training_args import TrainingOperatorArgs

LEASE = "1ca428e5.training-operator.kubeflow.org"
"""The lock of the operator's leader election; the name is compiled into it."""

_PODGROUPS = "podgroups"
_VOLCANO = "scheduling.volcano.sh"
_COSCHEDULING = "scheduling.x-k8s.io"


def plural(kind: str) -> str:
    """The resource name of a job kind."""
    return f"{kind.lower()}s"


def job_rules(upstream: Iterable[Rule], args: TrainingOperatorArgs) -> list[Rule]:
    """Where jobs are: the jobs, and what the operator makes for them."""
    return cut(upstream, _needed(args))


def _needed(args: TrainingOperatorArgs) -> dict[tuple[str, str], frozenset[str]]:
    gang = args.gang_scheduler_name
    needed = {
        ("", "events"): frozenset({"create", "patch"}),
        ("", "pods"): READ | {"create", "delete", "patch"},
        ("", "services"): READ | {"create", "delete", "patch"},
        # Pod groups are watched wherever their kind is installed, asked for or not.
        (_VOLCANO, _PODGROUPS): READ | (WRITE if gang == "volcano" else set()),
        (_COSCHEDULING, _PODGROUPS): READ | (WRITE if gang not in (None, "volcano") else set()),
    }
    for kind in args.kinds:
        name = plural(kind)
        needed[("kubeflow.org", name)] = READ | {"delete"}
        needed[("kubeflow.org", f"{name}/finalizers")] = frozenset({"update"})
        needed[("kubeflow.org", f"{name}/status")] = frozenset({"update"})
    if "PyTorchJob" in args.kinds:
        needed[("autoscaling", "horizontalpodautoscalers")] = READ | WRITE
    return needed
