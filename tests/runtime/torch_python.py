"""A Python with CPU torch, made once for each version and kept in the cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from images.build import images_root

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "images/pytorch"
NEEDS = RECIPE / "requirements.txt"
SCRIPTS = (RECIPE / "cuda_stubs.py", RECIPE / "elf_trim.py")
LOCKS = {
    "2.13.0": RECIPE / "torch.txt",
    "2.15.0": Path(__file__).with_name("torch-2.15.0.txt"),
}
IN_IMAGES = "2.13.0"


def torch_python(version: str = IN_IMAGES) -> Path:
    """The interpreter that `TRAINSTACK_TORCH_PYTHON` names, or one of ours."""
    if version == IN_IMAGES and (named := os.environ.get("TRAINSTACK_TORCH_PYTHON")):
        return Path(named)
    digest = hashlib.sha256(sys.version.encode())
    for path in (LOCKS[version], NEEDS, *SCRIPTS):
        digest.update(path.read_bytes())
    folder = images_root().parent / f"torch{version}-{digest.hexdigest()[:16]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            _make(folder, version)
    return folder / "bin/python"


def _make(folder: Path, version: str) -> None:
    for outdated in folder.parent.glob(f"torch{version}-*"):
        if outdated.is_dir():
            shutil.rmtree(outdated)
    python = folder / "bin/python"
    _run(sys.executable, "-m", "venv", "--without-pip", folder)
    wanted = [word for path in (LOCKS[version], NEEDS) for word in ("--requirement", path)]
    uv = Path(sys.executable).with_name("uv")
    install = ("pip", "install", "--quiet", "--no-deps", "--require-hashes", "--no-cache")
    _run(uv if uv.exists() else "uv", *install, "--python", python, *wanted)
    (libraries,) = folder.glob("lib/python*/site-packages/torch/lib")
    _run(python, RECIPE / "cuda_stubs.py", libraries)
    _run(python, RECIPE / "elf_trim.py", *sorted(libraries.glob("*.so")))
    (folder / "ready").touch()


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
