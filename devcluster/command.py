"""Running a program to its end."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence

from .errors import DevClusterError

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def which(name: str, path: str = SYSTEM_PATH) -> str | None:
    """The path of a program, of the machine's own unless told otherwise."""
    return shutil.which(name, path=path)


def run(
    argv: Sequence[object],
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
) -> str:
    """The program's output; an error with its last line when it fails."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words, input=stdin, env=env, cwd=cwd, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise DevClusterError(f"{words[0]} cannot be run: {error.strerror}.") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise DevClusterError(f"`{' '.join(words)[:200]}` failed: {said}")
    return done.stdout


def succeeds(argv: Sequence[object], env: Mapping[str, str] | None = None) -> bool:
    """Whether the program can be run and ends with 0."""
    try:
        run(argv, env=env)
    except DevClusterError:
        return False
    return True
