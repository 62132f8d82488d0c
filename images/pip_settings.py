"""How pip reaches its index from this machine, handed to a build and kept out of the image."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
from pathlib import Path

SETTINGS = ("index-url", "extra-index-url", "proxy", "timeout", "trusted-host")
BUNDLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
IN_BUILD = "/build/ca.crt"


def write_secrets(folder: Path) -> list[str]:
    """Write the secrets that the Dockerfiles mount; gives the builder's options for them."""
    folder.mkdir(mode=0o700)
    settings = _configured()
    bundle = next((path for path in _bundles(settings) if path.is_file()), None)
    config = configparser.RawConfigParser()
    config["global"] = {key: settings[key] for key in SETTINGS if key in settings}
    if bundle:
        (folder / "ca.crt").write_bytes(bundle.read_bytes())
        config["global"]["cert"] = IN_BUILD
    with (folder / "pip.conf").open("w") as file:
        config.write(file)
    return [
        word
        for path in sorted(folder.iterdir())
        for word in ("--secret", f"id={path.name},src={path}")
    ]


def _configured() -> dict[str, str]:
    """pip's own settings here, those of the environment last."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    found = {}
    for line in sorted(listed.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        found[name.rpartition(".")[2]] = value.strip("'\"")
    return found


def _bundles(settings: dict[str, str]) -> list[Path]:
    named = [settings.get("cert"), *(os.environ.get(name) for name in BUNDLES), SYSTEM_BUNDLE]
    return [Path(path) for path in named if path]
