"""Runs `trainstack` as a user does, beside a stack's program."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.support.pulumi_cli import PulumiProgram

_SECONDS = 300


def trainstack(stack: PulumiProgram, *words: str) -> subprocess.CompletedProcess[str]:
    """The finished command."""
    return subprocess.run(
        command(*words),
        cwd=stack.folder,
        env=stack.env,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )


def trainstack_json(stack: PulumiProgram, *words: str) -> Any:
    """What a command that succeeds prints with `--json`."""
    done = trainstack(stack, *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def start_trainstack(stack: PulumiProgram, *words: str) -> subprocess.Popen[str]:
    """The running command; its output is in pipes."""
    return subprocess.Popen(
        command(*words),
        cwd=stack.folder,
        env={**stack.env, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def command(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "trainstack.cli", *words)
