"""Runs one Go command, watching its output, and says in one sentence why it failed."""

from __future__ import annotations

import os
import queue
import re
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from .errors import ToolchainError

OUTPUT_LINES = 15
TICK_SECONDS = 0.5
NICENESS = 5
_PACKAGE = re.compile(r"[\w.~/+-]+")
_DOWNLOAD = "go: downloading "
_REASONS: tuple[tuple[str, str], ...] = (
    (r"no space left on device", "the disk is full"),
    (r"checksum mismatch|SECURITY ERROR", "a downloaded module does not match go.sum"),
    (
        r"no such host|connection refused|connection reset|i/o timeout|deadline exceeded"
        r"|proxyconnect|tls: |x509: |module lookup disabled"
        r"|\b40[0-9] |\b410 Gone|\b429 |\b50[0-9] ",
        "the Go module registry could not be reached or refused a module",
    ),
    (r"signal: killed|cannot allocate memory", "the machine ran out of memory"),
)


def run_go(
    arguments: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    purpose: str,
    watch: Callable[[str], None],
) -> str:
    """Its standard output; `watch` is called with what it is doing, at least twice a second."""
    with subprocess.Popen(
        list(arguments),
        cwd=cwd,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        try:
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
            output, problems = _follow(process, watch)
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        raise _failure(purpose, process.returncode, [*output, *problems])
    return "".join(output)


def _follow(
    process: subprocess.Popen[str], watch: Callable[[str], None]
) -> tuple[list[str], list[str]]:
    assert process.stdout is not None and process.stderr is not None
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    output: list[str] = []
    reader = threading.Thread(target=output.extend, args=(process.stdout,), daemon=True)
    reader.start()
    threading.Thread(target=_read, args=(process.stderr, lines), daemon=True).start()
    problems: deque[str] = deque(maxlen=200)
    doing = "starting"
    while True:
        try:
            line = lines.get(timeout=TICK_SECONDS)
        except queue.Empty:
            watch(doing)
            continue
        if line is None:
            break
        text = line.rstrip()
        if text.startswith(_DOWNLOAD):
            doing = f"downloading {text.removeprefix(_DOWNLOAD)}"
        elif _PACKAGE.fullmatch(text):
            doing = f"compiling {text}"
        elif text:
            problems.append(text)
        watch(doing)
    reader.join()
    process.wait()
    return output, list(problems)


def _read(stream: IO[str], lines: queue.SimpleQueue[str | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _failure(purpose: str, code: int, output: Sequence[str]) -> ToolchainError:
    text = "\n".join(output)
    reason = next(
        (why for pattern, why in _REASONS if re.search(pattern, text)), f"go ended with {code}"
    )
    last = [line.rstrip() for line in output if line.strip()][-OUTPUT_LINES:]
    return ToolchainError(f"{purpose} failed: {reason}.", last)
