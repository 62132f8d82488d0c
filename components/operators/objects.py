"""The Kubernetes objects that an operator is installed with."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..spec.model import TrainstackError
from .args import OperatorArgs
from .manifests import read_documents

Manifest = dict[str, Any]


def documents(
    args: OperatorArgs, files: Iterable[str], needed: Iterable[str]
) -> dict[str, list[Manifest]]:
    """Upstream's documents in those files, by kind.

    Raises `TrainstackError`: not fetched, not the release's manifests, or a kind is missing.
    """
    upstream: dict[str, list[Manifest]] = {}
    for document in read_documents(args.release, args.source, files):
        upstream.setdefault(document.get("kind", ""), []).append(document)
    if missing := [kind for kind in needed if kind not in upstream]:
        raise TrainstackError(f"source: no {', '.join(missing)} in the manifests")
    return upstream


def made(api_version: str, kind: str, name: str, namespace: str | None, **rest: Any) -> Manifest:
    """A new object, cluster-wide without a namespace."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def moved(upstream: Mapping[str, Any], args: OperatorArgs) -> Manifest:
    """Upstream's object in the operator's namespace."""
    manifest = copy.deepcopy(dict(upstream))
    manifest["metadata"]["namespace"] = args.namespace
    return manifest


def not_awaited(service: Manifest) -> Manifest:
    """A Service for whose endpoints, and then ten seconds more, nobody waits.

    The Deployment behind it tells when it is ready.
    """
    service["metadata"].setdefault("annotations", {})["pulumi.com/skipAwait"] = "true"
    return service


def awaiting_authority(webhooks: Manifest) -> Manifest:
    """A webhook configuration that is there when the operator has put its certificate in."""
    waits = [
        f'jsonpath={{.webhooks[?(@.name=="{webhook["name"]}")].clientConfig.caBundle}}'
        for webhook in webhooks["webhooks"]
    ]
    webhooks["metadata"].setdefault("annotations", {})["pulumi.com/waitFor"] = json.dumps(waits)
    return webhooks


def access(
    args: OperatorArgs,
    *,
    jobs: list[Manifest],
    everywhere: list[Manifest],
    home: list[Manifest],
    jobs_in: str | None = None,
) -> dict[str, Manifest]:
    """Roles and bindings: rules where jobs are, in the whole cluster, and in its own namespace.

    `jobs_in` is the one namespace of all jobs.
    """
    places = {"role": (args.namespace, args.OPERATOR, home)}
    if jobs_in:
        places["jobs-role"] = (jobs_in, f"{args.OPERATOR}-jobs", jobs)
    else:
        everywhere = jobs + everywhere
    rendered = _granted("cluster-role", None, args.OPERATOR, everywhere, args)
    for key, (namespace, name, rules) in places.items():
        rendered |= _granted(key, namespace, name, rules, args)
    return rendered


def _granted(
    key: str,
    namespace: str | None,
    name: str,
    rules: list[Manifest],
    args: OperatorArgs,
) -> dict[str, Manifest]:
    """A role and its binding to the operator, cluster-wide without a namespace."""
    group = "rbac.authorization.k8s.io"
    kind = "Role" if namespace else "ClusterRole"
    account = {"kind": "ServiceAccount", "name": args.OPERATOR, "namespace": args.namespace}
    reference = {"apiGroup": group, "kind": kind, "name": name}
    return {
        key: made(f"{group}/v1", kind, name, namespace, rules=rules),
        f"{key}-binding": made(
            f"{group}/v1", f"{kind}Binding", name, namespace, roleRef=reference, subjects=[account]
        ),
    }


def labelled(manifests: dict[str, Manifest], args: OperatorArgs) -> dict[str, Manifest]:
    """The same with the labels that say whose they are."""
    labels = {
        "app.kubernetes.io/managed-by": "trainstack",
        "app.kubernetes.io/name": args.OPERATOR,
        "app.kubernetes.io/version": args.release.version,
    }
    for manifest in manifests.values():
        holders = [manifest]
        if manifest["kind"] == "Deployment":
            holders.append(manifest["spec"]["template"])
        for holder in holders:
            metadata = holder["metadata"]
            metadata["labels"] = {**args.labels, **metadata.get("labels", {}), **labels}
    return manifests
