"""The tools, in the order in which they are built: most needed first.

Times are from one cold build of all on two cores; later tools reuse what earlier ones compiled.
"""

from __future__ import annotations

from collections.abc import Iterable

from .errors import ToolchainError
from .tool import Asset, Embed, Package, Tool

PULUMI_SDK = "github.com/pulumi/pulumi/sdk/v3"
PULUMI_KUBERNETES = "github.com/pulumi/pulumi-kubernetes/provider/v4"
PULUMI_VERSION = "3.250.0"
PULUMI_KUBERNETES_VERSION = "4.27.0"
KUBERNETES_VERSION = "1.34.2"
OWN_MODULE = "trainstack.dev/devcluster/tools"


def _stamp(variable: str, value: str) -> str:
    return f"-X {variable}={value}"


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="pulumi",
        version=PULUMI_VERSION,
        packages=(Package("github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", "pulumi"),),
        ldflags=(_stamp(f"{PULUMI_SDK}/go/common/version.Version", f"v{PULUMI_VERSION}"),),
        assets=(
            Asset(
                PULUMI_SDK,
                "python/cmd/pulumi-language-python-exec",
                "bin/pulumi-language-python-exec",
                executable=True,
            ),
            Asset(
                PULUMI_SDK,
                "python/dist/pulumi-resource-pulumi-python",
                "bin/pulumi-resource-pulumi-python",
                executable=True,
            ),
        ),
        expected_seconds=210,
    ),
    Tool(
        name="pulumi-language-python",
        version="3.70.0",
        packages=(
            Package(f"{PULUMI_SDK}/python/cmd/pulumi-language-python", "pulumi-language-python"),
        ),
        ldflags=(_stamp(f"{PULUMI_SDK}/go/common/version.Version", f"v{PULUMI_VERSION}"),),
        expected_seconds=25,
    ),
    Tool(
        name="kubernetes",
        version=KUBERNETES_VERSION,
        packages=tuple(
            Package(f"k8s.io/kubernetes/cmd/{name}", name)
            for name in (
                "kube-apiserver",
                "kube-controller-manager",
                "kube-scheduler",
                "kubelet",
                "kube-proxy",
            )
        ),
        ldflags=(
            _stamp("k8s.io/component-base/version.gitVersion", f"v{KUBERNETES_VERSION}"),
            _stamp("k8s.io/client-go/pkg/version.gitVersion", f"v{KUBERNETES_VERSION}"),
        ),
        expected_seconds=280,
    ),
    Tool(
        name="training-operator",
        version="1.9.4",
        packages=(
            Package(
                "github.com/kubeflow/training-operator/cmd/training-operator.v1",
                "training-operator",
            ),
        ),
        assets=(Asset("github.com/kubeflow/training-operator", "manifests/base", "manifests"),),
        expected_seconds=80,
    ),
    Tool(
        name="coredns",
        version="1.12.4",
        packages=(Package("github.com/coredns/coredns", "coredns"),),
        expected_seconds=95,
    ),
    # Debian's etcd 3.4 cannot tell the API server how fresh its cache is: a watch without a
    # resource version then ends after three seconds with an error.
    Tool(
        name="etcd",
        version="3.6.6",
        packages=(Package("go.etcd.io/etcd/server/v3", "etcd"),),
        expected_seconds=60,
    ),
    Tool(
        name="pause",
        version="1",
        packages=(Package(f"{OWN_MODULE}/pause", "pause"),),
        expected_seconds=2,
    ),
    Tool(
        name="pulumi-resource-kubernetes",
        version=PULUMI_KUBERNETES_VERSION,
        packages=(
            Package(f"{OWN_MODULE}/pulumi-resource-kubernetes", "pulumi-resource-kubernetes"),
        ),
        ldflags=(_stamp(f"{PULUMI_KUBERNETES}/pkg/version.Version", PULUMI_KUBERNETES_VERSION),),
        embeds=(
            Embed(
                PULUMI_KUBERNETES,
                "cmd/pulumi-resource-kubernetes/schema.json",
                "build/schema.json",
                fields=(("version", PULUMI_KUBERNETES_VERSION),),
            ),
        ),
        expected_seconds=400,
    ),
    Tool(
        name="mpi-operator",
        version="0.8.2",
        packages=(Package("github.com/kubeflow/mpi-operator/cmd/mpi-operator", "mpi-operator"),),
        ldflags=(_stamp("github.com/kubeflow/mpi-operator/pkg/version.Version", "v0.8.2"),),
        assets=(Asset("github.com/kubeflow/mpi-operator", "manifests/base", "manifests"),),
        expected_seconds=135,
    ),
    Tool(
        name="kueue",
        version="0.14.0",
        packages=(Package("sigs.k8s.io/kueue/cmd/kueue", "kueue"),),
        ldflags=(_stamp("sigs.k8s.io/kueue/pkg/version.GitVersion", "v0.14.0"),),
        assets=(Asset("sigs.k8s.io/kueue", "config/components", "manifests"),),
        expected_seconds=150,
        optional=True,
    ),
    Tool(
        name="kwok",
        version="0.8.0",
        packages=(Package("sigs.k8s.io/kwok/cmd/kwok", "kwok"),),
        assets=(Asset("sigs.k8s.io/kwok", "kustomize/stage", "manifests"),),
        expected_seconds=300,
        optional=True,
    ),
    Tool(
        name="karpenter",
        version="1.14.0",
        packages=(Package("sigs.k8s.io/karpenter/kwok", "karpenter-kwok"),),
        assets=(
            Asset("sigs.k8s.io/karpenter", "pkg/apis/crds", "manifests/karpenter"),
            Asset("sigs.k8s.io/karpenter", "kwok/apis/crds", "manifests/kwok"),
        ),
        expected_seconds=300,
        optional=True,
    ),
)


def expected_seconds(tools: Iterable[Tool]) -> int:
    """How long the tools take together on two cores."""
    return sum(tool.expected_seconds for tool in tools)


def select(names: Iterable[str] | None = None) -> tuple[Tool, ...]:
    """The named tools in table order, or all that are not optional.

    A name is a tool's or one of its binaries'.
    """
    if names is None:
        return tuple(tool for tool in TOOLS if not tool.optional)
    wanted = set(names)
    known = {name for tool in TOOLS for name in (tool.name, *tool.binaries)}
    unknown = sorted(wanted - known)
    if unknown:
        raise ToolchainError(
            f"Unknown tool {unknown[0]!r}; the tools are {', '.join(sorted(known))}."
        )
    return tuple(tool for tool in TOOLS if wanted & {tool.name, *tool.binaries})
