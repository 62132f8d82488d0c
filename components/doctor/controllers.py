"""What is wrong with that which should bring a run up: API, operator, webhook, queue."""

from __future__ import annotations

from ..spec.queue import QUEUE
from ..status import Look, Phase
from ..status.cause import refused
from ..status.phase import phase_of
from ..status.queueing import held_by, place_of
from .evidence import OPERATORS, Evidence, Operator
from .finding import Finding, Findings

_COMPONENTS = {"mpi-operator": "MPIOperator", "training-operator": "TrainingOperator"}
_SECURITY = "violates PodSecurity"
_QUOTA = "exceeded quota"


def controllers(evidence: Evidence) -> Findings:
    """Of everything that acts before there are pods."""
    ref, look = evidence.ref, evidence.look
    if not evidence.served:
        yield Finding(
            f"the cluster does not know {ref.kind} ({ref.api_version}): its CRD is missing",
            _install(ref.kind),
        )
        return
    if look is None:
        yield Finding(
            f"there is no {ref.kind} {ref.namespace}/{ref.name}: it was deleted, or removed itself "
            "after its end",
            "`pulumi refresh` and `pulumi up` make it again; with a checkpoint a finished run is "
            "not trained again",
        )
    yield from _operator(evidence)
    yield from _webhooks(evidence)
    if look is not None:
        yield from _held_back(look)
        yield from _refused(look)


def _operator(evidence: Evidence) -> Findings:
    name = OPERATORS.get(evidence.ref.kind)
    if name is None or evidence.operators is None:
        return
    if not evidence.operators:
        yield Finding(
            f"no deployment {name} in any namespace: nobody acts on a {evidence.ref.kind}",
            _install(evidence.ref.kind),
        )
        return
    if any(operator.ready for operator in evidence.operators):
        return
    for operator in evidence.operators:
        why = _why_not(operator)
        namespace, _, deployment = operator.where.partition("/")
        yield Finding(
            f"the operator {operator.where} is not running{why}",
            f"kubectl --namespace {namespace} describe deployment {deployment}",
        )


def _why_not(operator: Operator) -> str:
    if not (operator.deployment.get("spec") or {}).get("replicas", 1):
        return ": it is scaled to 0"
    for pod in operator.pods:
        for status in (pod.get("status") or {}).get("containerStatuses") or []:
            if waiting := (status.get("state") or {}).get("waiting"):
                return f": {pod['metadata']['name']}: {waiting.get('reason')}"
    return "" if operator.pods else ": it has no pods"


def _webhooks(evidence: Evidence) -> Findings:
    for webhook in evidence.webhooks:
        namespace, _, service = webhook.service.partition("/")
        if not webhook.has_authority:
            yield Finding(
                f"the webhook {webhook.name} has no CA bundle yet: every new "
                f"{evidence.ref.kind} is refused",
                "the operator writes it as it starts; look at its logs if that lasts",
            )
        elif webhook.addresses == 0:
            yield Finding(
                f"the webhook {webhook.name} has no ready pod behind its service "
                f"{webhook.service}: every new {evidence.ref.kind} is refused",
                f"kubectl --namespace {namespace} get pods,endpoints; the service is {service}",
            )


def _held_back(look: Look) -> Findings:
    phase = phase_of(look)
    if phase is Phase.SUSPENDED:
        queue = look.labels.get(QUEUE)
        if queue:
            namespace = look.job["metadata"]["namespace"]
            place, why = place_of(look), held_by(look)
            yield Finding(
                f"it waits in the queue {queue} until its quota is free"
                + (f", {place}" if place else "")
                + (f": {why}" if why else ""),
                f"kubectl --namespace {namespace} get workloads,localqueues",
            )
        else:
            yield Finding(
                "it is suspended: no pod is made until somebody resumes it",
                "say suspend=False in the program, and run `pulumi up`",
            )
    elif phase is Phase.UNSEEN and not look.pods:
        yield Finding(
            "no controller has taken it up: it has no status",
            "if that lasts for more than a few seconds, look at the operator and its logs",
        )


def _refused(look: Look) -> Findings:
    quota = next((event for event in look.warnings if _QUOTA in str(event.get("message"))), None)
    if quota and not look.pods:
        yield Finding(
            f"the namespace's quota is used up: {quota['message']}",
            "free some, ask for less, or have the ResourceQuota raised; it goes on by itself then",
        )
    event = refused(look)
    if event is None:
        return
    message = str(event["message"])
    yield Finding(
        f"refused: {message}",
        "see the restricted profile's rule in docs/policy.md, or use another namespace"
        if _SECURITY in message
        else "change what is named there, and run `pulumi up`",
    )


def _install(kind: str) -> str:
    component = _COMPONENTS.get(OPERATORS.get(kind, ""), "")
    return f"install it: ts.{component}(…) in a stack, then `pulumi up`" if component else ""
