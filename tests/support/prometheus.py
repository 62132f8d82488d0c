"""The Prometheus operator's own definitions, fetched once into the user's cache."""

from __future__ import annotations

from pathlib import Path

from trainstack.operators.cache import is_fetched, release_folder
from trainstack.operators.fetch import fetch
from trainstack.operators.release import Release

_FILE = "monitoring.coreos.com_servicemonitors.yaml"
RELEASE = Release(
    name="prometheus-operator-crds",
    version="0.85.0",
    address="https://github.com/prometheus-operator/prometheus-operator/archive/refs/tags/v0.85.0.tar.gz",
    module="github.com/prometheus-operator/prometheus-operator@v0.85.0",
    folder="example/prometheus-operator-crd",
    files=(_FILE,),
    digest="2c76461ede453caab07fb898ca9fa90f0a977a2003b28bf7aa933ef44c5721db",
    image_tag="v0.85.0",
)


def service_monitor() -> Path:
    """The definition of a ServiceMonitor."""
    return (release_folder(RELEASE) if is_fetched(RELEASE) else fetch(RELEASE)) / _FILE
