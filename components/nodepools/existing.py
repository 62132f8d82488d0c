"""Pools of a cluster that somebody else runs."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from ..spec.model import TrainstackError
from ..spec.names import Subdomain
from ..spec.pool import PoolProfile
from ..spec.resources import GPU
from ..spec.shown import shown
from .gke_fabric import network_side
from .gke_machines import networks_of
from .hardware import Machine, machine, machines
from .job_side import EFA, EFA_PAGES, STAY
from .prices import price

_GPU_TAINT = {"key": GPU, "operator": "Exists", "effect": "NoSchedule"}
_AZURE_TAINT = {"key": "sku", "value": "gpu", "effect": "NoSchedule"}


class ExistingPool(PoolProfile):
    """A pool that is there already: what is not said follows from `machine`.

    All that follows can be said otherwise: `gpus`, `arch`, the machine's whole `cpu` and `memory`,
    `node_selector` by its type, `tolerations` of the usual GPU taints, `annotations` against
    eviction by autoscalers, with EFA `devices` and `huge_pages`, and with `networks` what pods need
    to use them. A machine that is not in the table takes `gpus`.
    Raises `TrainstackError` that names the field when one is wrong.

    >>> ExistingPool(name="h100", machine="p5.48xlarge", region="us-east-1").price_per_hour
    55.04
    """

    gpus: Annotated[int, Field(ge=0, strict=True)] = 0
    """GPUs of a node, 0 or more; default: the machine's, without one required."""
    rdma: bool = True
    """Whether pods that have a whole node ask for its EFA cards, which takes the EFA device plugin
    on the cluster; default `True`."""
    networks: list[Subdomain] = []
    """Of a machine of Google's with network cards for its GPUs: names of the cluster's `Network`
    objects, in the order of the cards; `network_annotations` and `fabric` follow. Default: none."""
    region: str | None = None
    """Where it is: its price per hour is then that of the table, if that says any."""
    prices: str | None = None
    """A CSV file of prices in place of the library's; default: the library's."""

    @model_validator(mode="before")
    @classmethod
    def _follows(cls, said: Any) -> Any:
        if not isinstance(said, dict) or not isinstance(said.get("machine"), str):
            return said
        return {**_found(said), **said}

    @model_validator(mode="after")
    def _said_enough(self) -> ExistingPool:
        if self.machine is None and "gpus" not in self.model_fields_set:
            raise ValueError("gpus: required, or machine")
        if self.networks and self.machine is None:
            raise ValueError("networks: has no effect without machine")
        if self.region is not None and self.machine is None:
            raise ValueError("region: has no effect without machine")
        if self.prices is not None and self.region is None:
            raise ValueError("prices: has no effect without region")
        return self

    @property
    def profile(self) -> PoolProfile:
        """What jobs take, and a stack exports."""
        return PoolProfile(**self.to_dict())


def _found(said: dict[str, Any]) -> dict[str, Any]:
    """What follows from the machine."""
    name = said["machine"]
    found: dict[str, Any] = {
        "annotations": STAY,
        "node_selector": {"node.kubernetes.io/instance-type": name},
        "tolerations": [_GPU_TAINT],
    }
    if said.get("gpus") is None:
        found |= _of_table(_machine(name), rdma=said.get("rdma") is not False)
    if said.get("networks"):
        found |= _networked(name, said["networks"])
    if said.get("region") is not None:
        known = price(name, said["region"], said.get("prices"))
        found["price_per_hour"] = known and known.price_per_hour
    return found


def _networked(name: str, networks: Any) -> dict[str, Any]:
    """What pods get on a machine of Google's with these networks."""
    known = machines().get(name)
    needs = networks_of(known) if known is not None and known.cloud == "gcp" else 0
    if not isinstance(networks, list) or len(networks) != needs:
        allowed = f"a list of {needs} names" if needs else "left out, as it has no such networks"
        raise ValueError(f"networks: got {shown(networks)}: on {name} must be {allowed}")
    return network_side(known, networks, None) if known else {}


def _machine(name: str) -> Machine:
    try:
        return machine(name)
    except TrainstackError as error:
        raise ValueError(f"machine: {error}; or give gpus") from None


def _of_table(known: Machine, *, rdma: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "arch": known.arch,
        "cpu": known.vcpus,
        "gpus": known.gpus,
        "memory": f"{known.memory_gib}Gi",
    }
    if known.cloud == "azure":
        found["tolerations"] = [_GPU_TAINT, _AZURE_TAINT]
    if known.fabric == "EFA" and rdma:
        found |= {"devices": {EFA: known.fabric_cards}, "huge_pages": EFA_PAGES}
    return found
