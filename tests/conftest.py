"""Fixtures: the real tools, the dev cluster, and programs that run on them."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from tests.support.pulumi_cli import PulumiProgram

if TYPE_CHECKING:
    from devcluster import DevCluster
    from devcluster.toolchain import Toolchain
    from images import Image
    from tests.support.kube import Kube
    from tests.support.operator import OperatorStack

os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"
# What a shell starts in the background ignores it, and so would all that tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

NewProgram = Callable[..., PulumiProgram]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of the dev cluster in one process, beside which others run the rest."""
    for item in items:
        if "cluster" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("cluster"))


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    """All tools, built when missing; the operator's manifests are then in the user's cache."""
    from devcluster.toolchain import ensure
    from stacks.demo import fetch_operators

    toolchain = ensure()
    fetch_operators(toolchain)
    return toolchain


@pytest.fixture(scope="session")
def pulumi_home(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment in which pulumi finds the provider without a warning."""
    home = tmp_path_factory.mktemp("pulumi-home")
    ours = ("PULUMI_HOME", "PULUMI_IGNORE_AMBIENT_PLUGINS")
    env = toolchain.env(pulumi_home=home)
    return {key: env[key] for key in ours if key in env}


@pytest.fixture(scope="session")
def cluster() -> Iterator[DevCluster]:
    """The dev cluster, with nothing in it; stopped at the end if it was started here.

    Other tests that want it in the meantime fail.
    """
    from devcluster import DevCluster
    from devcluster.lock import folder_lock

    cluster = DevCluster()
    ours = Path(tempfile.gettempdir(), "trainstack-cluster-tests")
    with folder_lock(ours, in_use):
        was_running = cluster.running
        cluster.up()
        if contents := cluster.contents():
            print(f"\nmaking the dev cluster anew: it holds {', '.join(contents)}")
            cluster.down()
            cluster.up()
        yield cluster
        if not was_running:
            cluster.down()
        ours.rmdir()


def in_use() -> NoReturn:
    """Say why tests of the cluster do not run."""
    pytest.fail("other tests are using the dev cluster", pytrace=False)


@pytest.fixture
def offline_program(
    toolchain: Toolchain, pulumi_home: dict[str, str], tmp_path: Path
) -> NewProgram:
    """Makes programs that cannot reach any cluster."""
    return programs(toolchain, tmp_path, {**pulumi_home, "KUBECONFIG": "/nonexistent/kubeconfig"})


@pytest.fixture
def program(
    toolchain: Toolchain, pulumi_home: dict[str, str], cluster: DevCluster, tmp_path: Path
) -> NewProgram:
    """Makes programs that run on the dev cluster."""
    return programs(toolchain, tmp_path, {**pulumi_home, "KUBECONFIG": str(cluster.kubeconfig)})


@pytest.fixture(scope="session")
def operator_stacks(
    toolchain: Toolchain,
    pulumi_home: dict[str, str],
    cluster: DevCluster,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Mapping[str, OperatorStack]]:
    """The operators' own stacks by component, not yet up."""
    from devcluster.images import BUSYBOX, MPI_OPERATOR, TRAINING_OPERATOR
    from tests.support.operator import OperatorStack

    args = {
        "TrainingOperator": {"image": TRAINING_OPERATOR, "init_container_image": BUSYBOX},
        "MPIOperator": {"image": MPI_OPERATOR},
    }
    new = programs(
        toolchain,
        tmp_path_factory.mktemp("operators"),
        {**pulumi_home, "KUBECONFIG": str(cluster.kubeconfig)},
    )
    stacks = {
        component: OperatorStack(new(folder=component, project="operator"), component, **said)
        for component, said in args.items()
    }
    yield stacks
    for stack in stacks.values():
        stack.down()


@pytest.fixture
def operator(operator_stacks: Mapping[str, OperatorStack]) -> None:
    """The training-operator is installed."""
    operator_stacks["TrainingOperator"].up()


@pytest.fixture
def no_operator(operator_stacks: Mapping[str, OperatorStack]) -> None:
    """The training-operator is not installed, so that the test can do it."""
    operator_stacks["TrainingOperator"].down()


@pytest.fixture
def mpi_operator(operator_stacks: Mapping[str, OperatorStack]) -> None:
    """The mpi-operator is installed."""
    operator_stacks["MPIOperator"].up()


@pytest.fixture
def no_mpi_operator(operator_stacks: Mapping[str, OperatorStack]) -> None:
    """The mpi-operator is not installed, so that the test can do it."""
    operator_stacks["MPIOperator"].down()


@pytest.fixture(scope="session")
def image(cluster: DevCluster) -> Image:
    """The quickstart image, built when missing, loaded into the dev cluster."""
    from images import ensure

    image = ensure("quickstart")
    cluster.load_image(image.tar)
    return image


@pytest.fixture(scope="session")
def kube(cluster: DevCluster) -> Kube:
    """Looks at the dev cluster."""
    from tests.support.kube import Kube

    return Kube(cluster.kubeconfig)


@pytest.fixture
def namespace(kube: Kube, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of this test's own, removed afterwards with all that is in it."""
    with kube.namespace(request.node.name) as name:
        yield name


def programs(toolchain: Toolchain, tmp_path: Path, base: dict[str, str]) -> NewProgram:
    """Makes programs in a folder, with an environment of their own."""

    def new(
        source: str = "",
        folder: str = "one",
        env: Mapping[str, str] | None = None,
        **rest: Any,
    ) -> PulumiProgram:
        path = tmp_path / folder
        path.mkdir(exist_ok=True)
        return PulumiProgram(
            path, source, path=toolchain.path_dirs(), env={**base, **(env or {})}, **rest
        )

    return new
