"""Why pods of a run have no place, no image, or no container."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..spec.quantity import exact
from ..status.cause import image_trouble
from ..status.look import pod_condition
from .evidence import Evidence
from .finding import Finding, Findings

_LACKING = re.compile(r"Insufficient ([\w./-]*\w)")
_TAINT = re.compile(r"untolerated taints? \{([^}]*)\}")
_IMAGE = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName")


def placing(evidence: Evidence) -> Findings:
    """Of pods that do not start; pods with the same trouble are told once."""
    told: set[str] = set()
    for finding in (*_unplaced(evidence), *_without_container(evidence), *_nodes(evidence)):
        if finding.what not in told:
            told.add(finding.what)
            yield finding


def _unplaced(evidence: Evidence) -> Findings:
    for pod in evidence.look.pods if evidence.look else ():
        scheduled = pod_condition(pod, "PodScheduled")
        if scheduled.get("status") != "False":
            continue
        name, message = pod["metadata"]["name"], str(scheduled.get("message", ""))
        reasons = list(_reasons(pod, message, evidence.nodes))
        if not reasons:
            yield Finding(f"{name} has no node: {message}", "ask for less, or add nodes")
        for what, advice in reasons:
            yield Finding(f"{name} has no node: {what}", advice)


def _reasons(
    pod: Mapping[str, Any], message: str, nodes: tuple[Mapping[str, Any], ...] | None
) -> Iterable[tuple[str, str]]:
    for resource in dict.fromkeys(_LACKING.findall(message)):
        yield _lacking(resource, pod, nodes)
    for taint in dict.fromkeys(_TAINT.findall(message)):
        yield (
            f"nodes have the taint {taint}, which it does not tolerate",
            "give the job the pool of these nodes, or the toleration by pod_overlay",
        )
    if "node affinity/selector" in message:
        yield (
            f"no node has the labels that it asks for ({_selector(pod)})",
            "check the node selector, and that the node pool exists and has nodes",
        )
    if "unbound immediate PersistentVolumeClaims" in message or "persistentvolumeclaim" in message:
        yield (
            f"a volume that it mounts is not there: {message}",
            "kubectl get persistentvolumeclaims shows which one waits, describe says why",
        )


def _lacking(
    resource: str, pod: Mapping[str, Any], nodes: tuple[Mapping[str, Any], ...] | None
) -> tuple[str, str]:
    asked = _asked(pod, resource)
    if nodes is None:
        return f"it asks for {asked} of {resource}", "ask for less, or add nodes"
    offers = {
        node["metadata"]["name"]: exact(str(_allocatable(node).get(resource, "0")))
        for node in nodes
    }
    largest = max(offers.values(), default=exact("0"))
    if not largest:
        return (
            f"no node offers {resource}, of which it asks for {asked}",
            "add a node pool that has it; for GPUs the device plugin must run on the nodes",
        )
    if exact(asked) > largest:
        at = max(offers, key=lambda name: offers[name])
        most = _allocatable(next(n for n in nodes if n["metadata"]["name"] == at))[resource]
        return (
            f"it asks for {asked} of {resource}, and the largest node offers {most}",
            "ask for less in resources, or add larger nodes",
        )
    return (
        f"{resource} is used up by other pods; it asks for {asked}",
        "wait for others to end, stop them, or add nodes",
    )


def _asked(pod: Mapping[str, Any], resource: str) -> str:
    """What the container that asks for most of it asks for."""
    amounts = [
        str(said[resource])
        for container in pod["spec"]["containers"]
        if resource in (said := _requests(container))
    ]
    return max(amounts, key=exact, default="some")


def _requests(container: Mapping[str, Any]) -> Mapping[str, Any]:
    said = container.get("resources") or {}
    return {**(said.get("limits") or {}), **(said.get("requests") or {})}


def _allocatable(node: Mapping[str, Any]) -> Mapping[str, Any]:
    return dict((node.get("status") or {}).get("allocatable") or {})


def _selector(pod: Mapping[str, Any]) -> str:
    said = pod["spec"].get("nodeSelector") or {}
    return ", ".join(f"{key}={value}" for key, value in sorted(said.items())) or "an affinity"


def _without_container(evidence: Evidence) -> Findings:
    for pod, status in image_trouble(evidence.look) if evidence.look else ():
        waiting = status["state"]["waiting"]
        reason, message = waiting["reason"], waiting.get("message") or ""
        name = pod["metadata"]["name"]
        if reason not in _IMAGE:
            yield Finding(
                f"{name}: its container cannot be made: {message or reason}",
                f"make what is missing in the namespace {evidence.ref.namespace}; it then goes on",
            )
            continue
        yield Finding(
            f"{name}: the image {status['image']} cannot be pulled: {message or reason}",
            "check name and tag, that the nodes reach the registry, and image_pull_secrets for a "
            "private one",
        )


def _nodes(evidence: Evidence) -> Findings:
    """Nodes with pods of the run that are not well."""
    used = {pod["spec"].get("nodeName") for pod in evidence.look.pods} if evidence.look else set()
    for node in evidence.nodes or ():
        name = node["metadata"]["name"]
        if name not in used:
            continue
        for condition in (node.get("status") or {}).get("conditions") or []:
            bad = condition["status"] != ("True" if condition["type"] == "Ready" else "False")
            if bad and (condition["type"] == "Ready" or condition["type"].endswith("Pressure")):
                yield Finding(
                    f"node {name}: {condition['type']} is {condition['status']}: "
                    f"{condition.get('message', '')}",
                    "its pods may be lost; an elastic run goes on without them",
                )
