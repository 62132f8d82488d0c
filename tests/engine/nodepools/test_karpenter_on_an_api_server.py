"""Pools of Karpenter on a real API server with Karpenter's own definitions, their CEL and all."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, config

from devcluster.toolchain import Toolchain
from tests.conftest import NewProgram
from tests.support.bare_api import bare_api
from tests.support.karpenter import crds
from tests.support.pools import KARPENTER, KARPENTER_KINDS, changed
from trainstack.review.change import FieldChange
from trainstack.review.preview import read_preview
from trainstack.review.reading import stack_change

NAMES = {kind: f"p{index}" for index, kind in enumerate(KARPENTER_KINDS)}
SOURCE = """
import trainstack as ts

for name, said in {pools!r}.items():
    ts.KarpenterGpuNodePool(name, said)
"""


@pytest.fixture(scope="module")
def kubeconfig(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with bare_api(toolchain, tmp_path_factory.mktemp("api")) as found:
        yield found


@pytest.fixture(scope="module")
def objects(kubeconfig: Path) -> Iterator[client.CustomObjectsApi]:
    """The API, which serves Karpenter's kinds."""
    api = config.new_client_from_config(str(kubeconfig))
    for path in crds().values():
        definition = yaml.safe_load(path.read_text())
        definition["spec"].pop("conversion", None)
        client.ApiextensionsV1Api(api).create_custom_resource_definition(definition)
    yield client.CustomObjectsApi(api)


def read(objects: client.CustomObjectsApi, plural: str) -> dict[str, dict[str, Any]]:
    group = "karpenter.sh" if plural == "nodepools" else "karpenter.k8s.aws"
    found = objects.list_cluster_custom_object(group, "v1", plural)["items"]
    return {one["metadata"]["name"]: one["spec"] for one in found}


def test_it_takes_every_kind_of_pool_and_keeps_all_of_it(
    offline_program: NewProgram, kubeconfig: Path, objects: client.CustomObjectsApi
) -> None:
    pools = {NAMES[kind]: changed(KARPENTER, **said) for kind, said in KARPENTER_KINDS.items()}
    program = offline_program(SOURCE.format(pools=pools), env={"KUBECONFIG": str(kubeconfig)})
    program.up().check()
    classes, kept = read(objects, "ec2nodeclasses"), read(objects, "nodepools")
    assert set(classes) == set(kept) == set(pools)
    b300 = NAMES["EFA on all cards but the first"]
    assert len(classes[b300]["networkInterfaces"]) == 17
    assert kept[b300]["template"]["spec"]["expireAfter"] == "Never"
    assert set(program.preview(json=True).check().steps().values()) == {"same"}
    larger = {name: {**said, "max_nodes": 5} for name, said in pools.items()}
    program.use(SOURCE.format(pools=larger))
    planned = stack_change(read_preview(program.preview(json=True).check().stdout, "preview"))
    assert [(one.operation, one.fields) for one in planned.pools] == [
        ("update", (FieldChange("max_nodes", "4", "5"),))
    ] * len(pools)
    program.up().check()
    assert {one["limits"]["nodes"] for one in read(objects, "nodepools").values()} == {5}


@pytest.mark.parametrize(
    ("label", "allowed"), [("karpenter.sh/team", False), ("example.com/team", True)]
)
def test_its_rules_are_in_force(
    objects: client.CustomObjectsApi, label: str, allowed: bool
) -> None:
    """Else the test before would say little."""
    manifest = {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": "labelled"},
        "spec": {
            "template": {
                "metadata": {"labels": {label: "vision"}},
                "spec": {
                    "nodeClassRef": {
                        "group": "karpenter.k8s.aws",
                        "kind": "EC2NodeClass",
                        "name": "any",
                    },
                    "requirements": [],
                },
            }
        },
    }
    ask = partial(
        objects.create_cluster_custom_object,
        "karpenter.sh",
        "v1",
        "nodepools",
        manifest,
        dry_run="All",
    )
    if allowed:
        ask()
    else:
        with pytest.raises(
            client.ApiException, match=r'label domain \\+"karpenter.sh\\+" is restricted'
        ):
            ask()
