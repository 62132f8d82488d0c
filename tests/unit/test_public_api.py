"""What `import trainstack` gives, and what it costs."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeGuard, get_args

import pulumi
import pydantic
import pytest

import trainstack

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "components"
NOT_FOR_IMPORT = {
    *["dill", "jsonschema", "kubernetes", "pulumi_aws", "pulumi_azure_native"],
    *["pulumi_docker_build", "pulumi_gcp", "pulumi_kubernetes", "rich", "typer", "yaml"],
}
MODULES = sorted(
    ".".join(("trainstack", *path.relative_to(SOURCES).with_suffix("").parts)).removesuffix(
        ".__init__"
    )
    for path in SOURCES.rglob("*.py")
    if path.name != "__main__.py"
)
MODELS = [
    getattr(trainstack, name)
    for name in trainstack.__all__
    if inspect.isclass(getattr(trainstack, name))
    and issubclass(getattr(trainstack, name), pydantic.BaseModel)
]


def test_all_is_sorted_and_there() -> None:
    assert trainstack.__all__ == sorted(trainstack.__all__)
    assert len(set(trainstack.__all__)) == len(trainstack.__all__)
    for name in trainstack.__all__:
        assert hasattr(trainstack, name)


def test_nothing_else_is_public() -> None:
    modules = {name for _, name, _ in pkgutil.iter_modules(trainstack.__path__)}
    public = {name for name in vars(trainstack) if not name.startswith("_")}
    assert public - modules == set(trainstack.__all__)


def test_the_public_names() -> None:
    assert set(trainstack.__all__) == {
        *["ElasticJob", "ElasticJobArgs", "PyTorchJob", "PyTorchJobArgs", "Master", "Worker"],
        *["TFJob", "TFJobArgs", "Chief", "PS", "Evaluator"],
        *["TensorBoard", "TensorBoardArgs", "LogFolder"],
        *["AksGpuNodePool", "AksGpuNodePoolArgs", "EksGpuNodePool", "EksGpuNodePoolArgs", "Taint"],
        *["GkeGpuNodePool", "GkeGpuNodePoolArgs", "NodeNetwork"],
        *["KarpenterGpuNodePool", "KarpenterGpuNodePoolArgs"],
        *["NvidiaDevicePlugin", "NvidiaDevicePluginArgs", "DcgmExporter", "DcgmExporterArgs"],
        *["EfaDevicePlugin", "EfaDevicePluginArgs", "BandwidthTest", "BandwidthTestArgs"],
        *["MPIJob", "MPIJobArgs", "HorovodJob", "HorovodJobArgs", "Launcher"],
        *["MPIOperator", "MPIOperatorArgs", "TrainingOperator", "TrainingOperatorArgs", "Cluster"],
        *["Kueue", "KueueArgs", "Queue", "QueueArgs", "QueuePool"],
        *["Checkpoint", "Mount", "Program", "Resources", "SecretRef"],
        *["ExistingPool", "PoolProfile", "Fabric", "FabricDaemon", "Gang"],
        *["TrainingImage", "TrainingImageArgs"],
        *["CleanPodPolicy", "RestartPolicy", "RunPolicy", "TrainstackError"],
    }


@pytest.mark.parametrize("name", trainstack.__all__)
def test_every_public_name_has_its_own_words(name: str) -> None:
    public = getattr(trainstack, name)
    assert public.__doc__
    assert all(public.__doc__ != base.__doc__ for base in public.__mro__[1:])


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_has_its_own_words(model: type[pydantic.BaseModel]) -> None:
    documented = set().union(*(_documented(base) for base in model.__mro__ if _ours(base)))
    assert set(model.model_fields) - documented == set()


def _ours(model: type) -> bool:
    return model.__module__.startswith("trainstack.")


def _documented(model: type) -> set[str]:
    """Fields that a string follows in the source."""
    (body,) = (node.body for node in ast.parse(inspect.getsource(model)).body if _is_class(node))
    return {
        field.target.id
        for field, words in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(words, ast.Expr)
        and isinstance(words.value, ast.Constant)
    }


def _is_class(node: ast.AST) -> TypeGuard[ast.ClassDef]:
    return isinstance(node, ast.ClassDef)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_arguments_can_be_said_in_other_languages(model: type[pydantic.BaseModel]) -> None:
    """Whatever is no live resource has a JSON schema, of which unions are of scalars only.

    An image and a queue may be live too, and their schemas are of their plain counterparts.
    """
    live = {name for name, field in model.model_fields.items() if _is_live(field.annotation)}
    assert live <= {"image", "operator", "queue"}
    for name in model.model_fields.keys() - {"operator"}:
        annotation = model.model_fields[name].rebuild_annotation()
        for union in _unions(pydantic.TypeAdapter(annotation).json_schema()):
            objects = [one for one in union if "$ref" in one or one.get("type") == "object"]
            assert len(objects) <= 1, name


def _is_live(annotation: Any) -> bool:
    if isinstance(annotation, type):
        return issubclass(annotation, pulumi.Resource)
    return any(map(_is_live, get_args(annotation)))


def _unions(schema: Any) -> Iterator[list[dict[str, Any]]]:
    if isinstance(schema, dict):
        if "anyOf" in schema:
            yield schema["anyOf"]
        for part in schema.values():
            yield from _unions(part)


@pytest.mark.parametrize("name", ["ElasticJob", "HorovodJob", "MPIJob", "PyTorchJob", "TFJob"])
def test_a_component_takes_name_args_and_options(name: str) -> None:
    parameters = inspect.signature(getattr(trainstack, name)).parameters
    assert list(parameters) == ["name", "args", "opts"]
    assert parameters["opts"].default is None


def test_the_packages_are_listed() -> None:
    tomllib = pytest.importorskip("tomllib")  # Python 3.11
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found = [
        ".".join(("trainstack", *path.parent.relative_to(SOURCES).parts))
        for path in SOURCES.rglob("__init__.py")
    ]
    assert project["tool"]["setuptools"]["packages"] == sorted(found)


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in SOURCES.rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def _python(code: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )
    return json.loads(done.stdout)


def _loaded(code: str) -> set[str]:
    """Names of all modules that a fresh Python has loaded after some code."""
    return set(_python(f"{code}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"))


def test_what_import_does_not_load() -> None:
    ours = _loaded("import trainstack") & NOT_FOR_IMPORT
    assert ours - _loaded("import pulumi, pydantic") == set()
    assert ours & {"kubernetes", "pulumi_kubernetes", "rich", "typer"} == set()


def test_what_import_costs(capsys: pytest.CaptureFixture[str]) -> None:
    """Printed as a ratio, since nothing is timed in a test."""
    spent = _python(
        "import time\n"
        "start = time.perf_counter(); import pulumi, pydantic\n"
        "between = time.perf_counter(); import trainstack\n"
        "print([between - start, time.perf_counter() - between])"
    )
    with capsys.disabled():
        print(f"\nimport trainstack: {spent[1] / spent[0]:.2f} of `import pulumi, pydantic`")
    assert len(spent) == 2


def test_what_a_job_does_not_load() -> None:
    ours = _loaded(
        "import trainstack as ts\n"
        "from trainstack.testing import synth\n"
        "synth(lambda: ts.ElasticJob('a', {'image': 'a', 'program': {'module': 'a'}}))\n"
    )
    assert ours & {"kubernetes", "pulumi_kubernetes", "rich", "typer"} == set()


@pytest.mark.parametrize("module", MODULES)
def test_examples_are_true(module: str) -> None:
    result = doctest.testmod(importlib.import_module(module))
    assert result.failed == 0


def test_examples_are_there() -> None:
    finder = doctest.DocTestFinder()
    modules = [importlib.import_module(name) for name in MODULES]
    examples = [test for module in modules for test in finder.find(module) if test.examples]
    assert len(examples) >= 8
