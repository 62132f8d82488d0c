"""What `status` reports."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from . import node
from .api import Api
from .certs import Pki
from .dns import dns_answers
from .health import endpoints, healthy
from .process import Record
from .settings import Settings
from .state import State


@dataclass(frozen=True)
class ComponentStatus:
    """One component: `since` is when it was started or, once dead, last wrote a line."""

    name: str
    state: str
    healthy: bool
    pid: int | None = None
    port: int | None = None
    since: str | None = None
    memory: int = 0


@dataclass(frozen=True)
class Status:
    """The whole cluster."""

    folder: str
    up: bool
    components: tuple[ComponentStatus, ...] = ()
    node_ready: bool = False
    dns_ready: bool = False
    gpus: int = 0
    server: str = ""
    kubeconfig: str = ""

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong."""
        return self.up and not self.problems

    @property
    def problems(self) -> list[str]:
        """What is wrong."""
        if not self.up:
            return ["no dev cluster is up"]
        parts = [
            f"{one.name} is {one.state if one.state != 'running' else 'not healthy'}"
            for one in self.components
            if not one.healthy
        ]
        node_and_dns = (("the node is not ready", self.node_ready), ("DNS fails", self.dns_ready))
        return parts + [text for text, good in node_and_dns if not good]

    def as_dict(self) -> dict[str, Any]:
        """For `status --json`."""
        return {**asdict(self), "healthy": self.healthy, "problems": self.problems}


def read_status(settings: Settings) -> Status:
    """Ask everybody."""
    if State.load(settings.folder) is None:
        return Status(str(settings.folder), up=False)
    pki = Pki(settings.pki)
    parts = tuple(_component(settings, pki, name) for name in endpoints(settings))
    api_up = any(one.name == "apiserver" and one.healthy for one in parts)
    api = Api(settings, pki)
    return Status(
        folder=str(settings.folder),
        up=True,
        components=parts,
        node_ready=api_up and node.ready(api),
        dns_ready=api_up and dns_answers(settings),
        gpus=node.gpus(api) if api_up else 0,
        server=settings.server,
        kubeconfig=str(settings.kubeconfig),
    )


def _component(settings: Settings, pki: Pki, name: str) -> ComponentStatus:
    health = endpoints(settings)[name]
    port = int(health.ports[0]) if health.ports else None
    record = Record.load(settings.run / f"{name}.json")
    if record is None:
        return ComponentStatus(name, "never started", False, port=port)
    if not record.alive:
        return ComponentStatus(name, "dead", False, record.pid, port, _last_line(settings, name))
    return ComponentStatus(
        name,
        "running",
        healthy(health, pki),
        record.pid,
        port,
        _time(record.since),
        record.memory,
    )


def _last_line(settings: Settings, name: str) -> str | None:
    try:
        return _time((settings.logs / name / "current").stat().st_mtime)
    except OSError:
        return None


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds")
