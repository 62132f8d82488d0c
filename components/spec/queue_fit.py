"""Whether a queue can ever have room for a job."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from typing import Any

from .model import TrainstackError
from .pod import roles
from .quantity import exact

Amounts = Mapping[str, Fraction]


def check_quotas(
    manifest: Mapping[str, Any], quotas: Mapping[str, Mapping[str, str]], where: str
) -> None:
    """Refuse a job that asks for more than the quotas, which are resource lists by pool.

    All pods of a role go to one pool. Raises `TrainstackError` with the arithmetic.
    """
    pools = {pool: _exact(quota) for pool, quota in quotas.items()}
    total: dict[str, Fraction] = {}
    for name, role in roles(manifest).items():
        count = role.get("replicas", 1)
        asked = {key: count * amount for key, amount in _of_pod(role["template"]["spec"]).items()}
        for key, amount in asked.items():
            total[key] = total.get(key, Fraction(0)) + amount
        if not any(_within(asked, quota) for quota in pools.values()):
            raise TrainstackError(f"{where}: queue: {_why(name, count, asked, quotas)}")
    for key, amount in total.items():
        quota = sum((quota.get(key, Fraction(0)) for quota in pools.values()), Fraction(0))
        if amount > quota:
            raise TrainstackError(
                f"{where}: queue: its pods ask for {_number(amount)} {key} in all, and the queue "
                f"has {_number(quota)}: it would wait for ever"
            )


def _of_pod(spec: Mapping[str, Any]) -> Amounts:
    """What one pod asks for, but for huge pages, which are in no quota.

    Amounts that are not known yet are left out.
    """
    found: dict[str, Fraction] = {}
    for container in spec["containers"]:
        resources = container.get("resources") or {}
        asked = {**resources.get("limits", {}), **resources.get("requests", {})}
        for key, amount in _exact(asked).items():
            if key.startswith("hugepages-"):
                continue
            found[key] = found.get(key, Fraction(0)) + amount
    return found


def _exact(amounts: Mapping[str, Any]) -> Amounts:
    found = {}
    for key, amount in amounts.items():
        if isinstance(amount, str | int):
            with suppress(ValueError):  # The API server says what is wrong with it.
                found[key] = exact(str(amount))
    return found


def _within(asked: Amounts, quota: Amounts) -> bool:
    return all(amount <= quota.get(key, 0) for key, amount in asked.items())


def _why(role: str, count: int, asked: Amounts, quotas: Mapping[str, Mapping[str, str]]) -> str:
    """The first resource of which no pool has enough, else that no pool has enough of all."""
    for key, amount in asked.items():
        known = {pool: quota.get(key, "0") for pool, quota in quotas.items()}
        if all(amount > exact(quota) for quota in known.values()):
            each = f"{count} x {_number(amount / count)} = " if count > 1 else ""
            has = ", ".join(f"{pool} {quota}" for pool, quota in known.items())
            return (
                f"the pods of {role} ask for {each}{_number(amount)} {key}, more than any pool of "
                f"the queue has ({has}): it would wait for ever"
            )
    needs = ", ".join(f"{_number(amount)} {key}" for key, amount in asked.items())
    return f"the pods of {role} ask for {needs}, and no one pool of the queue has all of it"


def _number(amount: Fraction) -> str:
    """Whole gibibytes as such, else a plain number."""
    gibi = amount / 1024**3
    if gibi >= 1 and gibi.denominator == 1:
        return f"{gibi}Gi"
    return str(amount) if amount.denominator == 1 else str(float(amount))
