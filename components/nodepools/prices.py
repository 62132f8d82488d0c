"""What machines cost: the table in `prices.csv`, or one of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from ..spec.model import Args, TrainstackError, explain
from .table import read

_OURS = Path(__file__).with_name("prices.csv")


class Price(Args):
    """A row of the table: what a machine costs somewhere."""

    machine: str
    """The cloud's name of it."""
    region: str
    """Where, as the cloud calls it."""
    price_per_hour: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """US dollars an hour."""
    source: str
    """Whose price it is, and on which terms."""
    date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    """When it held, as `YYYY-MM-DD`."""


def price(machine: str, region: str, file: str | Path | None = None) -> Price | None:
    """What a machine costs, None where the table does not say.

    `file` is a CSV file with the columns of `Price`, in place of the table that comes with the
    library, which holds what AWS asks on demand in us-east-1.
    Raises `TrainstackError` when the file cannot be read.

    >>> price("p5.48xlarge", "us-east-1").price_per_hour
    55.04
    """
    path = Path(file) if file is not None else _OURS
    for line, row in enumerate(read(path), start=2):
        try:
            found = Price.model_validate(row)
        except ValidationError as error:
            raise TrainstackError(explain(error, Price, f"{path}: line {line}")) from None
        if (found.machine, found.region) == (machine, region):
            return found
    return None
