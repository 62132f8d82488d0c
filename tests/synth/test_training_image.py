"""Images that a program builds, and the jobs that take them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

import trainstack as ts
from tests.support.jobs import LEAST
from tests.synth.test_outputs import unknown
from trainstack.testing import UNKNOWN, Synthesis, synth

PROVIDERS = "docker-build:index:Image"
LOCAL = "pulumi-python:dynamic:Resource"
REPOSITORY = "registry.example/team/digits"


@pytest.fixture
def context(folder: Path) -> Path:
    """A context beside the program."""
    made = folder / "image"
    made.mkdir()
    (made / "Dockerfile").write_text("FROM registry.example/pytorch:1\nCOPY train.py /workspace/\n")
    (made / "train.py").write_text("print()\n")
    return made


def image(**said: Any) -> ts.TrainingImage:
    return ts.TrainingImage("digits", {"context": "image", "repository": REPOSITORY, **said})


def job(make: Callable[[], Any] = image, **said: Any) -> Callable[[], None]:
    def program() -> None:
        ts.ElasticJob("digits", {**LEAST, "image": make(), **said})

    return program


def version(made: Synthesis) -> Any:
    return made.one("ElasticJob").inputs["version"]


@pytest.mark.usefixtures("context")
def test_the_provider_gets_what_was_said() -> None:
    made = synth(
        lambda: image(build_args={"CUDA": True, "N": 2}, target="gpu", platform="linux/arm64")
    )
    shown = made.one("TrainingImage").inputs
    tag = shown.pop("tag")
    assert shown == {
        "build_args": {"CUDA": "true", "N": "2"},
        "context": "image",
        "platform": "linux/arm64",
        "repository": REPOSITORY,
        "target": "gpu",
    }
    child = made.one(PROVIDERS)
    assert (child.name, child.parent) == ("digits", "digits")
    assert child.inputs == {
        "buildArgs": {"CUDA": "true", "N": "2"},
        "buildOnPreview": False,
        "context": {"location": "image"},
        "dockerfile": {"location": "image/Dockerfile"},
        "network": "default",
        "platforms": ["linux/arm64"],
        "push": True,
        "tags": [f"{REPOSITORY}:{tag}"],
        "target": "gpu",
    }


@pytest.mark.usefixtures("context")
def test_a_local_build_is_one_resource() -> None:
    made = synth(lambda: image(builder="local", load=["kind", "load", "image-archive"]))
    child = made.one(LOCAL).inputs
    child.pop("__provider")
    tag = made.one("TrainingImage").inputs["tag"]
    assert {key: value for key, value in child.items() if value} == {
        "context": "image",
        "dockerfile": "Dockerfile",
        "load": ["kind", "load", "image-archive"],
        "platform": "linux/amd64",
        "reference": f"{REPOSITORY}:{tag}",
        "tag": tag,
    }


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("preview", [True, False])
def test_a_job_knows_its_image_before_it_is_built(preview: bool) -> None:
    made = synth(job(), preview=preview)
    reference = f"{REPOSITORY}:{made.one('TrainingImage').inputs['tag']}"
    assert made.one("ElasticJob").inputs["image"] == reference
    target = made.one("kubernetes:batch/v1:Job")
    (container,) = target.inputs["spec"]["template"]["spec"]["containers"]
    assert container["image"] == reference
    assert any(urn.endswith(f"{PROVIDERS}::digits") for urn in target.options["dependencies"])


@pytest.mark.usefixtures("context")
def test_the_reference_is_its_plain_counterpart() -> None:
    built = synth(job())
    reference = built.one("ElasticJob").inputs["image"]
    assert version(synth(job(lambda: reference))) == version(built)


@pytest.mark.usefixtures("context")
def test_another_builder_is_the_same_run() -> None:
    assert version(synth(job(lambda: image(builder="local")))) == version(synth(job()))


def test_an_edit_is_a_new_version(context: Path) -> None:
    before = version(synth(job(), preview=True))
    assert version(synth(job(), preview=True)) == before
    (context / "train.py").write_text("print(1)\n")
    assert version(synth(job(), preview=True)) != before


@pytest.mark.usefixtures("context")
def test_a_role_may_have_an_image_of_its_own() -> None:
    def program() -> None:
        ts.PyTorchJob("digits", {**LEAST, "worker": {"replicas": 1, "image": image()}})

    made = synth(program)
    reference = f"{REPOSITORY}:{made.one('TrainingImage').inputs['tag']}"
    assert made.one("trainstack:index:PyTorchJob").inputs["worker"]["image"] == reference
    target = made.one("kubernetes:kubeflow.org/v1:PyTorchJob")
    worker = target.inputs["spec"]["pytorchReplicaSpecs"]["Worker"]
    assert worker["template"]["spec"]["containers"][0]["image"] == reference
    assert any(urn.endswith(f"{PROVIDERS}::digits") for urn in target.options["dependencies"])


@pytest.mark.usefixtures("context")
def test_a_repository_that_is_made_in_the_same_stack() -> None:
    made = synth(job(lambda: image(repository=pulumi.Output.from_input(REPOSITORY))))
    assert made.one("ElasticJob").inputs["image"].startswith(f"{REPOSITORY}:")
    preview = synth(job(lambda: image(repository=unknown())), preview=True)
    assert version(preview) == UNKNOWN


@pytest.mark.usefixtures("context")
def test_an_image_that_is_pulled_by_digest_is_known_once_it_is_built() -> None:
    assert version(synth(job(lambda: image().pinned), preview=True)) == UNKNOWN


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no folder": (
        {"context": "imgae"},
        "context: got 'imgae': no such folder; a relative path starts at the folder of the Pulumi "
        "program",
    ),
    "no Dockerfile": (
        {"dockerfile": "gpu/Dockerfile"},
        "dockerfile: got 'gpu/Dockerfile': no such file in 'image'; there are Dockerfile, train.py",
    ),
    "empty folder": (
        {"context": "empty"},
        "dockerfile: got 'Dockerfile': no such file in 'empty'; the folder is empty",
    ),
    "Dockerfile outside": (
        {"dockerfile": "../Dockerfile"},
        "dockerfile: got '../Dockerfile': must be a path within the context",
    ),
    "a tag": (
        {"repository": f"{REPOSITORY}:1.0"},
        f"repository: got '{REPOSITORY}:1.0': must be an image's name such as "
        "'registry.example/team/train', without a tag or digest, at most 384 characters",
    ),
    "a digest": (
        {"repository": f"{REPOSITORY}@sha256:{'0' * 64}"},
        f"repository: got '{REPOSITORY}@sha256:{'0' * 64}': must be an image's name such as "
        "'registry.example/team/train', without a tag or digest, at most 384 characters",
    ),
    "a builder": (
        {"builder": "kaniko"},
        "builder: got 'kaniko': must be 'docker-build' or 'local'",
    ),
    "a platform": (
        {"platform": "linux"},
        "platform: got 'linux': must be 'linux/amd64' or 'linux/arm64'",
    ),
    "load without local": (
        {"load": ["kind"]},
        "load: got ['kind'], but builder is 'docker-build', which pushes; set it to 'local'",
    ),
    "a build argument's name": (
        {"build_args": {"a-b": "c"}},
        "build_args.a-b: got 'a-b': must be letters, digits and '_', not starting with a digit, "
        "at most 255 characters",
    ),
    "a build argument": (
        {"build_args": {"A": ["c"]}},
        "build_args.A: got ['c']: must be a text, a number or a bool",
    ),
}


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_one_sentence(folder: Path, case: str) -> None:
    (folder / "empty").mkdir()
    said, message = WRONG[case]
    with pytest.raises(ts.TrainstackError) as error:
        synth(lambda: image(**said))
    assert str(error.value) == f"TrainingImage 'digits': {message}"


@pytest.mark.usefixtures("context")
def test_without_the_providers_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pulumi_docker_build", None)
    with pytest.raises(ts.TrainstackError, match=r"pip install 'trainstack\[images\]'"):
        synth(image)
