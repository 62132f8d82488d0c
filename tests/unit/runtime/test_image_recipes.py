"""What the key of an image follows from, and what is cut out of libraries."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from string import Template

import pytest

import images
from images import recipe
from images.pip_settings import write_secrets
from images.pytorch.elf_trim import Library
from images.recipe import RECIPES


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the build context that may be changed."""
    folder = tmp_path / "images"
    shutil.copytree(recipe.HERE, folder)
    monkeypatch.setattr(recipe, "HERE", folder)
    return folder


def keys() -> dict[str, str]:
    """Of all images."""
    return {name: one.key("base") for name, one in RECIPES.items()}


def test_a_runtime_edit_changes_only_the_last_layer_of_every_image(context: Path) -> None:
    before = keys()
    with (context / "runtime/trainstack_runtime/log.py").open("a") as file:
        file.write("\n")
    after = keys()
    assert {name for name in RECIPES if before[name] != after[name]} == set(images.IMAGES)


@pytest.mark.parametrize(
    ("file", "wheels"),
    [
        (
            "horovod-wheel/build.sh",
            {"pytorch", "pytorch-cuda", "tensorflow", "tensorflow-cuda"},
        ),
        ("pytorch/torch.txt", {"pytorch", "pytorch-cuda"}),
        ("tensorflow/requirements.txt", {"tensorflow", "tensorflow-cuda"}),
    ],
)
def test_a_wheel_is_for_one_framework_and_changes_the_images_that_have_it(
    context: Path, file: str, wheels: set[str]
) -> None:
    before = keys()
    (context / file).write_text("")
    after = keys()
    changed = {name for name in RECIPES if before[name] != after[name]}
    users = {
        "pytorch": "horovod",
        "pytorch-cuda": "horovod-cuda",
        "tensorflow": "horovod-tensorflow",
        "tensorflow-cuda": "horovod-tensorflow-cuda",
    }
    assert {one for one in users if f"horovod-wheel-{one}" in changed} == wheels
    assert {one for one, image in users.items() if image in changed} == wheels


def test_an_edit_above_leaves_what_is_below(context: Path) -> None:
    before = keys()
    (context / "quickstart/requirements.txt").write_text("")
    after = keys()
    assert after["pytorch"] == before["pytorch"]
    assert after["quickstart"] != before["quickstart"]


def test_what_no_build_reads_changes_nothing(context: Path) -> None:
    before = keys()
    (context / "pytorch/requirements.in").write_text("")
    (context / "build.py").write_text("")
    cache = context / "runtime/trainstack_runtime/__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "x.pyc").write_bytes(b"")
    assert keys() == before


def test_the_base_is_part_of_the_key() -> None:
    assert RECIPES["quickstart"].key("one") != RECIPES["quickstart"].key("two")


def test_the_staged_context_is_what_the_dockerfile_copies(tmp_path: Path) -> None:
    for one in RECIPES.values():
        folder = tmp_path / one.name
        one.stage(folder)
        text = Template((folder / one.dockerfile).read_text()).safe_substitute(one.args)
        copies = [line.split()[1:-1] for line in text.splitlines() if line.startswith("COPY ")]
        named = [word for words in copies for word in words if not word.startswith("--")]
        own = [name for name in named if not name.startswith("/")]
        assert all((folder / name).exists() for name in own)


def test_dockerfiles_pin_and_do_without_heredocs() -> None:
    for one in RECIPES.values():
        text = (recipe.HERE / one.dockerfile).read_text()
        assert "<<" not in text
        users = re.findall("^USER (.*)$", text.rpartition("\nFROM ")[2], re.MULTILINE)
        assert users[-1:] in ([], ["1000:1000"])
    for lock in recipe.HERE.glob("*/*.txt"):
        text = lock.read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text


def test_an_unknown_image_is_named() -> None:
    with pytest.raises(images.ImageError, match=r"there are base, .*quickstart"):
        images.ensure("flux-capacitor")


def test_secrets_say_how_to_reach_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "bundle.crt"
    bundle.write_text("certificates")
    monkeypatch.setenv("PIP_CERT", str(bundle))
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
    options = write_secrets(tmp_path / "secrets")
    assert options[::2] == ["--secret", "--secret"]
    config = (tmp_path / "secrets/pip.conf").read_text()
    assert "index-url = https://index.example/simple" in config
    assert "cert = /build/ca.crt" in config
    assert (tmp_path / "secrets/ca.crt").read_text() == "certificates"


