"""Runs `trainstack` beside a stack's program."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

from typer.testing import CliRunner

from tests.support.pulumi_cli import PulumiProgram
from trainstack.cli import app

_DEFAULT_KUBECONFIG = "kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION"


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    exit_code: int
    stdout: str
    stderr: str


def trainstack(stack: PulumiProgram, *words: str) -> Said:
    """The finished command, run in this process."""
    with _beside(stack):
        done = CliRunner().invoke(app, words)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Said(done.exit_code, done.stdout, done.stderr)


def trainstack_json(stack: PulumiProgram, *words: str) -> Any:
    """What a command that succeeds prints with `--json`."""
    done = trainstack(stack, *words, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def trainstack_lines(stack: PulumiProgram, *words: str) -> list[dict[str, Any]]:
    """The same of a command that prints a document a line."""
    done = trainstack(stack, *words, "--json")
    assert done.exit_code == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def start_trainstack(stack: PulumiProgram, *words: str) -> subprocess.Popen[str]:
    """The running command, as a user starts it; its output is in pipes."""
    return subprocess.Popen(
        (sys.executable, "-m", "trainstack.cli", *words),
        cwd=stack.folder,
        env={**stack.env, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextlib.contextmanager
def _beside(stack: PulumiProgram) -> Iterator[None]:
    with (
        mock.patch.dict(os.environ, stack.env),
        mock.patch(_DEFAULT_KUBECONFIG, stack.env["KUBECONFIG"]),
        contextlib.chdir(stack.folder),
    ):
        yield
