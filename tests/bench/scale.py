"""`python -m tests.bench.scale [NODES JOBS]`: one stack of gang jobs on very many nodes.

Control plane, Kueue and training-operator are real, nodes and pods are kwok's. Times are printed;
that no job is placed in part and no GPU given twice is asserted. Needs root.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kubernetes import client, config
from rich.console import Console
from rich.table import Table

from devcluster.toolchain import Toolchain, ensure
from devcluster.toolchain.table import select
from stacks.demo import fetch_operators
from tests.bench.placements import JOB, Placements
from tests.bench.scale_programs import PLAIN, TRAINSTACK
from tests.bench.stopwatch import Stopwatch
from tests.support.bare_cluster import BareCluster, bare_cluster, fake_node, succeeding
from tests.support.bare_operators import start_kueue, start_training_operator
from tests.support.pulumi_cli import PulumiProgram
from trainstack import ExistingPool
from trainstack.operators.kueue_args import KueueArgs
from trainstack.operators.training_args import TrainingOperatorArgs

NODES, JOBS = 1000, 500
PREVIEWS = 3
PATIENCE = 3600.0
POOL = ExistingPool(name="h100", machine="p5.48xlarge", cpu=190, memory="2000Gi")


def main(nodes: int, jobs: int) -> None:
    """Measure and print."""
    if nodes % 2 or not 0 < nodes <= 3 * jobs:
        sys.exit(
            f"got {nodes} nodes and {jobs} jobs: nodes must be even, and jobs fill them: "
            "2 to three times the jobs"
        )
    tools = ensure([*(tool.name for tool in select()), "kueue", "kwok"])
    fetch_operators(tools)
    console = Console()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        console.print(_written_down(folder, tools, nodes, jobs))
        with bare_cluster(tools, folder) as cluster:
            start_training_operator(cluster, TrainingOperatorArgs())
            start_kueue(cluster, KueueArgs())
            watch = Stopwatch(cluster)
            console.print(_placed(cluster, watch, nodes, jobs))
            console.print(watch.times(f"{jobs} jobs on {nodes} nodes"), watch.processors())
            held = sum(cluster.api.processes.memory().values())
            console.print(f"memory of all programs: {held / 1e9:.1f} GB")


def _written_down(folder: Path, tools: Toolchain, nodes: int, jobs: int) -> Table:
    """The stack without a cluster, beside the same objects as bare resources."""
    said = TRAINSTACK.format(nodes=nodes, jobs=jobs)
    ours = _program(folder / "ours", tools, said)
    plain = _program(folder / "plain", tools, PLAIN)
    render = [sys.executable, "-m", "trainstack.cli", "render", str(ours.folder), "--stack=dev"]
    start = time.monotonic()
    text = subprocess.run([*render, "--json"], check=True, capture_output=True, text=True).stdout
    rendered = time.monotonic() - start
    plain.write("objects.json", text)
    seconds: dict[str, list[float]] = {"trainstack": [], "bare CustomResources": []}
    for _ in range(PREVIEWS):
        for name, program in zip(seconds, (ours, plain), strict=True):
            start = time.monotonic()
            program.preview().check()
            seconds[name].append(time.monotonic() - start)
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    peer = medians["bare CustomResources"]
    table = Table("without a cluster", "seconds", "ratio", title=f"{jobs} jobs written down")
    table.add_row("trainstack render", f"{rendered:.1f}", "")
    for name, taken in medians.items():
        table.add_row(f"preview, {name}", f"{taken:.1f}", f"x{taken / peer:.2f}")
    return table


def _placed(cluster: BareCluster, watch: Stopwatch, nodes: int, jobs: int) -> str:
    with watch.step(f"{nodes} nodes ready", nodes):
        _make_nodes(cluster, nodes)
    gpus = POOL.gpus * nodes
    placements = Placements(POOL.gpus, gpus)
    placements.follow(cluster.api.kubeconfig)
    stack = _program(
        cluster.api.folder / "up", cluster.api.tools, TRAINSTACK.format(nodes=nodes, jobs=jobs)
    )
    stack.env["KUBECONFIG"] = str(cluster.api.kubeconfig)

    def until(so: Callable[[], bool], what: str) -> None:
        def checked() -> bool:
            placements.check()
            return so()

        cluster.wait(checked, what, PATIENCE)

    with watch.step(f"pulumi up of {jobs} jobs", jobs):
        stack.up().check()
    with watch.step("then until all GPUs are in use", nodes):
        until(lambda: placements.gpus_in_use() == gpus, f"{gpus} GPUs in use")
    placements.check_whole()
    first = placements.names(lambda run: run.whole)
    with watch.step("these end, and the others are placed", jobs - len(first)):
        cluster.play(succeeding(JOB, first))
        until(
            lambda: (
                len(placements.names(lambda run: run.whole)) == jobs
                and placements.names(lambda run: run.finished) == first
            ),
            "the other jobs placed",
        )
    placements.check_whole()
    everyone = placements.names(lambda run: True)
    with watch.step("these end too", jobs - len(first)):
        cluster.play(succeeding(JOB, everyone))
        until(lambda: placements.names(lambda run: run.finished) == everyone, "all jobs ended")
    placements.check_whole()
    assert len(everyone) == jobs and placements.gpus_in_use() == 0
    spreads = placements.spreads()
    return (
        f"{len(first)} jobs filled all nodes; from a job's first pod on a node to its last: "
        f"median {statistics.median(spreads):.2f} s, at most {spreads[-1]:.2f} s"
    )


def _make_nodes(cluster: BareCluster, count: int) -> None:
    core = client.CoreV1Api(config.new_client_from_config(str(cluster.api.kubeconfig)))
    amounts = {
        "cpu": str(POOL.cpu),
        "memory": str(POOL.memory),
        "hugepages-2Mi": str(POOL.huge_pages),
        "pods": "110",
        POOL.gpu_resource: str(POOL.gpus),
        **{name: str(amount) for name, amount in POOL.devices.items()},
    }
    nodes = [fake_node(f"node-{index}", POOL.node_selector, amounts) for index in range(count)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(core.create_node, nodes))

    def ready() -> bool:
        found = json.loads(core.list_node(_preload_content=False).data)["items"]
        conditions = (one for node in found for one in node["status"].get("conditions", ()))
        ready = [one for one in conditions if one["type"] == "Ready" and one["status"] == "True"]
        return len(ready) == count

    cluster.wait(ready, f"{count} nodes ready", PATIENCE)


def _program(folder: Path, tools: Toolchain, source: str) -> PulumiProgram:
    given = tools.env(pulumi_home=folder / "home")
    env = {name: value for name, value in given.items() if name.startswith("PULUMI_")}
    settings = {
        "KUBECONFIG": "/nonexistent/kubeconfig",
        "PULUMI_EXPERIMENTAL": "true",
        "PULUMI_SKIP_CHECKPOINTS": "true",
    }
    return PulumiProgram(
        folder, source, path=tools.path_dirs(), env={**env, **settings}, timeout=PATIENCE
    )


if __name__ == "__main__":
    said = sys.argv[1:] or [str(NODES), str(JOBS)]
    if len(said) != 2 or not all(word.isdecimal() for word in said):
        sys.exit(f"got {' '.join(said)}: must be a number of nodes and one of jobs, or nothing")
    main(*map(int, said))
