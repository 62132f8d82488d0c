"""Settings of the ssh that connects a launcher with its workers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .settings import SettingsError

SSHD = "/usr/sbin/sshd"
_LEFT_OUT = frozenset({"HOME", "HOSTNAME", "PWD", "OLDPWD", "SHLVL", "TERM", "USER", "_"})
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"'})


@dataclass(frozen=True)
class Ssh:
    """Where the run's keys are, and which port the workers listen on."""

    keys: Path = Path("/etc/trainstack/ssh")
    port: int = 2222

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Ssh:
        """As trainstack tells both roles."""
        port = env.get("TRAINSTACK_SSH_PORT", "2222")
        if not port.isdecimal():
            raise SettingsError(f"TRAINSTACK_SSH_PORT: got {port!r}: must be a port")
        return cls(Path(env.get("TRAINSTACK_SSH_KEYS", "/etc/trainstack/ssh")), int(port))

    def write_client(self, folder: Path) -> Path:
        """A configuration for `ssh -F`, with a key of our own that ssh finds private enough."""
        key = _private(self.keys / "id_rsa", folder / "id")
        return _written(
            folder / "ssh_config",
            f"IdentityFile {key}",
            f"Port {self.port}",
            "BatchMode yes",
            "ConnectTimeout 10",
            "ConnectionAttempts 10",
            "GlobalKnownHostsFile /dev/null",
            "LogLevel ERROR",
            "ServerAliveCountMax 3",
            "ServerAliveInterval 5",
            "StrictHostKeyChecking no",
            "UserKnownHostsFile /dev/null",
        )

    def write_server(self, folder: Path, host_key: Path, env: Mapping[str, str]) -> Path:
        """A configuration for `sshd -f` that lets only the launcher in, and gives it `env`."""
        allowed = _private(self.keys / "authorized_keys", folder / "authorized_keys")
        return _written(
            folder / "sshd_config",
            f"AuthorizedKeysFile {allowed}",
            f"HostKey {host_key}",
            f"Port {self.port}",
            "AllowTcpForwarding no",
            "KbdInteractiveAuthentication no",
            # Every probe of the port is an "error" of sshd's.
            "LogLevel FATAL",
            "MaxSessions 1000",
            "MaxStartups 1000",
            "PasswordAuthentication no",
            "PermitRootLogin prohibit-password",
            "PidFile none",
            "StrictModes no",
            "UsePAM no",
            "X11Forwarding no",
            *_set_env(env),
        )


def unsayable(env: Mapping[str, str]) -> list[str]:
    """Names of variables whose values sshd cannot pass on: those of several lines."""
    return sorted(name for name, value in env.items() if set("\n\r") & set(value))


def _set_env(env: Mapping[str, str]) -> list[str]:
    """One line for all, as only the first one counts."""
    left_out = _LEFT_OUT.union(unsayable(env))
    said = {name: value for name, value in sorted(env.items()) if name not in left_out}
    pairs = [f"{name}={value}".translate(_ESCAPED) for name, value in said.items()]
    return ["SetEnv " + " ".join(f'"{pair}"' for pair in pairs)] if pairs else []


def _private(source: Path, copy: Path) -> Path:
    try:
        shutil.copyfile(source, copy)
    except OSError as error:
        raise SettingsError(f"TRAINSTACK_SSH_KEYS: {source}: {error.strerror}") from None
    copy.chmod(0o600)
    return copy


def _written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o600)
    return path