@pytest.mark.skipif(not shutil.which("gcc"), reason="needs a C compiler")
def test_a_trimmed_library_still_works(tmp_path: Path) -> None:
    source = tmp_path / "gpu.c"
    source.write_text(
        """
        __attribute__((section(".nv_fatbin"), used)) static const char fat[300000] = {1};
        static const char after[] = "after";
        int answer(void) { return after[0] == 'a' ? 42 : 0; }
        int pointer_is_set(void) { return fat != 0; }
        """
    )
    library = tmp_path / "libgpu.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-Wl,--build-id", "-o", library, source], check=True)
    before = library.read_bytes()
    after = Library(before).trimmed()
    assert len(before) - len(after) >= 280_000
    library.write_bytes(after)
    call = "import ctypes, sys; print(ctypes.CDLL(sys.argv[1]).answer())"
    done = subprocess.run(
        ["python3", "-c", call, library], check=True, capture_output=True, text=True
    )
    assert done.stdout == "42\n"
    assert (
        subprocess.run(["readelf", "-lSW", library], check=True, capture_output=True).stderr == b""
    )


def test_only_elf_is_trimmed() -> None:
    with pytest.raises(ValueError, match="not a 64-bit"):
        Library(b"#!/bin/sh\n")


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("mpi", "MPI=openmpi4"),
        ("mpi-intel", "MPI=intel"),
        ("pytorch-cuda", "VARIANT=cuda"),
        ("tensorflow-cuda", "VARIANT=cuda"),
    ],
)
def test_variants_are_one_dockerfile_with_another_argument(name: str, argument: str) -> None:
    parts, base = RECIPES[f"{name}-parts"], RECIPES["base-parts"].tag("debian")
    assert parts.build_args("debian", "unused")[1::2] == [f"BASE={base}", argument]
    assert f"ARG {argument.partition('=')[0]}" in (recipe.HERE / parts.dockerfile).read_text()


@pytest.mark.parametrize("framework", ["pytorch", "tensorflow"])
def test_horovod_for_gpus_is_compiled_by_the_same_dockerfile(framework: str) -> None:
    arguments = {
        variant: RECIPES[f"horovod-wheel-{framework}{suffix}"].build_args("debian", "first")[1::2]
        for variant, suffix in (("cpu", ""), ("cuda", "-cuda"))
    }
    assert arguments == {
        variant: ["BASE=first", f"FRAMEWORK={framework}", f"VARIANT={variant}"]
        for variant in ("cpu", "cuda")
    }


def pinned(lock: str) -> dict[str, str]:
    """Versions by name."""
    lines = (recipe.HERE / lock).read_text().splitlines()
    return dict(line.removesuffix(" \\").split("==") for line in lines if "==" in line)


def test_horovod_is_compiled_with_the_cuda_and_nccl_of_torch() -> None:
    compiler, torch = pinned("horovod-wheel/cuda.txt"), pinned("pytorch/torch-cuda.txt")
    shared = {"cuda-toolkit", "nvidia-cuda-runtime", "nvidia-nccl-cu13"}
    assert compiler.keys() & torch.keys() == shared
    assert {name: compiler[name] for name in shared} == {name: torch[name] for name in shared}


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("quickstart", ["base-parts", "pytorch-parts", "quickstart-parts", "quickstart"]),
        (
            "horovod-tensorflow",
            [
                *("base-parts", "horovod-wheel-tensorflow", "tensorflow-parts"),
                *("horovod-tensorflow-parts", "horovod-tensorflow"),
            ],
        ),
        (
            "horovod-cuda",
            [
                *("base-parts", "horovod-wheel-pytorch-cuda", "pytorch-cuda-parts"),
                *("quickstart-cuda-parts", "horovod-cuda-parts", "horovod-cuda"),
            ],
        ),
        (
            "horovod-tensorflow-cuda",
            [
                *("base-parts", "horovod-wheel-tensorflow-cuda", "tensorflow-cuda-parts"),
                *("horovod-tensorflow-cuda-parts", "horovod-tensorflow-cuda"),
            ],
        ),
    ],
)
def test_what_is_below_is_built_before(image: str, expected: list[str]) -> None:
    assert [one.name for one in RECIPES[image].below()] == expected
