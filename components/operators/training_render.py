"""From arguments and upstream's manifests to the manifests of the training-operator."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from ..spec.model import TrainstackError
from .crd import render_crd
from .manifests import read_documents
from .release import Release, find_release
from .training_args import OPERATOR, TrainingOperatorArgs
from .training_deployment import render_deployment
from .training_rbac import home_rules, job_rules, plural, webhook_rules

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
    release = find_release(OPERATOR, args.version)
    wanted = [f"kubeflow.org_{plural(kind)}.yaml" for kind in args.kinds]
    names = [
        name
        for name in release.files
        if not name.startswith("crds/") or name.removeprefix("crds/") in wanted
    ]
    upstream: dict[str, list[Manifest]] = {}
    for document in read_documents(release, args.source, names):
        upstream.setdefault(document.get("kind", ""), []).append(document)
    if missing := [kind for kind in _NEEDED if kind not in upstream]:
        raise TrainstackError(f"source: no {', '.join(missing)} in the manifests")
    return upstream


def render_training(
    args: TrainingOperatorArgs, upstream: Mapping[str, list[Manifest]]
) -> dict[str, Manifest]:
    """All manifests by a short stable name, in the order of their needs."""
    release = find_release(OPERATOR, args.version)
    rendered: dict[str, Manifest] = {}
    if args.create_namespace:
        rendered["namespace"] = _object("v1", "Namespace", args.namespace, None)
    for crd in upstream["CustomResourceDefinition"]:
        rendered[f"{crd['spec']['names']['plural']}-crd"] = render_crd(crd)
    rendered["service-account"] = _own(upstream["ServiceAccount"][0], args)
    rendered |= _access(args, upstream)
    rendered["certificate"] = _object("v1", "Secret", SECRET, args.namespace, type="Opaque")
    service = _own(upstream["Service"][0], args)
    # The provider would wait for endpoints and then ten seconds more; the Deployment says it.
    service["metadata"].setdefault("annotations", {})["pulumi.com/skipAwait"] = "true"
    rendered["service"] = service
    rendered["deployment"] = _own(render_deployment(upstream["Deployment"][0], args, release), args)
    rendered["webhook"] = _webhooks(args, upstream)
    for manifest in rendered.values():
        _label(manifest, args, release)
    return rendered


def _access(
    args: TrainingOperatorArgs, upstream: Mapping[str, list[Manifest]]
) -> dict[str, Manifest]:
    rules = job_rules(upstream["ClusterRole"][0]["rules"], args)
    everywhere = webhook_rules(WEBHOOKS)
    granted = {"role": (args.namespace, OPERATOR, home_rules(SECRET, args))}
    if args.watch_namespace:
        granted["jobs-role"] = (args.watch_namespace, f"{OPERATOR}-jobs", rules)
    else:
        everywhere = rules + everywhere
    rendered = _granted("cluster-role", None, OPERATOR, everywhere, args)
    for key, (namespace, name, some) in granted.items():
        rendered |= _granted(key, namespace, name, some, args)
    return rendered


def _granted(
    key: str,
    namespace: str | None,
    name: str,
    rules: list[Manifest],
    args: TrainingOperatorArgs,
) -> dict[str, Manifest]:
    """A role and its binding to the operator, cluster-wide without a namespace."""
    group = "rbac.authorization.k8s.io"
    kind = "Role" if namespace else "ClusterRole"
    account = {"kind": "ServiceAccount", "name": OPERATOR, "namespace": args.namespace}
    reference = {"apiGroup": group, "kind": kind, "name": name}
    return {
        key: _object(f"{group}/v1", kind, name, namespace, rules=rules),
        f"{key}-binding": _object(
            f"{group}/v1", f"{kind}Binding", name, namespace, roleRef=reference, subjects=[account]
        ),
    }


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
    waits = [
        f'jsonpath={{.webhooks[?(@.name=="{webhook["name"]}")].clientConfig.caBundle}}'
        for webhook in manifest["webhooks"]
    ]
    manifest["metadata"] = {
        "name": WEBHOOKS,
        "annotations": {"pulumi.com/waitFor": json.dumps(waits)},
    }
    return manifest


def _own(upstream: Manifest, args: TrainingOperatorArgs) -> Manifest:
    manifest = copy.deepcopy(upstream)
    manifest["metadata"]["namespace"] = args.namespace
    return manifest


def _object(api_version: str, kind: str, name: str, namespace: str | None, **rest: Any) -> Manifest:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def _label(manifest: Manifest, args: TrainingOperatorArgs, release: Release) -> None:
    labels = {
        "app.kubernetes.io/managed-by": "trainstack",
        "app.kubernetes.io/name": OPERATOR,
        "app.kubernetes.io/version": release.version,
    }
    holders = [manifest]
    if manifest["kind"] == "Deployment":
        holders.append(manifest["spec"]["template"])
    for holder in holders:
        metadata = holder["metadata"]
        metadata["labels"] = {**args.labels, **metadata.get("labels", {}), **labels}
