"""Who runs the program, as far as its environment tells."""

from __future__ import annotations

import getpass
import os
import subprocess
from collections.abc import Mapping

_USERS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_REQUESTEDFOR", "CIRCLE_USERNAME")
_COMMITS = ("GITHUB_SHA", "CI_COMMIT_SHA", "BUILD_SOURCEVERSION", "CIRCLE_SHA1")
_DIGITS = 8


def started_by(env: Mapping[str, str] = os.environ) -> str:
    """A name and, where there is one, a commit: `alice at 1a2b3c4d`."""
    user = _first(_USERS, env) or _login()
    commit = _first(_COMMITS, env) or _checked_out()
    return f"{user} at {commit[:_DIGITS]}" if commit else user


def _first(names: tuple[str, ...], env: Mapping[str, str]) -> str | None:
    return next((env[name] for name in names if env.get(name)), None)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name
        return f"user {os.getuid()}"


def _checked_out() -> str | None:
    try:
        asked = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, check=False)
    except OSError:
        return None
    return asked.stdout.decode().strip() if asked.returncode == 0 else None
