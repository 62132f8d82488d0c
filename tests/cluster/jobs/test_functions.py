"""stacks/function from start to end: a function, its result, its decks, and an edit of it."""

from __future__ import annotations

from pathlib import Path

import pytest

import images
import stacks
from tests.conftest import NewProgram
from tests.support.kube import Kube

FOLDER = Path(stacks.__file__).parent / "function"
MODULES = ("__init__.py", "model.py", "train.py")
STORED = {"name": "TRAINSTACK_ARTIFACTS", "value": "/tmp"}
WITH_STORAGE = {"spec": {"containers": [{"name": "pytorch", "env": [STORED]}]}}


@pytest.mark.slow
def test_a_function_and_an_edit_of_it(
    program: NewProgram, image: images.Image, namespace: str
) -> None:
    stack = program(
        (FOLDER / "__main__.py").read_text(),
        project="function",
        config={"image": image.tag, "namespace": namespace, "lr": "0.1"},
    )
    for name in MODULES:
        stack.write(f"digits/{name}", (FOLDER / "digits" / name).read_text())
    stack.up().check()
    first = stack.outputs()
    assert 0.9 < first["accuracy"] <= 1
    assert first["parameters"] == 64 * 128 + 128 + 128 * 10 + 10
    assert set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}

    model = (FOLDER / "digits/model.py").read_text()
    stack.write("digits/model.py", model.replace("nn.ReLU()", "nn.Tanh()"))
    preview = stack.preview().check().stdout
    assert f'"{first["version"]}" => ' in preview
    assert "digits/train.py:train (" in preview

    stack.write("digits/model.py", model.replace("layers +=", "return 1 / 0\n        layers +="))
    failed = stack.up()
    assert not failed.ok
    assert "ZeroDivisionError: division by zero" in failed.output
    assert "digits/model.py:12 in network: return 1 / 0" in failed.output
    assert "    model = DistributedDataParallel(network(layers))" in failed.output
    stack.destroy().check()


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize("kind", ["ElasticJob", "PyTorchJob"])
@pytest.mark.slow
def test_decks_of_a_file_of_its_own(
    program: NewProgram,
    image: images.Image,
    namespace: str,
    kind: str,
    request: pytest.FixtureRequest,
) -> None:
    stack = program(
        f"""
import pulumi
import trainstack as ts

config = pulumi.Config()
job = ts.{kind}("run", {{
    "image": config.require("image"),
    "namespace": config.require("namespace"),
    "program": {{"function": "train.py:main", "inputs": {{"titles": ["a", "b"]}}}},
    "pod_overlay": {WITH_STORAGE!r},
    "wait": "finished",
    "timeout": 300,
}})
pulumi.export("result", job.result)
pulumi.export("decks", job.decks)
""",
        config={"image": image.tag, "namespace": namespace},
    )
    stack.write(
        "train.py",
        "from trainstack_runtime import deck\n\n\n"
        "def main(titles):\n"
        "    for title in titles:\n"
        "        deck(f'<h1>{title}</h1>', title)\n"
        "    return b'weights'\n",
    )
    stack.up().check()
    assert stack.outputs() == {
        "decks": {"a": "/tmp/decks/a.html", "b": "/tmp/decks/b.html"},
        "result": "/tmp/result.bin",
    }
    stack.destroy().check()


@pytest.mark.parametrize(("error", "pods"), [("RecoverableError", 2), ("ValueError", 1)])
@pytest.mark.slow
def test_only_a_recoverable_error_is_worth_a_new_pod(
    program: NewProgram, image: images.Image, kube: Kube, namespace: str, *, error: str, pods: int
) -> None:
    stack = program(
        """
import pulumi
import trainstack as ts

config = pulumi.Config()
ts.ElasticJob("run", {
    "image": config.require("image"),
    "namespace": config.require("namespace"),
    "program": {"function": "train.py:main"},
    "max_restarts": 0,
    "run_policy": {"backoff_limit": 1},
    "wait": "finished",
    "timeout": 300,
})
""",
        config={"image": image.tag, "namespace": namespace},
    )
    stack.write(
        "train.py",
        "from trainstack_runtime import RecoverableError\n\n\n"
        f"def main():\n    raise {error}('the data server went away')\n",
    )
    failed = stack.up()
    assert not failed.ok
    assert f"{error}: the data server went away" in failed.output
    assert f"train.py:5 in main: raise {error}('the data server went away')" in failed.output
    assert len(kube.pods(namespace, "batch.kubernetes.io/job-name")) == pods
    stack.destroy().check()
