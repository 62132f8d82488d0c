"""Kueue on the dev cluster, and GPUs to queue for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.conftest import programs
from tests.support.operator import OperatorStack

if TYPE_CHECKING:
    from devcluster import DevCluster
    from devcluster.toolchain import Toolchain

GPUS = 2
"""How many the node says it has."""


@pytest.fixture(scope="session")
def kueue(
    toolchain: Toolchain,
    pulumi_home: dict[str, str],
    cluster: DevCluster,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """Kueue is installed, and the node has GPUs."""
    from devcluster.images import KUEUE, make_archive, operator
    from devcluster.toolchain import ensure
    from stacks.demo import fetch_operators

    tools = ensure(["kueue"])
    fetch_operators(tools)
    cluster.load_image(make_archive(operator(KUEUE, tools.binary("kueue"))))
    new = programs(
        toolchain,
        tmp_path_factory.mktemp("kueue"),
        {**pulumi_home, "KUBECONFIG": str(cluster.kubeconfig)},
    )
    requests = {"cpu": "100m", "memory": "128Mi"}
    stack = OperatorStack(new(project="operator"), "Kueue", image=KUEUE, requests=requests)
    cluster.up(gpus=GPUS)
    try:
        stack.up()
        yield
    finally:
        stack.down()
        cluster.up(gpus=0)
