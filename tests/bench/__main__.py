"""`python -m tests.bench [COUNT …]`: preview and up of many jobs, three ways, as ratios.

Runs on a dev cluster of its own, with the CRD but without an operator, so that no pod disturbs.
The engine writes its state once, at the end: written after each resource, which is its default, a
state of 1,000 jobs would take minutes of every `up`, whoever has said the jobs.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml
from kubernetes import client, config, utils
from rich.console import Console
from rich.table import Table

from devcluster import DevCluster
from devcluster.toolchain import Toolchain, ensure
from tests.bench.programs import PROGRAMS
from tests.support.pulumi_cli import PulumiProgram, Result

PEER = "hand-written component"
COUNTS = (100, 1000)
PREVIEWS = 3


def main(counts: tuple[int, ...]) -> None:
    """Measure and print."""
    toolchain, cluster, console = ensure(), DevCluster(), Console()
    if cluster.running:
        sys.exit("the dev cluster is in use; run `make down` first")
    try:
        cluster.up()
        _prepare(cluster.kubeconfig, toolchain)
        for count in counts:
            console.print(_table(count, _measure(count, cluster.kubeconfig, toolchain)))
    finally:
        cluster.down()


def _prepare(kubeconfig: Path, toolchain: Toolchain) -> None:
    crd = toolchain.manifests("training-operator") / "crds" / "kubeflow.org_pytorchjobs.yaml"
    api = config.new_client_from_config(str(kubeconfig))
    utils.create_from_dict(api, yaml.load(crd.read_text(), yaml.CSafeLoader))
    client.CoreV1Api(api).create_namespace({"metadata": {"name": "bench"}})


def _measure(count: int, kubeconfig: Path, toolchain: Toolchain) -> dict[str, dict[str, float]]:
    """Seconds by program and command; the programs take turns, so that drift hits all alike."""
    with tempfile.TemporaryDirectory() as folder:
        env = {
            **{
                key: value
                for key, value in toolchain.env(pulumi_home=Path(folder) / "home").items()
                if key.startswith("PULUMI_")
            },
            "KUBECONFIG": str(kubeconfig),
            "PULUMI_EXPERIMENTAL": "true",
            "PULUMI_SKIP_CHECKPOINTS": "true",
        }
        stacks = {
            name: PulumiProgram(
                Path(folder) / name.replace(" ", "-"),
                f"COUNT = {count}\n{source}",
                path=toolchain.path_dirs(),
                env=env,
                timeout=3600,
            )
            for name, source in PROGRAMS.items()
        }
        seconds: dict[str, dict[str, list[float]]] = {name: {} for name in stacks}

        def each(command: str, run: Callable[[PulumiProgram], Result]) -> None:
            for name, stack in stacks.items():
                start = time.monotonic()
                run(stack).check()
                seconds[name].setdefault(command, []).append(time.monotonic() - start)
                if command == "up":
                    again = time.monotonic()
                    stack.preview().check()
                    after = time.monotonic() - again
                    seconds[name].setdefault("preview after up", []).append(after)
                    stack.destroy().check()

        for _ in range(PREVIEWS):
            each("preview", lambda stack: stack.preview())
        each("up", lambda stack: stack.up())
        return {
            name: {command: statistics.median(runs) for command, runs in commands.items()}
            for name, commands in seconds.items()
        }


def _table(count: int, seconds: dict[str, dict[str, float]]) -> Table:
    commands = list(seconds[PEER])
    table = Table("program", *commands, title=f"{count} jobs: seconds, and ratio to the {PEER}")
    for name, taken in seconds.items():
        table.add_row(
            name, *(f"{taken[c]:.1f}  x{taken[c] / seconds[PEER][c]:.2f}" for c in commands)
        )
    return table


if __name__ == "__main__":
    main(tuple(int(word) for word in sys.argv[1:]) or COUNTS)
