"""Bringing the cluster up, each part as soon as what it needs is there."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from . import logs, mounts, network, node, sysctls
from .addons import addons
from .api import Api, ApiError
from .certs import Pki, identities
from .cgroup import Cgroups
from .components import Component, components
from .configs import write_configs
from .dns import dns_answers
from .errors import DevClusterError
from .firewall import Firewall
from .health import endpoints, healthy
from .images import make_archive, recipes
from .process import Record, start
from .programs import Programs
from .settings import NAME, Settings
from .state import State
from .storage import storage
from .store import ImageStore
from .toolchain import Toolchain
from .wait import wait_for

PATIENCE = 120.0
CLIENTS = ("controller-manager", "scheduler", "kubelet", "proxy", "provisioner")
DEFAULT_ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/default"


@dataclass
class BringUp:
    """One `up`: makes what is missing, starts what does not run, waits for all of it."""

    settings: Settings
    state: State
    cgroups: Cgroups
    programs: Programs
    tools: Toolchain
    say: Callable[[str], None]

    @cached_property
    def _pki(self) -> Pki:
        return Pki(self.settings.pki)

    @cached_property
    def _api(self) -> Api:
        return Api(self.settings, self._pki)

    @cached_property
    def _parts(self) -> dict[str, Component]:
        parts = components(self.settings, self._pki, self.programs, self.tools)
        return {part.name: part for part in parts}

    def run(self) -> None:
        """Do it all."""
        self._prepare_machine()
        self._prepare_files()
        started = self._start("containerd", "etcd")
        with ThreadPoolExecutor(1) as pool:
            images = pool.submit(self._load_images)
            self._await("etcd")
            # It would try a store that was away again only after up to two minutes.
            self._start("apiserver", anew="etcd" in started)
            self._await("apiserver")
            self._start(*CLIENTS)
            self._apply_addons(images)
        self._await(*CLIENTS)
        self._await_cluster()

    def _prepare_machine(self) -> None:
        self.say("preparing network, firewall and control groups")
        mounts.make_mount_points()
        sysctls.apply()
        network.ensure_bridge(self.settings)
        Firewall(self.programs).ensure(self.settings)
        enabled = self.cgroups.create()
        if enabled:
            self.state.controllers = sorted({*self.state.controllers, *enabled})
            self.state.save()

    def _prepare_files(self) -> None:
        settings = self.settings
        self._pki.ensure(identities(settings))
        network.write_resolvers(self._resolvers)
        write_configs(settings, self._pki, self.programs)

    @property
    def _resolvers(self) -> Path:
        return self.settings.config / "resolv.conf"

    def _start(self, *names: str, anew: bool = False) -> list[str]:
        """Start what does not run as it should; gives what was started."""
        started = []
        for name in names:
            part = self._parts[name]
            record = Record.load(self._record(name))
            if record and record.alive and record.fingerprint == part.fingerprint and not anew:
                continue
            self.say(f"starting {name}")
            # The old logger has to be gone too: there can be only one in a folder.
            for old in (record, Record.load(self._record(f"{name}-log"))):
                if old and old.alive:
                    old.stop()
            if name == "kubelet":
                node.forget_readiness(self._api)
            program, logger = start(
                [*mounts.enter(self.settings, self.cgroups), *part.argv],
                {"PATH": self.programs.path},
                self.cgroups.components,
                logs.logger(self.settings, self.programs.find("svlogd"), name),
                part.fingerprint,
            )
            program.save(self._record(name))
            logger.save(self._record(f"{name}-log"))
            started.append(name)
        return started

    def _record(self, name: str) -> Path:
        return self.settings.run / f"{name}.json"

    def _await(self, *names: str) -> None:
        for name in names:
            said = f"{name} is not healthy (see `python -m devcluster logs {name}`)"
            wait_for(said, partial(self._answers, name), PATIENCE)

    def _answers(self, name: str) -> bool:
        record = Record.load(self._record(name))
        if record is None or not record.alive:
            said = logs.last_line(self.settings, name)
            raise DevClusterError(f"{name} ended; the last thing it said: {said}")
        return healthy(endpoints(self.settings)[name], self._pki)

    def _load_images(self) -> None:
        self._await("containerd")
        store = ImageStore(self.programs, self.settings.containerd_socket)
        for recipe in recipes(self.tools, self.programs):
            store.load(make_archive(recipe))

    def _apply_addons(self, images: Future[None]) -> None:
        for manifest in [*storage(), *addons(self.settings, self._resolvers.read_text())]:
            if manifest["kind"] == "Deployment":
                images.result()  # An image that comes late would cost the pod a long back-off.
            self._api.apply(manifest)

    def _await_cluster(self) -> None:
        self.say("waiting for the node and DNS")
        wait_for("The node is not ready", lambda: node.ready(self._api), PATIENCE)
        wait_for("The kubelet lacks pods", lambda: node.knows_its_pods(self._api), PATIENCE)
        wait_for("The default service account is missing", self._has_account, PATIENCE)
        node.set_gpus(self._api, self.state.gpus)
        wait_for("Cluster DNS does not answer", lambda: dns_answers(self.settings, 0.5), PATIENCE)
        self.say(f"{NAME} is up: {self.settings.server}")

    def _has_account(self) -> bool:
        try:
            return self._api.get(DEFAULT_ACCOUNT) is not None
        except ApiError:
            return False
