"""What the training-operator may do: upstream's rules, cut down to what it was seen to need."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .training_args import TrainingOperatorArgs

Rule = dict[str, Any]

LEASE = "1ca428e5.training-operator.kubeflow.org"
"""The lock of the operator's leader election; the name is compiled into it."""

_READ = frozenset({"get", "list", "watch"})
_PODGROUPS = "podgroups"
_VOLCANO = "scheduling.volcano.sh"
_COSCHEDULING = "scheduling.x-k8s.io"


def plural(kind: str) -> str:
    """The resource name of a job kind."""
    return f"{kind.lower()}s"


def job_rules(upstream: Iterable[Rule], args: TrainingOperatorArgs) -> list[Rule]:
    """Where jobs are: the jobs, and what the operator makes for them."""
    return _cut(upstream, _needed(args))


def webhook_rules(configuration: str) -> list[Rule]:
    """Cluster-wide, whatever is watched: put the certificate into its own configuration."""
    group, resource = "admissionregistration.k8s.io", "validatingwebhookconfigurations"
    return [
        # A watch cannot be narrowed to a name.
        _rule(group, resource, _READ),
        _rule(group, resource, {"update"}, names=[configuration]),
    ]


def home_rules(secret: str, args: TrainingOperatorArgs) -> list[Rule]:
    """In the operator's own namespace: its certificate, and its lock when there are several."""
    rules = [
        _rule("", "secrets", _READ),
        _rule("", "secrets", {"update"}, names=[secret]),
    ]
    if args.replicas > 1:
        rules += [
            _rule("", "events", {"create", "patch"}),
            _rule("coordination.k8s.io", "leases", {"create"}),
            _rule("coordination.k8s.io", "leases", {"get", "update"}, names=[LEASE]),
        ]
    return rules


def _needed(args: TrainingOperatorArgs) -> dict[tuple[str, str], frozenset[str]]:
    write = frozenset({"create", "delete", "update"})
    gang = args.gang_scheduler_name
    needed = {
        ("", "events"): frozenset({"create", "patch"}),
        ("", "pods"): _READ | {"create", "delete", "patch"},
        ("", "services"): _READ | {"create", "delete", "patch"},
        # Pod groups are watched wherever their kind is installed, asked for or not.
        (_VOLCANO, _PODGROUPS): _READ | (write if gang == "volcano" else set()),
        (_COSCHEDULING, _PODGROUPS): _READ | (write if gang not in (None, "volcano") else set()),
    }
    for kind in args.kinds:
        name = plural(kind)
        needed[("kubeflow.org", name)] = _READ | {"delete"}
        needed[("kubeflow.org", f"{name}/finalizers")] = frozenset({"update"})
        needed[("kubeflow.org", f"{name}/status")] = frozenset({"update"})
    if "PyTorchJob" in args.kinds:
        needed[("autoscaling", "horizontalpodautoscalers")] = _READ | write
    return needed


def _cut(upstream: Iterable[Rule], needed: dict[tuple[str, str], frozenset[str]]) -> list[Rule]:
    allowed: dict[tuple[str, str], set[str]] = {}
    for rule in upstream:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                verbs = needed.get((group, resource), frozenset()) & set(rule["verbs"])
                if verbs:
                    allowed.setdefault((group, resource), set()).update(verbs)
    return [_rule(*key, verbs) for key, verbs in sorted(allowed.items())]


def _rule(group: str, resource: str, verbs: Iterable[str], names: list[str] | None = None) -> Rule:
    rule: Rule = {"apiGroups": [group], "resources": [resource], "verbs": sorted(verbs)}
    return {**rule, "resourceNames": names} if names else rule
