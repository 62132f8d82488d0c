"""Whether a run fits the pools that it is to run in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

from .spec.amounts import HUGE_PAGES
from .spec.image import BuiltImage
from .spec.job_args import JobArgs
from .spec.model import TrainstackError
from .spec.pod import roles
from .spec.pool import PoolProfile
from .spec.quantity import exact
from .spec.replica import Replica


@dataclass(frozen=True)
class Placed:
    """The pods of one role, and the pool that they run in."""

    field: str
    """The field that says the pool: `pool`, or a role's."""
    image: Any
    pool: PoolProfile
    pods: int
    amounts: Mapping[str, Fraction]
    """What one of them asks for, by the resource's name."""

    @property
    def gpus(self) -> int:
        """GPUs of one pod."""
        return int(self.amounts.get(self.pool.gpu_resource, 0))


def placed(spec: JobArgs, manifest: Mapping[str, Any], where: str) -> list[Placed]:
    """The roles of a job that have a pool.

    Raises `TrainstackError` for an amount in an overlay that Kubernetes would not read.
    """
    found = []
    for kind, role in roles(manifest).items():
        name = kind.lower()
        own = getattr(spec, name, None)
        replica = own if isinstance(own, Replica) else Replica.model_construct()
        pool = spec.pool_of(replica)
        if pool is not None:
            found.append(
                Placed(
                    field="pool" if replica.pool is None else f"{name}.pool",
                    image=spec.image if replica.image is None else replica.image,
                    pool=pool,
                    pods=role.get("replicas", 1),
                    amounts=_amounts(role["template"]["spec"], where),
                )
            )
    return found


def check_fits(run: Sequence[Placed], where: str) -> None:
    """Refuse pods that no node of their pool can hold, and more than all of its nodes can hold.

    Raises `TrainstackError` that names the field, with the arithmetic.
    """
    for role in run:
        for reason in _misfits(role):
            raise TrainstackError(f"{where}: {role.field}: {reason}")
    for name in dict.fromkeys(role.pool.name for role in run):
        together = [role for role in run if role.pool.name == name]
        pool = together[0].pool
        nodes, count = max(_nodes(together), default=(0, ""), key=lambda one: one[0])
        if pool.max_nodes is not None and nodes > pool.max_nodes:
            raise TrainstackError(
                f"{where}: {together[0].field}: {count} need {nodes} nodes, but pool {pool.title} "
                f"has at most {pool.max_nodes} (max_nodes)"
            )


def _amounts(pod: Mapping[str, Any], where: str) -> dict[str, Fraction]:
    """What the containers of a pod ask for together, as far as it is plain."""
    total: dict[str, Fraction] = {}
    for container in pod["containers"]:
        for name, amount in container.get("resources", {}).get("requests", {}).items():
            if not isinstance(amount, str):
                continue
            try:
                total[name] = total.get(name, Fraction()) + exact(amount)
            except ValueError as error:
                raise TrainstackError(f"{where}: pod_overlay: {name}: {error}") from None
    return total


def _capacity(pool: PoolProfile) -> dict[str, Fraction]:
    """What a node has, as far as it is known."""
    known = {pool.gpu_resource: str(pool.gpus), "cpu": pool.cpu, "memory": pool.memory}
    return {name: exact(amount) for name, amount in known.items() if amount is not None}


def _spelled(name: str, amount: Fraction) -> str:
    return f"{float(amount / 2**30):g}Gi" if name == "memory" else f"{float(amount):g}"


def _misfits(role: Placed) -> Iterator[str]:
    """Why no node can hold one pod of a role."""
    pool = role.pool
    for name, has in _capacity(pool).items():
        asked = role.amounts.get(name, Fraction())
        if asked > has:
            yield (
                f"a pod asks for {_spelled(name, asked)} {name}, but a node of pool {pool.title} "
                f"has {_spelled(name, has)}"
            )
    if HUGE_PAGES in role.amounts and not {"cpu", "memory"} & role.amounts.keys():
        yield (
            f"a pod gets huge pages of pool {pool.title}, which Kubernetes allows only beside cpu "
            "or memory; say these in resources"
        )
    if pool.arch is not None and isinstance(role.image, BuiltImage):
        built_for = role.image.platform.rpartition("/")[2]
        if built_for != pool.arch:
            yield (
                f"the nodes of pool {pool.title} are {pool.arch}, but the image is built for "
                f"{built_for}; give its TrainingImage platform='linux/{pool.arch}'"
            )


def _nodes(together: Sequence[Placed]) -> Iterator[tuple[int, str]]:
    """Nodes that pods of one pool need at least, each with how that is counted."""
    for name, has in _capacity(together[0].pool).items():
        each = f"{name}, of {_spelled(name, has)} a node,"
        asked = [(role.pods, role.amounts[name]) for role in together if role.amounts.get(name, 0)]
        for _, least in asked:
            pods = sum(pods for pods, amount in asked if amount >= least)
            nodes = ceil(Fraction(pods, int(has // least)))
            yield nodes, f"{pods} pods of {_spelled(name, least)} {each}"
        total = sum((pods * amount for pods, amount in asked), Fraction())
        if total:
            yield ceil(total / has), f"{_spelled(name, total)} {each}"
