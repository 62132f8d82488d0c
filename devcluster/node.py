"""The node object: readiness, and GPUs that it does not have."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .api import Api, ApiError
from .settings import NODE

PATH = f"/api/v1/nodes/{NODE}"
GPU = "nvidia.com/gpu"


def ready(api: Api, since: float = 0) -> bool:
    """Whether the kubelet that was started then has said that the node is ready."""
    node = _node(api)
    for condition in (node or {}).get("status", {}).get("conditions", ()):
        if condition["type"] == "Ready" and condition["status"] == "True":
            heard = datetime.fromisoformat(condition["lastHeartbeatTime"].replace("Z", "+00:00"))
            return heard.timestamp() >= int(since)
    return False


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
