"""`python -m tests.bench.recovery`: seconds to recover, beside torchrun in the same run.

Three hosts, each with a network of its own (needs root), train with two or three nodes of one rank.
torchrun has its defaults but for `--max-restarts`, without which it does not recover at all; ours
has the defaults of an `ElasticJob`. A fault's time runs until every node that is left has made a
step in a new world. As Kubernetes would, a lost store and pods that end with 128 or more are
started again.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.runtime.torch_python import ROOT, torch_python
from tests.support.netns import Host, Network

PATIENCE = 90.0
START_PATIENCE = 120.0
PORT = 29400
LOOK_EVERY = 0.1
STORE = "store"
NODES = ("node0", "node1", "node2")

STEPS = """\
import json, time
import torch, torch.distributed as dist

born = time.time()
dist.init_process_group("gloo")
place = {"world": dist.get_world_size(), "rank": dist.get_rank(), "born": born}
while True:
    dist.all_reduce(torch.ones(1))
    print(json.dumps({"time": time.time(), **place}), flush=True)
    time.sleep(0.1)
"""

Command = tuple[list[str], dict[str, str]]


def ours(name: str, store: Host, script: Path) -> Command:
    """A pod as an `ElasticJob` makes it."""
    env = {"PET_RDZV_ENDPOINT": f"{store.address}:{PORT}"}
    if name == STORE:
        return ["-m", "trainstack_runtime", "store"], env
    words = ["-m", "trainstack_runtime", "torch", "--script", str(script), "--"]
    return words, {
        **env,
        "PET_NNODES": f"2:{len(NODES)}",
        "PET_RDZV_BACKEND": "c10d",
        "PET_RDZV_CONF": "is_host=0",
        "PET_RDZV_ID": "run",
        "PET_MAX_RESTARTS": "10",
        "PET_MONITOR_INTERVAL": "0.5",
    }


def torchrun(name: str, store: Host, script: Path) -> Command:
    """torchrun as its documentation starts it."""
    words = ["-m", "torch.distributed.run", f"--nnodes=2:{len(NODES)}", "--nproc-per-node=1"]
    words += ["--max-restarts=10", "--rdzv-backend=c10d", "--rdzv-id=run"]
    return [*words, f"--rdzv-endpoint={store.name}:{PORT}", str(script)], {}


@dataclass(frozen=True)
class Launcher:
    """What is compared, and the pod that keeps its store."""

    name: str
    command: Callable[[str, Host, Path], Command]
    store: str
    pods: tuple[str, ...]


OURS = Launcher("trainstack-run", ours, STORE, (STORE, *NODES))
TORCHRUN = Launcher("torchrun", torchrun, NODES[0], NODES)


@dataclass
class Run:
    """One launcher on its hosts."""

    launcher: Launcher
    folder: Path
    hosts: dict[str, Host]
    pods: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """A pod, perhaps anew."""
        store, script = self.hosts[self.launcher.store], self.folder / "train.py"
        words, env = self.launcher.command(name, store, script)
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PET_")}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.pods[name] = subprocess.Popen(
                [*self.hosts[name].inside, str(torch_python()), *words],
                env={**kept, "PYTHONPATH": str(ROOT / "images/runtime"), **env},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self, name: str) -> None:
        """With all that runs in it."""
        self.pods[name].kill()
        self.pods[name].wait()

    def steps(self, name: str) -> list[dict[str, float]]:
        """What a node's program printed."""
        lines = (self.folder / f"{name}.log").read_text(errors="replace").splitlines()
        return [
            json.loads(line) for line in lines if line.startswith('{"time"') and line[-1] == "}"
        ]

    def first_step(self, name: str, since: float) -> float | None:
        """When a program that was born since then made its first step."""
        return next((step["time"] for step in self.steps(name) if step["born"] > since), None)

    def trains(self) -> bool:
        """Whether all nodes step together."""
        last = [self.steps(name)[-1:] for name in NODES]
        return all(steps and steps[0]["world"] == len(NODES) for steps in last)

    def first_worker(self) -> str:
        """The node of rank 0; for torchrun the one that the others are told to meet at."""
        if self.launcher.store in NODES:
            return self.launcher.store
        return min(NODES, key=lambda name: self.steps(name)[-1]["rank"])

    def other_worker(self) -> str:
        """One that is nothing special."""
        others = [name for name in NODES if name != self.launcher.store]
        return max(others, key=lambda name: self.steps(name)[-1]["rank"])


def kill(run: Run, victim: str) -> None:
    """As a pod that is deleted at once: its connections break."""
    run.kill(victim)


def cut(run: Run, victim: str) -> None:
    """As a machine that loses its power or its network."""
    run.hosts[victim].cut()


FAULTS: dict[str, tuple[Callable[[Run, str], None], Callable[[Run], str]]] = {
    "a worker's pod killed": (kill, Run.other_worker),
    "the first worker's pod killed": (kill, Run.first_worker),
    "a worker's link cut, without a reset": (cut, Run.other_worker),
    "the store's pod killed": (kill, lambda run: run.launcher.store),
}


def measured(launcher: Launcher, fault: str) -> str:
    """Seconds until training goes on, or what happens instead."""
    harm, find = FAULTS[fault]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "train.py").write_text(STEPS)
        with Network(folder) as network:
            run = Run(launcher, folder, {pod: network.host(pod) for pod in (STORE, *NODES)})
            try:
                for pod in launcher.pods:
                    run.start(pod)
                    (folder / f"{pod}.log").touch()
                if not _within(START_PATIENCE, run.trains):
                    return "training did not start"
                time.sleep(2)
                victim = find(run)
                began = time.time()
                harm(run, victim)
                return _recovery(run, victim, began)
            finally:
                for pod in run.pods:
                    run.kill(pod)


def _recovery(run: Run, victim: str, began: float) -> str:
    left = [name for name in NODES if name != victim]
    ended: set[int] = set()

    def over() -> bool:
        for name in (*left, *({victim} & {STORE})):
            code = run.pods[name].poll()
            if code is not None and name != victim:
                ended.add(code)
            if code is not None and (code >= 128 or name == victim):
                run.start(name)
        return _met(run, left, began) is not None or not _alive(run, left)

    if not _within(PATIENCE, over):
        return f"> {PATIENCE:.0f} s, not noticed" if not ended else f"> {PATIENCE:.0f} s"
    with_codes = f" (all pods ended with {', '.join(map(str, sorted(ended)))})" if ended else ""
    met = _met(run, left, began)
    return (f"{met - began:.1f} s" if met else "never") + with_codes


def _met(run: Run, names: list[str], since: float) -> float | None:
    firsts = [run.first_step(name, since) for name in names]
    times = [first for first in firsts if first is not None]
    return max(times) if len(times) == len(names) else None


def _alive(run: Run, names: list[str]) -> bool:
    return any(run.pods[name].poll() is None for name in names)


def _within(seconds: float, true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_EVERY)
    return True


def main() -> None:
    """Measure and print."""
    launchers = (TORCHRUN, OURS)
    console = Console()
    table = Table("fault", *(launcher.name for launcher in launchers), title="back in training")
    for fault in FAULTS:
        found = []
        for launcher in launchers:
            found.append(measured(launcher, fault))
            console.print(f"{fault}: {launcher.name}: {found[-1]}")
        table.add_row(fault, *found)
    console.print(table)


if __name__ == "__main__":
    main()
