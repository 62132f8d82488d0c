"""Processes on this host that stand for the pods of a run."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.netns import Host

from .torch_python import IN_IMAGES, ROOT, torch_python

PATIENCE = 300.0


def free_port() -> int:
    """Two ports in a row that nothing listens on; gives the first."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("", port + 1))
            except OSError:
                continue
            return port


@dataclass
class Pod:
    """One running role of the runtime."""

    name: str
    process: subprocess.Popen[bytes]
    folder: Path

    def wait(self, seconds: float = PATIENCE) -> int:
        """Exit code."""
        return self.process.wait(seconds)

    def send(self, number: signal.Signals) -> None:
        """Signal the launcher alone, as the kubelet does."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """Lose the pod with everything in it."""
        for pid in [*self.children(), self.process.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()

    def children(self) -> list[int]:
        """Processes started by the launcher, and theirs."""
        found: list[int] = []
        waiting = [self.process.pid]
        while waiting:
            pid = waiting.pop()
            children = subprocess.run(
                ["ps", "-o", "pid=", "--ppid", str(pid)],
                capture_output=True,
                text=True,
                check=False,
            ).stdout.split()
            found += map(int, children)
            waiting += map(int, children)
        return found

    @property
    def message(self) -> dict[str, Any]:
        """The termination message."""
        text = (self.folder / f"{self.name}.message").read_text()
        assert "\n" not in text
        assert len(text.encode()) <= 4000
        said: dict[str, Any] = json.loads(text)
        return said

    @property
    def output(self) -> str:
        """Everything it printed."""
        return (self.folder / f"{self.name}.log").read_text()

    def says(self, text: str, seconds: float = PATIENCE) -> str:
        """Wait until it printed this; gives all its output."""
        deadline = time.monotonic() + seconds
        while text not in self.output:
            if time.monotonic() > deadline or (
                self.process.poll() is not None and text not in self.output
            ):
                raise AssertionError(f"{self.name} never said {text!r}:\n{self.output}")
            time.sleep(0.1)
        return self.output


@dataclass
class Pods:
    """Starts pods and ends them with the test."""

    folder: Path
    port: int = field(default_factory=free_port)
    started: list[Pod] = field(default_factory=list)
    hosts: dict[str, Host] = field(default_factory=dict)
    """Where pods run that have a network of their own, by name."""
    torch: str = IN_IMAGES

    def script(self, source: str, name: str = "train.py") -> Path:
        """A training program."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
        return path

    def single(self, script: Path, *args: str, **env: str) -> Pod:
        """The only pod of a run."""
        return self.start("single", "torch", "--script", str(script), "--", *args, env=env)

    def store(self) -> Pod:
        """The pod with the rendezvous store."""
        env = {"PET_RDZV_ENDPOINT": f"0.0.0.0:{self.port}"}
        return self.start("store", "store", env=env)

    @property
    def address(self) -> str:
        """Of the store."""
        return self.hosts["store"].address if "store" in self.hosts else "127.0.0.1"

    def agent(self, name: str, *program: str, nodes: str = "2", **env: str) -> Pod:
        """A pod of an elastic run."""
        said = {
            "PET_NNODES": nodes,
            "PET_RDZV_BACKEND": "c10d",
            "PET_RDZV_CONF": "is_host=0,join_timeout=180,read_timeout=180,last_call_timeout=1,"
            "keep_alive_interval=1,keep_alive_max_attempt=3",
            "PET_RDZV_ENDPOINT": f"{self.address}:{self.port}",
            "PET_RDZV_ID": "test-1",
        }
        return self.start(name, "torch", *program, env={**said, **env})

    def ranked(self, rank: int, script: Path, nodes: int = 2, **env: str) -> Pod:
        """A pod of a run with fixed nodes."""
        said = {
            "PET_MASTER_ADDR": "127.0.0.1",
            "PET_MASTER_PORT": str(self.port),
            "PET_NNODES": str(nodes),
            "PET_NODE_RANK": str(rank),
        }
        words = ("torch", "--script", str(script), "--")
        return self.start(f"node-{rank}", *words, env={**said, **env})

    def start(self, name: str, *words: str, env: Mapping[str, str]) -> Pod:
        """Any role."""
        message = self.folder / f"{name}.message"
        message.unlink(missing_ok=True)
        own = {
            **{key: value for key, value in os.environ.items() if not key.startswith("PET_")},
            "PET_MONITOR_INTERVAL": "0.1",
            "PYTHONPATH": str(ROOT / "images/runtime"),
            "TMPDIR": str(self.folder),
            "TRAINSTACK_JOB": "test-1",
            "TRAINSTACK_TERMINATION_MESSAGE": str(message),
            **env,
        }
        inside = self.hosts[name].inside if name in self.hosts else []
        command = [*inside, str(torch_python(self.torch)), "-m", "trainstack_runtime", *words]
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                env=own,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        pod = Pod(name, process, self.folder)
        self.started.append(pod)
        return pod

    def end(self) -> None:
        """Leave no process behind."""
        for pod in self.started:
            pod.kill()
