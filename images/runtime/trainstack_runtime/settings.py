"""What the environment says about a launch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from . import cpus
from .endpoint import Endpoint

RDZV_DEFAULTS = {
    "join_timeout": "900",
    "keep_alive_interval": "1",
    "keep_alive_max_attempt": "5",
    "last_call_timeout": "5",
    "read_timeout": "900",
}
RDZV_NUMBERS = (*RDZV_DEFAULTS, "close_timeout", "heartbeat_timeout")
SAVING_MARGIN = 5
TERMINATION_LOG = "/dev/termination-log"


class SettingsError(ValueError):
    """The environment contradicts itself or cannot be read."""


class Mode(Enum):
    """Where the nodes meet."""

    SINGLE = "single"
    """One node, which hosts its own store."""
    ELASTIC = "elastic"
    """Nodes come and go; the store is outside."""
    STATIC = "static"
    """A fixed number of ranked nodes; the store is on node 0."""


@dataclass(frozen=True)
class Settings:
    """The launch as training-operator's `PET_*` and our `TRAINSTACK_*` variables describe it."""

    min_nodes: int = 1
    max_nodes: int = 1
    nproc_per_node: str = "1"
    backend: str = "c10d"
    endpoint: Endpoint | None = None
    run_id: str = "trainstack"
    rdzv: Mapping[str, str] = field(default_factory=dict)
    max_restarts: int = 0
    monitor_interval: float = 0.1
    node_rank: int = 0
    master: Endpoint | None = None
    local_addr: str | None = None
    start_method: str = "spawn"
    grace_seconds: int = 30
    pg_timeout: float = 600.0
    message_path: Path = Path(TERMINATION_LOG)

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Settings:
        """Read and check the environment; an empty variable counts as absent."""
        said = {name: value for name, value in env.items() if value}
        least, most = _nodes(said)
        method = said.get("TRAINSTACK_START_METHOD", "spawn")
        if method not in ("spawn", "fork"):
            raise SettingsError(f"TRAINSTACK_START_METHOD: got {method!r}: allowed: spawn, fork")
        settings = cls(
            min_nodes=least,
            max_nodes=most,
            nproc_per_node=said.get("PET_NPROC_PER_NODE", "1"),
            backend=said.get("PET_RDZV_BACKEND", "c10d"),
            endpoint=_endpoint(said, "PET_RDZV_ENDPOINT"),
            run_id=said.get("PET_RDZV_ID") or said.get("TRAINSTACK_JOB", "trainstack"),
            rdzv={**RDZV_DEFAULTS, **_rdzv(said, "PET_RDZV_CONF")},
            max_restarts=_number(said, "PET_MAX_RESTARTS", 0),
            monitor_interval=_seconds(said, "PET_MONITOR_INTERVAL", 0.1),
            node_rank=_number(said, "PET_NODE_RANK", 0),
            master=_master(said),
            local_addr=said.get("PET_LOCAL_ADDR"),
            start_method=method,
            grace_seconds=_number(said, "TRAINSTACK_GRACE_SECONDS", 30),
            pg_timeout=_seconds(said, "TRAINSTACK_PG_TIMEOUT", 600.0),
            message_path=Path(said.get("TRAINSTACK_TERMINATION_MESSAGE", TERMINATION_LOG)),
        )
        settings._check()
        return settings

    @property
    def mode(self) -> Mode:
        """Follows from where a store was named."""
        if self.endpoint and self.backend != "static":
            return Mode.ELASTIC
        return Mode.SINGLE if self.max_nodes == 1 else Mode.STATIC

    @property
    def saving_seconds(self) -> int:
        """How long the program may take to save after SIGTERM."""
        return max(1, self.grace_seconds - SAVING_MARGIN)

    @property
    def join_seconds(self) -> float:
        """How long to wait for the store and for the other nodes."""
        return float(self.rdzv["join_timeout"])

    def processes(self) -> int:
        """Processes on this node: a number, or one a GPU, else one a CPU of this container."""
        text = self.nproc_per_node
        if text.isdecimal() and int(text) > 0:
            return int(text)
        if text not in ("auto", "cpu", "gpu"):
            raise SettingsError(f"PET_NPROC_PER_NODE: got {text!r}: a number, auto, cpu or gpu")
        import torch

        gpus = 0 if text == "cpu" else torch.cuda.device_count()
        if text == "gpu" and not gpus:
            raise SettingsError("PET_NPROC_PER_NODE: got 'gpu', and there is no GPU")
        return gpus or cpus.count()

    def _check(self) -> None:
        if self.backend not in ("c10d", "static"):
            raise SettingsError(
                f"PET_RDZV_BACKEND: got {self.backend!r}: allowed: c10d, static; the store that "
                "takes the verdict is torch's own"
            )
        if self.mode is not Mode.STATIC:
            return
        if self.master is None:
            raise SettingsError(
                f"PET_NNODES={self.max_nodes}, and nothing says where the nodes meet: "
                "set PET_RDZV_ENDPOINT, or PET_MASTER_ADDR and PET_MASTER_PORT"
            )
        if self.min_nodes != self.max_nodes:
            raise SettingsError("PET_NNODES: a range of nodes needs PET_RDZV_ENDPOINT (c10d)")
        if self.max_restarts:
            raise SettingsError(
                f"PET_MAX_RESTARTS={self.max_restarts}: fixed nodes (static) cannot restart in "
                "place, because torch hands the dead workers' addresses to the new ones"
            )


def _nodes(said: Mapping[str, str]) -> tuple[int, int]:
    least, _, most = said.get("PET_NNODES", "1").partition(":")
    try:
        nodes = int(least), int(most or least)
    except ValueError:
        nodes = (0, 0)
    if not 1 <= nodes[0] <= nodes[1]:
        raise SettingsError(f"PET_NNODES: got {said['PET_NNODES']!r}: must be 'n' or 'min:max'")
    return nodes


def _number(said: Mapping[str, str], name: str, default: int) -> int:
    text = said.get(name, str(default))
    if not text.isdecimal():
        raise SettingsError(f"{name}: got {text!r}: must be a whole number")
    return int(text)


def _seconds(said: Mapping[str, str], name: str, default: float) -> float:
    try:
        value = float(said.get(name, default))
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise SettingsError(f"{name}: got {said[name]!r}: must be a number of seconds above 0")
    return value


def _pairs(said: Mapping[str, str], name: str) -> dict[str, str]:
    pairs = {}
    for item in filter(None, (one.strip() for one in said.get(name, "").split(","))):
        key, equals, value = item.partition("=")
        if not (key and equals and value):
            raise SettingsError(f"{name}: got {item!r}: must be 'key=value,key=value'")
        pairs[key.strip()] = value.strip()
    return pairs


def _rdzv(said: Mapping[str, str], name: str) -> dict[str, str]:
    pairs = _pairs(said, name)
    for key in RDZV_NUMBERS:
        text = pairs.get(key, "1")
        if not text.isdecimal() or int(text) < 1:
            raise SettingsError(f"{name}: {key}={text}: must be a whole number above 0")
    return pairs


def _endpoint(said: Mapping[str, str], name: str) -> Endpoint | None:
    try:
        return Endpoint.parse(said[name]) if name in said else None
    except ValueError as error:
        raise SettingsError(f"{name}: {error}") from None


def _master(said: Mapping[str, str]) -> Endpoint | None:
    if "PET_MASTER_ADDR" not in said:
        return None
    return Endpoint(said["PET_MASTER_ADDR"], _number(said, "PET_MASTER_PORT", DEFAULT_MASTER_PORT))


DEFAULT_MASTER_PORT = 29500
