"""What a run costs, from the prices of its pools."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from .placing import Placed

_DIGITS = 4


def run_cost(run: Sequence[Placed], gpus: int, deadline: int | None) -> dict[str, float] | None:
    """US dollars an hour and until the deadline, and GPU-hours until then, as far as known.

    `gpus` are those of the whole run, in a pool or not, and are told too; each costs its share of
    its node's price. None without GPUs, or when nothing else is known.
    """
    hours = None if deadline is None else Fraction(deadline, 3600)
    hourly = _per_hour(run, gpus)
    if not gpus or (hourly is None and hours is None):
        return None
    found = {
        "at_deadline": None if hourly is None or hours is None else hourly * hours,
        "gpu_hours": None if hours is None else gpus * hours,
        "gpus": Fraction(gpus),
        "per_hour": hourly,
    }
    known = {name: amount for name, amount in found.items() if amount is not None}
    return {name: round(float(amount), _DIGITS) for name, amount in known.items()}


def _per_hour(run: Sequence[Placed], gpus: int) -> Fraction | None:
    """Nothing unless every GPU of the run has a price."""
    total, priced = Fraction(), 0
    for role in run:
        count, price = role.pods * role.gpus, role.pool.price_per_hour
        if count and price is not None:
            total += Fraction(str(price)) * count / role.pool.gpus
            priced += count
    return total if priced == gpus else None
