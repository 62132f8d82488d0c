"""The operator releases that trainstack knows, as data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ..spec.model import TrainstackError


@dataclass(frozen=True)
class Release:
    """A pinned release of an operator: where its manifests are and what they must be."""

    name: str
    """The operator's name, for example `training-operator`."""
    version: str
    """Its version without a leading `v`."""
    address: str
    """The release's source archive."""
    module: str
    """The same release as a Go module, for machines that reach only a module proxy."""
    folder: str
    """The folder in both that holds the manifests."""
    files: tuple[str, ...]
    """What is needed of that folder."""
    digest: str
    """`digest()` of those files; it holds for every archive and folder of the same release."""
    image_tag: str
    """The tag that upstream's own installation gives the image named in the manifests."""

    @property
    def title(self) -> str:
        """`name@version`, as the command line takes it."""
        return f"{self.name}@{self.version}"


def digest(files: Mapping[str, bytes]) -> str:
    """One SHA-256 over names and contents, whatever archive they came in."""
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


RELEASES = (
    Release(
        name="training-operator",
        version="1.9.4",
        address="https://github.com/kubeflow/training-operator/archive/refs/tags/v1.9.4.tar.gz",
        module="github.com/kubeflow/training-operator@v1.9.4",
        folder="manifests/base",
        files=(
            "crds/kubeflow.org_jaxjobs.yaml",
            "crds/kubeflow.org_paddlejobs.yaml",
            "crds/kubeflow.org_pytorchjobs.yaml",
            "crds/kubeflow.org_tfjobs.yaml",
            "crds/kubeflow.org_xgboostjobs.yaml",
            "deployment.yaml",
            "rbac/cluster-role-binding.yaml",
            "rbac/role.yaml",
            "rbac/service-account.yaml",
            "service.yaml",
            "webhook/manifests.yaml",
        ),
        digest="33282894302098f48fd71b88bc533c822cc75df992809b092216b0f308959884",
        image_tag="v1-93c5489",
    ),
    Release(
        name="mpi-operator",
        version="0.8.2",
        address="https://github.com/kubeflow/mpi-operator/archive/refs/tags/v0.8.2.tar.gz",
        module="github.com/kubeflow/mpi-operator@v0.8.2",
        folder="manifests/base",
        files=(
            "cluster-role.yaml",
            "deployment.yaml",
            "kubeflow.org_mpijobs.yaml",
            "service-account.yaml",
        ),
        digest="de41e56ab921cad7368c3b503c3b1ba7d47ad08ba398325e574ea67ad711593b",
        image_tag="0.8.2",
    ),
    Release(
        name="kueue",
        version="0.14.0",
        address="https://github.com/kubernetes-sigs/kueue/archive/refs/tags/v0.14.0.tar.gz",
        module="sigs.k8s.io/kueue@v0.14.0",
        folder="config/components",
        files=(
            "crd/bases/kueue.x-k8s.io_admissionchecks.yaml",
            "crd/bases/kueue.x-k8s.io_clusterqueues.yaml",
            "crd/bases/kueue.x-k8s.io_cohorts.yaml",
            "crd/bases/kueue.x-k8s.io_localqueues.yaml",
            "crd/bases/kueue.x-k8s.io_provisioningrequestconfigs.yaml",
            "crd/bases/kueue.x-k8s.io_resourceflavors.yaml",
            "crd/bases/kueue.x-k8s.io_topologies.yaml",
            "crd/bases/kueue.x-k8s.io_workloadpriorityclasses.yaml",
            "crd/bases/kueue.x-k8s.io_workloads.yaml",
            "manager/manager.yaml",
            "rbac/role.yaml",
            "webhook/manifests.yaml",
            "webhook/service.yaml",
        ),
        digest="dab88f820785c5b6383c43736250fc85a60389dd69869f7041262cf1df653c9b",
        image_tag="v0.14.0",
    ),
)


def find_release(name: str, version: str | None = None) -> Release:
    """The named release; the newest one without a version.

    Raises `TrainstackError` that lists what there is.
    """
    found = [
        release
        for release in RELEASES
        if release.name == name and version in (None, release.version)
    ]
    if not found:
        asked = f"{name}@{version}" if version else name
        known = ", ".join(release.title for release in RELEASES)
        raise TrainstackError(f"unknown operator release {asked!r}; known: {known}")
    return found[-1]
