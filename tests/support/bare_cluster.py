"""A control plane whose nodes and pods are only objects: kwok says that they run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client, config

from devcluster.toolchain import Toolchain
from tests.support.bare_api import BareApi, start_api
from tests.support.processes import Processes, flags

PATIENCE_SECONDS = 120.0


STAGES = (
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-delete.yaml",
)
"""Of kwok's own: nodes are ready, pods run as soon as they are bound, and go when they are told."""

_DONE = """\
phase: Succeeded
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: false
  restartCount: 0
  state:
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: {{ Now | Quote }}
      finishedAt: {{ Now | Quote }}
{{ end }}
"""


def succeeding(label: str, values: Iterable[str]) -> dict[str, Any]:
    """A stage: pods that run and have one of these values of the label are done."""
    labelled = f'.metadata.labels["{label}"]'
    chosen = [
        {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"},
        {"key": ".status.phase", "operator": "In", "values": ["Running"]},
        {"key": labelled, "operator": "In", "values": sorted(values)},
    ]
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": "pod-succeeds"},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": "Pod"},
            "selector": {"matchExpressions": chosen},
            "next": {"statusTemplate": _DONE},
        },
    }


@dataclass(frozen=True)
class BareCluster:
    """An API server, a controller manager and a scheduler, and what else is started."""

    api: BareApi

    @property
    def processes(self) -> Processes:
        """All its programs."""
        return self.api.processes

    def start_control(self) -> None:
        """Start the controllers and the scheduler."""
        both = {"kubeconfig": self.api.kubeconfig, "leader-elect": "false", "secure-port": 0}
        both |= {"kube-api-qps": 100, "kube-api-burst": 200}
        manager = {
            **both,
            "root-ca-file": self.api.certificate,
            "service-account-private-key-file": self.api.key,
        }
        for name, said in (("kube-controller-manager", manager), ("kube-scheduler", both)):
            self.processes.start(name, [self.api.tools.binary(name), *flags(said)])

    def play(self, *stages: dict[str, Any]) -> None:
        """Let kwok be all kubelets, with these stages beside the usual ones; anew if it runs."""
        if "kwok" in self.processes.running:
            self.processes.stop("kwok")
        folder = self.api.tools.manifests("kwok")
        usual = [yaml.safe_load((folder / name).read_text()) for name in STAGES]
        config = self.api.folder / "kwok.yaml"
        config.write_text(yaml.safe_dump_all([*usual, *stages]))
        said = {"config": config, "kubeconfig": self.api.kubeconfig, "manage-all-nodes": "true"}
        self.processes.start("kwok", [self.api.tools.binary("kwok"), *flags(said)])

    def wait(self, true: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Until it is so; all programs must go on running."""
        end = time.monotonic() + seconds
        while not true():
            self.processes.check()
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds:.0f} s: {what}")
            time.sleep(0.2)

    def wait_for_kinds(self) -> None:
        """Until all kinds that have been defined are served."""
        definitions = client.ApiextensionsV1Api(
            config.new_client_from_config(str(self.api.kubeconfig))
        )

        def served() -> bool:
            return all(
                any(one.type == "Established" and one.status == "True" for one in conditions)
                for conditions in (
                    crd.status.conditions or ()
                    for crd in definitions.list_custom_resource_definition().items
                )
            )

        self.wait(served, "all kinds served")


@contextmanager
def bare_cluster(tools: Toolchain, folder: Path) -> Iterator[BareCluster]:
    """One that lives as long as the block."""
    with Processes(folder) as processes:
        cluster = BareCluster(start_api(processes, tools))
        cluster.start_control()
        cluster.play()
        yield cluster


def fake_node(name: str, labels: dict[str, str], amounts: dict[str, str]) -> dict[str, Any]:
    """A node that has these labels and amounts."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **labels}},
        "status": {"allocatable": amounts, "capacity": amounts},
    }
