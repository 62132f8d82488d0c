"""Every manifest is one that the API server takes, with no field that it would drop."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import corpus
from tests.support.jobs import changed, elastic, horovod, mpi, pytorch, tensorflow
from tests.support.schema import errors, read_back

ENTRIES = corpus.names()
PODS = "spec.properties.pytorchReplicaSpecs.additionalProperties.properties.template"


@pytest.fixture(scope="session")
def schema(schemas: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return schemas["PyTorchJob"]


@pytest.fixture(scope="session")
def pod_schema(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema["properties"]
    for part in PODS.split("."):
        found = found[part]
    return found


@pytest.mark.parametrize("name", ENTRIES)
def test_objects_fit_their_schemas(
    name: str, schemas: dict[str, dict[str, Any]], pod_schema: dict[str, Any]
) -> None:
    for manifest in corpus.load(name)["objects"]:
        if manifest["kind"] in schemas:
            assert errors(manifest, schemas[manifest["kind"]]) == []
            continue
        assert read_back(manifest) == manifest
        if manifest["kind"] == "Job":
            assert errors(manifest["spec"]["template"], pod_schema) == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("spec/nprocPerNode", 1, "1 is not of type 'string'"),
        ("spec/elasticPolicy/standalon", True, "'standalon' was unexpected"),
        ("spec/pytorchReplicaSpecs/Worker/template/spec/imagePullSecret", [], "was unexpected"),
        ("spec/runPolicy/backoffLimit", "3", "'3' is not of type 'integer'"),
        (
            "spec/pytorchReplicaSpecs/Worker/template/spec/volumes",
            [{"name": "a", "emptyDir": {}}, {"name": "a", "emptyDir": {}}],
            "{'name': 'a'} is given twice",
        ),
    ],
)
def test_the_schema_check_finds_mistakes(
    schema: dict[str, Any], path: str, value: Any, message: str
) -> None:
    (error,) = errors(changed(elastic(nnodes=2), {path: value}), schema)
    assert message in error


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("spec/slotsPerWorker", "2", "'2' is not of type 'integer'"),
        ("spec/mpiImplementation", "OpenMPI 5", "'OpenMPI 5' is not one of ['OpenMPI', 'Intel'"),
        ("spec/cleanPodPolicy", "All", "'cleanPodPolicy' was unexpected"),
    ],
)
def test_the_schema_check_finds_mistakes_in_an_mpijob(
    schemas: dict[str, dict[str, Any]], path: str, value: Any, message: str
) -> None:
    (error,) = errors(changed(mpi(), {path: value}), schemas["MPIJob"])
    assert message in error


def test_the_client_check_finds_mistakes() -> None:
    manifest = changed(elastic(), {"spec/backofLimit": 3})
    assert read_back(manifest) == elastic()


def test_what_the_webhook_asks_for() -> None:
    for manifest in (pytorch(worker={"replicas": 2}), elastic(nnodes="1:3")):
        specs = manifest["spec"]["pytorchReplicaSpecs"]
        assert set(specs) <= {"Master", "Worker"}
        assert specs["Master"]["replicas"] == 1
        assert "nProcPerNode" not in manifest["spec"].get("elasticPolicy", {})
        for spec in specs.values():
            (container,) = spec["template"]["spec"]["containers"]
            assert container["name"] == "pytorch"
            assert container["image"]


def test_nothing_is_left_to_the_operators_defaults() -> None:
    for manifest in (pytorch(worker={"replicas": 2}), elastic(nnodes="1:3")):
        spec = manifest["spec"]
        assert {"backoffLimit", "cleanPodPolicy", "suspend"} <= spec["runPolicy"].keys()
        assert spec["nprocPerNode"]
        for replica in spec["pytorchReplicaSpecs"].values():
            assert {"replicas", "restartPolicy"} <= replica.keys()
    for manifest in (mpi(), horovod(min_np=1)):
        spec = manifest["spec"]
        assert {"backoffLimit", "cleanPodPolicy", "suspend"} <= spec["runPolicy"].keys()
        assert {
            *("launcherCreationPolicy", "mpiImplementation", "runLauncherAsWorker"),
            *("slotsPerWorker", "sshAuthMountPath"),
        } <= spec.keys()
        for replica in spec["mpiReplicaSpecs"].values():
            assert {"replicas", "restartPolicy"} <= replica.keys()
            assert replica["template"]["spec"]["containers"][0]["command"]
    spec = tensorflow(ps={"replicas": 1}, evaluator={"replicas": 1})["spec"]
    assert {"backoffLimit", "cleanPodPolicy", "suspend"} <= spec["runPolicy"].keys()
    assert {"enableDynamicWorker", "successPolicy"} <= spec.keys()
    for replica in spec["tfReplicaSpecs"].values():
        assert {"replicas", "restartPolicy"} <= replica.keys()
    assert "backoffLimit" in elastic()["spec"]
    assert "restartPolicy" in elastic()["spec"]["template"]["spec"]
