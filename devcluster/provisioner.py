"""Gives each claim a folder of the node, and removes it when the claim is gone.

A component like the others: `python -m devcluster.provisioner FOLDER NETWORK`.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from .api import Api, ApiError, Manifest
from .certs import Pki
from .settings import Settings
from .storage import CLASS, PROVISIONER, volume_of

PREFIX = "pvc-"
RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class Provisioner:
    """Watches claims and volumes; both watches begin with everything that is there."""

    folder: Path
    api: Api

    def run(self) -> None:
        """Never ends."""
        volumes = (self._follow, ("/api/v1/persistentvolumes", self.reclaim))
        threading.Thread(target=volumes[0], args=volumes[1], daemon=True).start()
        self._follow("/api/v1/persistentvolumeclaims", self.provide)

    def provide(self, claim: Manifest) -> None:
        """Make the folder and the volume of a claim that waits for one of ours."""
        spec = claim["spec"]
        waits = claim.get("status", {}).get("phase") == "Pending" and not spec.get("volumeName")
        plain = spec.get("volumeMode", "Filesystem") == "Filesystem" and "selector" not in spec
        if not (waits and plain and spec.get("storageClassName") == CLASS):
            return
        name = f"{PREFIX}{claim['metadata']['uid']}"
        path = self.folder / name
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o777)  # Containers that do not run as root write here too.
        try:
            self.api.request("POST", "/api/v1/persistentvolumes", volume_of(claim, name, str(path)))
        except ApiError as error:
            if error.status != 409:
                raise
        else:
            _say(f"made {name} for {claim['metadata']['namespace']}/{claim['metadata']['name']}")

    def reclaim(self, volume: Manifest) -> None:
        """Remove a volume of ours whose claim is gone, and its folder first."""
        name, annotations = volume["metadata"]["name"], volume["metadata"].get("annotations", {})
        ours = annotations.get("pv.kubernetes.io/provisioned-by") == PROVISIONER
        deleted = volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
        released = volume.get("status", {}).get("phase") in ("Released", "Failed")
        if not (ours and deleted and released and name.startswith(PREFIX)):
            return
        path = self.folder / name
        if path.exists():
            shutil.rmtree(path)
        try:
            self.api.request("DELETE", f"/api/v1/persistentvolumes/{name}")
        except ApiError as error:
            if error.status != 404:
                raise
        else:
            _say(f"removed {name}")

    def _follow(self, path: str, handle: Callable[[Manifest], None]) -> None:
        while True:
            try:
                for event in self.api.watch(path):
                    if event["type"] in ("ADDED", "MODIFIED"):
                        handle(event["object"])
            except (ApiError, OSError, KeyError, ValueError) as error:
                _say(f"{path}: {error}")
            time.sleep(RETRY_SECONDS)


def _say(text: str) -> None:
    print(time.strftime("%Y-%m-%dT%H:%M:%S"), text, flush=True)


def main(folder: str, network: str) -> None:
    """Run for the cluster in a folder."""
    settings = Settings(Path(folder), IPv4Network(network))
    api = Api(settings, Pki(settings.pki), client="provisioner")
    Provisioner(settings.volumes, api).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
