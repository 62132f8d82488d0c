"""What runs on GPU nodes on a real API server, where the test says what a controller would."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, config

from devcluster.toolchain import Toolchain
from tests.conftest import NewProgram
from tests.support.bare_api import bare_api
from tests.support.prometheus import service_monitor

SOURCE = """
import trainstack as ts

pools = [ts.ExistingPool(name="h100", machine="p5.48xlarge")]
ts.NvidiaDevicePlugin("gpus", {{"pools": pools, "mig_strategy": {strategy!r}}})
ts.EfaDevicePlugin("efa", {{"pools": pools}})
ts.DcgmExporter("dcgm", {{"pools": pools, "monitor": {monitor}}})
"""


@pytest.fixture
def kubeconfig(toolchain: Toolchain, tmp_path: Path) -> Iterator[Path]:
    with bare_api(toolchain, tmp_path) as found:
        yield found


@pytest.fixture
def api(kubeconfig: Path) -> client.ApiClient:
    return config.new_client_from_config(str(kubeconfig))


@contextmanager
def controlled(api: client.ApiClient, nodes: int) -> Iterator[None]:
    """Every DaemonSet is ready on so many nodes, as its controller would say."""
    over = threading.Event()

    def control() -> None:
        apps = client.AppsV1Api(api)
        while not over.wait(0.3):
            for one in apps.list_namespaced_daemon_set("kube-system").items:
                generation = one.metadata.generation
                if one.status.observed_generation != generation:
                    apps.patch_namespaced_daemon_set_status(
                        one.metadata.name, "kube-system", {"status": status(nodes, generation)}
                    )

    thread = threading.Thread(target=control)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def status(nodes: int, generation: int) -> dict[str, int]:
    on = ("currentNumberScheduled", "desiredNumberScheduled", "numberAvailable", "numberReady")
    counted = dict.fromkeys((*on, "updatedNumberScheduled"), nodes)
    return {**counted, "numberMisscheduled": 0, "observedGeneration": generation}


def kept(api: client.ApiClient) -> dict[str, Any]:
    found = client.AppsV1Api(api).list_namespaced_daemon_set("kube-system").items
    return {one.metadata.name: one.spec for one in found}


@pytest.mark.parametrize("nodes", [0, 3])
def test_they_are_made_and_changed_whether_or_not_there_are_nodes(
    offline_program: NewProgram, kubeconfig: Path, api: client.ApiClient, nodes: int
) -> None:
    definition = yaml.safe_load(service_monitor().read_text())
    client.ApiextensionsV1Api(api).create_custom_resource_definition(definition)
    first = SOURCE.format(strategy="none", monitor=True)
    program = offline_program(first, env={"KUBECONFIG": str(kubeconfig)})
    with controlled(api, nodes):
        program.up().check()
        assert set(kept(api)) == {"dcgm", "efa", "gpus"}
        assert set(program.preview(json=True).check().steps().values()) == {"same"}
        program.refresh("--expect-no-changes").check()
        program.use(SOURCE.format(strategy="mixed", monitor=True))
        steps = program.preview(json=True).check().steps()
        assert {one for one, step in steps.items() if step != "same"} == {"gpus", "gpus-daemon-set"}
        program.up().check()
        (container,) = kept(api)["gpus"].template.spec.containers
        assert [(one.name, one.value) for one in container.env] == [
            ("MIG_STRATEGY", "mixed"),
            ("NVIDIA_MIG_MONITOR_DEVICES", "all"),
        ]


@pytest.mark.slow
def test_without_the_prometheus_operator_a_monitor_says_what_is_missing(
    offline_program: NewProgram, kubeconfig: Path, api: client.ApiClient
) -> None:
    program = offline_program(
        SOURCE.format(strategy="none", monitor=True), env={"KUBECONFIG": str(kubeconfig)}
    )
    with controlled(api, nodes=1):
        failed = program.up()
    assert not failed.ok
    assert 'no matches for kind "ServiceMonitor"' in failed.output
