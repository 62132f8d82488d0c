"""What is known of GPU machines: the table in `hardware.csv`."""

from __future__ import annotations

import difflib
import re
from functools import cache
from typing import Literal

from ..spec.model import Args, TrainstackError
from ..spec.pool import Arch
from ..spec.shown import shown
from .table import rows

Cloud = Literal["aws", "azure", "gcp"]
_NOMINAL = 0.1
"""By how much a GPU's usable memory may differ from the size in its name."""
_WANTED = re.compile(
    r"(?P<gpus>\d{1,3}) ?[x\u00d7] ?(?P<gpu>[a-z0-9][a-z0-9 ]*?)"
    r"( (?P<memory>\d{1,4}) ?GI?B?)?(?P<rdma> with RDMA)?",
    re.IGNORECASE | re.ASCII,
)


class Machine(Args):
    """A row of the table: one type of machine with GPUs."""

    cloud: Cloud
    """`"aws"`, `"azure"` or `"gcp"`."""
    machine: str
    """The cloud's name of it."""
    gpus: int
    """GPUs, 1 or more."""
    gpu: str
    """Their model, as the cloud's API calls it."""
    gpu_memory_gib: float
    """Memory of one GPU in GiB."""
    interconnect: Literal["NVLink", "NVSwitch", "PCIe"] | None = None
    """How GPUs of one machine reach each other; None: one GPU, or unknown."""
    fabric: Literal["EFA", "InfiniBand", "RoCE", "TCPX", "TCPXO"] | None = None
    """How GPUs of several machines reach each other; None: by ordinary network."""
    fabric_cards: int = 0
    """Network cards for that; of EFA, the interfaces that pods can ask for."""
    network_cards: int | None = None
    """All network cards; None: unknown."""
    vcpus: int
    """Virtual CPUs."""
    memory_gib: int
    """Main memory in GiB."""
    arch: Arch
    """What the CPUs are, `"amd64"` or `"arm64"`."""
    source: str
    """Where the row is from."""
    date: str
    """When it was read there, as `YYYY-MM-DD`."""

    @property
    def rdma(self) -> bool:
        """Whether network cards reach memory of other machines."""
        return self.fabric in ("EFA", "InfiniBand", "RoCE")


@cache
def machines() -> dict[str, Machine]:
    """All machines of the table by name."""
    return {row["machine"]: Machine.model_validate(row) for row in rows("hardware.csv")}


def machine(name: str) -> Machine:
    """The machine of that name.

    Raises `TrainstackError` that names ones like it when it is not in the table.

    >>> machine("p5.48xlarge").fabric_cards
    32
    """
    found = machines().get(name)
    if found is None:
        near = difflib.get_close_matches(name, machines(), n=3)
        hint = f"did you mean {' or '.join(map(repr, near))}" if near else "it has none like it"
        raise TrainstackError(f"got {shown(name)}: not in the table of machines; {hint}")
    return found


def machines_with(wanted: str, cloud: Cloud | None = None) -> list[Machine]:
    """Machines with exactly these GPUs, for example `"8xH100"` or `"8xA100 80GB with RDMA"`.

    `cloud` is the only one to look in. Raises `TrainstackError` for a wish of another form, and
    for GPUs that no machine has.

    >>> [one.machine for one in machines_with("8xH100 with RDMA", "aws")]
    ['p5.48xlarge']
    """
    form = _WANTED.fullmatch(wanted.strip())
    if form is None:
        raise TrainstackError(
            f"got {shown(wanted)}: must be '<number>x<GPU>', then perhaps its memory and "
            "'with RDMA', for example '8xA100 80GB with RDMA'"
        )
    gpus = {one.gpu.lower(): one.gpu for one in machines().values()}
    if form["gpu"].lower() not in gpus:
        raise TrainstackError(
            f"got {shown(wanted)}: no machine has these GPUs; there are: {', '.join(gpus.values())}"
        )
    return [
        one
        for one in machines().values()
        if cloud in (None, one.cloud)
        and one.gpus == int(form["gpus"])
        and one.gpu.lower() == form["gpu"].lower()
        and (form["memory"] is None or _nearly(one.gpu_memory_gib, int(form["memory"])))
        and (form["rdma"] is None or one.rdma)
    ]


def _nearly(found: float, wanted: int) -> bool:
    return abs(found - wanted) <= _NOMINAL * wanted
