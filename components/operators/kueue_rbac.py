"""What Kueue may do: upstream's rules, cut down to the chosen kinds and to what it needs."""

from __future__ import annotations

from collections.abc import Iterable

from .kueue_args import KueueArgs
from .rbac import READ, WRITE, Rule, cut

_CHANGE = frozenset({"patch", "update"})
_STATUS = frozenset({"get", "patch", "update"})
_KUEUE = "kueue.x-k8s.io"
_HELD = ("admissionchecks", "clusterqueues", "cohorts", "localqueues")
_FINALIZED = ("admissionchecks", "clusterqueues", "localqueues", "resourceflavors", "topologies")


def cluster_rules(upstream: Iterable[Rule], args: KueueArgs) -> list[Rule]:
    """Everywhere: the queues, the jobs of the chosen kinds, and what admission depends on."""
    return cut(upstream, {**_own(), **_jobs(args), **_around()})


def _own() -> dict[tuple[str, str], frozenset[str]]:
    return {
        **{(_KUEUE, name): READ | _CHANGE for name in _HELD},
        **{(_KUEUE, f"{name}/status"): _STATUS for name in (*_HELD, "workloads")},
        **{(_KUEUE, f"{name}/finalizers"): frozenset({"update"}) for name in _FINALIZED},
        (_KUEUE, "provisioningrequestconfigs"): READ,
        (_KUEUE, "resourceflavors"): READ | {"update"},
        (_KUEUE, "topologies"): READ | {"update"},
        (_KUEUE, "workloadpriorityclasses"): READ,
        (_KUEUE, "workloads"): READ | WRITE | _CHANGE,
        (_KUEUE, "workloads/finalizers"): frozenset({"update"}),
    }


def _jobs(args: KueueArgs) -> dict[tuple[str, str], frozenset[str]]:
    needed = {}
    for kind in args.kinds:
        group, name = ("batch" if kind == "Job" else "kubeflow.org"), f"{kind.lower()}s"
        needed[(group, name)] = READ | _CHANGE
        needed[(group, f"{name}/finalizers")] = frozenset({"update"})
        if kind == "Job":
            # A Job that is stopped again loses its start time.
            needed[(group, f"{name}/status")] = _STATUS
    return needed


def _around() -> dict[tuple[str, str], frozenset[str]]:
    """What amounts, priorities and places are read from, and what autoscalers are asked with."""
    return {
        ("", "events"): frozenset({"create", "patch"}),
        ("", "limitranges"): READ,
        ("", "namespaces"): READ,
        ("", "nodes"): READ,
        # Pods that are placed by topology are let go one by one.
        ("", "pods"): READ | {"patch"},
        ("", "podtemplates"): READ | WRITE,
        ("autoscaling.x-k8s.io", "provisioningrequests"): READ | WRITE | {"patch"},
        ("autoscaling.x-k8s.io", "provisioningrequests/status"): frozenset({"get"}),
        ("node.k8s.io", "runtimeclasses"): READ,
        ("scheduling.k8s.io", "priorityclasses"): READ,
    }
