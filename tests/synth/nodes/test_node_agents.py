"""What runs on GPU nodes beside jobs: what it registers, whole, and that Kubernetes knows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

import trainstack as ts
from tests.support.pools import AKS, EKS, GKE, KARPENTER, changed
from tests.support.prometheus import service_monitor
from tests.support.schema import crd_schema, errors, read_back
from trainstack.testing import Registration, Synthesis, synth

DAEMON_SET = "kubernetes:apps/v1:DaemonSet"
MONITOR = "kubernetes:monitoring.coreos.com/v1:ServiceMonitor"
SERVICE = "kubernetes:core/v1:Service"
GPU = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
H100 = ts.ExistingPool(name="h100", machine="p5.48xlarge")
ON_H100 = {
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [
                {
                    "matchExpressions": [
                        {
                            "key": "node.kubernetes.io/instance-type",
                            "operator": "In",
                            "values": ["p5.48xlarge"],
                        }
                    ]
                }
            ]
        }
    }
}
ALL: dict[str, Callable[..., pulumi.ComponentResource]] = {
    "DcgmExporter": ts.DcgmExporter,
    "EfaDevicePlugin": ts.EfaDevicePlugin,
    "NvidiaDevicePlugin": ts.NvidiaDevicePlugin,
}
EVERYTHING: dict[str, Any] = {
    "image": "registry.example/agent:1",
    "image_pull_secrets": ["pull"],
    "labels": {"team": "platform"},
    "limits": {"cpu": 1, "memory": "1Gi"},
    "name": "agent",
    "namespace": "gpu-system",
    "requests": {"cpu": "100m"},
}


def made(kind: str, **said: Any) -> Synthesis:
    return synth(lambda: ALL[kind]("a", {"pools": [H100], **said}))


def objects(found: Synthesis) -> list[tuple[str, str, str]]:
    return [(one.type, one.name, one.parent) for one in found.registrations]


def daemon_set(name: str, program: str, container: dict[str, Any], **pod: Any) -> dict[str, Any]:
    """As it is in all three."""
    found = {"app.kubernetes.io/instance": name, "app.kubernetes.io/name": program}
    labels = {**found, "app.kubernetes.io/managed-by": "trainstack"}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"labels": labels, "name": name, "namespace": "kube-system"},
        "spec": {
            "selector": {"matchLabels": found},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "affinity": ON_H100,
                    "containers": [{"name": program, **container}],
                    "priorityClassName": "system-node-critical",
                    "tolerations": [GPU],
                    **pod,
                },
            },
            "updateStrategy": {"type": "RollingUpdate"},
        },
    }


def folder(name: str, path: str) -> dict[str, Any]:
    return {"hostPath": {"path": path}, "name": name}


def test_nvidia_device_plugin() -> None:
    found = made("NvidiaDevicePlugin", mig_strategy="mixed")
    assert objects(found) == [
        ("trainstack:index:NvidiaDevicePlugin", "a", ""),
        (DAEMON_SET, "a-daemon-set", "a"),
    ]
    assert found.one("trainstack:index:NvidiaDevicePlugin").inputs == {
        "image": "nvcr.io/nvidia/k8s-device-plugin:v0.19.2",
        "mig_strategy": "mixed",
        "namespace": "kube-system",
        "pools": ["h100"],
    }
    plugins = "/var/lib/kubelet/device-plugins"
    assert found.one(DAEMON_SET).inputs == daemon_set(
        "a",
        "nvidia-device-plugin",
        {
            "env": [
                {"name": "MIG_STRATEGY", "value": "mixed"},
                {"name": "NVIDIA_MIG_MONITOR_DEVICES", "value": "all"},
            ],
            "image": "nvcr.io/nvidia/k8s-device-plugin:v0.19.2",
            "securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}},
            "volumeMounts": [{"mountPath": plugins, "name": "device-plugins"}],
        },
        volumes=[folder("device-plugins", plugins)],
    )


def test_without_mig_it_has_no_privileges() -> None:
    (container,) = (
        made("NvidiaDevicePlugin").one(DAEMON_SET).inputs["spec"]["template"]["spec"]["containers"]
    )
    assert container["env"] == [{"name": "MIG_STRATEGY", "value": "none"}]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


def test_efa_device_plugin() -> None:
    found = made("EfaDevicePlugin")
    assert objects(found) == [
        ("trainstack:index:EfaDevicePlugin", "a", ""),
        (DAEMON_SET, "a-daemon-set", "a"),
    ]
    plugins, cards = "/var/lib/kubelet/device-plugins", "/dev/infiniband"
    assert found.one(DAEMON_SET).inputs == daemon_set(
        "a",
        "aws-efa-k8s-device-plugin",
        {
            "image": "602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/"
            "aws-efa-k8s-device-plugin:v0.5.20",
            "resources": {"requests": {"cpu": "10m", "memory": "20Mi"}},
            "securityContext": {
                "allowPrivilegeEscalation": True,
                "privileged": True,
                "runAsNonRoot": False,
                "runAsUser": 0,
            },
            "volumeMounts": [
                {"mountPath": plugins, "name": "device-plugins"},
                {"mountPath": cards, "name": "infiniband"},
            ],
        },
        automountServiceAccountToken=False,
        hostNetwork=True,
        volumes=[folder("device-plugins", plugins), folder("infiniband", cards)],
    )


def test_dcgm_exporter() -> None:
    found = made("DcgmExporter", monitor=True)
    assert objects(found) == [
        ("trainstack:index:DcgmExporter", "a", ""),
        (DAEMON_SET, "a-daemon-set", "a"),
        (SERVICE, "a-service", "a"),
        (MONITOR, "a-service-monitor", "a"),
    ]
    healthy = {"httpGet": {"path": "/health", "port": 9400}, "initialDelaySeconds": 45}
    resources = "/var/lib/kubelet/pod-resources"
    assert found.one(DAEMON_SET).inputs == daemon_set(
        "a",
        "dcgm-exporter",
        {
            "env": [
                {"name": "DCGM_EXPORTER_KUBERNETES", "value": "true"},
                {"name": "DCGM_EXPORTER_LISTEN", "value": ":9400"},
                {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
            ],
            "image": "nvcr.io/nvidia/k8s/dcgm-exporter:4.5.3-4.8.2-distroless",
            "livenessProbe": {**healthy, "periodSeconds": 5},
            "ports": [{"containerPort": 9400, "name": "metrics", "protocol": "TCP"}],
            "readinessProbe": healthy,
            "securityContext": {
                "capabilities": {"add": ["SYS_ADMIN"]},
                "runAsNonRoot": False,
                "runAsUser": 0,
            },
            "volumeMounts": [{"mountPath": resources, "name": "pod-resources", "readOnly": True}],
        },
        volumes=[folder("pod-resources", resources)],
    )
    selector = {
        "app.kubernetes.io/instance": "a",
        "app.kubernetes.io/name": "dcgm-exporter",
    }
    metadata = {
        "labels": {**selector, "app.kubernetes.io/managed-by": "trainstack"},
        "name": "a",
        "namespace": "kube-system",
    }
    port = {"name": "metrics", "port": 9400, "protocol": "TCP", "targetPort": "metrics"}
    assert found.one(SERVICE).inputs == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**metadata, "annotations": {"pulumi.com/skipAwait": "true"}},
        "spec": {"ports": [port], "selector": selector, "type": "ClusterIP"},
    }
    assert found.one(MONITOR).inputs == {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": metadata,
        "spec": {
            "endpoints": [{"path": "/metrics", "port": "metrics"}],
            "selector": {"matchLabels": selector},
        },
    }


def test_without_monitor_there_is_none() -> None:
    assert not made("DcgmExporter").of_type(MONITOR)


@pytest.mark.parametrize("said", [{}, EVERYTHING], ids=["least", "everything"])
@pytest.mark.parametrize("kind", ALL)
def test_kubernetes_keeps_all_of_it(kind: str, said: dict[str, Any]) -> None:
    found = made(kind, **said)
    registered = [*found.of_type(DAEMON_SET), *found.of_type(SERVICE)]
    assert registered
    for one in registered:
        assert read_back(one.inputs) == one.inputs


def test_the_prometheus_operator_knows_all_of_the_monitor() -> None:
    schema = crd_schema(service_monitor(), "v1")
    monitor = made("DcgmExporter", monitor=True, **EVERYTHING).one(MONITOR).inputs
    assert errors(monitor, schema) == []
    monitor["spec"]["endpoints"][0]["paths"] = "/metrics"
    assert len(errors(monitor, schema)) == 1


@pytest.mark.parametrize("kind", ALL)
def test_what_is_said_gets_to_its_pods(kind: str) -> None:
    manifest = made(kind, **EVERYTHING).one(DAEMON_SET).inputs
    pod = manifest["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    assert (manifest["metadata"]["name"], manifest["metadata"]["namespace"]) == (
        "agent",
        "gpu-system",
    )
    assert pod["metadata"]["labels"] == manifest["metadata"]["labels"]
    assert pod["metadata"]["labels"]["team"] == "platform"
    assert pod["spec"]["imagePullSecrets"] == [{"name": "pull"}]
    assert container["image"] == "registry.example/agent:1"
    assert container["resources"] == {
        "limits": {"cpu": "1", "memory": "1Gi"},
        "requests": {"cpu": "100m", "memory": "1Gi"},
    }


def test_it_is_on_the_nodes_of_its_pools_and_tolerates_their_taints() -> None:
    mine = {"key": "team", "value": "vision"}
    tolerate = [{"operator": "Exists"}]

    def program() -> None:
        eks = ts.EksGpuNodePool(
            "eks", changed(EKS, taints=[mine], device_plugin_tolerations=tolerate)
        )
        karpenter = ts.KarpenterGpuNodePool("karpenter", KARPENTER)
        other = {
            "name": "other",
            "gpus": 8,
            "node_selector": {"rack": "7", "pool": "other"},
            "tolerations": [GPU],
        }
        ts.NvidiaDevicePlugin("gpus", {"pools": [eks, karpenter, other]})

    pod = synth(program).one(DAEMON_SET).inputs["spec"]["template"]["spec"]
    required = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    terms = [
        {one["key"]: one["values"] for one in term["matchExpressions"]}
        for term in required["nodeSelectorTerms"]
    ]
    assert terms == [
        {"trainstack.dev/pool": ["eks"]},
        {"trainstack.dev/pool": ["karpenter"]},
        {"pool": ["other"], "rack": ["7"]},
    ]
    assert pod["tolerations"] == [
        {"effect": "NoSchedule", "key": "team", "operator": "Exists"},
        GPU,
    ]


def test_without_taints_it_tolerates_none() -> None:
    pool = {"name": "a", "gpus": 1, "node_selector": {"gpu": "a"}}
    pod = made("NvidiaDevicePlugin", pools=[pool]).one(DAEMON_SET).inputs["spec"]["template"]
    assert "tolerations" not in pod["spec"]


BOTTLEROCKET = {"image_type": "BOTTLEROCKET_x86_64_NVIDIA"}
OFF = {"labels": {"gke-no-default-nvidia-gpu-device-plugin": "true"}}
POOLS: dict[str, tuple[Callable[[], Any], str | None]] = {
    "EKS": (lambda: ts.EksGpuNodePool("p", EKS), None),
    "EKS, Bottlerocket": (
        lambda: ts.EksGpuNodePool("p", changed(EKS, **BOTTLEROCKET)),
        "has_device_plugin: got True: Bottlerocket has NVIDIA's",
    ),
    "Karpenter": (lambda: ts.KarpenterGpuNodePool("p", KARPENTER), None),
    "Karpenter, Bottlerocket": (
        lambda: ts.KarpenterGpuNodePool("p", changed(KARPENTER, image="bottlerocket@v1.50.0")),
        "has_device_plugin: got True: Bottlerocket has NVIDIA's",
    ),
    "AKS": (lambda: ts.AksGpuNodePool("p", AKS), None),
    "GKE": (
        lambda: ts.GkeGpuNodePool("p", GKE),
        "machine: got 'a2-highgpu-8g': GKE runs Google's device plugin",
    ),
    "GKE, Google's plugin off": (lambda: ts.GkeGpuNodePool("p", changed(GKE, **OFF)), None),
}


@pytest.mark.parametrize("kind", POOLS)
def test_where_nodes_have_a_device_plugin_already_nvidias_is_refused(kind: str) -> None:
    pool, refused = POOLS[kind]

    def program() -> None:
        ts.NvidiaDevicePlugin("gpus", {"pools": [pool()]})

    if refused is None:
        assert synth(program).one(DAEMON_SET)
    else:
        with pytest.raises(ts.TrainstackError) as caught:
            synth(program)
        assert str(caught.value).startswith(f"NvidiaDevicePlugin 'gpus': pools[0].{refused}")


def test_nodes_have_each_of_them_once() -> None:
    def program() -> None:
        ts.NvidiaDevicePlugin("one", {"pools": [H100]})
        ts.DcgmExporter("two", {"pools": [H100]})
        ts.NvidiaDevicePlugin("three", {"pools": [{**H100.to_dict(), "name": "again"}]})

    with pytest.raises(ts.TrainstackError) as caught:
        synth(program)
    assert str(caught.value) == (
        "NvidiaDevicePlugin 'three': pools[0]: 'again' has NvidiaDevicePlugin 'one' already; name "
        "each pool once"
    )


def test_two_of_them_are_two_objects() -> None:
    def program() -> None:
        ts.NvidiaDevicePlugin("gpus", {"pools": [H100]})
        ts.DcgmExporter("gpus", {"pools": [H100]})

    with pytest.raises(ts.TrainstackError) as caught:
        synth(program)
    assert str(caught.value) == (
        "DcgmExporter 'gpus': name: 'gpus' in namespace 'kube-system' is NvidiaDevicePlugin 'gpus' "
        "already; give one of them another name"
    )


def test_the_same_in_two_clusters_is_no_clash() -> None:
    def program() -> None:
        for context in ("east", "west"):
            cluster = ts.Cluster(context=context)
            ts.DcgmExporter(context, {"pools": [H100], "cluster": cluster, "name": "dcgm"})

    found = synth(program).of_type(DAEMON_SET)
    assert len(found) == 2
    assert {_cluster(one) for one in found} == {"cluster-east", "cluster-west"}


def _cluster(one: Registration) -> str:
    return str(one.options["provider"]).split("::")[-2]


def test_a_job_can_wait_for_it() -> None:
    def program() -> None:
        plugin = ts.NvidiaDevicePlugin("gpus", {"pools": [H100]})
        ts.ElasticJob(
            "llm",
            {
                "image": "registry.example/llm:1",
                "program": {"module": "llm"},
                "pool": H100,
                "resources": {"cpu": 8},
            },
            pulumi.ResourceOptions(depends_on=[plugin]),
        )

    waits = synth(program).one("trainstack:index:ElasticJob").options["dependencies"]
    assert any(one.endswith("::gpus-daemon-set") for one in waits)


def test_what_it_gives() -> None:
    def program() -> None:
        exporter = ts.DcgmExporter("dcgm", {"pools": [H100]})
        pulumi.export("address", exporter.address)
        pulumi.export("ready", exporter.ready)

    assert synth(program).outputs == {
        "address": "http://dcgm.kube-system.svc:9400/metrics",
        "ready": "kube-system/dcgm",
    }
