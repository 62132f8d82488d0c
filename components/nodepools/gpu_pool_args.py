"""What a user says about a pool of GPU nodes, in whatever cloud."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from ..spec.model import Args, TrainstackError
from ..spec.names import LabelKey, LabelValue
from ..spec.toleration import Toleration
from .hardware import Cloud, Machine, machine, machines_with
from .prices import price
from .rules.rule import Rule, check
from .rules.sizes import SIZE_RULES
from .rules.taints import TAINT_RULES
from .taint import Taint, gpu_taint

Nodes = Annotated[int, Field(ge=0, le=10_000, strict=True)]
Gibibytes = Annotated[int, Field(ge=1, le=65_536, strict=True)]


class GpuPoolArgs(Args):
    """The fields that pools of all clouds have."""

    CLOUD: ClassVar[Cloud]
    RULES: ClassVar[Sequence[Rule[Any]]] = ()
    """What this cloud refuses."""

    machine: str | None = None
    """The cloud's name of the machine, for example `"p5.48xlarge"`; or say `gpus`."""
    gpus: str | None = None
    """The GPUs of one node in place of `machine`, for example `"8xH100"`, where only one machine
    has them."""
    rdma: bool | None = None
    """Whether nodes get all network cards that their GPUs can use; default: if the machine has
    any. `True` with `gpus` looks among machines that have."""
    max_nodes: Annotated[int, Field(ge=1, le=10_000, strict=True)]
    """Nodes at most, 1 or more."""
    spot: bool = False
    """Cheap nodes that the cloud may take back at any time; default False."""
    labels: dict[LabelKey, LabelValue] = {}
    """Further labels of the nodes; default: none."""
    taints: list[Taint] = Field(default_factory=lambda: [gpu_taint()])
    """What keeps other pods off; default: `nvidia.com/gpu=present:NoSchedule`."""
    device_plugin_tolerations: list[Toleration] = Field(
        default_factory=lambda: [gpu_taint().toleration]
    )
    """What the cluster's GPU device plugin tolerates, against which `taints` are checked; default:
    what NVIDIA's chart says."""
    disk_gib: Gibibytes = 200
    """Size of the boot disk in GiB; default 200."""
    price_per_hour: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """US dollars an hour of one node; default: unknown, or with `region` that of the table."""
    region: str | None = None
    """Where it is: nodes on demand then have the price of the table, if that says any."""
    prices: str | None = None
    """A CSV file of prices in place of the library's."""

    @model_validator(mode="after")
    def _can_be(self) -> GpuPoolArgs:
        if (self.machine is None) == (self.gpus is None):
            given = "none" if self.machine is None else "both"
            raise ValueError(f"give exactly one of machine and gpus, got {given}")
        if self.prices is not None and self.region is None:
            raise ValueError("prices: has no effect without region")
        if self.rdma and not self.hardware.fabric_cards:
            raise ValueError(
                f"rdma: got True: {self.hardware.machine} has no network cards for its GPUs; leave "
                "it out, or choose another machine"
            )
        check(self, (*SIZE_RULES, *TAINT_RULES, *self.RULES))
        return self

    @property
    def hardware(self) -> Machine:
        """The machine that was named, or the only one with these GPUs."""
        if self.machine is not None:
            return _of_cloud(self.machine, self.CLOUD)
        return _only_one(self.gpus or "", self.rdma is True, self.CLOUD)

    @property
    def has_rdma(self) -> bool:
        """Whether nodes get all network cards that their GPUs can use."""
        return bool(self.hardware.fabric_cards) if self.rdma is None else self.rdma

    @property
    def node_price(self) -> float | None:
        """US dollars an hour of one node; nothing for terms that the table does not have."""
        if self.price_per_hour is not None or self.region is None or self.on_other_terms:
            return self.price_per_hour
        known = price(self.hardware.machine, self.region, self.prices)
        return None if known is None else known.price_per_hour

    @property
    def on_other_terms(self) -> bool:
        """Whether nodes cost something else than on demand."""
        return self.spot

    @property
    def has_device_plugin(self) -> bool:
        """Whether nodes bring a GPU device plugin of their own."""
        return False


class SizedPoolArgs(GpuPoolArgs):
    """A pool of which the cloud keeps the size."""

    min_nodes: Nodes = 0
    """Nodes at least, 0 or more; default 0."""
    size: Nodes | None = None
    """Nodes at first, which an autoscaler changes between `min_nodes` and `max_nodes`; where these
    are equal, the size; default `min_nodes`."""

    @property
    def first_size(self) -> int:
        """Nodes at first."""
        return self.min_nodes if self.size is None else self.size

    @property
    def scales(self) -> bool:
        """Whether an autoscaler owns the size."""
        return self.min_nodes < self.max_nodes


def _of_cloud(name: str, cloud: Cloud) -> Machine:
    try:
        found = machine(name)
    except TrainstackError as error:
        raise ValueError(f"machine: {error}") from None
    if found.cloud != cloud:
        raise ValueError(f"machine: got {name!r}: is a machine of {found.cloud}, not of {cloud}")
    return found


def _only_one(gpus: str, rdma: bool, cloud: Cloud) -> Machine:
    try:
        found = machines_with(gpus, cloud)
    except TrainstackError as error:
        raise ValueError(f"gpus: {error}") from None
    fitting = [one for one in found if one.fabric_cards or not rdma]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(repr(one.machine) for one in fitting) or "none"
    raise ValueError(
        f"gpus: got {gpus!r}: machines of {cloud} with them{' and rdma' if rdma else ''}: {names}; "
        "say machine"
    )
