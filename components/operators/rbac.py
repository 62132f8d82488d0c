"""What an operator may do: upstream's rules, cut down to what it was seen to need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Rule = dict[str, Any]

READ = frozenset({"get", "list", "watch"})
WRITE = frozenset({"create", "delete", "update"})


def rule(group: str, resource: str, verbs: Iterable[str], names: list[str] | None = None) -> Rule:
    """One rule, for all objects of a resource or for the named ones."""
    found: Rule = {"apiGroups": [group], "resources": [resource], "verbs": sorted(verbs)}
    return {**found, "resourceNames": names} if names else found


def cut(upstream: Iterable[Rule], needed: Mapping[tuple[str, str], frozenset[str]]) -> list[Rule]:
    """What is both needed and in upstream's rules, a rule for each group and resource."""
    allowed: dict[tuple[str, str], set[str]] = {}
    for given in upstream:
        for group in given["apiGroups"]:
            for resource in given["resources"]:
                wanted = needed.get((group, resource), frozenset())
                verbs = wanted if "*" in given["verbs"] else wanted & set(given["verbs"])
                if verbs:
                    allowed.setdefault((group, resource), set()).update(verbs)
    return [rule(*key, verbs) for key, verbs in sorted(allowed.items())]


def webhook_rules(resource: str, configuration: str) -> list[Rule]:
    """Cluster-wide, whatever is watched: put the certificate into its own configuration."""
    group = "admissionregistration.k8s.io"
    return [
        # A watch cannot be narrowed to a name.
        rule(group, resource, READ),
        rule(group, resource, {"update"}, names=[configuration]),
    ]


def home_rules(secret: str, lease: str, replicas: int) -> list[Rule]:
    """In the operator's own namespace: its certificate, and its lock when there are several."""
    rules = [rule("", "secrets", READ), rule("", "secrets", {"update"}, names=[secret])]
    return rules + (lock_rules(lease) if replicas > 1 else [])


def lock_rules(lease: str) -> list[Rule]:
    """In the operator's own namespace: elect a leader by that lease, and say who it is."""
    return [
        rule("", "events", {"create", "patch"}),
        rule("coordination.k8s.io", "leases", {"create"}),
        rule("coordination.k8s.io", "leases", {"get", "update"}, names=[lease]),
    ]
