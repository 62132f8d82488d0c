"""The image that pods run, without a cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import images
from images.build import images_root
from images.buildah import Buildah
from images.debian import is_root
from images.progress import Progress

PROGRAM = """\
import os, torch, torch.distributed as dist
from trainstack_runtime import result

dist.init_process_group("gloo")
total = torch.ones(1)
dist.all_reduce(total)
result(total=total, user=os.getuid(), folder=os.getcwd(), cuda=torch.cuda.is_available())
"""
TRAIN = (
    'printf %s "$1" > /tmp/train.py;'
    "TRAINSTACK_TERMINATION_MESSAGE=/tmp/message trainstack-run torch --script /tmp/train.py --;"
    "echo; cat /tmp/message; echo; for tool in gcc cc as ld pip sh; do command -v $tool; done"
)


@pytest.mark.skipif(not is_root(), reason="needs root")
def test_it_trains_as_an_ordinary_user(tmp_path: Path) -> None:
    image = images.ensure("quickstart")
    log = tmp_path / "log"
    buildah = Buildah(images_root() / "buildah")
    command = ["sh", "-c", f"{TRAIN} || true", "sh", PROGRAM]
    buildah.run(image.tar, command, Progress(log, 1))
    lines = log.read_text().splitlines()
    message = next(json.loads(line) for line in lines if line.startswith('{"status"'))
    assert message["result"] == {"total": 1.0, "user": 1000, "folder": "/workspace", "cuda": False}
    assert [line for line in lines if line.startswith(("/usr/bin", "/opt/venv/bin"))] == [
        "/usr/bin/sh"
    ]
