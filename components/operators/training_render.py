"""From arguments and upstream's manifests to the manifests of the training-operator."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from .crd import render_crd
from .objects import access, awaiting_authority, documents, labelled, made, moved, not_awaited
from .rbac import home_rules, webhook_rules
from .training_args import TrainingOperatorArgs
from .training_deployment import render_deployment
from .training_rbac import LEASE, job_rules, plural

Manifest = dict[str, Any]

SECRET = "training-operator-webhook-cert"
WEBHOOKS = "validator.training-operator.kubeflow.org"
"""Name of the webhook configuration; it is compiled into the operator."""
_NEEDED = (
    "ClusterRole",
    "CustomResourceDefinition",
    "Deployment",
    "Service",
    "ServiceAccount",
    "ValidatingWebhookConfiguration",
)


def read_upstream(args: TrainingOperatorArgs) -> dict[str, list[Manifest]]:
    """Upstream's documents by kind; of the CRDs only those of the chosen kinds.

    Raises `TrainstackError`: not fetched, or not the release's manifests.
    """
    wanted = [f"kubeflow.org_{plural(kind)}.yaml" for kind in args.kinds]
    files = [
        name
        for name in args.release.files
        if not name.startswith("crds/") or name.removeprefix("crds/") in wanted
    ]
    return documents(args, files, _NEEDED)


def render_training(
    args: TrainingOperatorArgs, upstream: Mapping[str, list[Manifest]]
) -> dict[str, Manifest]:
    """All manifests by a short stable name, in the order of their needs."""
    rendered: dict[str, Manifest] = {}
    if args.create_namespace:
        rendered["namespace"] = made("v1", "Namespace", args.namespace, None)
    for crd in upstream["CustomResourceDefinition"]:
        rendered[f"{crd['spec']['names']['plural']}-crd"] = render_crd(crd)
    rendered["service-account"] = moved(upstream["ServiceAccount"][0], args)
    rendered |= access(
        args,
        jobs=job_rules(upstream["ClusterRole"][0]["rules"], args),
        everywhere=webhook_rules("validatingwebhookconfigurations", WEBHOOKS),
        home=home_rules(SECRET, LEASE, args.replicas),
        jobs_in=args.watch_namespace,
    )
    rendered["certificate"] = made("v1", "Secret", SECRET, args.namespace, type="Opaque")
    rendered["service"] = not_awaited(moved(upstream["Service"][0], args))
    rendered["deployment"] = moved(render_deployment(upstream["Deployment"][0], args), args)
    rendered["webhook"] = _webhooks(args, upstream)
    return labelled(rendered, args)


def _webhooks(args: TrainingOperatorArgs, upstream: Mapping[str, list[Manifest]]) -> Manifest:
    """The configuration of the chosen kinds; the operator adds its certificate authority."""
    manifest = copy.deepcopy(upstream["ValidatingWebhookConfiguration"][0])
    chosen = {plural(kind) for kind in args.kinds}
    manifest["webhooks"] = [
        webhook
        for webhook in manifest["webhooks"]
        if chosen.intersection(*(rule["resources"] for rule in webhook["rules"]))
    ]
    service = upstream["Service"][0]["metadata"]["name"]
    for webhook in manifest["webhooks"]:
        webhook["clientConfig"]["service"].update(name=service, namespace=args.namespace)
        if args.watch_namespace:
            name = {"kubernetes.io/metadata.name": args.watch_namespace}
            webhook["namespaceSelector"] = {"matchLabels": name}
    manifest["metadata"] = {"name": WEBHOOKS}
    return awaiting_authority(manifest)
