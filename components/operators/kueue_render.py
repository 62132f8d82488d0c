"""From arguments and upstream's manifests to the manifests of Kueue."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from ..spec.queue import QUEUE
from .crd import render_crd
from .kueue_args import KueueArgs
from .kueue_config import LEASE, SECRET, SERVICE, render_config
from .kueue_deployment import CONFIG, CONFIG_FILE, SELECTED, render_deployment
from .kueue_rbac import cluster_rules
from .objects import access, awaiting_authority, documents, labelled, made, moved, not_awaited
from .rbac import home_rules, webhook_rules

Manifest = dict[str, Any]

MUTATING = "kueue-mutating-webhook-configuration"
VALIDATING = "kueue-validating-webhook-configuration"
"""Names of the webhook configurations, as Kueue derives them from its Service's."""
_OWN_GROUP = "kueue.x-k8s.io"
_NEEDED = (
    "ClusterRole",
    "CustomResourceDefinition",
    "Deployment",
    "MutatingWebhookConfiguration",
    "Service",
    "ValidatingWebhookConfiguration",
)


def read_kueue_upstream(args: KueueArgs) -> dict[str, list[Manifest]]:
    """Upstream's documents by kind.

    Raises `TrainstackError`: not fetched, or not the release's manifests.
    """
    return documents(args, args.release.files, _NEEDED)


def render_kueue(args: KueueArgs, upstream: Mapping[str, list[Manifest]]) -> dict[str, Manifest]:
    """All manifests by a short stable name, in the order of their needs."""
    rendered: dict[str, Manifest] = {}
    if args.create_namespace:
        rendered["namespace"] = made("v1", "Namespace", args.namespace, None)
    for crd in upstream["CustomResourceDefinition"]:
        rendered[f"{crd['spec']['names']['plural']}-crd"] = render_crd(crd)
    rendered["service-account"] = made("v1", "ServiceAccount", args.OPERATOR, args.namespace)
    rendered |= access(
        args,
        jobs=cluster_rules(upstream["ClusterRole"][0]["rules"], args),
        everywhere=[
            *webhook_rules("mutatingwebhookconfigurations", MUTATING),
            *webhook_rules("validatingwebhookconfigurations", VALIDATING),
        ],
        home=home_rules(SECRET, LEASE, args.replicas),
    )
    config = render_config(args)
    rendered["config"] = made("v1", "ConfigMap", CONFIG, args.namespace, data={CONFIG_FILE: config})
    rendered["certificate"] = made("v1", "Secret", SECRET, args.namespace, type="Opaque")
    rendered["service"] = _service(args, upstream["Service"][0])
    mutating = _webhooks(args, upstream["MutatingWebhookConfiguration"][0], MUTATING)
    deployment = render_deployment(
        upstream["Deployment"][0], args, config, answered=_path_of_last_kind(args, mutating)
    )
    rendered["deployment"] = moved(deployment, args)
    rendered["mutating-webhook"] = mutating
    rendered["validating-webhook"] = _webhooks(
        args, upstream["ValidatingWebhookConfiguration"][0], VALIDATING
    )
    return labelled(rendered, args)


def _service(args: KueueArgs, upstream: Manifest) -> Manifest:
    service = moved(upstream, args)
    service["metadata"]["name"] = SERVICE
    service["spec"]["selector"] = SELECTED
    return not_awaited(service)


def _webhooks(args: KueueArgs, upstream: Manifest, name: str) -> Manifest:
    """The webhooks of queues and of jobs of the chosen kinds, the latter for queued jobs only.

    Without a controller behind them they refuse, and nothing else should then be refused.
    """
    manifest = copy.deepcopy(upstream)
    manifest["metadata"] = {"name": name}
    manifest["webhooks"] = []
    for webhook in copy.deepcopy(upstream["webhooks"]):
        groups = {group for rule in webhook["rules"] for group in rule["apiGroups"]}
        if groups != {_OWN_GROUP}:
            if webhook["name"] not in _job_webhooks(args):
                continue
            queued = {"key": QUEUE, "operator": "Exists"}
            webhook["objectSelector"] = {"matchExpressions": [queued]}
        webhook["clientConfig"]["service"].update(name=SERVICE, namespace=args.namespace)
        manifest["webhooks"].append(webhook)
    return awaiting_authority(manifest)


def _job_webhooks(args: KueueArgs) -> set[str]:
    """Upstream's names of the webhooks of the chosen kinds."""
    return {f"{prefix}{kind.lower()}.kb.io" for kind in args.kinds for prefix in "mv"}


def _path_of_last_kind(args: KueueArgs, mutating: Manifest) -> str:
    """Where the webhook of the kind that Kueue registers last answers."""
    name = f"m{args.kinds[-1].lower()}.kb.io"
    (path,) = (
        str(webhook["clientConfig"]["service"]["path"])
        for webhook in mutating["webhooks"]
        if webhook["name"] == name
    )
    return path
