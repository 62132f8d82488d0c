"""The worker of an MPI or Horovod job: an ssh server for as long as the pod lives."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from . import exitcode
from .log import say
from .settings import Settings, SettingsError
from .ssh import SSHD, Ssh, unsayable
from .termination import Stopped

LOOK_EVERY = 0.1
RANK = b"trainstack_runtime.rank"


def serve(settings: Settings) -> int:
    """Run sshd until SIGTERM; then let the ranks save, and end."""
    if not shutil.which(SSHD):
        raise SettingsError(f"{SSHD} is not in the image; an MPI job's workers need it")
    if lost := unsayable(os.environ):
        say(f"ssh cannot pass on values of several lines; ranks do not see {', '.join(lost)}")
    with tempfile.TemporaryDirectory(prefix="trainstack-ssh-") as name:
        folder = Path(name)
        config = Ssh.from_env().write_server(folder, _host_key(folder), os.environ)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        server = subprocess.Popen([SSHD, "-D", "-e", "-f", config])
        try:
            code = server.wait()
        except Stopped:
            _let_save(settings.saving_seconds)
            server.terminate()
            return exitcode.STOPPED
    say(f"sshd ended with exit code {code}")
    return exitcode.BROKEN


def _host_key(folder: Path) -> Path:
    """A key of this pod alone; nobody checks it, as names are new with every run."""
    key = folder / "host_key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True, timeout=60
    )
    return key


def _let_save(seconds: float) -> None:
    asked = _ranks()
    say(f"SIGTERM: asked {len(asked)} rank(s) to save, waiting up to {seconds:g} s")
    for pid in asked:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while _ranks() and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)


def _ranks() -> list[int]:
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdecimal() and RANK in (process / "cmdline").read_bytes().split(b"\0"):
                found.append(int(process.name))
        except OSError:
            continue
    return found
