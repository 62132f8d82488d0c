"""Which workers Horovod may use: those that the operator lists and whose ssh server answers.

A pod on a lost node stays in the operator's list until it is evicted.
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

PROBE_SECONDS = 1.0
MOST_AT_ONCE = 64


def listed(script: str) -> list[str]:
    """What the operator's script prints: a host a line, perhaps with `:slots`."""
    done = subprocess.run([script], capture_output=True, text=True, check=True, timeout=30)
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def answering(hosts: Sequence[str], port: int) -> list[str]:
    """Those of them on which something listens, in the same order."""
    with ThreadPoolExecutor(min(len(hosts), MOST_AT_ONCE) or 1) as pool:
        answers = pool.map(lambda host: _answers(host.partition(":")[0], port), hosts)
        return [host for host, answer in zip(hosts, answers, strict=True) if answer]


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), PROBE_SECONDS).close()
    except OSError:
        return False
    return True
