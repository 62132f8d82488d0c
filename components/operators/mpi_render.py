"""From arguments and upstream's manifests to the manifests of the mpi-operator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .crd import render_crd
from .deployment import hardened, probe
from .mpi_args import MPIOperatorArgs
from .objects import access, documents, labelled, made, moved
from .rbac import READ, WRITE, Rule, cut, lock_rules, rule

Manifest = dict[str, Any]

HEALTH_PORT = 8080
LEASE = "mpi-operator"
"""The lock of the operator's leader election; the name is compiled into it."""
_NEEDED = ("ClusterRole", "CustomResourceDefinition", "Deployment", "ServiceAccount")
_KEPT = frozenset({"create", "list", "update", "watch"})


def read_mpi_upstream(args: MPIOperatorArgs) -> dict[str, list[Manifest]]:
    """Upstream's documents by kind.

    Raises `TrainstackError`: not fetched, or not the release's manifests.
    """
    return documents(args, args.release.files, _NEEDED)


def render_mpi_operator(
    args: MPIOperatorArgs, upstream: Mapping[str, list[Manifest]]
) -> dict[str, Manifest]:
    """All manifests by a short stable name, in the order of their needs."""
    rendered: dict[str, Manifest] = {}
    if args.create_namespace:
        rendered["namespace"] = made("v1", "Namespace", args.namespace, None)
    rendered["mpijobs-crd"] = render_crd(upstream["CustomResourceDefinition"][0])
    rendered["service-account"] = moved(upstream["ServiceAccount"][0], args)
    rendered |= access(
        args,
        jobs=job_rules(upstream["ClusterRole"][0]["rules"], args),
        everywhere=[rule("scheduling.k8s.io", "priorityclasses", READ)],
        home=lock_rules(LEASE),
        jobs_in=args.watch_namespace,
    )
    deployment = hardened(
        upstream["Deployment"][0],
        args,
        {
            "args": _flags(args),
            "livenessProbe": probe("/healthz", HEALTH_PORT, period=10),
            "readinessProbe": probe("/healthz", HEALTH_PORT, period=2),
        },
    )
    rendered["deployment"] = moved(deployment, args)
    return labelled(rendered, args)


def job_rules(upstream: list[Rule], args: MPIOperatorArgs) -> list[Rule]:
    """Where jobs are: the jobs, and what the operator makes for them."""
    needed = {
        ("", "configmaps"): _KEPT,
        ("", "events"): frozenset({"create", "patch"}),
        ("", "pods"): READ | {"create", "delete"},
        ("", "secrets"): _KEPT,
        ("", "services"): _KEPT,
        ("batch", "jobs"): _KEPT,
        ("kubeflow.org", "mpijobs"): READ,
        ("kubeflow.org", "mpijobs/finalizers"): frozenset({"update"}),
        ("kubeflow.org", "mpijobs/status"): frozenset({"update"}),
    }
    if args.gang_scheduler_name == "volcano":
        needed[("scheduling.volcano.sh", "podgroups")] = READ | WRITE
    elif args.gang_scheduler_name:
        needed[("scheduling.x-k8s.io", "podgroups")] = READ | WRITE
    return cut(upstream, needed)


def _flags(args: MPIOperatorArgs) -> list[str]:
    flags = [
        "-alsologtostderr",
        f"-lock-namespace={args.namespace}",
        f"-kube-api-qps={args.qps}",
        f"-kube-api-burst={args.burst}",
        f"-threadiness={args.threads}",
    ]
    if args.watch_namespace:
        flags.append(f"-namespace={args.watch_namespace}")
    if args.gang_scheduler_name:
        flags.append(f"-gang-scheduling={args.gang_scheduler_name}")
    if args.cluster_domain:
        flags.append(f"-cluster-domain={args.cluster_domain}")
    return flags
