"""The node object: readiness, and GPUs that it does not have."""

from __future__ import annotations

from typing import Any

from .api import Api, ApiError
from .settings import NODE

PATH = f"/api/v1/nodes/{NODE}"
GPU = "nvidia.com/gpu"


def ready(api: Api) -> bool:
    """Whether the kubelet says that the node is ready."""
    conditions = (_node(api) or {}).get("status", {}).get("conditions", ())
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def knows_its_pods(api: Api) -> bool:
    """Whether the kubelet has heard of every pod that is meant for it, so that exec works."""
    try:
        meant = api.request("GET", f"/api/v1/pods?fieldSelector=spec.nodeName%3D{NODE}")
        known = api.request("GET", f"{PATH}/proxy/pods")
    except ApiError:
        return False
    return _uids(meant) <= _uids(known)


def _uids(pods: Any) -> set[str]:
    return {pod["metadata"]["uid"] for pod in pods["items"] or ()}


def forget_readiness(api: Api) -> None:
    """Mark the node unknown, so that a kubelet that is about to start has to say it anew."""
    if _node(api):
        unknown = {"type": "Ready", "status": "Unknown", "reason": "KubeletStarts"}
        content = "application/strategic-merge-patch+json"
        api.request("PATCH", f"{PATH}/status", {"status": {"conditions": [unknown]}}, content)


def gpus(api: Api) -> int:
    """How many GPUs pods can be given."""
    node = _node(api) or {}
    return int(node.get("status", {}).get("allocatable", {}).get(GPU, 0))


def set_gpus(api: Api, count: int) -> None:
    """Announce GPUs; the kubelet keeps them until it is started anew."""
    if gpus(api) != count:
        quantity = {GPU: str(count) if count else None}
        api.merge(f"{PATH}/status", {"status": {"capacity": quantity, "allocatable": quantity}})


def _node(api: Api) -> Any:
    try:
        return api.get(PATH)
    except ApiError:
        return None
