"""Shows lines of a dynamic provider in `pulumi up`."""

from __future__ import annotations

import sys


def tell(text: str) -> None:
    """A line on stderr, which the engine shows beside the stack."""
    print(text, file=sys.stderr, flush=True)
