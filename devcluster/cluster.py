"""The dev cluster as one object."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from . import mounts, network, preflight, sysctls
from .api import Api
from .bringup import BringUp
from .certs import Pki
from .cgroup import Cgroups
from .errors import DevClusterError
from .firewall import Firewall
from .health import endpoints
from .lock import folder_lock
from .process import Record
from .programs import Programs, ensure_programs
from .settings import Settings
from .state import State, boot_id
from .status import Status, read_status
from .store import ImageStore
from .toolchain import ensure

TOOLS = ("kubernetes", "etcd", "coredns", "pause", "training-operator", "mpi-operator")


class DevCluster:
    """A one-node Kubernetes on this machine, of which there is one a folder."""

    def __init__(
        self, settings: Settings | None = None, say: Callable[[str], None] = lambda text: None
    ) -> None:
        self.settings = settings or Settings.from_env()
        self._say = say

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.settings.kubeconfig

    @property
    def running(self) -> bool:
        """Whether every component runs."""
        records = [self._record(name) for name in endpoints(self.settings)]
        return all(record is not None and record.alive for record in records)

    def status(self) -> Status:
        """The state of every part."""
        return read_status(self.settings)

    def contents(self) -> list[str]:
        """Namespaces and webhooks that are in it besides its own."""
        api = Api(self.settings, Pki(self.settings.pki))
        namespaces = _names(api, "/api/v1/namespaces")
        hooks = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
        foreign = [name for name in namespaces if not name.startswith(("default", "kube-"))]
        return [*foreign, *_names(api, hooks)]

    def up(self, gpus: int | None = None) -> None:
        """Start what does not run, and wait until pods can; None leaves the GPUs as they are."""
        preflight.require_machine(self.settings)
        cgroups = Cgroups.find()
        tools, programs = ensure(TOOLS), ensure_programs(self._say)
        with self._lock():
            try:
                state = self._claim(cgroups, programs)
            except DevClusterError:
                self._remove_if_empty()
                raise
            if gpus is not None:
                state.gpus = gpus
            state.save()
            BringUp(self.settings, state, cgroups, programs, tools, self._say).run()

    def down(self) -> None:
        """Remove everything that `up` made; the caches stay."""
        preflight.require_root()
        cgroups = Cgroups.find()
        with self._lock():
            state = State.load(self.settings.folder)
            if state is None and any(self.settings.folder.iterdir()):
                raise DevClusterError(f"{self.settings.folder} is not a dev cluster's folder.")
            if state is None and not cgroups.tracker.exists() and not network.bridge_exists():
                self._remove_if_empty()
                return
            self._remove(state or State(self.settings.folder / "state.json"), cgroups)

    def load_image(self, tar: Path) -> list[str]:
        """Load an image archive, unless it is there already; gives the images' names."""
        preflight.require_root()
        record = self._record("containerd")
        if record is None or not record.alive:
            raise DevClusterError("No dev cluster is up; start it with `python -m devcluster up`.")
        programs = ensure_programs(self._say)
        return ImageStore(programs, self.settings.containerd_socket).load(tar)

    def _lock(self) -> AbstractContextManager[None]:
        return folder_lock(
            self.settings.folder, lambda: self._say("waiting for another command to end")
        )

    def _claim(self, cgroups: Cgroups, programs: Programs) -> State:
        """Make sure that nobody is in the way, and note what the machine was like."""
        folder = self.settings.folder
        state = State.load(folder)
        if state is None and any(folder.iterdir()):
            raise DevClusterError(f"{folder} is neither empty nor a dev cluster's folder.")
        if state and state.network != str(self.settings.network):
            raise DevClusterError(
                f"The dev cluster in {folder} uses the network {state.network}; take it down first."
            )
        preflight.require_ports(self.settings, own=self._own_ports())
        if state and state.this_boot:
            return state
        network.require_free(self.settings)
        firewall = Firewall(programs)
        firewall.require_free()
        shutil.rmtree(self.settings.run, ignore_errors=True)
        earlier = state or State(folder / "state.json")
        return State(
            path=folder / "state.json",
            boot=boot_id(),
            network=str(self.settings.network),
            sysctls=sysctls.read(),
            made=sorted({*earlier.made, *mounts.missing_mount_points()}),
            tables=firewall.tables(),
            gpus=earlier.gpus,
        )

    def _remove(self, state: State, cgroups: Cgroups) -> None:
        firewall = Firewall(ensure_programs(self._say))
        self._say("ending every process")
        cgroups.kill_all()
        cgroups.remove(state.controllers if state.this_boot else [])
        self._say("removing network, firewall rules and files")
        network.remove_bridge()
        firewall.clean(state.tables)
        if state.this_boot:
            sysctls.restore(state.sysctls)
        mounts.remove_mount_points(state.made)
        mounts.require_unmounted(self.settings.folder)
        _remove_folder(self.settings.folder, last=state.path)

    def _record(self, name: str) -> Record | None:
        return Record.load(self.settings.run / f"{name}.json")

    def _own_ports(self) -> set[int]:
        found = endpoints(self.settings).items()
        alive = [health for name, health in found if (one := self._record(name)) and one.alive]
        return {int(port) for health in alive for port in health.ports}

    def _remove_if_empty(self) -> None:
        try:
            self.settings.folder.rmdir()
        except OSError:
            return


def _remove_folder(folder: Path, last: Path) -> None:
    """The record goes last, so that an interrupted removal can be taken up again."""
    for path in folder.iterdir():
        if path != last:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    last.unlink(missing_ok=True)
    try:
        folder.rmdir()
    except OSError:
        return  # Somebody has mounted a disk there.


def _names(api: Api, path: str) -> list[str]:
    found = api.get(path) or {"items": []}
    return [item["metadata"]["name"] for item in found["items"]]
