"""Operators as programs of this machine, installed with what their components render."""

from __future__ import annotations

import base64
import copy
import json
import ssl
from typing import Any
from urllib.request import urlopen

from kubernetes import client, config, utils

from tests.support.bare_cluster import BareCluster
from tests.support.processes import free_ports
from trainstack.operators.kueue_args import KueueArgs
from trainstack.operators.kueue_render import read_kueue_upstream, render_kueue
from trainstack.operators.training_args import TrainingOperatorArgs
from trainstack.operators.training_render import read_upstream, render_training

Manifest = dict[str, Any]

# Both operators read their certificate here, as their pods have it mounted here.
_MOUNTED = "k8s-webhook-server/serving-certs"
# Its own /tmp, so that two on one machine do not meet.
_IN_OWN_TMP = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /tmp && exec "$@"')


def start_training_operator(cluster: BareCluster, args: TrainingOperatorArgs) -> None:
    """The training-operator, ready."""
    operator = _Operator(cluster, "training-operator", args.namespace)
    rendered = render_training(args, read_upstream(args))
    said = [
        *_container(rendered)["args"],
        f"--webhook-server-port={operator.port}",
        "--metrics-bind-address=0",
        "--health-probe-bind-address=0",
        "--zap-log-level=info",
    ]
    operator.run(rendered, said)


def start_kueue(cluster: BareCluster, args: KueueArgs) -> None:
    """Kueue, ready."""
    operator = _Operator(cluster, "kueue", args.namespace)
    rendered = render_kueue(args, read_kueue_upstream(args))
    (text,) = rendered["config"]["data"].values()
    said = json.loads(text)
    said["health"]["healthProbeBindAddress"] = "0"
    said["namespace"] = args.namespace
    said["webhook"]["port"] = operator.port
    (operator.folder / "config.yaml").write_text(json.dumps(said))
    operator.run(rendered, [*_container(rendered)["args"], "--config=/tmp/config.yaml"])


class _Operator:
    """A program in place of the pods of a Deployment."""

    def __init__(self, cluster: BareCluster, name: str, namespace: str) -> None:
        self.cluster, self.name, self.namespace = cluster, name, namespace
        self.folder = cluster.api.folder / name
        (self.folder / _MOUNTED).mkdir(parents=True)
        (self.port,) = free_ports(1)
        self.api = config.new_client_from_config(str(cluster.api.kubeconfig))

    def run(self, rendered: dict[str, Manifest], said: list[str]) -> None:
        """Make all objects but the Deployment, start the program, and wait for its webhooks."""
        for manifest in rendered.values():
            if manifest["kind"] != "Deployment":
                utils.create_from_dict(self.api, self._reached_here(manifest))
        self.cluster.wait_for_kinds()
        kubeconfig = self.folder / "kubeconfig"
        kubeconfig.write_bytes(self.cluster.api.kubeconfig.read_bytes())
        argv = [*_IN_OWN_TMP, self.folder, self.cluster.api.tools.binary(self.name), *said]
        self.cluster.processes.start(self.name, argv, KUBECONFIG="/tmp/kubeconfig")
        secret = rendered["certificate"]["metadata"]["name"]
        path = _container(rendered)["startupProbe"]["httpGet"]["path"]
        self.cluster.wait(lambda: self._mounts(secret), f"the certificate of {self.name}")
        self.cluster.wait(lambda: self._answers(path), f"an answer of {self.name} at {path}")

    def _reached_here(self, manifest: Manifest) -> Manifest:
        """The same, with webhooks behind a Service that stands for this machine."""
        manifest = copy.deepcopy(manifest)
        if manifest["kind"] == "Service":
            manifest["spec"] = {"type": "ExternalName", "externalName": "localhost"}
        for webhook in manifest.get("webhooks", ()):
            webhook["clientConfig"]["service"]["port"] = self.port
        return manifest

    def _mounts(self, secret: str) -> bool:
        """Do as a kubelet does with a secret that is there."""
        core = client.CoreV1Api(self.api)
        found = core.read_namespaced_secret(secret, self.namespace).data or {}
        for name, value in found.items():
            (self.folder / _MOUNTED / name).write_bytes(base64.b64decode(value))
        return bool(found)

    def _answers(self, path: str) -> bool:
        """Whether the startup probe of its pods would succeed."""
        unchecked = ssl.create_default_context()
        unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
        try:
            with urlopen(f"https://127.0.0.1:{self.port}{path}", context=unchecked, timeout=5):
                return True
        except OSError:
            return False


def _container(rendered: dict[str, Manifest]) -> Manifest:
    (container,) = rendered["deployment"]["spec"]["template"]["spec"]["containers"]
    return dict(container)
